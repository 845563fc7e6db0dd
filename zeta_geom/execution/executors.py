"""Executors carry out tasks: in this process, or in a pool of processes; a task whose process dies is repeated."""

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
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from joblib import parallel_config
from threadpoolctl import threadpool_limits

from zeta_geom.checks import check_int
from zeta_geom.execution.guard import require_main_guard
from zeta_geom.execution.threads import cpu_count

if TYPE_CHECKING:
    from loky.reusable_executor import _ReusablePoolExecutor

logger = logging.getLogger(__name__)

Task = TypeVar("Task")
Result = TypeVar("Result")

DEATHS = 3  # deaths of its process, alone in the pool, after which a task is given up: one may be an accident
NUDGE = 5  # seconds without a result after which the pool is made to check its processes
IDLE = 60  # seconds that a pool's processes wait for the next call
# prefixes of the environment variables of libraries that start threads, as joblib and threadpoolctl list them
LIBRARIES = ("OMP", "OPENBLAS", "MKL", "BLIS", "VECLIB_MAXIMUM", "NUMBA", "NUMEXPR")


@dataclass(frozen=True)
class Lost:
    """In place of a result: the task was given up because its process died again and again."""

    reason: str


class Executor(ABC):
    """Carries out tasks.

    Parameters
    ----------
    threads : int
        Threads that one task may use.
    """

    in_processes = True  # whether a task runs in another process, which may be ended with it

    def __init__(self, threads: int) -> None:
        self.threads = check_int(threads, "threads", low=1)

    @abstractmethod
    def map(self, call: Callable[[Task], Result], tasks: Sequence[Task]) -> Iterator[tuple[int, Result | Lost]]:
        """Yield (place of the task, result) as results come.

        Parameters
        ----------
        call, tasks : callable, sequence
            A function of one task, and the tasks; pickle must be able to send both.

        Yields
        ------
        tuple of int and result
            The result is `Lost` if the task was given up.

        Raises
        ------
        Exception
            The first exception that `call` raises.
        """


class SerialExecutor(Executor):
    """Carries out one task after the other in this process.

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

    def map(self, call: Callable[[Task], Result], tasks: Sequence[Task]) -> Iterator[tuple[int, Result | Lost]]:
        """Yield (place, result) in order; see `Executor.map`."""
        fewer = self.threads < cpu_count()  # to search for libraries with threads costs milliseconds
        for place, task in enumerate(tasks):
            yield place, call_with_threads(call, self.threads, task) if fewer else call(task)


class PoolExecutor(Executor):
    """Carries out tasks in a pool of processes on this machine (loky), which share its cores.

    The processes take seconds to start, so they stay for a minute and serve the next pool of the same size. A pool of
    another size or with other threads replaces them; one `map` must end before the next begins.

    Parameters
    ----------
    n_workers, threads : int, optional
        Processes, by default one for each core; threads of each, by default the cores divided by the processes.

    Examples
    --------
    >>> sorted(PoolExecutor(2).map(abs, [-1, 2]))
    [(0, 1), (1, 2)]
    """

    def __init__(self, n_workers: int | None = None, *, threads: int | None = None) -> None:
        self.n_workers = cpu_count() if n_workers is None else check_int(n_workers, "n_workers", low=1)
        super().__init__(max(1, cpu_count() // self.n_workers) if threads is None else threads)

    def map(self, call: Callable[[Task], Result], tasks: Sequence[Task]) -> Iterator[tuple[int, Result | Lost]]:
        """Yield (place, result) as results come; see `Executor.map`."""
        # if a process dies, all tasks in the pool are suspects; they run alone, so that the next death has one cause
        waiting, suspects = deque(range(len(tasks))), deque[int]()
        deaths = dict.fromkeys(waiting, 0)
        while waiting or suspects:
            alone = bool(suspects)
            queue, at_once = (suspects, 1) if alone else (waiting, 2 * self.n_workers)
            running: dict[Future[Result], int] = {}
            pool = self._pool()
            nudge: Future[int] | None = None
            try:
                while queue or running:
                    while queue and len(running) < at_once:
                        running[pool.submit(call, tasks[queue[0]])] = queue[0]  # raises where the pool is broken
                        queue.popleft()
                    done = wait(running, timeout=NUDGE, return_when=FIRST_COMPLETED).done
                    if not done and (nudge is None or nudge.done()):
                        nudge = pool.submit(int)  # loky misses a death at the start until it is given a task
                    for future in done:
                        result = future.result()
                        yield running.pop(future), result
            except BrokenProcessPool:
                fallen = sorted(running.values())
                logger.warning("a process of the pool died; %d task(s) are repeated", len(fallen))
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
        """End the processes now, and free their memory."""
        self._pool().shutdown(wait=True)

    def _pool(self) -> _ReusablePoolExecutor:
        from loky import get_reusable_executor

        require_main_guard("a pool of processes", starts=False)  # loky's processes never run the script
        # the libraries read these when they are loaded; to limit them for each task costs milliseconds
        env = {f"{library}_NUM_THREADS": str(self.threads) for library in LIBRARIES}
        env["LOKY_MAX_MEMORY_LEAK_SIZE"] = "1e18"  # bytes; the data that a task keeps for the next are no leak
        return get_reusable_executor(
            self.n_workers, timeout=IDLE, env=env, initializer=_end_with, initargs=(os.getpid(),)
        )


def _end_with(parent: int) -> None:
    """End this process soon after its parent, which cannot end its pool if it is killed."""

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(1)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def call_with_threads(call: Callable[[Task], Result], threads: int, task: Task) -> Result:
    """Call with this many threads in all libraries."""
    # a worker of Dask is a daemon, to which joblib's default backend gives one thread
    with parallel_config(backend="threading"), threadpool_limits(threads):
        return call(task)
