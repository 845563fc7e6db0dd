"""A made-up study, in which it is known which measures are correlated with the gain."""

import numpy as np
import pandas as pd

from analyses.geometry_and_accuracy import settings

SETTINGS = [*settings.SETTINGS]
INSIDE = SETTINGS.index("manifold-mixup")
MANY = np.array([setting.family == "many samples" for setting in settings.SETTINGS.values()])


def made_up(cells=settings.CELLS[:3]):
    """Return runs and measures: the gain falls with the label error and rises with coverage; the rest is noise."""
    rng, runs, measures = np.random.default_rng(0), [], []
    for cell in cells:
        identity = {"data": cell.data, "n_train": cell.n_train, "network": cell.network}
        error, coverage, noise = rng.normal(size=(3, len(SETTINGS)))
        gains = dict(zip(SETTINGS, 0.01 * (coverage - error)))
        for setting in (settings.ERM, *SETTINGS):
            for seed in settings.SEEDS:
                accuracy = 0.8 + gains.get(setting, 0) + 0.001 * rng.normal()
                runs.append(identity | {"setting": setting, "seed": seed, "accuracy": accuracy, "seconds": 1.0})
        vote = error + 0.3 * rng.normal(size=len(SETTINGS))  # knows the error, and nothing more
        partly = np.where(np.arange(len(SETTINGS)) == INSIDE, np.nan, coverage)
        mostly_infinite = np.where(np.arange(len(SETTINGS)) < 10, error, np.inf)
        one_family = np.where(MANY, 5 * (coverage - error), 0) + rng.normal(size=len(SETTINGS))
        values = {
            ("pixels", "wrong-label-k8", "lower"): error,
            ("pixels", "vote-h-y-v", "lower"): vote,
            ("network", "coverage", "higher"): coverage,
            ("imagenet", "coverage", "higher"): partly,
            ("pixels", "vendi", "closer to real"): np.sign(rng.normal(size=len(SETTINGS))) * np.exp(-coverage),
            ("pixels", "vote-kl-y-v", "lower"): mostly_infinite,
            ("pixels", "precision", "higher"): one_family,
            ("pixels", "dimension-k128", "closer to real"): noise,
            ("oracle", "oracle-wrong-label", "lower"): vote,
            ("pixels", "original-distance", "higher"): noise,
            ("pixels", "constant", "lower"): np.ones(len(SETTINGS)),
        }
        for (space, measure, better), each in values.items():
            row = identity | {"space": space, "measure": measure, "title": measure, "real": 7.0, "better": better}
            values_of = zip(SETTINGS, each + 7.0 * (measure == "vendi"))
            measures += [row | {"setting": setting, "value": value} for setting, value in values_of]
    return pd.DataFrame(runs), pd.DataFrame(measures)
