"""Argument checks, called in public functions only.

Every error names the argument (`name`), states the rule, shows the value and says what to do.
"""

from zeta_geom.checks.columns import check_table
from zeta_geom.checks.images import CHANNEL_COUNTS, check_channels, image_axes
from zeta_geom.checks.labels import (
    LABEL_TOLERANCE,
    check_label_shape,
    check_labels,
    check_probabilities,
    count_classes,
    one_hot,
)
from zeta_geom.checks.parameters import check_choice, check_int, check_jobs, check_real
from zeta_geom.checks.points import LARGEST, check_finite, check_points, host_array, real_array
from zeta_geom.checks.units import check_units

__all__ = [
    "CHANNEL_COUNTS",
    "LABEL_TOLERANCE",
    "LARGEST",
    "check_channels",
    "check_choice",
    "check_finite",
    "check_int",
    "check_jobs",
    "check_label_shape",
    "check_labels",
    "check_points",
    "check_probabilities",
    "check_real",
    "check_table",
    "check_units",
    "count_classes",
    "host_array",
    "image_axes",
    "one_hot",
    "real_array",
]
