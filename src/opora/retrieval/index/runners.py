"""Runners, which turn the passages of a corpus into rows: this machine, or a Ray cluster.

    for rows in make_rows("local", PassageSource(corpus), maker): ...
    write_rows("ray:10.0.0.5:6379", PassageSource(corpus), maker, "s3://bucket/index/passages.lance")

`ray` is the cluster of the environment variable RAY_ADDRESS, or a new one on this machine. Every machine of a cluster
needs opora with the extra `scale`, and the corpus at the same path. A worker that dies is replaced, and its batch is
processed again.
"""

from __future__ import annotations

import contextlib
import functools
import os
import pickle
import re
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from opora.artifacts.tables import parse_row
from opora.corpus.reader import PASSAGES, count_passages, read_passages
from opora.errors import InputError, MissingExtraError, OporaError
from opora.models.spec import SpecKind, SpecRegistry
from opora.records import Passage
from opora.retrieval.index.rows import RowMaker, batches
from opora.retrieval.store.lance import explain_lance_errors

if TYPE_CHECKING:
    import pyarrow as pa
    from ray.data import Dataset

RUNNERS = SpecRegistry(
    "runner", {"local": SpecKind("local"), "ray": SpecKind("ray[:ADDRESS]", example="ray:10.0.0.5:6379")}
)
BATCH = 256
"""Passages that are embedded at once."""
PARALLEL_FROM = 20_000
"""Number of passages from which several local processes are faster than one."""
BLOCK = 1024
"""Passages sent to a worker at once, and lost with it."""
MIN_FILE_ROWS = 100_000
"""Minimum number of rows per file that workers write into a Lance table."""
WORKER_CPUS = 0
"""Processors that Ray reserves per worker. There are as many workers as processors: if each reserved one, the tasks
that read and write would never start."""
TIMEOUT_S = 10.0


class PassageSource(NamedTuple):
    """The passages of some documents of a corpus; of all if `document_ids` is None."""

    corpus: Path
    document_ids: frozenset[str] | None = None


def make_rows(runner: str, source: PassageSource, maker: RowMaker) -> Iterator[pa.RecordBatch]:
    """Return rows of all passages of `source`; on Ray in no order.

    Raises InputError for an unknown runner, MissingExtraError without Ray, OporaError if the cluster fails.
    """
    address = parse_runner(runner)
    return _local_rows(source, maker) if address is None else _ray_rows(address, source, maker)


def write_rows(runner: str, source: PassageSource, maker: RowMaker, table: str) -> None:
    """Append the rows to the Lance table at a path or URI. Ray workers write its files, which are committed together.
    Raises like `make_rows`."""
    address = parse_runner(runner)
    if address is None:
        raise InputError(f"runner {runner!r} cannot write a table; use ray or ray:ADDRESS")
    if source.document_ids == frozenset():
        return
    with _cluster(address):
        from lance_ray import write_lance

        rows = _dataset(source, maker)
        with explain_lance_errors(table):
            write_lance(rows, table, mode="append", min_rows_per_file=MIN_FILE_ROWS)


def parse_runner(runner: str) -> str | None:
    """Return the address of the cluster, empty for the one of the environment; None for `local`."""
    spec = RUNNERS.parse(runner)
    return None if spec.kind == "local" else spec.name


def _local_rows(source: PassageSource, maker: RowMaker) -> Iterator[pa.RecordBatch]:
    """Yield rows in order, from this process; from one process per processor if there are many cheap passages."""
    if count_passages(source.corpus) < PARALLEL_FROM or not maker.is_cheap or (os.cpu_count() or 1) < 2:
        passages, selected = read_passages(source.corpus), source.document_ids
        chosen = passages if selected is None else (p for p in passages if p.document_id in selected)
        yield from (maker.make_rows(batch) for batch in batches(chosen, BATCH))
        return
    from joblib import Parallel, delayed

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "maker"
        path.write_bytes(pickle.dumps(maker))
        # results in order, with few batches in flight, so that memory does not grow with the corpus
        workers = Parallel(n_jobs=-1, return_as="generator", pre_dispatch="2*n_jobs", batch_size=1, max_nbytes=None)
        yield from workers(delayed(_make_rows)(str(path), batch) for batch in _passage_batches(source))


