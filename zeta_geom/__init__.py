"""Measure what a data augmentation does to the geometry of a data set.

The rooms follow the data's way: points come from `manifolds` and `datasets`, are mixed by `mixers`, and are measured
by `geometry`, `realism`, `neighborhoods` and `fidelity`, as they are or in the spaces of `features`; `scale` computes
the same neighbours and dimensions for points that outgrow memory, `sweeps` repeats a measurement over many settings,
and `plots` draws it. `audits` asks all of them about any augmentation; `audit` is its one call. `training`, an
add-on, trains classifiers. Rooms load when first used, so that importing the package stays cheap.
"""

from importlib import import_module
from typing import Any

__all__ = [
    "audit",
    "audits",
    "checks",
    "datasets",
    "execution",
    "features",
    "fidelity",
    "geometry",
    "manifolds",
    "mixers",
    "neighborhoods",
    "plots",
    "realism",
    "records",
    "rng",
    "scale",
    "sweeps",
    "training",
]


def __getattr__(name: str) -> Any:
    if name == "audit":
        return import_module(f"{__name__}.audits").audit
    if name in __all__:
        return import_module(f"{__name__}.{name}")
    if name == "__version__":
        from importlib.metadata import version  # it costs as much as all the rest of the import

        return version("zeta-geom")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
