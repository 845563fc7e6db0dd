"""Plans: how work is cut, what it costs, what is then needed; that a run takes the memory that was planned."""

import json
import subprocess
import sys

import numpy as np
import pytest

from zeta_geom.scale import Parts, Rate, measure_rate, plan_local_dimension, plan_table
from zeta_geom.scale.plan import HASHED, START
from zeta_geom.scale.rates import RATES
from zeta_geom.scale.sizes import MEMORY, choose_sizes

RUN = """
import json, sys
from pathlib import Path
import numpy as np
from zeta_geom.geometry import LocalPCA
from zeta_geom.scale import Parts, local_dimension
from zeta_geom.execution.executors import SerialExecutor

def memory_of(name):
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(name))

path, memory = sys.argv[1], int(sys.argv[2])
LocalPCA((8, 32), n_jobs=1).fit(np.random.default_rng(0).normal(size=(600, 512)).astype(np.float32))
before = memory_of("VmRSS")
Path("/proc/self/clear_refs").write_text("5")  # the peak begins anew
parts = Parts(memory=memory, chunk_size=2000)
local_dimension(path, (8, 32), executor=SerialExecutor(threads=1), parts=parts, n_anchors=2000, random_state=0)
print(json.dumps(memory_of("VmHWM") - before))
"""


@pytest.mark.parametrize("n", [500, 60_000, 10**9])
@pytest.mark.parametrize("d", [2, 128, 2048])
@pytest.mark.parametrize("threads", [1, 4])
def test_sizes_fit_the_memory(n, d, threads):
    for memory in (MEMORY // 2, MEMORY, 4 * MEMORY):
        sizes = choose_sizes(n, n, d, 128, threads=threads, memory=memory)
        assert sizes.memory <= memory
        assert 1 <= sizes.block <= n
        assert 1 <= sizes.chunk <= n
        assert (sizes.parts - 1) * sizes.chunk < n <= sizes.parts * sizes.chunk
        assert 128 <= sizes.held <= n


def test_more_memory_is_never_slower():
    hours = [
        plan_local_dimension(10**7, 768, workers=8, parts=Parts(memory=memory)).worker_hours
        for memory in (2**29, 2**30, 2**31, 2**33)
    ]
    assert hours == sorted(hours, reverse=True)


def test_a_plan_counts_what_is_to_be_done():
    plan = plan_local_dimension(100_000, 64, 32, workers=4, parts=Parts(chunk_size=10_000, block_size=30_000))
    assert (plan.parts, plan.sizes.block, plan.queries) == (10, 30_000, 100_000)
    assert plan.bytes_read == 10 * 100_000 * 64 * 4
    assert plan.operations == pytest.approx(2 * 100_000**2 * 64, rel=0.02)
    assert plan.needs == ()
    assert "bytes read         244 MiB" in str(plan)
    fewer = plan_local_dimension(100_000, 64, 32, workers=4, n_anchors=1000)
    assert "at 1,000 anchors" in str(fewer)
    assert fewer.operations < plan.operations / 90


def test_twice_the_workers_take_half_the_time():
    one, two = (plan_local_dimension(2_000_000, 512, workers=workers) for workers in (8, 16))
    assert 1.7 < one.hours / two.hours < 2.3
    assert one.worker_hours == two.worker_hours
    doubled = plan_local_dimension(2_000_000, 512, workers=8, threads=2)
    assert 1.5 < one.hours / doubled.hours < 2.5


def test_what_takes_longer_than_a_day_says_what_is_needed():
    assert "within 24 hours" in str(plan_local_dimension(1_281_167, 2048, workers=4))
    plan = plan_local_dimension(5_000_000, 2048, workers=1)
    enough, anchors, approximate = plan.needs
    assert "such workers do it in 24 hours" in enough
    workers = int(enough.split()[0].replace(",", ""))
    assert plan_local_dimension(5_000_000, 2048, workers=workers).hours < 30
    assert "n_anchors=10,000" in anchors
    assert "standard error of 0.01 " in anchors
    assert "faiss" in approximate
    assert "use n_anchors, or approximate" in plan_local_dimension(10**9, 128, workers=16).needs[0]
    assert len(plan_local_dimension(10**9, 2048, n_anchors=10_000).needs) == 2


def test_the_table_has_the_three_cases_on_both_machines():
    text = plan_table(workers=8)
    for words in ("1,281,167 x 2,048", "10,000,000 x 768", "1,000,000,000 x 128", "faiss", "n_anchors"):
        assert words in text
    assert text.count("memory per worker") == 6
    assert "NVIDIA H100" in text


def test_measured_rates_plan_a_run_of_their_own(monkeypatch):
    monkeypatch.setattr("zeta_geom.scale.rates.SEARCHES", ((2000, 500, 40, 8), (1000, 1000, 200, 16)))
    monkeypatch.setattr("zeta_geom.scale.rates.COUNTS", ((500, 300, 60, 16), (500, 300, 20, 32)))
    for device in (None, "cpu"):
        rate = measure_rate(device, repeats=1)
        assert isinstance(rate, Rate)
        assert all(getattr(rate, name) >= 0 for name in ("multiply", "pair", "entry", "gram", "reflect"))
        assert 0 < plan_local_dimension(10_000, 100, 16, rate=rate).hours < 10


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ({"rate": "tpu"}, "rate must be one of 'cpu', 'gpu'"),
        ({"k": 1000}, "k must be an integer"),
        ({"workers": 0}, "workers must be"),
        ({"threads": 0}, "threads must be"),
        ({"itemsize": 2}, "itemsize must be one of"),
        ({"n_anchors": 2000}, "n_anchors must be"),
        ({"parts": Parts(memory=10**6)}, "memory must be at least"),
        ({"parts": Parts(chunk_size=900, memory=60 * 2**20), "d": 10_000}, "memory must be at least|chunk_size must"),
    ],
)
def test_what_cannot_be_planned_is_refused(arguments, text):
    with pytest.raises(ValueError, match=text):
        plan_local_dimension(**{"n": 1000, "d": 100, "k": 10, **arguments})


