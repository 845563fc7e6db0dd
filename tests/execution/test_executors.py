"""Serial, a pool and Dask give the same results, and survive the same deaths."""

import os
import signal
import sys
import warnings
from concurrent.futures import Future
from concurrent.futures.process import BrokenProcessPool
from contextlib import nullcontext
from types import SimpleNamespace

import distributed
import pytest
from joblib import cpu_count, effective_n_jobs

from tests.execution import sweep_cases as cases
from zeta_geom.execution import dask
from zeta_geom.execution.executors import Lost
from zeta_geom.sweeps import DaskExecutor, PoolExecutor, SerialExecutor

IN_PROCESSES = [
    pytest.param(lambda: PoolExecutor(2), id="pool"),
    pytest.param(lambda: DaskExecutor(n_workers=2), id="dask", marks=pytest.mark.slow),
]
EXECUTORS = [pytest.param(SerialExecutor, id="serial"), *IN_PROCESSES]


@pytest.mark.alone  # and first: what an earlier cluster of this process left would hide what this one leaves
def test_the_environment_is_left_alone():
    before = dict(os.environ)
    assert dict(DaskExecutor(n_workers=1).map(cases.double, [1])) == {0: 2}
    assert dict(os.environ) == before


@pytest.mark.parametrize("make_executor", EXECUTORS)
def test_each_task_is_done_once_and_an_error_is_raised(make_executor, tmp_path):
    executor = make_executor()
    assert sorted(executor.map(cases.double, list(range(20)))) == [(i, 2 * i) for i in range(20)]
    assert list(executor.map(cases.double, [])) == []
    with pytest.raises(ValueError, match="no"):
        list(executor.map(cases.moody, [(1, ""), ("raise", "")]))


@pytest.mark.parametrize("make_executor", IN_PROCESSES)
def test_a_task_whose_process_dies_is_given_out_again_and_at_last_given_up(make_executor, tmp_path):
    words = [1, "die once", 3, "die", 5]
    tasks = [(word, str(tmp_path / f"{i}")) for i, word in enumerate(words)]
    found = dict(make_executor().map(cases.moody, tasks))
    assert [found[i] for i in (0, 1, 2, 4)] == [2, 2 * "die once", 6, 10]
    assert isinstance(found[3], Lost)
    assert "died" in found[3].reason


@pytest.mark.slow
def test_workers_that_dask_does_not_restart_are_replaced(monkeypatch, tmp_path):
    async def stay_dead(self, exitcode):
        await self._unregister()

    monkeypatch.setattr("distributed.nanny.Nanny._on_worker_exit", stay_dead)
    monkeypatch.setattr(dask, "PATIENCE", 4.0)
    tasks = [("die once", str(tmp_path / "0")), (1, "")]
    assert dict(DaskExecutor(n_workers=1).map(cases.moody, tasks)) == {0: 2 * "die once", 1: 2}


class Fragile:
    """A pool of one process, of which a task kills as many as it says."""

    def __init__(self):
        self.killed = 0

    def submit(self, call, task):
        future = Future()
        if self.killed < task:
            self.killed += 1
            future.set_exception(BrokenProcessPool())
        else:
            future.set_result(call(task))
        return future


@pytest.mark.parametrize(("deaths", "given_up"), [(3, False), (4, True)])
def test_the_first_death_in_company_and_three_alone(monkeypatch, deaths, given_up):
    pool = Fragile()
    monkeypatch.setattr(PoolExecutor, "_pool", lambda self: pool)
    found = dict(PoolExecutor(2).map(cases.double, [0, deaths, 0]))
    assert pool.killed == deaths
    assert isinstance(found.pop(1), Lost) == given_up
    assert found == {0: 0, 2: 0}


@pytest.mark.alone  # BLAS uses one thread where tests run side by side
@pytest.mark.parametrize("make_executor", EXECUTORS)
def test_cores_are_shared_out(make_executor):
    executor = make_executor()
    expected = cpu_count() if isinstance(executor, SerialExecutor) else max(1, cpu_count() // 2)
    assert executor.threads == expected
    assert dict(executor.map(cases.blas_threads, [0])) == {0: expected}


def test_threads_can_be_asked_for():
    assert dict(PoolExecutor(1, threads=1).map(cases.blas_threads, [0])) == {0: 1}
    assert DaskExecutor("tcp://nowhere:1").threads == 1
    with pytest.raises(ValueError, match="n_workers"):
        PoolExecutor(0)
    with pytest.raises(ValueError, match="threads"):
        SerialExecutor(threads=0)


@pytest.mark.parametrize("alone", ["dies", "is done"])
def test_a_task_that_dask_gives_up_is_tried_alone_and_then_lost(monkeypatch, alone):
    class Gone:
        key = "a"

        def result(self):
            raise distributed.KilledWorker("a", SimpleNamespace(address="tcp://there"), 3)

        def release(self):
            pass

    def submit(limited, call, threads, task, **how):
        return Gone() if alone == "dies" else SimpleNamespace(result=lambda: limited(call, threads, task))

    client = SimpleNamespace(map=lambda *words, **how: [Gone()], submit=submit)
    monkeypatch.setattr(DaskExecutor, "_client", lambda self: nullcontext(client))
    monkeypatch.setattr(distributed, "as_completed", list)
    ((place, result),) = DaskExecutor("tcp://nowhere:1").map(cases.double, [1])
    assert place == 0
    if alone == "dies":
        assert "its worker died again and again" in result.reason
    else:
        assert result == 2


def test_no_scheduler_is_one_clear_error(monkeypatch):
    monkeypatch.setattr(distributed, "Client", refuse)
    with pytest.raises(ConnectionError, match=r"no Dask scheduler answers at 'tcp://127.0.0.1:1'"):
        list(DaskExecutor("tcp://127.0.0.1:1").map(cases.double, [1]))


def refuse(address, timeout):
    raise OSError("Timed out")


def test_dask_is_an_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(ImportError, match=r'pip install "zeta-geom\[distributed\]"'):
        DaskExecutor()


@pytest.mark.slow
def test_the_death_in_company_does_not_count(tmp_path):
    assert dict(PoolExecutor(2).map(cases.dies_three_times, [str(tmp_path / "a")])) == {0: "alive"}


def test_who_stops_listening_ends_the_work():
    executor = PoolExecutor(2)
    results = executor.map(cases.double, list(range(50)))
    next(results)
    pool = executor._pool()
    results.close()
    assert executor._pool() is not pool


def test_fewer_threads_in_this_process():
    assert dict(SerialExecutor(threads=1).map(cases.blas_threads, [0])) == {0: 1}


@pytest.mark.slow
def test_no_task_is_lost_when_a_process_dies_between_two_results():
    executor = PoolExecutor(2)
    results = executor.map(cases.double, list(range(20)))
    found = dict([next(results)])
    pool = executor._pool()
    os.kill(next(iter(pool._processes)), signal.SIGKILL)
    cases.wait_until(lambda: pool._flags.broken is not None)
    found |= dict(results)
    assert found == {i: 2 * i for i in range(20)}


def threads_there(task):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return effective_n_jobs(task)


@pytest.mark.slow
def test_threads_of_a_dask_worker_are_used():
    assert dict(DaskExecutor(n_workers=1, threads=2).map(threads_there, [2])) == {0: 2}
