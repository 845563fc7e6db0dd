"""An executor on a Dask cluster, and clusters of processes on this machine."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

from zeta_geom.checks import check_int
from zeta_geom.execution.executors import Executor, Lost, Result, Task, call_with_threads
from zeta_geom.execution.guard import GUARD, require_main_guard
from zeta_geom.execution.threads import cpu_count

if TYPE_CHECKING:
    from distributed import Client, Future, LocalCluster

logger = logging.getLogger(__name__)
PERIOD, PATIENCE = 2.0, 60.0  # seconds between looks at the workers, and without any: a restart takes up to ten
LEFT_BY_DASK = ("PYTHONHASHSEED", "__DASK_PARENT_PID")  # a cluster sets them in the environment of its starter


class DaskExecutor(Executor):
    """Carries out tasks on a Dask cluster (extra `distributed`).

    Parameters
    ----------
    address : str, optional
        Of the scheduler; without it, a cluster of processes is started on this machine and ended after the work.
    n_workers, threads : int, optional
        Processes of that cluster, by default one for each core; threads of a task, by default the cores divided by
        the processes, and 1 at an address.

    Raises
    ------
    ImportError
        If Dask is not installed.
    """

    def __init__(
        self, address: str | None = None, *, n_workers: int | None = None, threads: int | None = None
    ) -> None:
        _distributed()
        self.address = address
        self.n_workers = cpu_count() if n_workers is None else check_int(n_workers, "n_workers", low=1)
        shared = 1 if address else max(1, cpu_count() // self.n_workers)
        super().__init__(shared if threads is None else threads)

    def map(self, call: Callable[[Task], Result], tasks: Sequence[Task]) -> Iterator[tuple[int, Result | Lost]]:
        """Yield (place, result) as results come; see `Executor.map`."""
        if not tasks:
            return
        distributed = _distributed()
        with self._client() as client:
            futures = client.map(
                call_with_threads, [call] * len(tasks), [self.threads] * len(tasks), tasks, pure=False
            )
            places = {future.key: place for place, future in enumerate(futures)}
            done = distributed.as_completed(futures)
            del futures
            suspects = []
            for future in done:
                result = self._result(future, client)
                if isinstance(result, Lost):
                    suspects.append(places[future.key])  # Dask blames all tasks of a worker for its death
                else:
                    yield places[future.key], result
                future.release()
            for place in suspects:
                future = client.submit(call_with_threads, call, self.threads, tasks[place], pure=False)
                yield place, self._result(future, client)

    def _result(self, future: Future, client: Client) -> Any:
        """Return a future's result, or `Lost` if Dask has given its task up."""
        distributed = _distributed()
        try:
            return future.result()
        except distributed.KilledWorker as error:
            return Lost(f"its worker died again and again ({error}).")
        except (distributed.client.FutureCancelledError, distributed.comm.CommClosedError) as error:
            raise ConnectionError(
                f"the Dask scheduler at {client.scheduler.address} is gone; finished work is kept. Repeat the call."
            ) from error

    @contextmanager
    def _client(self) -> Iterator[Client]:
        distributed = _distributed()
        if self.address is not None:
            try:
                client = distributed.Client(self.address, timeout=20)
            except (OSError, ValueError) as error:
                raise ConnectionError(f"no Dask scheduler answers at {self.address!r}: {error}") from error
            with client:
                yield client
            return
        with local_cluster(self.n_workers) as cluster, distributed.Client(cluster) as client:
            yield client


@contextmanager
def local_cluster(n_workers: int) -> Iterator[LocalCluster]:
    """Start a Dask cluster of processes on this machine; afterwards, restore the environment of this process."""
    distributed = _distributed()
    import dask

    if dask.config.get("distributed.worker.multiprocessing-method") != "fork":
        require_main_guard("a Dask cluster on this machine")
    options = {"n_workers": n_workers, "threads_per_worker": 1, "memory_limit": 0, "dashboard_address": ":0"}
    # by default the limits of a worker's threads would be put into the environment of this process, and stay
    unchanged = dask.config.set({"distributed.nanny.pre-spawn-environ": {}})
    before = {name: os.environ.get(name) for name in LEFT_BY_DASK}
    try:
        with (
            unchanged,
            _start(lambda: distributed.LocalCluster(**options, silence_logs=logging.ERROR)) as cluster,
            _watched(cluster, n_workers),
        ):
            yield cluster
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)


@contextmanager
def _watched(cluster: LocalCluster, n_workers: int) -> Iterator[None]:
    """Start workers anew if none is left: Dask does not restart one that dies before it has wholly started."""
    ended = threading.Event()

    def watch() -> None:
        empty = 0.0
        while not ended.wait(PERIOD):
            empty = 0.0 if cluster.scheduler.workers else empty + PERIOD
            if empty >= PATIENCE:
                logger.warning("no Dask worker is left; starting %d", n_workers)
                cluster.scale(0)
                cluster.scale(n_workers)
                empty = 0.0

    watcher = threading.Thread(target=watch, name="zeta_geom: Dask's workers", daemon=True)
    watcher.start()
    try:
        yield
    finally:
        ended.set()
        watcher.join()


def _start(start: Callable[[], LocalCluster]) -> LocalCluster:
    """Return the cluster that a call starts, or raise one line in place of Dask's traces."""
    try:
        return start()
    except RuntimeError as error:
        raise RuntimeError(
            f"no Dask cluster could be started on this machine ({str(error).rstrip('.')}); the output of its "
            f"processes stands above. If they ran this script again: {GUARD}"
        ) from None


def _distributed() -> ModuleType:
    try:
        return import_module("distributed")
    except ImportError as error:
        raise ImportError('DaskExecutor needs Dask: pip install "zeta-geom[distributed]".') from error
