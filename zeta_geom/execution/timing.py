"""Seconds of calls, timed in interleaved rounds so that a drift of the machine affects all of them equally."""

import time
from collections.abc import Callable, Mapping

import numpy as np
from tqdm import tqdm


def seconds(call: Callable[[], object]) -> float:
    """Return the wall time of a call."""
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def interleaved(
    calls: Mapping[str, Callable[[], object]], rounds: int, *, progress: bool = True
) -> dict[str, list[float]]:
    """Time each call once per round, and return the seconds of each call, one value per round."""
    rng = np.random.default_rng(0)  # draws each round's order: the caches left by a call affect all others equally
    times: dict[str, list[float]] = {name: [] for name in calls}
    description = " / ".join(calls) if len(calls) <= 5 else f"{len(calls)} calls"
    for _ in tqdm(range(rounds), desc=description, unit="round", disable=None if progress else True):
        for name in rng.permutation(list(calls)):
            times[name].append(seconds(calls[name]))
    return times
