"""Methods that mix a batch: one method per file, one table name -> class.

A mixer maps (X, y) to (X_new, Y_new). A call has two halves: `draw` draws all that is random, on the backend of the
data, and returns a plan; `apply` is arithmetic only, the same for NumPy arrays and torch tensors.
"""

from zeta_geom.mixers.base import Mixer
from zeta_geom.mixers.choice import RandomMixer
from zeta_geom.mixers.draws import zeta_weight_matrix
from zeta_geom.mixers.methods.between_class import BetweenClass, BetweenClassPlus
from zeta_geom.mixers.methods.co_mixup import CoMixup
from zeta_geom.mixers.methods.cutmix import CutMix, CutMixZeta
from zeta_geom.mixers.methods.dirichlet import DirichletMixup
from zeta_geom.mixers.methods.fmix import FMix
from zeta_geom.mixers.methods.gridmix import GridMix
from zeta_geom.mixers.methods.local import LocalSyntheticInstances
from zeta_geom.mixers.methods.manifold_mixup import ManifoldMixup
from zeta_geom.mixers.methods.mixfeat import MixFeat
from zeta_geom.mixers.methods.pairs import Mixup, SamplePairing
from zeta_geom.mixers.methods.pasting import ResizeMix, SaliencyMix
from zeta_geom.mixers.methods.supermix import SuperMix
from zeta_geom.mixers.methods.transport import OptTransMix
from zeta_geom.mixers.methods.zeta import PSeriesPairs, ZetaMixup
from zeta_geom.mixers.table import MIXERS, make_mixer, method_table
from zeta_geom.mixers.traits import Traits
from zeta_geom.mixers.weights import gamma_from_lambda, gamma_min, lambda_from_gamma, p_series_weights

__all__ = [
    "MIXERS",
    "BetweenClass",
    "BetweenClassPlus",
    "CoMixup",
    "CutMix",
    "CutMixZeta",
    "DirichletMixup",
    "FMix",
    "GridMix",
    "LocalSyntheticInstances",
    "ManifoldMixup",
    "MixFeat",
    "Mixer",
    "Mixup",
    "OptTransMix",
    "PSeriesPairs",
    "RandomMixer",
    "ResizeMix",
    "SaliencyMix",
    "SamplePairing",
    "SuperMix",
    "Traits",
    "ZetaMixup",
    "gamma_from_lambda",
    "gamma_min",
    "lambda_from_gamma",
    "make_mixer",
    "method_table",
    "p_series_weights",
    "zeta_weight_matrix",
]
