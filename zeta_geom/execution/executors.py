"""Who does the tasks: this process, a pool of processes, or Dask; a task whose process dies is given out again."""

from __future__ import annotations

import logging
import os
import threading
import time
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from joblib import parallel_config
from threadpoolctl import threadpool_limits

from zeta_geom.checks import check_int
from zeta_geom.execution.cores import cpu_count
from zeta_geom.execution.guard import GUARD, require_main_guard

__all__ = ["DaskExecutor", "Executor", "Lost", "PoolExecutor", "SerialExecutor", "local_cluster"]

logger = logging.getLogger(__name__)

DEATHS = 3  # processes that one task may take with it
NUDGE = 5  # seconds without a result after which the pool is told to look at its processes
IDLE = 60  # seconds that a pool's processes wait for the next call
LEFT_BY_DASK = ("PYTHONHASHSEED", "__DASK_PARENT_PID")  # what a cluster puts into its starter's environment
LIBRARIES = ("OMP", "OPENBLAS", "MKL", "BLIS", "VECLIB_MAXIMUM", "NUMBA", "NUMEXPR")


@dataclass(frozen=True)
class Lost:
    """What comes in place of the result of a task that took its process with it again and again.

    Parameters
    ----------
    reason : str
    """

    reason: str


class Executor(ABC):
    """Gives out tasks; `threads` is how many each may use.

    Parameters
    ----------
    threads : int
        Threads of one task.
    """

    in_processes = True  # whether a task runs in a process of its own, which it may end

    def __init__(self, threads: int) -> None:
        self.threads = check_int(threads, "threads", low=1)

    @abstractmethod
    def map(self, call: Callable[[Any], Any], tasks: Sequence[Any]) -> Iterator[tuple[int, Any]]:
        """Yield (place of the task, result) as results come.

        Parameters
        ----------
        call : callable of one task, which pickle can send
        tasks : sequence

        Yields
        ------
        tuple of int and the result, or `Lost`

        Raises
        ------
        Exception
            Whatever `call` raised, at the first that did.
        """


class SerialExecutor(Executor):
    """One task after the other, in this process, each with all cores.

    Parameters
    ----------
    threads : int, optional
        Threads of a task; one for each core by default.

    Examples
    --------
    >>> list(SerialExecutor().map(abs, [-1, 2]))
    [(0, 1), (1, 2)]
    """

    in_processes = False

    def __init__(self, *, threads: int | None = None) -> None:
        super().__init__(cpu_count() if threads is None else threads)

    def map(self, call: Callable[[Any], Any], tasks: Sequence[Any]) -> Iterator[tuple[int, Any]]:
        """Yield (place, result) in order; see `Executor.map`."""
        fewer = self.threads < cpu_count()  # to look for libraries costs milliseconds
        for place, task in enumerate(tasks):
            yield place, _limited(call, self.threads, task) if fewer else call(task)


