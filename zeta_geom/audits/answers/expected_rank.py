"""The expected rank of each method of an audit by the accuracy that training with it gives, and how uncertain it is.

expected_rank.json is written with the tables of the study of geometry and accuracy. docs/geometry_and_accuracy.md
describes the model, its score on augmentations that it has not seen, and what it cannot see.
"""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from typing import TypedDict

import numpy as np
import pandas as pd
from scipy.stats import rankdata

FILE = "expected_rank.json"
LEVEL, DRAWS, SEED = 0.05, 2000, 0


class Model(TypedDict):
    """What the study found: a linear model of scaled ranks, and its errors on families that it was not fitted to."""

    cells: str
    p: float  # of the score, against chance
    score: float  # Spearman's ρ of predicted and true ranks
    low: float
    high: float
    measures: list[tuple[str, str]]  # space and measure
    weights: list[float]
    residuals: list[float]  # true minus predicted scaled ranks


@cache
def study_model() -> Model:
    """Return the model of the study."""
    text = (files("zeta_geom.audits.answers") / FILE).read_text(encoding="utf-8")
    model: Model = json.loads(text)
    return model


def expected_ranks(summary: pd.DataFrame, model: Model | None = None) -> pd.DataFrame:
    """Return a row for each method of an audit's summary: its expected rank by accuracy, 1 for the best.

    Parameters
    ----------
    summary : DataFrame
        The columns method, space, measure and value of `Audit.summary`.
    model : Model, optional
        The study's by default.

    Returns
    -------
    DataFrame
        method, rank (mean over draws of the study's errors), low, high (2.5 % and 97.5 % quantiles).

    Raises
    ------
    ValueError
        If there are fewer than two methods, or a measure of the model is missing; if the model does not beat chance.
    """
    model = study_model() if model is None else model
    if not model["p"] < LEVEL:
        raise ValueError("expected_rank is not offered: in the study, the ranking does not beat chance.")
    keys = [tuple(key) for key in model["measures"]]
    rows = summary[[key in keys for key in zip(summary["space"], summary["measure"])]]
    wide = rows.pivot(index="method", columns=["space", "measure"], values="value")
    wide = wide.reindex(summary["method"].unique())
    missing = [" of ".join(reversed(key)) for key in keys if key not in wide or wide[key].isna().all()]
    if missing:
        raise ValueError(
            f"expected_rank needs the measures {', '.join(missing)}. Audit in pixels, with 128 in n_neighbors, and "
            "with oracle= the network that was trained without augmentation."
        )
    if len(wide) < 2:
        raise ValueError(
            f"expected_rank compares at least two methods; got {len(wide)}. Audit several with against=."
        )
    predicted = scaled_ranks(wide[keys].to_numpy(dtype=np.float64).T).T @ np.array(model["weights"])
    errors = np.random.default_rng(SEED).choice(model["residuals"], size=(DRAWS, len(wide)))
    ranks = rankdata(-(predicted + errors), axis=1)
    low, high = np.quantile(ranks, [LEVEL / 2, 1 - LEVEL / 2], axis=0)
    return pd.DataFrame({"method": wide.index, "rank": ranks.mean(axis=0), "low": low, "high": high})


def scaled_ranks(values: np.ndarray) -> np.ndarray:
    """Return ranks along the last axis between -1/2 and 1/2; missing values get 0, the middle."""
    finite = np.isfinite(values)
    scaled: np.ndarray = centred_ranks(values, finite) / np.maximum(finite.sum(axis=-1, keepdims=True), 1)
    return scaled


def centred_ranks(values: np.ndarray, used: np.ndarray) -> np.ndarray:
    """Return the ranks of used values along the last axis, minus their mean; 0 where a value is not used."""
    ranks = rankdata(np.where(used, values, np.inf), axis=-1)  # the largest ranks leave the others as they are
    middle = (used.sum(axis=-1, keepdims=True) + 1) / 2
    centred: np.ndarray = np.where(used, ranks - middle, 0.0)
    return centred
