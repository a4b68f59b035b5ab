"""The stages of a recipe: what each is made from, where it goes, how it is told whether it is done.

In: a recipe and the folder of the project. Out: stages in an order in which each can run after those it needs.

    for stage in stages_of(recipe, Path(".")):
        print(stage.name, stage.out, stage.needs)      # train.raft train/raft ('dataset.raft',)
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import NamedTuple

from opora.artifacts import Build, Manifest
from opora.bench.judge.settings import JudgeBenchSettings
from opora.errors import InputError
from opora.recipe.recipe import Recipe
from opora.train.embedder.settings import EmbedderTrainSettings
from opora.train.reranker.settings import RerankerSettings
from opora.train.settings import TrainSettings
from opora.validation import Settings, nearest


class Stage(NamedTuple):
    """One artefact to be. `build` tells its key and what is there; `run` makes it."""

    name: str
    out: Path
    settings: Settings
    needs: tuple[str, ...]
    build: Callable[[], Build]
    run: Callable[[], Manifest]


def stages_of(recipe: Recipe, root: Path) -> list[Stage]:
    """All stages of the recipe. Raises InputError where an entry names another that does not exist."""
    stages = [_ingest(recipe, root), _index(recipe, root)]
    stages += [_dataset(recipe, root, name) for name in recipe.dataset]
    stages += [_train(recipe, root, name) for name in recipe.train]
    stages += [_bench(recipe, root, name) for name in recipe.bench]
    if recipe.bench:
        stages.append(_report(recipe, root))
    return _in_order(stages)


def stage_named(stages: Iterable[Stage], name: str) -> Stage:
    """The stage `name`. Raises InputError with the nearest name."""
    table = {stage.name: stage for stage in stages}
    if name not in table:
        raise InputError(f"stage {name} is unknown; {nearest(name, list(table))}")
    return table[name]


def _ingest(recipe: Recipe, root: Path) -> Stage:
    from opora.corpus.stage import ingest, ingest_build

    out = root / "corpus"
    return Stage(
        "ingest",
        out,
        recipe.ingest,
        (),
        lambda: ingest_build(recipe.ingest, root, out),
        lambda: ingest(recipe.ingest, root, out),
    )


def _index(recipe: Recipe, root: Path) -> Stage:
    from opora.retrieval.index.stage import build_index, index_build

    corpus, out = root / "corpus", root / "index"
    return Stage(
        "index",
        out,
        recipe.index,
        ("ingest", *_trained_by(recipe, recipe.index.embedder, recipe.index.reranker)),
        lambda: index_build(recipe.index, corpus, out),
        lambda: build_index(recipe.index, corpus, out),
    )


def _dataset(recipe: Recipe, root: Path, name: str) -> Stage:
    from opora.dataset.raft.stage import build_raft, raft_build

    settings, corpus, index, out = recipe.dataset[name], root / "corpus", root / "index", root / "dataset" / name
    return Stage(
        f"dataset.{name}",
        out,
        settings,
        ("ingest", "index"),
        lambda: raft_build(settings, corpus, index, out),
        lambda: build_raft(settings, corpus, index, out),
    )


def _train(recipe: Recipe, root: Path, name: str) -> Stage:
    settings, out = recipe.train[name], root / "train" / name
    if isinstance(settings, EmbedderTrainSettings):
        return _train_embedder(settings, root / "corpus", out)
    if isinstance(settings, RerankerSettings):
        return _train_reranker(recipe, settings, root / "corpus", out)
    return _train_adapter(recipe, settings, root, name)


def _train_embedder(settings: EmbedderTrainSettings, corpus: Path, out: Path) -> Stage:
    from opora.train.embedder.stage import embedder_build, train_embedder

    return Stage(
        f"train.{out.name}",
        out,
        settings,
        ("ingest",),
        lambda: embedder_build(settings, corpus, out),
        lambda: train_embedder(settings, corpus, out),
    )


def _train_reranker(recipe: Recipe, settings: RerankerSettings, corpus: Path, out: Path) -> Stage:
    from opora.train.reranker.stage import reranker_build, train_reranker

    return Stage(
        f"train.{out.name}",
        out,
        settings,
        ("ingest", *_trained_by(recipe, recipe.index.embedder)),
        lambda: reranker_build(settings, recipe.index, corpus, out),
        lambda: train_reranker(settings, recipe.index, corpus, out),
    )


def _train_adapter(recipe: Recipe, settings: TrainSettings, root: Path, name: str) -> Stage:
    from opora.train.llm.stage import train, train_build

    known, out = list(recipe.dataset), root / "train" / name
    datasets = root / "dataset"
    for each in settings.mix:
        if each not in known and not (datasets / each).exists():
            raise InputError(f"train.{name}.dataset: {each!r} is unknown; {nearest(each, known)}")
    _check_kept(recipe, f"train.{name}.model", [settings.model])
    needs = tuple(f"dataset.{each}" for each in known if each in settings.mix)
    return Stage(
        f"train.{name}",
        out,
        settings,
        needs + _trained_in(recipe, [settings.model], but=name),
        lambda: train_build(settings, datasets, out),
        lambda: train(settings, datasets, out),
    )


def _bench(recipe: Recipe, root: Path, name: str) -> Stage:
    from opora.bench.settings import AnswerBenchSettings
    from opora.bench.stage import bench_build, run_bench

    settings, corpus, index, out = recipe.bench[name], root / "corpus", root / "index", root / "bench" / name
    if isinstance(settings, JudgeBenchSettings):
        return _judge(recipe, settings, root / "bench", name)
    specs = list(settings.models.values()) if isinstance(settings, AnswerBenchSettings) else []
    _check_kept(recipe, f"bench.{name}.models", specs)
    return Stage(
        f"bench.{name}",
        out,
        settings,
        ("ingest", "index", *_trained_in(recipe, specs)),
        lambda: bench_build(settings, corpus, index, out),
        lambda: run_bench(settings, corpus, index, out),
    )


def _judge(recipe: Recipe, settings: JudgeBenchSettings, benches: Path, name: str) -> Stage:
    from opora.bench.judge.stage import bench_judge, judge_build

    others = [each for each in recipe.bench if each != name]
    if settings.of not in others and not (settings.of and (benches / settings.of).exists()):
        raise InputError(f"bench.{name}.of: {settings.of!r} is unknown; {nearest(settings.of, others)}")
    needed = (f"bench.{settings.of}",) if settings.of in others else ()
    return Stage(
        f"bench.{name}",
        benches / name,
        settings,
        needed + _trained_in(recipe, [settings.model]),
        lambda: judge_build(settings, benches, benches / name),
        lambda: bench_judge(settings, benches, benches / name),
    )


def _report(recipe: Recipe, root: Path) -> Stage:
    from opora.report.stage import report_build, write_report

    benches, out = [root / "bench" / name for name in recipe.bench], root / "report"
    return Stage(
        "report",
        out,
        recipe.report,
        tuple(f"bench.{name}" for name in recipe.bench),
        lambda: report_build(recipe.report, benches, out),
        lambda: write_report(recipe.report, benches, out),
    )


def _trained_in(recipe: Recipe, specs: Iterable[str], but: str = "") -> tuple[str, ...]:
    """Stages that train what the specs name: `smollm2+train/raft` needs `train.raft`."""
    named = {match[1] for spec in specs for match in re.finditer(r"\+train/([^/+@]+)", spec)}
    return tuple(f"train.{name}" for name in recipe.train if name in named and name != but)


def _trained_by(recipe: Recipe, *specs: str) -> tuple[str, ...]:
    """Stages that train the embedder or reranker of a spec: `train/near` needs `train.near`."""
    return tuple(f"train.{name}" for name in recipe.train if f"train/{name}" in specs)


def _check_kept(recipe: Recipe, key: str, specs: Iterable[str]) -> None:
    """Raises InputError for a spec that names an adapter which its training does not keep on the way."""
    for spec in specs:
        found = re.search(r"\+train/([^/]+)/(at-[^/]+)$", spec)
        trained = recipe.train.get(found[1]) if found else None
        if not found or not isinstance(trained, TrainSettings) or found[2] in trained.kept:
            continue
        kept = " and ".join(trained.kept) or "none"
        raise InputError(f"{key}: train/{found[1]} keeps {kept}, not {found[2]}; see the setting train.{found[1]}.keep")


def _in_order(stages: list[Stage]) -> list[Stage]:
    """Each stage behind those it needs, else in the order given. Raises InputError if they need each other in a
    circle."""
    ordered: list[Stage] = []
    left = list(stages)
    while left:
        done = {stage.name for stage in ordered}
        ready = next((stage for stage in left if done.issuperset(stage.needs)), None)
        if ready is None:
            circle = ", ".join(stage.name for stage in _circle(left))
            raise InputError(f"opora.yaml: {circle} need each other in a circle")
        ordered.append(ready)
        left.remove(ready)
    return ordered


def _circle(left: list[Stage]) -> list[Stage]:
    """Of stages that wait for each other, those that others of them wait for."""
    while len(needed := [stage for stage in left if any(stage.name in each.needs for each in left)]) < len(left):
        left = needed
    return left
