"""Neighbours and local dimensions of points that outgrow memory or one machine, and plans of their cost."""

from zeta_geom.scale.knn import knn
from zeta_geom.scale.local_dimension import local_dimension
from zeta_geom.scale.plan import Plan, plan_local_dimension, plan_table
from zeta_geom.scale.rates import Rate, measure_rate
from zeta_geom.scale.settings import Parts

__all__ = ["Parts", "Plan", "Rate", "knn", "local_dimension", "measure_rate", "plan_local_dimension", "plan_table"]
