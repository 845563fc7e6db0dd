"""The same measurement over many settings: a grid of runs, kept in a ledger, on one machine or several."""

from zeta_geom.execution.dask import DaskExecutor
from zeta_geom.execution.executors import Executor, PoolExecutor, SerialExecutor
from zeta_geom.execution.ledger import Ledger
from zeta_geom.records.objects import Keyed
from zeta_geom.sweeps.gamma import fill_gamma, gamma_sweep
from zeta_geom.sweeps.measures import MEASURES, Points
from zeta_geom.sweeps.sweep import SweepError, sweep, sweep_table

__all__ = [
    "MEASURES",
    "DaskExecutor",
    "Executor",
    "Keyed",
    "Ledger",
    "Points",
    "PoolExecutor",
    "SerialExecutor",
    "SweepError",
    "fill_gamma",
    "gamma_sweep",
    "sweep",
    "sweep_table",
]
