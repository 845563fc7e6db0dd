"""Figure 3: whether mixed digits look real, and whether their labels are right, as an oracle sees them.

The oracle is the LeNet-5 of `zeta_geom.realism`; p is its prediction, y the soft label that the mixer gives. The
entropy H(p) says how sure the oracle is; H(p, y) = -Σ p log y, H(y, p) and KL(y‖p) = H(y, p) - H(y) say how far label
and prediction are apart. H(p, y) is infinite wherever y has a zero: always with mixup, whose
y has at most two classes. One λ serves a batch of mixup, also that of panels b and d.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd
from pydantic import BaseModel
from tqdm import tqdm

from analyses.context import Context
from zeta_geom.checks import one_hot
from zeta_geom.datasets import Dataset
from zeta_geom.mixers import Mixer, Mixup, ZetaMixup
from zeta_geom.realism import MNISTOracle, cross_entropy, soft_label_report

METHODS = ("mixup", "zeta")
CHUNK = 64  # images the oracle sees at once: small, so that its activations stay in the processor's cache
MEASURES = ("entropy", "h_p_y", "h_p_y_floored", "h_p_y_lower_floor", "h_y_p", "kl", "label_entropy")


class Settings(BaseModel, frozen=True):
    """What Figure 3 is made with."""

    n_per_class: int = 10  # paper, "MNIST": the first ten of each class
    gamma: float = 2.8  # paper, the middle of its 2.4, 2.8 and 4.0; it gives none for its Figure 3
    anchor: str = "self"  # the authors' code
    mixup_alpha: float = 1.0  # paper, Eq. 2 and the experiments' settings; λ once a batch, as in mixup's own code
    drawn_seed: int = 0  # ours: the seed of the batches in panels b and c
    shown: tuple[float, ...] = (0.125, 0.375, 0.625, 0.875)  # ours: quantiles of ½ Σ |y - p|, for panels d and e
    n_synthetic: int = 10_000  # ours, a method and a seed; the paper does not say how many it took
    batch_size: int = 32  # paper, its training on Fashion-MNIST
    seeds: int = 3  # ours: each mixes anew
    floor: float = 1e-7  # ours: float32's rounding, the labels' own; ζ's smallest weight at T = 32 is 4.9e-5
    lower_floor: float = 1e-12  # ours: to see how far the values depend on the floor
    resamples: int = 400  # ours: bootstrap over batches, whose images share a λ


PRESETS = {
    "quick": Settings(n_synthetic=4000, seeds=2),
    "full": Settings(),
    "paper": Settings(n_synthetic=60_000),  # one pass over the images
}


def run(context: Context, settings: Settings | None = None) -> None:
    """Write the records of Figure 3.

    `figure_3/images` holds panels a to e, `figure_3/scores` a row an image of panels f and g, `figure_3/summary` a
    row a method and a measure, `figure_3/differences` ζ's medians minus mixup's with bootstrap intervals.
    """
    s = settings or PRESETS[context.preset]
    dataset = context.dataset("mnist")
    made_of = {"settings": s.model_dump(mode="json") | {"data_name": dataset.name}, "data": dataset.fingerprint}
    context.record("figure_3/images", lambda: images(s, dataset), **made_of)
    scores = context.record("figure_3/scores", lambda: score(s, dataset, context.progress), **made_of).table
    context.record("figure_3/summary", lambda: summarise(scores), **made_of)
    context.record("figure_3/differences", lambda: compare(scores, s.resamples), **made_of)


def mixers(s: Settings, seed: int) -> Iterator[tuple[str, Mixer]]:
    """Give both methods; with one seed they see the same batches."""
    yield "mixup", Mixup(s.mixup_alpha, random_state=seed)
    yield "zeta", ZetaMixup(s.gamma, anchor=s.anchor, random_state=seed)


def images(s: Settings, dataset: Dataset) -> dict[str, np.ndarray]:
    """Mix the first images of each class in one batch; image k leads in output k, so that the grids compare."""
    firsts = np.array([np.flatnonzero(dataset.y_train == c)[: s.n_per_class] for c in range(10)]).ravel()
    X, y = dataset.X_train[firsts].astype(np.float32) / 255, dataset.y_train[firsts]
    arrays = {"original": dataset.X_train[firsts], "original_label": y}
    for method, mixer in mixers(s, s.drawn_seed):
        plan = mixer.draw(X.shape, like=X)
        mixed, label = mixer.apply(X, one_hot(y, 10), plan)
        predicted = MNISTOracle.pretrained().predict_proba(mixed)
        distance = np.abs(label - predicted).sum(axis=1) / 2
        ranks = np.round(np.array(s.shown) * len(X)).astype(int) - 1
        arrays |= {method: mixed, f"{method}_label": label, f"{method}_predicted": predicted}
        arrays |= {f"{method}_distance": distance, f"{method}_shown": np.argsort(distance, kind="stable")[ranks]}
        if method == "mixup":
            arrays["mixup_lambda"] = np.asarray(plan.lam)
    return arrays


def score(s: Settings, dataset: Dataset, progress: bool = False) -> pd.DataFrame:
    """Mix the training images and measure what the oracle makes of each output."""
    oracle = MNISTOracle.pretrained()
    X, y = dataset.X_train.astype(np.float32) / 255, dataset.y_train
    a_pass = -(-len(X) // s.batch_size)
    rows = np.arange(s.n_synthetic)
    batch = rows // len(X) * a_pass + rows % len(X) // s.batch_size
    tables = []
    for seed in tqdm(range(s.seeds), desc="figure 3: oracle", disable=None if progress else True):
        for method, mixer in mixers(s, seed):
            mixed, label = mixer.mix_dataset(X, y, batch_size=s.batch_size, n_classes=10, n_out=s.n_synthetic)
            table = pd.DataFrame(measures(oracle.log_proba(mixed, batch_size=CHUNK), label, s))
            tables.append(table.assign(method=method, seed=seed, batch=batch))
    return pd.concat(tables, ignore_index=True)


def measures(log_p: np.ndarray, label: np.ndarray, s: Settings) -> dict[str, np.ndarray]:
    """Return every measure, in nats, of log-predictions and soft labels, both of shape (n, 10)."""
    report = soft_label_report(log_p, label)
    report["kl"] = report.pop("kl_y_p")
    p, y = np.exp(log_p), unit_rows(label.astype(np.float64))  # float32 labels sum to 1 within rounding
    return report | {
        "h_p_y_floored": cross_entropy(p, unit_rows(np.maximum(y, s.floor))),
        "h_p_y_lower_floor": cross_entropy(p, unit_rows(np.maximum(y, s.lower_floor))),
        "agrees": p.argmax(axis=1) == y.argmax(axis=1),
        "label_share": y[np.arange(len(y)), p.argmax(axis=1)],  # what the label gives to the oracle's class
    }


def unit_rows(y: np.ndarray) -> np.ndarray:
    """Divide each row by its sum."""
    return y / y.sum(axis=1, keepdims=True)


def summarise(scores: pd.DataFrame) -> pd.DataFrame:
    """Return mean, spread and quartiles of each measure of each method, and its medians' range over seeds."""
    rows = []
    for method, part in scores.groupby("method"):
        for measure in MEASURES:
            values, finite = part[measure].to_numpy(), np.isfinite(part[measure])
            # a quantile that is one of the values: between two infinite ones there is nothing to interpolate
            q1, median, q3 = np.quantile(values, (0.25, 0.5, 0.75), method="inverted_cdf")
            of_seeds = part.groupby("seed")[measure].quantile(0.5, interpolation="lower")
            row = {"method": method, "measure": measure, "n": len(values), "mean": values.mean()}
            row |= {"std": values.std() if finite.all() else np.nan, "q1": q1, "median": median, "q3": q3}
            row |= {"share_infinite": 1 - finite.mean(), "agreement": part["agrees"].mean()}
            rows.append(row | {"lowest_seed_median": of_seeds.min(), "highest_seed_median": of_seeds.max()})
    return pd.DataFrame(rows)


