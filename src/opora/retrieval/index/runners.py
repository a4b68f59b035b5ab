"""Where passages are turned into rows: in this process, or on the machines of a Ray cluster.

In: a corpus, how a RowMaker is made. Out: record batches, or rows in a Lance table.

    for rows in make_rows("local", Source(corpus), lambda: maker): ...
    write_rows("ray:10.0.0.5:6379", Source(corpus), lambda: maker, "s3://bucket/index/passages.lance")

Runners: `local`; `ray`, the cluster that the environment variable RAY_ADDRESS names, or else one on this machine alone;
`ray:ADDRESS`. On a cluster every machine needs opora with its extra `scale`, and the corpus at the same path. A worker
that dies is replaced, and what it had in hand is done again.
"""

from __future__ import annotations

import contextlib
import functools
import os
import pickle
import re
import socket
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from opora.artifacts.tables import parse_row
from opora.corpus.reader import PASSAGES, count_passages, read_passages
from opora.errors import InputError, MissingExtraError, OporaError
from opora.records import Passage
from opora.retrieval.index.rows import RowMaker, batches
from opora.retrieval.store.lance import explained
from opora.validation import nearest

if TYPE_CHECKING:
    import pyarrow as pa
    from ray.data import Dataset

BATCH = 256
"""Passages that are embedded at once."""
SPREAD_FROM = 20_000
"""Passages from which it pays to start processes."""
BLOCK = 1024
"""Passages that go to a worker at once, and are lost with it."""
ROWS_PER_FILE = 100_000
"""Rows of a file of a Lance table that workers write, at least."""
MAKER_CPUS = 0
"""What a worker that makes rows asks for. There are as many of them as processors; if each asked for one, they would
take them all, and the tasks that read and write would wait for ever."""
TIMEOUT_S = 10.0


class Source(NamedTuple):
    """The passages of a corpus: of some documents, or all."""

    corpus: Path
    document_ids: frozenset[str] | None = None


MakerFactory = Callable[[], RowMaker]
"""Called once in each process that makes rows; it travels there by cloudpickle, with all that it refers to."""


def make_rows(runner: str, source: Source, maker: MakerFactory, gpus: float = 0) -> Iterator[pa.RecordBatch]:
    """Rows of all passages of `source`, on Ray in no order. `gpus`: what each worker on Ray asks for. Raises InputError
    for an unknown runner, MissingExtraError without Ray, OporaError if the cluster does not answer or fails."""
    address = parse_runner(runner)
    return _local_rows(source, maker) if address is None else _ray_rows(address, source, maker, gpus)


def write_rows(runner: str, source: Source, maker: MakerFactory, table: str, gpus: float = 0) -> None:
    """Add the rows to the Lance table that lies at `table`, a path or the URI of an object store: workers write its
    files, and all become part of it at once, or none. Raises like `make_rows`."""
    address = parse_runner(runner)
    if address is None:
        raise InputError(f"runner {runner!r} writes through its store; write_rows is for ray")
    if source.document_ids == frozenset():
        return
    with _cluster(address):
        from lance_ray import write_lance

        rows = _dataset(source, maker, gpus)
        with explained(table):
            write_lance(rows, table, mode="append", min_rows_per_file=ROWS_PER_FILE)


def parse_runner(runner: str) -> str | None:
    """The address of the cluster, empty for that of the environment; None for `local`."""
    head, _, address = runner.partition(":")
    if runner == "local":
        return None
    if head == "ray" and (address or runner == "ray"):
        return address
    raise InputError(f"index: runner is {runner!r}; {nearest(runner, ['local', 'ray', 'ray:ADDRESS'])}")


def _local_rows(source: Source, maker: MakerFactory) -> Iterator[pa.RecordBatch]:
    """In this process; many passages in as many processes as there are processors, if the embedder is a table."""
    made_by = maker()
    if count_passages(source.corpus) < SPREAD_FROM or not made_by.cheap or (os.cpu_count() or 1) < 2:
        passages = read_passages(source.corpus)
        wanted = source.document_ids
        chosen = passages if wanted is None else (each for each in passages if each.document_id in wanted)
        yield from (made_by.rows(some) for some in batches(chosen, BATCH))
        return
    from joblib import Parallel, delayed

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "maker"
        path.write_bytes(pickle.dumps(made_by))
        # in order, and few of them waiting, so that memory does not grow with the corpus
        workers = Parallel(n_jobs=-1, return_as="generator", pre_dispatch="2*n_jobs", batch_size=1, max_nbytes=None)
        yield from workers(delayed(_rows_of)(str(path), some) for some in _tables(source))