class PoolExecutor(Executor):
    """A pool of processes on this machine (loky); its cores are shared out among them.

    The processes stay for a minute, for the next call of any pool of as many: they take seconds to start. A pool of
    another size or other threads takes their place; one `map` must end before the other begins.

    Parameters
    ----------
    n_workers : int, optional
        Processes; one for each core by default.
    threads : int, optional
        Threads of each; the cores divided by the processes by default.

    Examples
    --------
    >>> sorted(PoolExecutor(2).map(abs, [-1, 2]))
    [(0, 1), (1, 2)]
    """

    def __init__(self, n_workers: int | None = None, *, threads: int | None = None) -> None:
        self.n_workers = cpu_count() if n_workers is None else check_int(n_workers, "n_workers", low=1)
        super().__init__(max(1, cpu_count() // self.n_workers) if threads is None else threads)

    def map(self, call: Callable[[Any], Any], tasks: Sequence[Any]) -> Iterator[tuple[int, Any]]:
        """Yield (place, result) as results come; see `Executor.map`."""
        waiting, suspects = deque(range(len(tasks))), deque[int]()
        deaths = dict.fromkeys(waiting, 0)
        while waiting or suspects:
            # who was there when a process died runs alone, so that the next death has one cause
            alone = bool(suspects)
            queue, at_once = (suspects, 1) if alone else (waiting, 2 * self.n_workers)
            running: dict[Future[Any], int] = {}
            pool, nudge = self._pool(), None
            try:
                while queue or running:
                    while queue and len(running) < at_once:
                        running[pool.submit(call, tasks[queue[0]])] = queue[0]  # raises where the pool is broken
                        queue.popleft()
                    done = wait(running, timeout=NUDGE, return_when=FIRST_COMPLETED).done
                    if not done and (nudge is None or nudge.done()):
                        nudge = pool.submit(
                            int
                        )  # loky looks at its processes anew: a death at their start can be missed
                    for future in done:
                        result = future.result()
                        yield running.pop(future), result
            except BrokenProcessPool:
                fallen = sorted(running.values())
                logger.warning("a process of the pool died; %d task(s) are given out again", len(fallen))
                for place in fallen:
                    deaths[place] += alone
                    if deaths[place] < DEATHS:
                        suspects.append(place)
                    else:
                        yield place, Lost(f"its process died {DEATHS} times while nothing else ran in the pool.")
            except BaseException:
                pool.shutdown(wait=True, kill_workers=True)
                raise

    def close(self) -> None:
        """End the processes now, with what they keep in memory.

        Examples
        --------
        >>> PoolExecutor(2).close()
        """
        self._pool().shutdown(wait=True)

    def _pool(self) -> Any:
        from loky import get_reusable_executor

        require_main_guard("a pool of processes", starts=False)  # its own processes never run the script
        # the libraries read these when they are loaded; to find them later, for each task, costs milliseconds
        env = {f"{library}_NUM_THREADS": str(self.threads) for library in LIBRARIES}
        env["LOKY_MAX_MEMORY_LEAK_SIZE"] = "1e18"  # bytes: a task's data, kept for the next one, are no leak
        return get_reusable_executor(
            self.n_workers, timeout=IDLE, env=env, initializer=_end_with, initargs=(os.getpid(),)
        )


class DaskExecutor(Executor):
    """A Dask cluster: the scheduler at an address, or processes on this machine (extra `distributed`).

    Parameters
    ----------
    address : str, optional
        The scheduler's; without one a cluster of processes is started here, and ended after the work.
    n_workers : int, optional
        Processes of that cluster; one for each core by default.
    threads : int, optional
        Threads of a task: the cores divided by the processes by default, and 1 at an address.

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

    def map(self, call: Callable[[Any], Any], tasks: Sequence[Any]) -> Iterator[tuple[int, Any]]:
        """Yield (place, result) as results come; see `Executor.map`."""
        if not tasks:
            return
        distributed = _distributed()
        with self._client() as client:
            futures = client.map(_limited, [call] * len(tasks), [self.threads] * len(tasks), tasks, pure=False)
            places = {future.key: place for place, future in enumerate(futures)}
            done = distributed.as_completed(futures)
            del futures
            suspects = []
            for future in done:
                result = self._result(future, client)
                if isinstance(result, Lost):
                    suspects.append(places[future.key])  # Dask counts a worker's death against all that it held
                else:
                    yield places[future.key], result
                future.release()
            for place in suspects:
                future = client.submit(_limited, call, self.threads, tasks[place], pure=False)
                yield place, self._result(future, client)

    def _result(self, future: Any, client: Any) -> Any:
        """Return a future's result, or `Lost` where Dask has given its task up."""
        distributed = _distributed()
        try:
            return future.result()
        except distributed.KilledWorker as error:
            return Lost(f"its worker died again and again ({error}).")
        except (distributed.client.FutureCancelledError, distributed.comm.CommClosedError) as error:
            raise ConnectionError(
                f"the Dask scheduler at {client.scheduler.address} is gone; what is finished is kept. "
                "Run the same again."
            ) from error

    @contextmanager
    def _client(self) -> Iterator[Any]:
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
def local_cluster(n_workers: int) -> Iterator[Any]:
    """Start a Dask cluster of processes on this machine; afterwards the environment of this process is as before."""
    distributed = _distributed()
    import dask

    if dask.config.get("distributed.worker.multiprocessing-method") != "fork":
        require_main_guard("a Dask cluster on this machine")
    made = {"n_workers": n_workers, "threads_per_worker": 1, "memory_limit": 0, "dashboard_address": ":0"}
    # by default the limits of a worker's threads would be put into the environment of this process, and stay
    ours = dask.config.set({"distributed.nanny.pre-spawn-environ": {}})
    before = {name: os.environ.get(name) for name in LEFT_BY_DASK}
    try:
        with ours, _begun(lambda: distributed.LocalCluster(**made, silence_logs=logging.ERROR)) as cluster:
            yield cluster
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)


def _begun(start: Callable[[], Any]) -> Any:
    """Return what a call starts, or raise one line in place of Dask's traces."""
    try:
        return start()
    except RuntimeError as error:
        raise RuntimeError(
            f"no Dask cluster could be started on this machine ({str(error).rstrip('.')}); what its processes said "
            f"stands above. If they ran this script again: {GUARD}"
        ) from None


def _distributed() -> Any:
    try:
        import distributed
    except ImportError as error:
        raise ImportError('DaskExecutor needs Dask: pip install "zeta-geom[distributed]".') from error
    return distributed


def _end_with(parent: int) -> None:
    """End this process soon after its parent, which may have been killed without a word to its pool."""

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(1)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def _limited(call: Callable[[Any], Any], threads: int, task: Any) -> Any:
    # a worker of Dask is a daemon, where joblib's default allows one thread only
    with parallel_config(backend="threading"), threadpool_limits(threads):
        return call(task)
