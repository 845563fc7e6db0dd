"""The same measurement over many settings."""

from zeta_geom.sweeps.gamma import gamma_sweep

__all__ = ["gamma_sweep"]
