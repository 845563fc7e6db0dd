"""Real data sets: fetched, checked by hash, cached, and never replaced silently."""

from zeta_geom.datasets.catalogue import DATASETS, Specification
from zeta_geom.datasets.fetching import fetch
from zeta_geom.datasets.home import data_home
from zeta_geom.datasets.loading import Dataset, load
from zeta_geom.datasets.pictures import load_folder

__all__ = ["DATASETS", "Dataset", "Specification", "data_home", "fetch", "load", "load_folder"]
