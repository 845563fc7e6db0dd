"""The tables of results: each measure's correlation with the gain, over cells and in each, and the ranking."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from analyses.geometry_and_accuracy import ranking
from analyses.geometry_and_accuracy.settings import CELLS, ERM, FAMILIES, SEEDS, SETTINGS, Cell, of_cell
from analyses.geometry_and_accuracy.statistics import (
    LEAST,
    LEVEL,
    CellData,
    drawn_settings,
    interval,
    partial_spearman,
    permutation_p,
    spearman,
)
from zeta_geom.audits.answers.accuracy import FROM_ORIGINALS
from zeta_geom.audits.answers.expected_rank import Model
from zeta_geom.training.comparison import holm

SEED = 0
BASELINE = ("pixels", "wrong-label-k8")  # label error alone
RAW = "dimension-k"  # also tested as a value: the paper's hypothesis
EXPECTED = {"diversity": 1}  # for measures of which no side is better, Gontijo-Lopes et al. 2021
SUPPORTED, NO_BETTER, OPEN = "supported", "no better than label error", "not shown"
UNMEASURED = "not finite for enough augmentations"
TOGETHER = "the three together"  # the row of the model in the table of rankings
Key = tuple[str, str]  # space, measure


def summarise(runs: pd.DataFrame, measures: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Return the tables "correlations", "cells", "ranking" and "points" from the finished cells."""
    cells = {cell: cell_data(cell, runs, measures) for cell in finished_cells(runs, measures)}
    if not cells:
        raise ValueError("no cell of the study is finished; make geometry-study carries out the missing runs.")
    expected = expected_signs(measures)
    draws = drawn_settings(len(SETTINGS), SEED)
    rng = np.random.default_rng([SEED, 1])  # not the stream of the settings
    by_seed = {cell: data.drawn_gains(rng) for cell, data in cells.items()}
    drawn = {cell: np.take_along_axis(gains, draws, axis=1) for cell, gains in by_seed.items()}
    rows, of_cells = [], []
    for key, sign in expected.items():
        used = {cell: data for cell, data in cells.items() if usable(data.measures.get(key))}
        if used:
            rows.append(correlation(key, sign, used, {cell: drawn[cell] for cell in used}, draws))
            of_cells += [in_cell(key, cell, data, drawn[cell], draws) for cell, data in used.items()]
        else:
            rows.append({"space": key[0], "measure": key[1], "expected": sign, "cells": 0, "p": np.nan})
    table = pd.DataFrame(rows)
    table["p_holm"] = holm(table["p"].to_numpy())
    table["verdict"] = [verdict(row) for row in table.to_dict("records")]
    table.insert(2, "title", [title_of(name, measures) for name in table["measure"]])
    return {
        "correlations": table,
        "cells": pd.DataFrame(of_cells),
        "ranking": rankings([*cells.values()], np.stack([*by_seed.values()], axis=1), draws),
        "points": pd.concat([points(cell, data, table) for cell, data in cells.items()], ignore_index=True),
    }


def finished_cells(runs: pd.DataFrame, measures: pd.DataFrame) -> list[Cell]:
    """Return the cells with all runs, and with measures of all settings."""
    return [
        cell
        for cell in CELLS
        if len(of_cell(cell, runs)) == len(SEEDS) * (1 + len(SETTINGS))
        and set(of_cell(cell, measures)["setting"]) == set(SETTINGS)
    ]


def cell_data(cell: Cell, runs: pd.DataFrame, measures: pd.DataFrame) -> CellData:
    """Return accuracies and measures of a cell, in the order of SETTINGS and SEEDS."""
    wide = of_cell(cell, runs).pivot(index="setting", columns="seed", values="accuracy")[[*SEEDS]]
    wide = wide.round(6)  # shares of whole images, which float32 has rounded
    arrays: dict[Key, np.ndarray] = {}
    for (space, measure), part in of_cell(cell, measures).groupby(["space", "measure"], sort=False):
        part = part.set_index("setting").reindex(SETTINGS)
        values = part["value"].to_numpy(dtype=np.float64)
        if (part["better"] == "closer to real").any():
            if measure.startswith(RAW):
                arrays[space, measure] = values
                measure = measure + FROM_ORIGINALS
            values = np.abs(values - part["real"].to_numpy(dtype=np.float64))
        arrays[space, measure] = values
    return CellData(wide.loc[[*SETTINGS]].to_numpy(), wide.loc[ERM].to_numpy(), arrays)


