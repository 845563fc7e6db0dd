"""Figure 8: do the features of ζ-mixup's samples put more samples of the right class around a test image?

Three networks, trained on few images alike but for the mixing: ERM (none), mixup and ζ-mixup. Among the samples that
a method synthesises, seen through its own network, the neighbours of a test image that carry its class are counted,
for (i) the paper's selection of test images, (ii) its mirror image, (iii) all of them. (i) favours ζ by selection.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from pydantic import BaseModel
from tqdm import tqdm

from analyses.claims.verdicts import paired
from analyses.context import Context, one_thread
from zeta_geom.datasets import Dataset, data_home, load_image_folder
from zeta_geom.datasets.home import ENVIRONMENT_VARIABLE
from zeta_geom.mixers import Mixer, Mixup, ZetaMixup
from zeta_geom.neighborhoods import embed, label_agreement
from zeta_geom.records import Record

METHODS = ("erm", "mixup", "zeta")
MIXED = METHODS[1:]


class Settings(BaseModel, frozen=True):
    """What Figure 8 is made with."""

    names: tuple[str, ...] = ("mnist",)  # ours; the paper has two sets of skin images
    from_folders: bool = False  # whether the names are folders of pictures with class tables, shrunk to 28 x 28 grey
    folder: Path | None = None  # what holds those folders; None: where data sets are kept
    per_class: int | None = 100  # ours: training images of each class, drawn anew for each seed; None: all there are
    gamma: float = 2.8  # paper, its middle setting
    mixup_alpha: float = 1.0  # paper; λ once a batch
    epochs: int = 20  # ours: ERM reaches 96 % on MNIST, as it does with thirty
    batch_size: int = 32  # ours
    n_synthetic: int = 3000  # ours: three epochs' worth, so that no class has fewer than k samples
    k: int = 128  # paper, text on Figure 8
    seeds: int = 5  # ours
    n_shown: int = 24  # ours; the paper shows 14
    perplexity: float = 30  # of the maps; openTSNE's default


PRESETS = {
    "quick": Settings(),
    "paper": Settings(names=("isic-2017", "derm7point"), from_folders=True, per_class=None, epochs=40, seeds=10),
}


def run(context: Context, settings: Settings | None = None) -> None:
    """Write the records of Figure 8.

    For each data set `<name>/seed-<n>` and `<name>/drawn`; `neighbors`, a row a seed, selection and method;
    `accuracy`, a row a seed and method; `intervals`, 95 % t intervals over seeds, ζ against mixup.
    """
    s = settings or PRESETS[context.preset]
    stored = s.model_dump(mode="json", exclude={"folder", "seeds", "names"})
    sets = find(context, s)
    neighbors, accuracies = [], []
    for dataset in sets:
        of_set = stored | {"data_name": dataset.name}
        made = []
        for seed in tqdm(
            range(s.seeds), desc=f"figure 8, {dataset.name}", disable=None if context.progress else True
        ):
            made.append(
                context.record(
                    f"figure_8/{dataset.name}/seed-{seed}",
                    lambda: one_seed(dataset, s, seed, context.progress),  # noqa: B023, called at once
                    settings=of_set | {"seed": seed},
                    data=dataset.fingerprint,
                )
            )
            neighbors += count(dataset, made[-1], seed)
            accuracies += accuracy(dataset, made[-1], seed)
        context.record(
            f"figure_8/{dataset.name}/drawn",
            lambda: drawn(dataset, made[0], s),  # noqa: B023, called at once
            settings=of_set,
            data=dataset.fingerprint,
        )
    stored |= {"data_name": ", ".join(dataset.name for dataset in sets), "seeds": s.seeds}
    prints = " ".join(dataset.fingerprint for dataset in sets)
    table = context.record("figure_8/neighbors", lambda: pd.DataFrame(neighbors), settings=stored, data=prints).table
    context.record("figure_8/accuracy", lambda: pd.DataFrame(accuracies), settings=stored, data=prints)
    context.record("figure_8/intervals", lambda: intervals(table), settings=stored, data=prints)


def find(context: Context, s: Settings) -> list[Dataset]:
    """Load the data sets; offline, MNIST's sample stands for them."""
    if context.offline or not s.from_folders:
        return [context.dataset(name) for name in (s.names if not s.from_folders else ("mnist",))]
    try:
        return [load_image_folder((s.folder or data_home()) / name, name=name) for name in s.names]
    except FileNotFoundError as error:
        raise FileNotFoundError(
            f"{error}\nAt this preset Figure 8 takes {' and '.join(s.names)} in {s.folder or data_home()} "
            f"({ENVIRONMENT_VARIABLE} says where); the preset quick, or OFFLINE=1, draws it from MNIST."
        ) from error


def choose(y: np.ndarray, per_class: int | None, seed: int) -> np.ndarray:
    """Return the indices of the training images: as many of each class, drawn at random; all for None."""
    if per_class is None:
        return np.arange(len(y))
    order = np.random.default_rng(seed).permutation(len(y))
    return np.concatenate([order[y[order] == label][:per_class] for label in np.unique(y)])


