"""Axes-level drawing: every function takes `ax`, draws on it and returns it; none shows or saves."""

from zeta_geom.plots.audit import densities_of, measure_panel, points_map, set_colors, worst_images
from zeta_geom.plots.curves import curve_against_gamma, dimension_curves, level_across, mark_gamma_min
from zeta_geom.plots.densities import density_curve, reflected_density
from zeta_geom.plots.differences import difference_key, difference_rows
from zeta_geom.plots.features import CLASS_COLORS, class_map, interval_rows, predicted_picture
from zeta_geom.plots.heat_table import difference_colors, heat_table, relative_shades
from zeta_geom.plots.images import image_grid, picture, picture_grid, soft_label_bars
from zeta_geom.plots.names import as_label, as_text, lettered, lettering, text_width
from zeta_geom.plots.neighborhoods import neighborhood_ellipse, ringed_points, vote_circles, window
from zeta_geom.plots.paired_dots import WINNER_COLORS, paired_dots, paired_dots_key
from zeta_geom.plots.parallel import accuracy_colors, parallel_models
from zeta_geom.plots.points import axis_names, cloud, project, soft_scatter, two_class_colors, view_row
from zeta_geom.plots.sensitivity import gamma_sensitivity, spread_apart
from zeta_geom.plots.style import (
    METHOD_COLORS,
    METHOD_LABELS,
    OKABE_ITO,
    PARAMETERS,
    name_columns,
    panel_letter,
    panels_of,
    spread,
)
from zeta_geom.plots.sweep import QUANTITIES, sweep_panel

__all__ = [
    "CLASS_COLORS", "METHOD_COLORS", "METHOD_LABELS", "OKABE_ITO", "PARAMETERS", "QUANTITIES", "WINNER_COLORS",
    "accuracy_colors", "as_label", "as_text", "axis_names", "class_map", "cloud", "curve_against_gamma",
    "densities_of", "density_curve", "difference_colors", "difference_key", "difference_rows", "dimension_curves",
    "gamma_sensitivity", "heat_table", "image_grid", "interval_rows", "lettered", "lettering", "level_across",
    "mark_gamma_min", "measure_panel", "name_columns", "neighborhood_ellipse", "paired_dots", "paired_dots_key",
    "panel_letter", "panels_of", "parallel_models", "picture", "picture_grid", "points_map", "predicted_picture",
    "project", "reflected_density", "relative_shades", "ringed_points", "set_colors", "soft_label_bars",
    "soft_scatter", "spread", "spread_apart", "sweep_panel", "text_width", "two_class_colors", "view_row",
    "vote_circles", "window", "worst_images",
]  # fmt: skip
