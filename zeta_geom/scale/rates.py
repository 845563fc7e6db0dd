"""Rates of a worker: the seconds of each kind of work, measured on this machine or kept from a named one."""

import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.optimize import nnls
from threadpoolctl import threadpool_limits

from zeta_geom.checks import check_choice, check_int
from zeta_geom.scale.task import PartTask, count_dimensions, nearest_in_blocks

# points, queries, dimensions, neighbours: in each, another cost has a large share, so that all can be fitted
SEARCHES = (
    (16384, 2048, 1024, 8), (16384, 2048, 64, 8), (65536, 2048, 64, 8), (4096, 4096, 1024, 8),
    (8192, 2048, 256, 128), (8192, 2048, 1024, 128), (16384, 512, 1024, 8), (32768, 4096, 64, 128),
)  # fmt: skip
# the same for the counts
COUNTS = ((4096, 2048, 1024, 128), (4096, 2048, 256, 128), (4096, 2048, 64, 128), (4096, 4096, 1024, 32))
FITTED = 4096  # points that a frame is fitted to: sizes.SAMPLE


@dataclass(frozen=True)
class Rate:
    """Seconds of one thread of a worker, or of one GPU, for each kind of work.

    Parameters
    ----------
    multiply, pair : float
        One multiplication and addition in the product of queries and points; the comparison of one pair's product.
    place, fit : float
        Checking and placing one coordinate of a block; one unit of fitting a frame (see `search_work`).
    entry, decide : float
        One neighbour of a query in each block; one of its coordinates in float64.
    gram, reflect, gather : float
        One multiplication and addition in the products within a neighbourhood; in the counts of its eigenvalues; one
        coordinate of a neighbour.
    read : float
        One byte of the points' file, each time that it is read.
    machine : str
        Machine of the measurement.
    """

    multiply: float
    pair: float
    place: float
    fit: float
    entry: float
    decide: float
    gram: float
    reflect: float
    gather: float
    read: float
    machine: str


RATES = {
    "cpu": Rate(
        multiply=1.9e-11, pair=4.5e-10, place=9e-9, fit=1.6e-8, entry=5.4e-7, decide=2e-12, gram=6e-12, reflect=8e-11,
        gather=9e-10, read=5e-10, machine="one core of an AMD EPYC (family 26), AVX-512, float32, shared with others",
    ),
    "gpu": Rate(
        multiply=5.3e-14, pair=1.1e-11, place=8.8e-10, fit=1e-9, entry=3.5e-8, decide=9.5e-12, gram=0.0,
        reflect=1.7e-11, gather=1.1e-10, read=5e-10, machine="NVIDIA H100 80GB HBM3, float32 without TF32",
    ),
}  # fmt: skip


def find_rate(rate: str | Rate) -> Rate:
    """Return the rate of this name, or the rate itself."""
    return rate if isinstance(rate, Rate) else RATES[check_choice(rate, "rate", RATES)]


def search_work(n: float, q: float, d: float, k: float) -> dict[str, float]:
    """Return the amount of each kind of work in the search of q queries in one block of n points."""
    return {
        "multiply": n * q * d,
        "pair": n * q,
        "place": (n + q) * d,
        "fit": min(n, FITTED) * (d + 512),
        "entry": q * k,
        "decide": q * k * d,
    }


def count_work(q: float, d: float, k: float) -> dict[str, float]:
    """Return the amount of each kind of work in the dimensions at q points."""
    side, length = min(k, d), max(k, d)
    return {"gram": q * side**2 * length, "reflect": q * side**3, "gather": q * k * d}


def measure_rate(device: str | None = None, *, threads: int = 1, repeats: int = 2) -> Rate:
    """Fit non-negative costs to the times of small searches and counts, in some ten seconds (a GPU: about a minute).

    Parameters
    ----------
    device : str, optional
        Torch device, such as "cuda"; the compiled kernels on the CPU by default.
    threads, repeats : int
        Threads that work at once (the rate is that of one thread); runs of each kind (the fastest counts).

    Returns
    -------
    Rate
        Its `read` is that of `RATES`: the storage of the points is unknown.
    """
    threads, repeats = check_int(threads, "threads", low=1), check_int(repeats, "repeats", low=1)
    rng = np.random.default_rng(0)
    with tempfile.TemporaryDirectory(prefix="zeta-geom-rate-") as folder, threadpool_limits(threads):
        path = Path(folder) / "points.npy"

        def search_time(n: int, q: int, d: int, k: int) -> float:
            X = _noise(rng, path, n, d)
            task = _task(path, n, q, k, threads, device)
            return _fastest(lambda: nearest_in_blocks(task, X[:q].copy(), np.arange(q)), repeats)

        def count_time(n: int, q: int, d: int, k: int) -> float:
            _noise(rng, path, n, d)
            indices = rng.integers(n, size=(q, k))
            task = _task(path, n, q, k, threads, device)
            return _fastest(lambda: count_dimensions(task, indices, np.arange(q)), repeats)

        search_time(600, 600, 20, 8), count_time(600, 600, 20, 8)  # compile the kernels, or load them
        # a GPU reaches its rate on more points only
        more_points, more_queries = (8, 4) if device is not None and device.startswith("cuda") else (1, 1)
        searches = [(more_points * n, more_queries * q, d, k) for n, q, d, k in SEARCHES]
        counts = [(n, more_queries * q, d, k) for n, q, d, k in COUNTS]
        search = _fit([search_work(*case) for case in searches], [search_time(*case) for case in searches])
        count = _fit([count_work(*case[1:]) for case in counts], [count_time(*case) for case in counts])
    costs = {kind: seconds * threads for kind, seconds in (search | count).items()}
    machine = f"this machine, {device or f'{threads} thread(s)'}"
    return Rate(**costs, read=RATES["cpu" if device is None else "gpu"].read, machine=machine)


def _noise(rng: np.random.Generator, path: Path, n: int, d: int) -> np.ndarray:
    X = rng.standard_normal((n, d), dtype=np.float32)
    np.save(path, X)
    return X


def _task(path: Path, n: int, q: int, k: int, threads: int, device: str | None) -> PartTask:
    return PartTask(
        part="", key="", code="", points=str(path), n=n, queries=None, anchors=None, start=0, stop=q, k=k, ks=(k,),
        alpha=0.05, metric="euclidean", block=n, held=n, threads=threads, device=device,
    )  # fmt: skip


def _fastest(call: Callable[[], object], repeats: int) -> float:
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return min(times)


def _fit(work: Sequence[dict[str, float]], seconds: Sequence[float]) -> dict[str, float]:
    """Return the cost of each kind of work that minimises the relative errors of the times."""
    times = np.array(seconds)
    amounts = np.array([list(kinds.values()) for kinds in work], dtype=float) / times[:, None]
    scale = amounts.max(axis=0)
    costs, _ = nnls(amounts / scale, np.ones(len(times)))
    return dict(zip(work[0], (costs / scale).tolist()))
