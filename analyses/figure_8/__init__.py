"""Figure 8: in feature space, are more of a test image's neighbours of the right class with ζ-mixup?

Three networks differ only in the mixing of their training: ERM (none), mixup and ζ-mixup. Among the samples that a
method synthesises, in the features of its own network, the analysis counts the neighbours of a test image that carry
its class, for (i) the paper's selection of test images, (ii) its mirror image, (iii) all test images. Selection (i)
favours ζ.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from tqdm import tqdm

from analyses.context import Context, side_by_side
from analyses.figure_8.networks import METHODS, MIXED, PRESETS, Settings, Subject, digits, select
from zeta_geom.neighborhoods import embed
from zeta_geom.records import Record
from zeta_geom.training.comparison import paired_interval


def run(context: Context, settings: Settings | None = None) -> None:
    """Write the records of Figure 8.

    For each data set `<name>/seed-<n>` and `<name>/drawn`; `neighbors`, a row per seed, selection and method;
    `accuracy`, a row per seed and method; `intervals`, 95 % t intervals over seeds, ζ against mixup.
    """
    s = settings or PRESETS[context.preset]
    stored = s.model_dump(mode="json", exclude={"data_home", "recipes", "runs", "seeds", "names"})
    sets = subjects(context, s)
    neighbors, accuracies = [], []
    for dataset in sets:
        of_set = stored | {"data_name": dataset.name, "trained": dataset.trained}
        seed_records = []
        for seed in tqdm(
            range(s.seeds), desc=f"figure 8, {dataset.name}", disable=None if context.progress else True
        ):
            seed_records.append(
                context.record(
                    f"figure_8/{dataset.name}/seed-{seed}",
                    lambda: dataset.one_seed(seed),  # noqa: B023, called at once
                    settings=of_set | {"seed": seed},
                    data=dataset.fingerprint,
                )
            )
            neighbors += count(dataset, seed_records[-1], seed)
            accuracies += accuracy(dataset, seed_records[-1], seed)
        context.record(
            f"figure_8/{dataset.name}/drawn",
            lambda: drawn(dataset, seed_records[0], s),  # noqa: B023, called at once
            settings=of_set,
            data=dataset.fingerprint,
        )
    stored |= {"data_name": ", ".join(dataset.name for dataset in sets), "seeds": s.seeds}
    prints = " ".join(dataset.fingerprint for dataset in sets)
    table = context.record("figure_8/neighbors", lambda: pd.DataFrame(neighbors), settings=stored, data=prints).table
    context.record("figure_8/accuracy", lambda: pd.DataFrame(accuracies), settings=stored, data=prints)
    context.record("figure_8/intervals", lambda: intervals(table), settings=stored, data=prints)


def subjects(context: Context, s: Settings) -> list[Subject]:
    """Return the data sets; offline, MNIST's sample stands in for all of them."""
    if context.offline:
        return [digits(context.dataset("mnist"), s)]
    listed = [digits(context.dataset(name), s) for name in s.names]
    if s.recipes:
        from analyses.figure_8.recipes import by_recipes  # needs the extra `train`

        listed += [by_recipes(name, recipes, s, context.progress) for name, recipes in s.recipes.items()]
    return listed


def count(dataset: Subject, record: Record, seed: int) -> list[dict[str, Any]]:
    """Summarise the neighbours of each selection; NaN if a seed selects no image."""
    rows = []
    for selection, mask in select(record["predicted"], dataset.y_test).items():
        counts = {method: record[f"counts_{method}"][mask] for method in MIXED}
        more = (counts["zeta"] > counts["mixup"]).mean() if mask.any() else np.nan
        relative = counts["zeta"].sum() / counts["mixup"].sum() - 1 if counts["mixup"].any() else np.nan
        for method in MIXED:
            row = {"data": dataset.name, "seed": seed, "selection": selection, "method": method}
            row |= {"n_images": int(mask.sum()), "share_more": more, "relative_difference": relative}
            for kind, column in (("counts", "mean_count"), ("soft", "mean_soft"), ("balanced", "mean_balanced")):
                row[column] = record[f"{kind}_{method}"][mask].mean() if mask.any() else np.nan
            rows.append(row)
    return rows


def accuracy(dataset: Subject, record: Record, seed: int) -> list[dict[str, Any]]:
    """Return the share of test images that each network classifies correctly."""
    right = (record["predicted"] == dataset.y_test).mean(axis=1)
    return [{"data": dataset.name, "seed": seed, "method": m, "accuracy": a} for m, a in zip(METHODS, right)]


def intervals(table: pd.DataFrame) -> pd.DataFrame:
    """Return means and 95 % t intervals over seeds of ζ - mixup: in counts, in label mass, and relative to mixup."""
    rows = []
    for (data, selection), part in table[table["n_images"] > 0].groupby(["data", "selection"]):
        by_seed = part.pivot(index="seed", columns="method")
        values = {
            "difference": by_seed["mean_count"]["zeta"] - by_seed["mean_count"]["mixup"],
            "soft": by_seed["mean_soft"]["zeta"] - by_seed["mean_soft"]["mixup"],
            "relative": by_seed["relative_difference"]["zeta"].dropna(),
        }
        row = {"data": data, "selection": selection, "n_seeds": len(by_seed)}
        for name, differences in values.items():
            limits = paired_interval(differences)[:3] if len(differences) else (np.nan, np.nan, np.nan)
            row |= dict(zip((name, f"{name}_low", f"{name}_high"), limits))
        rows.append(row)
    return pd.DataFrame(rows)


def drawn(dataset: Subject, record: Record, s: Settings) -> dict[str, np.ndarray]:
    """Return the first images, in the test set's order, of the first seed's selection (i), and both maps."""
    selected = np.flatnonzero(select(record["predicted"], dataset.y_test)["i"])
    shown = selected[: s.n_shown]
    arrays = {
        "images": dataset.test_images(shown),
        "truth": dataset.y_test[shown],
        "predicted": record["predicted"][:, shown],
    }
    arrays |= {"n_selected": np.array(len(selected)), "class_names": np.array(dataset.class_names)}

    def lay_out(method: str) -> tuple[np.ndarray, np.ndarray | None]:
        squares = record[f"test_features_{method}"][: s.n_shown]
        return embed(
            record[f"train_features_{method}"],
            squares if len(squares) else None,
            random_state=0,
            perplexity=s.perplexity,
            metric="cosine",
        )

    for method, (train_xy, test_xy) in zip(MIXED, side_by_side(lay_out, MIXED), strict=True):
        arrays[f"train_xy_{method}"] = train_xy.astype(np.float32)
        arrays[f"train_labels_{method}"] = record[f"train_labels_{method}"]
        arrays[f"test_xy_{method}"] = np.zeros((0, 2), np.float32) if test_xy is None else test_xy.astype(np.float32)
    return arrays


if __name__ == "__main__":
    run(Context())
