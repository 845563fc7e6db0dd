"""Tables in the form of the study's, and finished runs in a folder, as Figures 9 and 10 read them."""

import pandas as pd

from zeta_geom import records

STUDY = ["study", "data", "network", "n_train", "method", "seed", "metric", "value", "seconds"]


def run_of(data, method, seed, value, *, n_train=1000, metric="error"):
    return (f"{data}-{n_train}/lenet", data, "lenet", n_train, method, seed, metric, value, 9.0)


def finished(folder, recipe, values, *, n_train=50_000, epochs=200, metric="error"):
    _, data, network, method = recipe.split("/")
    for seed, value in enumerate(values):
        row = {"recipe": recipe, "data": data, "network": network, "method": method, "seed": seed, "value": value}
        row |= {"n_train": n_train, "n_test": 100, "epochs": epochs, "metric": metric, "seconds": 1.0}
        records.record(
            f"seed-{seed}",
            lambda row=row: pd.DataFrame([row]),
            settings={},
            data="none",
            folder=folder / recipe / metric,
        )