def compare(scores: pd.DataFrame, resamples: int) -> pd.DataFrame:
    """Return ζ's median minus mixup's with a 95 % bootstrap interval over whole batches, resampled alike for both."""
    scores = scores.assign(cluster=scores.groupby(["seed", "batch"]).ngroup())
    n = scores["cluster"].nunique()
    drawn = np.random.default_rng(0).multinomial(n, np.full(n, 1 / n), resamples)  # how often each batch is taken
    rows = []
    for measure in MEASURES:
        found = {}
        for method, part in scores.groupby("method"):
            part = part.sort_values(measure)
            values, cluster = part[measure].to_numpy(), part["cluster"].to_numpy()
            totals = (np.cumsum(times[cluster]) for times in (np.ones(n, dtype=int), *drawn))
            found[method] = np.array([values[np.searchsorted(total, total[-1] / 2)] for total in totals])
        if not np.isfinite(list(found.values())).all():
            continue  # an infinite median has no difference; the summary holds it
        difference, *resampled = found["zeta"] - found["mixup"]
        low, high = np.quantile(resampled, (0.025, 0.975))
        rows.append({"measure": measure, "difference": difference, "low": low, "high": high, "resamples": resamples})
    return pd.DataFrame(rows)


if __name__ == "__main__":
    run(Context())
