"""Plans of a local dimension before any work: operations, bytes, memory, hours, and advice."""

from dataclasses import dataclass, replace

import numpy as np

from zeta_geom.checks import check_choice, check_int
from zeta_geom.scale.rates import Rate, count_work, find_rate, search_work
from zeta_geom.scale.settings import Parts, limits_of
from zeta_geom.scale.sizes import Sizes, choose_sizes

CASES = {  # points, dimensions
    "ImageNet features": (1_281_167, 2048),
    "10 million": (10_000_000, 768),
    "1 billion": (1_000_000_000, 128),
}
ANCHORS = 10_000  # their mean is within a hundredth of a standard deviation of the mean of all points
START = 3.0  # seconds in which a worker starts and loads the compiled kernels, measured
HASHED = 1.2e9  # bytes per second of the fingerprint (SHA-256), measured on one core
DAY = 24.0  # hours: a longer plan comes with advice
MANY = 1000  # workers: more are out of reach


@dataclass(frozen=True)
class Plan:
    """The cost of an exact local dimension.

    Parameters
    ----------
    n, d, k, workers, queries : int
        Arguments of `plan_local_dimension`, and the number of points at which the dimension is estimated.
    sizes : Sizes
        Of parts and blocks.
    operations : float
        Floating-point operations, nearly all of them in the product of queries and points.
    bytes_read, memory_per_worker : float, int
        Bytes that all workers read, the points' file once for each part; bytes beside interpreter and libraries.
    hours, worker_hours : float
        Time from the start to the last part; time of all workers together.
    machine : str
        Machine of the rate.
    needs : tuple of str
        Advice in words; empty if the work takes less than a day.
    """

    n: int
    d: int
    k: int
    workers: int
    queries: int
    sizes: Sizes
    operations: float
    bytes_read: float
    memory_per_worker: int
    hours: float
    worker_hours: float
    machine: str
    needs: tuple[str, ...]

    @property
    def parts(self) -> int:
        """The number of parts."""
        return self.sizes.parts

    def __str__(self) -> str:
        """Return the plan as lines of text."""
        blocks = -(-self.n // self.sizes.block)
        at = "" if self.queries == self.n else f" at {self.queries:,} anchors"
        lines = [
            f"{self.n:,} x {self.d:,}, k = {self.k}{at}, {self.workers} worker(s): {self.machine}",
            f"  operations         {self.operations:.2g}",
            f"  bytes read         {_bytes(self.bytes_read)}",
            f"  memory per worker  {_bytes(self.memory_per_worker)}",
            f"  parts              {self.parts:,} of {self.sizes.chunk:,} queries, {blocks} block(s) each",
            f"  hours              {_hours(self.hours)}",
        ]
        needs = self.needs or (f"Nothing else is needed: it is done within {DAY:.0f} hours.",)
        return "\n".join([*lines, *(f"  - {need}" for need in needs)])


def plan_local_dimension(
    n: int,
    d: int,
    k: int = 128,
    workers: int = 1,
    rate: str | Rate = "cpu",
    *,
    n_anchors: int | None = None,
    itemsize: int = 4,
    threads: int = 1,
    parts: Parts | None = None,
) -> Plan:
    """Plan `scale.local_dimension` for points of unknown structure.

    Parameters
    ----------
    n, d : int
        Shape of X.
    k, workers : int
        The largest number of neighbours; the number of processes, or of GPUs.
    rate : {"cpu", "gpu"} or Rate
        Rate of a thread, or of a GPU; `measure_rate` measures that of this machine.
    n_anchors, parts : int, Parts, optional
        As in `scale.local_dimension`.
    itemsize, threads : int
        Bytes of a coordinate on disk, 4 or 8; threads of each worker, 1 with a GPU.

    Returns
    -------
    Plan
        Cost and advice; `print` shows them.

    Raises
    ------
    TypeError, ValueError
        If a number is out of range or `rate` unknown.

    Notes
    -----
    The plan assumes white noise, the hardest case of the search. Points whose spectrum decays, such as images, have
    short vectors that decide most pairs; points in few dimensions lie in blocks that are far apart.

    Examples
    --------
    >>> plan = plan_local_dimension(1_000_000, 512, workers=4)
    >>> plan.parts, f"{plan.operations:.2g}"
    (27, '1e+15')
    """
    check_int(n, "n", low=3)
    check_int(d, "d", low=2)
    check_int(k, "k", low=2, high=n - 1)
    check_int(workers, "workers", low=1)
    check_int(threads, "threads", low=1)
    check_choice(str(itemsize), "itemsize", ("4", "8"))
    queries = n if n_anchors is None else check_int(n_anchors, "n_anchors", low=1, high=n)
    rate, cut = find_rate(rate), parts or Parts()
    sizes = choose_sizes(n, queries, d, k, itemsize=itemsize, threads=threads, **limits_of(cut))
    bytes_part = n * d * itemsize + (sizes.held < n) * sizes.chunk * k * d * itemsize
    seconds = _seconds_of_part(n, d, k, sizes, rate) / threads + bytes_part * rate.read
    hashed = n * d * itemsize / HASHED
    rounds = -(-sizes.parts // workers)
    counting = count_work(queries, d, k)
    operations = 2.0 * queries * n * d + counting["gram"] + 4 / 3 * counting["reflect"]
    bytes_read = float(sizes.parts * bytes_part)
    hours = (START + hashed + rounds * seconds) / 3600, sizes.parts * seconds / 3600  # to the end, of all workers
    costs = (operations, bytes_read, sizes.memory, *hours)
    plan = Plan(n, d, k, workers, queries, sizes, *costs, machine=rate.machine, needs=())
    if plan.hours <= DAY:
        return plan
    return replace(plan, needs=_needs(plan, rate, itemsize, threads, cut))


def plan_table(
    k: int = 128, workers: int = 16, *, threads: int = 1, rates: tuple[str | Rate, ...] = ("cpu", "gpu")
) -> str:
    """Return the plans of `CASES` as text.

    Parameters
    ----------
    k, workers, threads
        As in `plan_local_dimension`; a GPU counts as one thread.
    rates : tuple of str or Rate
        Rates of the plans of each case.

    Returns
    -------
    str
        The plans, a blank line between cases.

    Examples
    --------
    >>> print(plan_table().splitlines()[0])
    ImageNet features
    """
    blocks = []
    for name, (n, d) in CASES.items():
        plans = [
            plan_local_dimension(n, d, k, workers, rate, threads=1 if rate == "gpu" else threads) for rate in rates
        ]
        blocks.append("\n".join([name, *map(str, plans)]))
    return "\n\n".join(blocks)


def _seconds_of_part(n: int, d: int, k: int, sizes: Sizes, rate: Rate) -> float:
    """Return the seconds of one thread: the search in whole blocks and in the rest, then the counts."""
    whole, rest = divmod(n, sizes.block)
    blocks = [(whole, sizes.block), (1, rest)] if rest else [(whole, sizes.block)]
    work = [(times, search_work(size, sizes.chunk, d, k + 1)) for times, size in blocks]
    work.append((1, count_work(sizes.chunk, d, k)))
    return float(sum(times * amount * getattr(rate, kind) for times, kinds in work for kind, amount in kinds.items()))


def _needs(plan: Plan, rate: Rate, itemsize: int, threads: int, cut: Parts) -> tuple[str, ...]:
    """Return advice for work that takes more than a day."""
    needs = []
    enough = int(np.ceil(plan.worker_hours / DAY * 1.05))
    if enough <= min(MANY, plan.parts):
        needs.append(f"{enough:,} such workers do it in {DAY:.0f} hours.")
    else:
        needs.append(f"{DAY:.0f} hours need {enough:,} such workers: use n_anchors, or approximate neighbours.")
    if plan.queries > ANCHORS:
        cut = replace(cut, chunk_size=min(-(-ANCHORS // plan.workers), plan.sizes.chunk))
        shape = (plan.n, plan.d, plan.k, plan.workers)
        some = plan_local_dimension(*shape, rate, n_anchors=ANCHORS, itemsize=itemsize, threads=threads, parts=cut)
        error = np.sqrt((1 - ANCHORS / plan.n) / ANCHORS)
        needs.append(
            f"n_anchors={ANCHORS:,} in parts of {some.sizes.chunk:,} takes {_hours(some.hours)}, exactly; the mean "
            f"over them has a standard error of {error:.2g} standard deviations of the dimension."
        )
    counting = sum(amount * getattr(rate, kind) for kind, amount in count_work(plan.queries, plan.d, plan.k).items())
    hours = counting / threads / 3600
    needs.append(
        "Approximate neighbours of another library (faiss: IVF or HNSW) can be passed as neighbors=: "
        f"{_bytes(8.0 * plan.queries * plan.k)} of them, and {_hours(hours)} of counting by one worker."
    )
    return tuple(needs)


def _bytes(count: float) -> str:
    for unit in ("B", "KiB", "MiB", "GiB", "TiB"):
        if count < 1024:
            return f"{count:.3g} {unit}"
        count /= 1024
    return f"{count:,.3g} PiB"


def _hours(hours: float) -> str:
    if hours < 1:
        return f"{hours * 60:.2g} minutes"
    return f"{hours:,.3g} hours" if hours < 1000 else f"{hours / 24 / 365.25:,.2g} years"
