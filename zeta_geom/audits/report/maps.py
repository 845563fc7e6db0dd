"""A map of originals and synthetic samples: the points themselves in the plane, otherwise t-SNE."""

from collections.abc import Mapping

import matplotlib
import numpy as np
from matplotlib.figure import Figure

from zeta_geom.audits.answers import spaces_of
from zeta_geom.audits.measured_sets import ORIGINAL
from zeta_geom.audits.report.figures import PLAIN
from zeta_geom.audits.report.html import Panels, Picture, Section, png_bytes
from zeta_geom.audits.result import AuditResult
from zeta_geom.audits.samples import Samples
from zeta_geom.neighborhoods import embed
from zeta_geom.plots.audit import points_map, set_colors

MAPPED = 600  # samples in a map, equally many of each set: more hide each other, and t-SNE takes their time
LEAST = 40  # samples: t-SNE of fewer shows nothing
PERPLEXITY = 30
STEPS = 250  # of t-SNE after early exaggeration: the map of a thousand samples hardly changes later


def maps(audit: AuditResult) -> Section:
    """Return the section with a map for each feature space."""
    spaces = spaces_of(audit.summary)
    lead = [f"A map shows at most {MAPPED:,} samples, equally many of each set."]
    pictures = []
    for space in spaces:
        sets = audit.spaces.get(space, {ORIGINAL: audit.sources, **audit.points})
        drawn = _map(sets, audit.settings["random_state"], f" ({space})" if len(spaces) > 1 else "")
        if isinstance(drawn, str):
            lead.append(drawn)
        else:
            pictures.append(drawn)
    return Section("Map", lead if pictures else lead[1:], pictures=pictures)


def _map(sets: Mapping[str, Samples], seed: int, where: str) -> Panels | str:
    """Return a map with a panel for each set, or the reason why there is none."""
    parts = {name: samples.flat[: MAPPED // len(sets)] for name, samples in sets.items()}
    X = np.concatenate(list(parts.values())).astype(np.float64)
    owners = np.repeat(list(parts), [len(points) for points in parts.values()])
    if X.shape[1] < 2 or len(X) < LEAST or np.ptp(X, axis=0).max() == 0:
        return f"There is no map{where}: it needs at least two features, and {LEAST} samples that are not all equal."
    if X.shape[1] == 2:
        xy, text = X, "The points themselves."
    else:
        perplexity = min(PERPLEXITY, (len(X) - 1) / 3)
        xy, _ = embed(X, perplexity=perplexity, random_state=seed, n_iter=STEPS)
        text = f"t-SNE of {len(X):,} samples together (perplexity {perplexity:g}); its distances mean nothing."
    colors = set_colors([name for name in sets if name != ORIGINAL])
    pictures = []
    for name, color in colors.items():
        with matplotlib.rc_context(PLAIN):
            figure = Figure(figsize=(3.1, 3.3), layout="constrained")
            points_map(figure.subplots(), xy, list(owners), name, color)
            alt = f"Originals as grey dots, and the samples of {name} as rings."
            pictures.append(Picture(name, "", alt, png_bytes(figure, dpi=150), "png"))
    caption = f"Grey: originals; rings: synthetic samples. {text}"
    return Panels(f"Originals and synthetic samples{where}", caption, pictures)