def _tables(source: Source) -> Iterator[pa.RecordBatch]:
    """Passages as they lie in the corpus."""
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    wanted = None if source.document_ids is None else pa.array(sorted(source.document_ids), pa.string())
    with pq.ParquetFile(source.corpus / PASSAGES) as file:
        for batch in file.iter_batches(batch_size=BLOCK):
            chosen = batch if wanted is None else batch.filter(pc.is_in(batch["document_id"], wanted))
            if chosen.num_rows:
                yield chosen


def _rows_of(maker: str, passages: pa.RecordBatch) -> pa.RecordBatch:
    return _read_maker(maker).rows(parse_passages(passages))


@functools.lru_cache(maxsize=1)
def _read_maker(path: str) -> RowMaker:
    """The row maker of this process; only this program wrote the file, into a folder of its own."""
    maker: RowMaker = pickle.loads(Path(path).read_bytes())
    return maker


def parse_passages(rows: pa.RecordBatch | pa.Table) -> list[Passage]:
    """Rows of the table of a corpus as passages."""
    return [parse_row(row, Passage, PASSAGES) for row in rows.to_pylist()]


def _ray_rows(address: str, source: Source, maker: MakerFactory, gpus: float) -> Iterator[pa.RecordBatch]:
    if source.document_ids == frozenset():
        return
    with _cluster(address):
        tables: Iterator[pa.Table] = iter(
            cast(Any, _dataset(source, maker, gpus).iter_batches(batch_format="pyarrow", batch_size=None))
        )
        for table in tables:
            yield from table.to_batches()


def _dataset(source: Source, maker: MakerFactory, gpus: float) -> Dataset:
    import ray
    from ray.data.expressions import col

    path = str((source.corpus / PASSAGES).resolve())
    passages = ray.data.read_parquet(path)
    if source.document_ids is not None:
        passages = passages.filter(expr=col("document_id").is_in(sorted(source.document_ids)))
    resources = ray.cluster_resources()
    workers = resources.get("GPU", 0) / gpus if gpus else resources.get("CPU", 1)
    return passages.repartition(target_num_rows_per_block=BLOCK).map_batches(
        _Worker,
        fn_constructor_args=(maker,),
        batch_format="pyarrow",
        batch_size=BATCH,
        compute=ray.data.ActorPoolStrategy(min_size=1, max_size=max(1, int(workers))),
        num_cpus=MAKER_CPUS,
        num_gpus=gpus or None,
    )


class _Worker:
    """Makes rows in a process of the cluster, with an embedder of its own."""

    def __init__(self, maker: MakerFactory) -> None:
        self._maker = maker()

    def __call__(self, passages: pa.Table) -> pa.Table:
        import pyarrow as pa

        return pa.Table.from_batches([self._maker.rows(parse_passages(passages))])


@contextlib.contextmanager
def _cluster(address: str) -> Iterator[None]:
    """A connection to Ray, which is ended if it was begun here."""
    # nothing is reported to the makers of Ray unless the user says so
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    try:
        import lance_ray  # noqa: F401 - so that a missing one is told before hours of work
        import ray
        from ray.exceptions import RayError
    except ModuleNotFoundError:
        raise MissingExtraError("runner ray", "scale") from None
    _refuse_silent(address)
    begun = not ray.is_initialized()
    try:
        if begun:
            ray.init(address=address or None, log_to_driver=False)
        yield
    except (RayError, ConnectionError) as error:
        raise OporaError(f"runner ray{address and ':' + address}: {_last_line(error)}") from error
    finally:
        if begun:
            ray.shutdown()


def _refuse_silent(address: str) -> None:
    """Raises OporaError for a cluster that does not answer; Ray itself tries for minutes."""
    host, _, port = address.rpartition("/")[2].rpartition(":")
    if port.isdigit():
        try:
            socket.create_connection((host, int(port)), timeout=TIMEOUT_S).close()
        except OSError as error:
            raise OporaError(f"runner ray:{address}: {error}; is the cluster up, and reached from here?") from None


def _last_line(error: Exception) -> str:
    """What went wrong at the bottom of it: the message of an error of a worker ends with the worker's own."""
    lines = [each.strip() for each in str(error).splitlines() if each.strip()]
    return re.sub(r"^opora\.errors\.\w+: ", "", lines[-1]) if lines else type(error).__name__
