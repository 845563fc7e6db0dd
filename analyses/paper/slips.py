"""Contradictions between the paper's text, its tables, and the known facts of its data sets."""

from __future__ import annotations

import re

import pandas as pd

from analyses.paper.check import Check
from analyses.paper.partitions import PARTITIONS

CLASSES = {"cifar-100": 100}  # the paper's text on Table 8: "its large number of classes (100)"


def sizes(tables: dict[int, pd.DataFrame]) -> list[Check]:
    """Compare the numbers of images and classes in the tables' heads with the data sets' own."""
    checks = []
    for number in (4, 6, 7):
        heads = tables[number].drop_duplicates("data")
        for row in heads.itertuples():
            known = PARTITIONS[row.data]
            if known.total is not None:
                same = int(row.n_images) == known.total
                derived = f"{known.total:,} in all, {known.train:,} for training; {known.source}"
                checks.append(Check(f"Table {number}", "# images", row.data, f"{int(row.n_images):,}", derived, same))
            if row.data in CLASSES:
                real = CLASSES[row.data]
                derived = f"{real}, the text on Table 8"
                same = int(row.n_classes) == real
                checks.append(Check(f"Table {number}", "# classes", row.data, str(int(row.n_classes)), derived, same))
    printed = sorted({int(n) for n in tables[6]["n_classes"]})
    sentence = "for all the datasets, we use the 5-class diagnosis labels"
    derived = "with {} classes".format(", ".join(map(str, printed)))
    where = "SKIN, training details"
    return [*checks, Check("Table 6", "number of classes", where, sentence, derived, printed == [5])]


def seconds(row: pd.Series) -> float:
    """Return a row's printed time in seconds, parsed from texts such as '1h 20m ± 23s' or '38.7 ms ± 1.33 ms'."""
    units = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 1e-3, "µs": 1e-6}
    parts = re.findall(r"([\d.]+) ?(ms|µs|h|m|s)\b", row["printed"].split("±")[0])
    return sum(float(number) * units[unit] for number, unit in parts)


def table_9(table: pd.DataFrame) -> list[Check]:
    """Compare the times with the sentences on speed."""
    timed = table[table["value"].notna()].copy()
    timed["value"] = timed.apply(seconds, axis=1)
    tensor = timed[timed["data"] == "tensor"].set_index("method")["value"]
    train = timed[timed["data"] == "cifar-100"].set_index("method")
    hours = train["value"] / 3600
    per_epoch = train["value"] / train["epochs"]
    twice, faster = tensor["mixup"] / tensor["zeta"], tensor["local-synthetic-instances"] / tensor["zeta"]
    times = timed[timed["method"].isin(("mixup", "zeta"))].pivot(index="data", columns="method", values="value")
    text, note = "text on computational efficiency", "text on optimization-based mixing"
    stl = int(table.loc[table["data"] == "stl-10", "epochs"].max())
    slow = per_epoch["manifold-mixup"] / per_epoch["zeta"]
    epochs = f"{PARTITIONS['stl-10'].epochs} epochs in NATURAL, training details"
    alone = f"CutMix alone {tensor['cutmix'] * 1e6:.0f} µs, ζ-mixup alone {tensor['zeta'] * 1e6:.0f} µs"
    one_hour = f"{hours['zeta']:.2f} h"
    absent = "erm" not in set(table["method"])
    same_epochs = PARTITIONS["stl-10"].epochs == stl
    not_slower = bool((times["zeta"] <= times["mixup"]).all())
    order = hours["co-mixup"] / hours["zeta"]
    cutmix_zeta = f"{tensor['cutmix-zeta'] * 1e6:.0f} µs"
    rows = [
        ("ζ-mixup against mixup on a batch", text, "over twice as fast", f"{twice:.2f} times", twice > 2),
        ("ζ-mixup against local synthetic instances", text, "over 110 times", f"{faster:.1f} times", faster > 110),
        ("training with ζ-mixup against mixup", text, "as fast as, if not faster", "no time is longer", not_slower),
        ("Co-Mixup against ζ-mixup", note, "over an order of magnitude", f"{order:.1f} times", order > 10),
        (
            "hours of training on CIFAR-100",
            "text on manifold mixup",
            "approximately 1 h",
            one_hour,
            hours["zeta"] < 1.25,
        ),
        ("time of ERM", note, "almost the same time as ERM (Table 9)", "no row for ERM", not absent),
        ("epochs on STL-10", "head of Table 9", f"{stl} epochs", epochs, same_epochs),
        ("CutMix + ζ-mixup on a batch", "last column", cutmix_zeta, alone, None),
        ("manifold mixup's time an epoch", "CIFAR-100", "", f"{slow:.2f} times ζ-mixup's", None),
    ]
    return [Check("Table 9", *row[:4], None if row[4] is None else bool(row[4])) for row in rows]


def text_alone() -> list[Check]:
    """Return pairs of sentences that disagree; nothing is computed."""
    against = [
        ("Fig. 9", "resolution of SKIN images", "text on Fig. 9", "224×224", "256×256 in SKIN, training details"),
        ("Fig. 9", "sense of the metrics", "caption", "for all metrics, higher values are better",
         "it takes Table 4's metric, the error rate; Table 4: lower values are better"),
        ("Fig. 9", "epochs of manifold mixup", "text on Fig. 9",
         "ERM, mixup, and ζ-mixup require 200 epochs, ζ-mixup is trained for 2000 epochs",
         "2000 are manifold mixup's (Table 9)"),
        ("Fig. 10", "range of the claim", "text on Fig. 10", "gains for all values of γ from γ_min on",
         "the same sentence: for almost all values of γ, lower or equal"),
        ("Table 7", "version of MedMNIST", "MEDMNIST", "10 datasets from the Classification Decathlon (version 1)",
         "BloodMNIST and TissueMNIST are in version 2 alone; Organ{A, C, S}MNIST have version 1's sizes"),
    ]  # fmt: skip
    sets = 2 + 3 + 4
    sentence = "2 for manifold mixup, 3 with one metric each, 4 for ζ-mixup, of nine"
    counted = Check("Fig. 9", "number of data sets", "text on Fig. 9", sentence, f"{sets}", sets == 9)
    return [counted, *(Check(*row, False) for row in against)]