def test_the_hours_of_a_plan():
    parts = Parts(chunk_size=10_000, block_size=30_000)
    one, three, ten, many = (plan_local_dimension(100_000, 64, 32, workers=w, parts=parts) for w in (1, 3, 10, 16))
    alone = (START + 100_000 * 64 * 4 / HASHED) / 3600
    assert one.hours == pytest.approx(alone + one.worker_hours)
    assert three.hours == pytest.approx(alone + 4 * one.worker_hours / 10)
    assert ten.hours == many.hours == pytest.approx(alone + one.worker_hours / 10)
    assert one.operations == 2 * 1e5**2 * 64 + 1e5 * 32**2 * 64 + 4 / 3 * 1e5 * 32**3
    little = Parts(memory=160 * 2**20, chunk_size=2000)
    plan = plan_local_dimension(60_000, 512, 32, n_anchors=2000, parts=little)
    assert plan.bytes_read == 60_000 * 512 * 4 + 2000 * 32 * 512 * 4


def test_rates_name_their_machine():
    assert all(len(rate.machine) > 5 for rate in RATES.values())


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="peaks are read from /proc")
def test_a_run_takes_the_memory_that_was_planned(tmp_path):
    path, memory = tmp_path / "points.npy", 160 * 2**20
    np.save(path, np.random.default_rng(1).standard_normal((60_000, 512), dtype=np.float32))
    parts = Parts(memory=memory, chunk_size=2000)
    plan = plan_local_dimension(60_000, 512, 32, n_anchors=2000, parts=parts)
    assert plan.sizes.block < 60_000 > plan.sizes.held
    done = subprocess.run(
        [sys.executable, "-c", RUN, str(path), str(memory)], check=True, stdout=subprocess.PIPE, text=True
    )
    assert plan.memory_per_worker / 1.5 < json.loads(done.stdout) < plan.memory_per_worker * 1.5