def expected_signs(measures: pd.DataFrame) -> dict[Key, int]:
    """Return the expected sign of each tested measure, 0 for none."""
    signs: dict[Key, int] = {}
    for (space, measure), part in measures.groupby(["space", "measure"], sort=False):
        better = part["better"].iloc[0]
        if measure.startswith(RAW):
            signs[space, measure] = -1
            measure = measure + FROM_ORIGINALS
        known = {"higher": 1, "lower": -1, "closer to real": -1}
        signs[space, measure] = EXPECTED.get(measure, known.get(better, 0))
    return signs


def title_of(measure: str, measures: pd.DataFrame) -> str:
    """Return the title that the audit gave to a measure; it says if a distance from real data was tested."""
    row = measures[measures["measure"] == measure.removesuffix(FROM_ORIGINALS)].iloc[0]
    distance = row["better"] == "closer to real" and (measure.endswith(FROM_ORIGINALS) or not measure.startswith(RAW))
    return str(row["title"]) + (FROM_ORIGINALS if distance else "")


def usable(values: np.ndarray | None) -> bool:
    """Return whether a measure is finite for enough settings, and not constant."""
    if values is None:
        return False
    finite = values[np.isfinite(values)]
    return len(finite) >= LEAST and np.ptp(finite) > 0


def correlation(
    key: Key, sign: int, cells: Mapping[Cell, CellData], drawn: Mapping[Cell, np.ndarray], draws: np.ndarray
) -> dict[str, Any]:
    """Return the row of a measure: mean ρ over cells, interval, p-value, range over families, partial ρ."""
    values = [data.measures[key] for data in cells.values()]
    gains = [data.gains for data in cells.values()]
    rho = [float(spearman(x, y)) for x, y in zip(values, gains)]
    low, high = interval(np.mean([spearman(x[draws], y) for x, y in zip(values, drawn.values())], axis=0))
    families = [mean_rho(values, gains, without) for without in FAMILIES]
    row: dict[str, Any] = {"space": key[0], "measure": key[1], "expected": sign, "cells": len(cells)}
    row |= {"rho": np.mean(rho), "low": low, "high": high, "p": permutation_p(values, gains, SEED)}
    row |= {"cells_as_expected": sum(np.sign(each) == sign for each in rho) if sign else np.nan}
    row |= {"lowest_without_family": np.min(families), "highest_without_family": np.max(families)}
    return row | given_label_error(key, cells, drawn, draws)


def mean_rho(values: Sequence[np.ndarray], gains: Sequence[np.ndarray], without: str) -> float:
    """Return the mean ρ over cells without the settings of one family."""
    kept = np.array([setting.family != without for setting in SETTINGS.values()])
    return float(np.mean([spearman(x[kept], y[kept]) for x, y in zip(values, gains)]))


def given_label_error(
    key: Key, cells: Mapping[Cell, CellData], drawn: Mapping[Cell, np.ndarray], draws: np.ndarray
) -> dict[str, float]:
    """Return the mean partial ρ given label error by vote, with its interval; NaN for label error itself."""
    if key == BASELINE:
        return dict.fromkeys(("partial", "partial_low", "partial_high"), np.nan)
    parts = [partial_spearman(data.measures[key], data.gains, data.measures[BASELINE]) for data in cells.values()]
    resampled = [
        partial_spearman(data.measures[key][draws], drawn[cell], data.measures[BASELINE][draws])
        for cell, data in cells.items()
    ]
    low, high = interval(np.mean(resampled, axis=0))
    return {"partial": float(np.mean(parts)), "partial_low": low, "partial_high": high}


