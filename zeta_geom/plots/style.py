"""The look that all figures share: colours that colour-blind readers can tell apart, and plain axes."""

from __future__ import annotations

from typing import Any

__all__ = ["METHOD_COLORS", "METHOD_LABELS", "OKABE_ITO", "PARAMETERS", "panel_letter"]

OKABE_ITO = {
    "black": "#000000",
    "orange": "#E69F00",
    "sky": "#56B4E9",
    "green": "#009E73",
    "yellow": "#F0E442",
    "blue": "#0072B2",
    "vermillion": "#D55E00",
    "purple": "#CC79A7",
    "grey": "#8C8C8C",
}

METHOD_COLORS = {
    "original": OKABE_ITO["black"],
    "erm": OKABE_ITO["grey"],
    "mixup": OKABE_ITO["vermillion"],
    "mixup-per-sample": OKABE_ITO["orange"],
    "zeta": OKABE_ITO["blue"],
    "zeta-random": OKABE_ITO["green"],
}

METHOD_LABELS = {
    "original": "original",
    "erm": "ERM",
    "mixup": "mixup",
    "mixup-per-sample": "mixup (λ per sample)",
    "zeta": "ζ-mixup",
    "zeta-random": "ζ-mixup (random anchor)",
}

PARAMETERS: dict[Any, Any] = {
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlesize": 9,
    "axes.labelsize": 8,
    "figure.dpi": 100,
    "figure.constrained_layout.use": True,
    "font.size": 8,
    "legend.fontsize": 7,
    "legend.frameon": False,
    "pdf.fonttype": 42,
    "savefig.dpi": 200,
    "xtick.labelsize": 7,
    "ytick.labelsize": 7,
}


def panel_letter(ax: Any, letter: str) -> Any:
    """Write the panel's letter at the upper left of `ax`, outside the data.

    Parameters
    ----------
    ax : matplotlib Axes
    letter : str

    Returns
    -------
    matplotlib Axes

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> panel_letter(Figure().subplots(), "a").get_title(loc="left")
    'a'
    """
    ax.set_title(letter, loc="left", fontweight="bold")
    return ax
