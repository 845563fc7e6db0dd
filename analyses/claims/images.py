"""Claims about images: the oracle's view of them, and neighbours in feature space."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from analyses.claims.verdicts import Claim, from_interval, settings, table, yes_no
from zeta_geom.realism import MNISTOracle
from zeta_geom.training.comparison import paired_interval

PAPER_ACCURACY = 0.9931
MEASURES = {
    "entropy": "oracle's entropy H(p): ζ < mixup (median)",
    "h_p_y_floored": "H(p, y), labels floored: ζ < mixup (median)",
    "h_y_p": "H(y, p): ζ < mixup (median)",
    "kl": "KL(y‖p): ζ < mixup (median)",
}
NEIGHBOURS = {  # selection and what is counted -> statement
    ("i", "mean_count"): "(i) the paper's selection: ERM and mixup wrong, ζ right",
    ("ii", "mean_count"): "(ii) its mirror image: ERM and ζ wrong, mixup right",
    ("iii", "mean_count"): "(iii) all test images",
    ("iii", "mean_soft"): "(iii) all test images, in label mass of the class",
}


def realism(results: Path) -> list[Claim]:
    """Figure 3: entropy and cross-entropies in both directions; the oracle's accuracy."""
    manifest = MNISTOracle.pretrained().manifest
    text = f"{manifest['test_accuracy']:.2%} on 10,000 test images, {manifest['epochs']} epochs"
    enough = manifest["test_accuracy"] >= PAPER_ACCURACY
    claims = [Claim("a LeNet-5 oracle has 99.31 %", "Realism and label correctness", "MNIST", text, yes_no(enough))]
    summary, differences = table(results, "figure_3/summary"), table(results, "figure_3/differences")
    if summary is None or differences is None:
        return claims
    parameters = settings(results, "figure_3/summary")
    data = f"{parameters['data_name']}, γ = {parameters['gamma']:g}"
    for measure, statement in MEASURES.items():
        rows = summary[summary["measure"] == measure].set_index("method")
        texts = [
            f"{method} {row['median']:.4g} [{row['q1']:.4g}, {row['q3']:.4g}]" for method, row in rows.iterrows()
        ]
        difference = differences[differences["measure"] == measure].iloc[0]
        texts.append(f"ζ - mixup {difference['difference']:.4g} [{difference['low']:.4g}, {difference['high']:.4g}]")
        verdict = from_interval(-difference["high"], -difference["low"])
        claims.append(
            Claim(statement, "Fig. 3f and 3g", f"{data}, n = {rows['n'].iloc[0]:,}", "; ".join(texts), verdict)
        )
    exact = summary[summary["measure"] == "h_p_y"].set_index("method")["share_infinite"]
    text = f"infinite: mixup {exact['mixup']:.1%}, ζ {exact['zeta']:.1%}"
    statement = "H(p, y) of ζ's labels is finite without a floor"
    claims.append(Claim(statement, "Fig. 3g", data, text, yes_no(exact["zeta"] == 0)))
    return claims


def features(results: Path) -> list[Claim]:
    """Figure 8: correct-label neighbours, ζ against mixup, paired over seeds."""
    measured = table(results, "figure_8/neighbors")
    if measured is None:
        return []
    claims, k = [], settings(results, "figure_8/neighbors")["k"]
    for data, of_set in measured.groupby("data"):
        for (selection, column), statement in NEIGHBOURS.items():
            part = of_set[of_set["selection"] == selection]
            counts = part.pivot_table(index="seed", columns="method", values=column).dropna()
            if not counts.empty:
                where = f"{data}, {len(counts)} seeds, k = {k}"
                claims.append(more_neighbours(where, statement, counts, part["n_images"]))
    accuracy = table(results, "figure_8/accuracy")
    if accuracy is not None:
        claims += [better(str(data), part) for data, part in accuracy.groupby("data")]
    return claims


def more_neighbours(data: str, statement: str, counts: pd.DataFrame, images: pd.Series) -> Claim:
    """Compare the mean counts of both methods over seeds."""
    mean, low, high, _ = paired_interval(counts["zeta"] - counts["mixup"])
    span = " to ".join(f"{number:,}" for number in sorted({images.min(), images.max()}))
    text = (
        f"mixup {counts['mixup'].mean():.1f}, ζ {counts['zeta'].mean():.1f}; "
        f"difference {mean:+.1f} [{low:+.1f}, {high:+.1f}]; {span} images a seed"
    )
    return Claim(
        f"more correct-label neighbours with ζ: {statement}",
        "Fig. 8",
        data,
        text,
        from_interval(low, high),
    )


def better(data: str, accuracy: pd.DataFrame) -> Claim:
    """Compare test accuracies of the three trainings."""
    by_method = accuracy.pivot_table(index="seed", columns="method", values="accuracy")
    mean, low, high, _ = paired_interval(by_method["zeta"] - by_method["mixup"])
    text = ", ".join(f"{name} {values.mean():.2%} ± {values.std():.2%}" for name, values in by_method.items())
    text += f"; ζ - mixup {mean:+.2%} [{low:+.2%}, {high:+.2%}]"
    data = f"LeNet-5 on {data}, {len(by_method)} seeds"
    return Claim(
        "ζ classifies better than mixup",
        "Evaluation; Table 4",
        data,
        text,
        from_interval(low, high),
    )
