"""The context of every analysis: the preset, the folder of results, and which data it may use."""

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
}  # the data that OFFLINE=1 uses instead; figures drawn from them say so


LEFT_OUT = "left_out.json"


def left_out_analyses(results: Path) -> set[str]:
    """Return the analyses that had no data in their last run."""
    path = results / LEFT_OUT
    return set(json.loads(path.read_text(encoding="utf-8"))) if path.exists() else set()


@dataclass(frozen=True)
class Context:
    """The options of a run of the analyses.

    Parameters
    ----------
    preset : {"quick", "full", "paper"}
        Names the settings of the analyses that get no settings of their own.
    results : Path
        The preset's folder of records, figures and the claims table.
    offline : bool
        Use embedded data only.
    images : tuple of Path
        Files with an array X_train of images, or folders of pictures, which replace the image sets of figure 6.
    n_anchors : int, optional
        The number of points at which figure 6 estimates the dimension; the preset's number by default.
    force, stale : bool
        As in `zeta_geom.records.record`.
    progress : bool
        Show progress bars.
    computed : list of str
        Names of the records that were computed, not reused; `record` appends to the list.
    """

    preset: str = "quick"
    results: Path = Path("results/quick")
    offline: bool = False
    images: tuple[Path, ...] = ()
    n_anchors: int | None = None
    force: bool = False
    stale: bool = False
    progress: bool = True
    computed: list[str] = field(default_factory=list)

    def mark_left_out(self, analysis: str, left_out: bool) -> None:
        """Note whether an analysis had no data; records of an earlier run must then not pass for this run's."""
        listed = left_out_analyses(self.results) - {analysis} | ({analysis} if left_out else set())
        with records.atomic_path(self.results / LEFT_OUT) as temporary:
            temporary.write_text(json.dumps(sorted(listed)) + "\n", encoding="utf-8")

    def dataset(self, name: str) -> datasets.Dataset:
        """Load a data set, or with `offline` the embedded sample that stands in for it, under the sample's name."""
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
    """Limit torch to one thread: on a few small images two threads mostly wait for each other."""
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

    A small network or a small matrix keeps at most one core busy, so BLAS and torch use one thread in each call. The
    pool has one thread more than there are cores: with as many threads as cores, three items would take two cores as
    long as four items.
    """
    items = list(items)
    # The limits are set once, here: calls that set and restore them side by side would restore each other's. Torch's
    # comes first, because threadpool_limits changes what torch says its number is.
    with one_thread(), threadpool_limits(1), ThreadPoolExecutor(cpu_count() + 1) as pool:
        bar = tqdm(pool.map(call, items), desc=name, total=len(items), disable=None if progress else True)
        return list(bar)