def _passage_batches(source: PassageSource) -> Iterator[pa.RecordBatch]:
    """Yield passages in the columns of the corpus."""
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    selected = None if source.document_ids is None else pa.array(sorted(source.document_ids), pa.string())
    with pq.ParquetFile(source.corpus / PASSAGES) as file:
        for batch in file.iter_batches(batch_size=BLOCK):
            chosen = batch if selected is None else batch.filter(pc.is_in(batch["document_id"], selected))
            if chosen.num_rows:
                yield chosen


def _make_rows(maker_path: str, passages: pa.RecordBatch) -> pa.RecordBatch:
    return _read_maker(maker_path).make_rows(parse_passages(passages))


@functools.lru_cache(maxsize=1)
def _read_maker(path: str) -> RowMaker:
    """Load the row maker once per process. The pickle is safe: this program wrote it into its own temporary folder."""
    maker: RowMaker = pickle.loads(Path(path).read_bytes())
    return maker


def parse_passages(rows: pa.RecordBatch | pa.Table) -> list[Passage]:
    """Return rows of the passage table of a corpus as passages."""
    return [parse_row(row, Passage, PASSAGES) for row in rows.to_pylist()]


def _ray_rows(address: str, source: PassageSource, maker: RowMaker) -> Iterator[pa.RecordBatch]:
    if source.document_ids == frozenset():
        return
    with _cluster(address):
        dataset: Any = _dataset(source, maker)
        for table in dataset.iter_batches(batch_format="pyarrow", batch_size=None):
            yield from table.to_batches()


def _dataset(source: PassageSource, maker: RowMaker) -> Dataset:
    import ray
    from ray.data.expressions import col

    passages = ray.data.read_parquet(str((source.corpus / PASSAGES).resolve()))
    if source.document_ids is not None:
        passages = passages.filter(expr=col("document_id").is_in(sorted(source.document_ids)))
    workers = max(1, int(ray.cluster_resources().get("CPU", 1)))
    return passages.repartition(target_num_rows_per_block=BLOCK).map_batches(
        _Worker,
        fn_constructor_args=(maker,),
        batch_format="pyarrow",
        batch_size=BATCH,
        compute=ray.data.ActorPoolStrategy(min_size=1, max_size=workers),
        num_cpus=WORKER_CPUS,
    )


class _Worker:
    """Makes rows in a process of the cluster with its own embedder."""

    def __init__(self, maker: RowMaker) -> None:
        self._maker = maker

    def __call__(self, passages: pa.Table) -> pa.Table:
        import pyarrow as pa

        return pa.Table.from_batches([self._maker.make_rows(parse_passages(passages))])


@contextlib.contextmanager
def _cluster(address: str) -> Iterator[None]:
    """Connect to Ray, and disconnect afterwards unless it was connected before."""
    # no usage statistics are sent unless the user asks for it
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    try:
        import lance_ray  # noqa: F401 - fail now if it is missing, not after hours of work
        import ray
        from ray.exceptions import RayError
    except ModuleNotFoundError:
        raise MissingExtraError("index.runner ray", "scale") from None
    _check_reachable(address)
    connects = not ray.is_initialized()
    try:
        if connects:
            ray.init(address=address or None, log_to_driver=False)
        yield
    except (RayError, ConnectionError) as error:
        raise OporaError(f"runner ray{address and ':' + address}: {_cause(error)}") from error
    finally:
        if connects:
            ray.shutdown()


def _check_reachable(address: str) -> None:
    """Raise OporaError if a cluster does not respond; Ray itself retries for minutes."""
    host, _, port = address.rpartition("/")[2].rpartition(":")
    if port.isdigit():
        try:
            socket.create_connection((host, int(port)), timeout=TIMEOUT_S).close()
        except OSError as error:
            raise OporaError(f"runner ray:{address}: {error}; check that the cluster runs and is reachable") from None


def _cause(error: Exception) -> str:
    """Return the error of opora that a failed worker reports in the middle of a message of Ray, else the last line."""
    own = re.findall(r"^\s*opora\.errors\.\w+: (.+)", str(error), re.MULTILINE)
    return (own or str(error).strip().splitlines() or [type(error).__name__])[-1].strip()
