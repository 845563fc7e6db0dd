"""Claims about the manifold in R^12, about Dirichlet weights, and about methods that crop and mask."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from analyses.claims.geometry import AT_CEILING
from analyses.claims.verdicts import Claim, from_interval, settings, table
from zeta_geom.training.comparison import paired_interval

SPANNED = {"helix-3d": 3, "curved-12d": 6, "mnist": 784}  # dimensions; the manifold's coordinates are given twice
DIRICHLET = "Table 8's text"
BOTH = ("original", "zeta")
CLAIMS = [  # statement, where, data, measure, the method that is above, those that it is above
    *(("median distance from the manifold: ζ < mixup", "Realism and label correctness", data, "distance", "mixup",
       ("zeta",)) for data in ("helix-3d", "curved-12d")),
    *(("Dirichlet weights leave the manifold: farther than the original and ζ", DIRICHLET, data, "distance",
       "dirichlet", BOTH) for data in ("helix-3d", "curved-12d")),
    ("Dirichlet weights lower realism: mean H(p) above the original's and ζ's", DIRICHLET, "mnist", "entropy_mean",
     "dirichlet", BOTH),
    *((f"cropping and masking degrade images: {title}'s {what} above the original's", "Introduction", "mnist",
       measure, method, ("original",))
      for method, title in (("cutmix", "CutMix"), ("gridmix", "GridMix"))
      for measure, what in (("entropy_mean", "mean H(p)"), ("label_error", "oracle label error"))),
]  # fmt: skip


def methods(results: Path) -> list[Claim]:
    """Return the claims that the table of methods can test, with the same points and seeds for all methods."""
    tables = {data: table(results, f"methods/{data}") for data in SPANNED}
    claims = []
    for data, measured in tables.items():
        if measured is None:
            continue
        parameters = settings(results, f"methods/{data}")
        values = measured.set_index(["method", "seed"])
        label = f"{parameters.get('data_name', data)}, γ = {parameters['gamma']:g}"
        for statement, where, of, measure, method, others in CLAIMS:
            if of == data:
                claims.append(above(statement, where, label, values[measure], method, others))
        for k in parameters["n_neighbors"]:
            dimensions, most = values[f"dimension_{k}"], min(k - 1, SPANNED[data])
            ceiling = f" (at most {most})" if dimensions.max() > most - AT_CEILING else ""
            statement = "Dirichlet weights raise the local dimension above the original's and ζ's"
            claims.append(above(statement, DIRICHLET, f"{label}, k = {k}{ceiling}", dimensions, "dirichlet", BOTH))
    return claims


def above(statement: str, where: str, data: str, values: pd.Series, method: str, others: tuple[str, ...]) -> Claim:
    """Return the claim that a method is above others on the same seeds, from its smallest difference."""
    mean, low, high, _ = min(paired_interval(values[method] - values[other]) for other in others)
    texts = [
        f"{name} {values[name].mean().round(9):.4g} ± {values[name].std().round(9):.2g}" for name in (*others, method)
    ]
    text = f"{', '.join(texts)}; smallest difference {mean:+.3g} [{low:+.3g}, {high:+.3g}]"
    return Claim(statement, where, f"{data}, {len(values[method])} seeds", text, from_interval(low, high))