def make_mixer(method: str, s: Settings, seed: int) -> Mixer | None:
    """Return the mixer of a method, none for ERM."""
    mixers = {
        "mixup": lambda: Mixup(s.mixup_alpha, random_state=seed),
        "zeta": lambda: ZetaMixup(s.gamma, random_state=seed),
    }
    return mixers[method]() if method in mixers else None


@one_thread()
def one_seed(dataset: Dataset, s: Settings, seed: int, progress: bool) -> dict[str, np.ndarray]:
    """Train the three networks from one start, and count the neighbours of every test image.

    The first seed's record also holds the features of the synthesised samples and of the images of selection (i).
    """
    rows = choose(dataset.y_train, s.per_class, seed)
    X, y = dataset.X_train[rows], dataset.y_train[rows]
    models = {method: train(method, X, y, s, seed, progress) for method in METHODS}
    seen = {method: look(models[method], dataset.X_test) for method in METHODS}
    arrays = {"predicted": np.stack([seen[method][1] for method in METHODS]).astype(np.int8)}
    selected = select(arrays["predicted"], dataset.y_test)["i"]
    for method in MIXED:
        mixer = make_mixer(method, s, seed)
        made, labels = mixer.mix_dataset(
            X / np.float32(255),
            y,
            batch_size=s.batch_size,
            n_classes=dataset.n_classes,
            n_out=s.n_synthetic,
            epoch=s.epochs,
        )
        features = look(models[method], made)[0]
        found = label_agreement(features, labels, seen[method][0], dataset.y_test, k=s.k)
        arrays |= {f"{kind}_{method}": getattr(found, kind) for kind in ("counts", "soft", "balanced")}
        if seed == 0:
            arrays[f"train_features_{method}"] = features
            arrays[f"train_labels_{method}"] = labels.argmax(axis=1).astype(np.int8)
            arrays[f"test_features_{method}"] = seen[method][0][selected]
    return arrays


def train(method: str, X: np.ndarray, y: np.ndarray, s: Settings, seed: int, progress: bool) -> Any:
    """Train the network of one method; start and batches depend on the seed alone."""
    from zeta_geom.realism import train_lenet

    mixer = make_mixer(method, s, seed)
    budget = {"epochs": s.epochs, "batch_size": s.batch_size}
    return train_lenet(X, y, **budget, seed=seed, mixer=mixer, progress=progress)


def look(model: Any, images: np.ndarray, batch_size: int = 1000) -> tuple[np.ndarray, np.ndarray]:
    """Return a network's features (n, 84), before its last layer, and its predictions (n,)."""
    import torch

    features, predicted = [], []
    with torch.inference_mode():
        for start in range(0, len(images), batch_size):
            batch = images[start : start + batch_size]
            batch = batch / np.float32(255) if batch.dtype == np.uint8 else batch
            features.append(model.features(torch.from_numpy(batch[:, None])))
            predicted.append(model.fc3(features[-1]).argmax(dim=1))
    return torch.cat(features).numpy(), torch.cat(predicted).numpy()


def select(predicted: np.ndarray, y: np.ndarray) -> dict[str, np.ndarray]:
    """Return the three selections of test images, as boolean masks."""
    erm, mixup, zeta = predicted == y
    return {"i": ~erm & ~mixup & zeta, "ii": ~erm & mixup & ~zeta, "iii": np.ones(len(y), dtype=bool)}


def count(dataset: Dataset, record: Record, seed: int) -> list[dict[str, Any]]:
    """Summarise the neighbours of each selection; a seed that selects no image has NaN."""
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


def accuracy(dataset: Dataset, record: Record, seed: int) -> list[dict[str, Any]]:
    """Return the share of test images that each network gets right."""
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
        for name, each in values.items():
            limits = paired(each.to_numpy()) if len(each) else (np.nan, np.nan, np.nan)
            row |= dict(zip((name, f"{name}_low", f"{name}_high"), limits))
        rows.append(row)
    return pd.DataFrame(rows)


def drawn(dataset: Dataset, record: Record, s: Settings) -> dict[str, np.ndarray]:
    """Return the first images, in the test set's order, of the first seed's selection (i), and both maps."""
    selected = np.flatnonzero(select(record["predicted"], dataset.y_test)["i"])
    shown = selected[: s.n_shown]
    arrays = {
        "images": dataset.X_test[shown],
        "truth": dataset.y_test[shown],
        "predicted": record["predicted"][:, shown],
    }
    arrays |= {"n_selected": np.array(len(selected)), "class_names": np.array(dataset.class_names)}
    for method in MIXED:
        squares = record[f"test_features_{method}"][: s.n_shown]
        train_xy, test_xy = embed(
            record[f"train_features_{method}"],
            squares if len(squares) else None,
            random_state=0,
            perplexity=s.perplexity,
            metric="cosine",
        )
        arrays[f"train_xy_{method}"] = train_xy.astype(np.float32)
        arrays[f"train_labels_{method}"] = record[f"train_labels_{method}"]
        arrays[f"test_xy_{method}"] = np.zeros((0, 2), np.float32) if test_xy is None else test_xy.astype(np.float32)
    return arrays


if __name__ == "__main__":
    run(Context())
