"""What every analysis is given: the preset, where results go, and whether the network may be asked."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from joblib import cpu_count
from threadpoolctl import threadpool_limits
from tqdm import tqdm

from zeta_geom import datasets, records
from zeta_geom.records.keys import module_file

PRESETS = ("quick", "full", "paper")  # minutes; every claim at our full sizes; the paper's own data and sizes
STAND_INS = {
    "mnist": "mnist-sample",
    "cifar-100": "mnist-sample",
}  # what OFFLINE=1 draws instead; everything drawn from it says so


LEFT_OUT = "left_out.json"


def left_out_analyses(results: Path) -> set[str]:
    """Return the analyses that had no data in their last run."""
    path = results / LEFT_OUT
    return set(json.loads(path.read_text(encoding="utf-8"))) if path.exists() else set()


@dataclass(frozen=True)
class Context:
    """How a run of the analyses was asked for.

    Parameters
    ----------
    preset : {"quick", "full", "paper"}
        Which settings an analysis takes where none are given.
    results : Path
        The preset's folder of records, figures and the claims table.
    offline : bool
        Use embedded data alone.
    images : tuple of Path
        Files with an array X_train of images, which figure 6 takes instead of its own sets.
    force, stale : bool
        As in `zeta_geom.records.record`.
    progress : bool
        Show progress bars.
    computed : list of str
        Names of the records that were computed, not reused; `record` appends to it.
    """

    preset: str = "quick"
    results: Path = Path("results/quick")
    offline: bool = False
    images: tuple[Path, ...] = ()
    force: bool = False
    stale: bool = False
    progress: bool = True
    computed: list[str] = field(default_factory=list)

    def mark_left_out(self, analysis: str, left_out: bool) -> None:
        """Keep the list of analyses without data, whose records of an earlier run must not pass for this one's."""
        listed = left_out_analyses(self.results) - {analysis} | ({analysis} if left_out else set())
        with records.atomic_path(self.results / LEFT_OUT) as temporary:
            temporary.write_text(json.dumps(sorted(listed)) + "\n", encoding="utf-8")

    def dataset(self, name: str) -> datasets.Dataset:
        """Load a data set, or with `offline` the embedded sample that stands for it, under the sample's own name."""
        return datasets.load(STAND_INS.get(name, "digits") if self.offline else name)

    def record(
        self,
        name: str,
        compute: Callable[[], pd.DataFrame | Mapping[str, np.ndarray]],
        *,
        settings: Mapping[str, Any],
        data: str = "synthetic",
    ) -> records.Record:
        """Reuse or compute the record `name`; the module that defines `compute`, and its imports, are in the key."""

        def noted() -> pd.DataFrame | Mapping[str, np.ndarray]:
            self.computed.append(name)
            return compute()

        return records.record(
            name,
            noted,
            settings=settings,
            data=data,
            folder=self.results / "records",
            source=module_file(compute),
            force=self.force,
            stale=self.stale,
        )


@contextmanager
def one_thread() -> Iterator[None]:
    """Keep torch on one thread: a few small images are too little for two, which wait for each other."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def side_by_side(
    call: Callable[[Any], Any], items: Iterable[Any], *, name: str = "", progress: bool = False
) -> list[Any]:
    """Return the results of `call` on each item, in order, each from a thread of its own.

    A small network or a small matrix keeps one core busy at most, so BLAS and torch take one thread in each. There is
    one thread more than there are cores, so that three items do not take two cores as long as four.
    """
    items = list(items)
    # The limits are set once, here: calls that set and restore them side by side would restore each other's. Torch's
    # comes first, because threadpool_limits changes what torch says its number is.
    with one_thread(), threadpool_limits(1), ThreadPoolExecutor(cpu_count() + 1) as pool:
        bar = tqdm(pool.map(call, items), desc=name, total=len(items), disable=None if progress else True)
        return list(bar)