def verdict(row: Mapping[str, Any]) -> str:
    """Return the verdict of a measure by the rules of the plan."""
    sign = row["expected"]
    if not row["cells"]:
        return UNMEASURED
    ends = row["lowest_without_family"], row["highest_without_family"]
    stays = sign != 0 and all(np.sign(each) == sign for each in (row["rho"], *ends))
    if not stays or not row["p_holm"] < LEVEL:
        return OPEN
    baseline = (row["space"], row["measure"]) == BASELINE
    beyond = row["partial_low"] > 0 if sign > 0 else row["partial_high"] < 0
    return SUPPORTED if baseline or beyond else NO_BETTER


def in_cell(key: Key, cell: Cell, data: CellData, drawn: np.ndarray, draws: np.ndarray) -> dict[str, Any]:
    """Return the row of a measure in one cell."""
    values = data.measures[key]
    low, high = interval(spearman(values[draws], drawn))
    row: dict[str, Any] = {"data": cell.data, "n_train": cell.n_train, "network": cell.network}
    row |= {"space": key[0], "measure": key[1], "settings": int(np.isfinite(values).sum())}
    row |= {"rho": float(spearman(values, data.gains)), "low": low, "high": high}
    partial = np.nan if key == BASELINE else partial_spearman(values, data.gains, data.measures[BASELINE])
    return row | {"partial": float(partial)}


def points(cell: Cell, data: CellData, table: pd.DataFrame) -> pd.DataFrame:
    """Return a row for each setting of a cell and measure, with its gain and value; `table` has the titles."""
    identity = {"data": cell.data, "n_train": cell.n_train, "network": cell.network}
    families = [setting.family for setting in SETTINGS.values()]
    settings = pd.DataFrame(identity | {"setting": [*SETTINGS], "family": families, "gain": data.gains})
    titles = table.drop_duplicates("measure").set_index("measure")["title"]
    parts = [
        settings.assign(space=space, measure=measure, title=titles[measure], value=values)
        for (space, measure), values in data.measures.items()
    ]
    return pd.concat(parts, ignore_index=True)


def model_for_audits(
    runs: pd.DataFrame, measures: pd.DataFrame, results: Mapping[str, pd.DataFrame], names: str
) -> Model:
    """Return the ranking of the finished cells as audits use it; `results` are the tables of `summarise`."""
    cells = [cell_data(cell, runs, measures) for cell in finished_cells(runs, measures)]
    return ranking.shipped(cells, family_of_settings(), results["ranking"].set_index("ranking").loc[TOGETHER], names)


def family_of_settings() -> np.ndarray:
    """Return the family of each setting, (S,)."""
    return np.array([setting.family for setting in SETTINGS.values()])


def rankings(cells: Sequence[CellData], by_seed: np.ndarray, draws: np.ndarray) -> pd.DataFrame:
    """Return a row for the model and for each of its measures: score, interval, chance, pairs, and the model's lead.

    `by_seed` (B, cells, S) holds gains over drawn seeds, to which each ranking is fitted anew; `draws` (B, S) the
    settings that each draw judges.
    """
    families = family_of_settings()
    gains = np.stack([cell.gains for cell in cells])
    judged = np.take_along_axis(by_seed, draws[:, None], axis=2)
    choices = {TOGETHER: ranking.MODEL} | {f"{key[1]} ({key[0]})": (key,) for key in ranking.MODEL}
    rows, resampled = [], {}
    for name, keys in choices.items():
        refitted = ranking.predictions(cells, families, keys, by_seed)
        resampled[name] = ranking.score(np.take_along_axis(refitted, draws[:, None], axis=2), judged)
        low, high = interval(resampled[name])
        predicted = ranking.predictions(cells, families, keys, gains)
        row: dict[str, Any] = {
            "ranking": name,
            "score": float(ranking.score(predicted, gains)),
            "low": low,
            "high": high,
        }
        row |= {"p": ranking.chance(cells, families, keys, SEED), "pairs": ranking.pairs_in_order(predicted, gains)}
        rows.append(row)
    model = resampled[TOGETHER]
    for row in rows[1:]:
        row["lead_low"], row["lead_high"] = interval(model - resampled[row["ranking"]])
    return pd.DataFrame(rows)
