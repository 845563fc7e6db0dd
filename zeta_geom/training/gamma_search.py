"""Search for γ and weight decay by Optuna: processes may share one storage file, and a killed search goes on."""

from __future__ import annotations

import hashlib
import json
import math
import time
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import optuna
import pandas as pd
from filelock import FileLock
from optuna.exceptions import ExperimentalWarning
from optuna.storages import RDBStorage, RetryHeartbeatStaleTrialCallback
from optuna.study import StudyDirection
from optuna.trial import TrialState

from zeta_geom.checks import check_int, check_real
from zeta_geom.training.metrics import HIGHER_IS_BETTER
from zeta_geom.training.recipe import Recipe
from zeta_geom.training.recipe_files import changed
from zeta_geom.training.runs import run

__all__ = ["search"]

HEARTBEAT = 60  # seconds; a trial that was silent for twice as long is taken up again
LOCK_WAIT = 120  # seconds that a process waits for another one's write


def search(
    recipe: Recipe,
    storage: Path | str,
    *,
    n_models: int = 200,
    gamma: tuple[float, float] = (1.0, 6.0),
    weight_decay: tuple[float, float] = (5e-5, 1e-3),
    seed: int = 0,
    timeout: float = math.inf,
    **settings: Any,
) -> pd.DataFrame:
    """Train ζ-mixup at values of γ and weight decay that a Bayesian search proposes.

    Parameters
    ----------
    recipe : Recipe
        What every model has in common; its mixer is replaced by ζ-mixup at the proposed γ.
    storage : path
        The SQLite file of the search; made where there is none. Processes that name the same one share the work.
    n_models : int
        How many trained models the search ends with.
    gamma : (float, float)
        Limits of γ, drawn uniformly.
    weight_decay : (float, float)
        Limits of the weight decay, drawn log-uniformly.
    seed : int
        Of the proposals, each by its number, and of every training.
    timeout : float
        Seconds after which no further model is begun; the table then has fewer.
    **settings
        As for `run`: folder, accelerator, devices, …

    Returns
    -------
    DataFrame
        A row a model that is done: number, gamma, weight_decay, metric, value.

    Raises
    ------
    TypeError, ValueError
        If a limit or number is out of range.

    Notes
    -----
    The value that is searched for is the recipe's first metric on the test part, as the paper plots it; so the best
    value is one that the test part has chosen. Source: the paper, "ζ-mixup: hyperparameter sensitivity analysis and
    ablation study", with a Bayesian search of another library's.

    Examples
    --------
    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> recipe = Recipe(name="mine", data="digits", network="resnet10-narrow", epochs=1, n_train=64,
    ...                 optimizer={"learning_rate": 0.1})
    >>> found = search(recipe, folder / "search.db", n_models=2, folder=folder, accelerator="cpu", progress=False)
    >>> len(found), list(found.columns)
    (2, ['number', 'gamma', 'weight_decay', 'metric', 'value'])
    """
    check_int(n_models, "n_models", low=1)
    for name, limits in (("gamma", gamma), ("weight_decay", weight_decay)):
        low, high = (check_real(limit, name, low=0, strict=name == "weight_decay") for limit in limits)
        if low >= high:
            raise ValueError(f"{name} must be two limits that ascend; got {limits}.")
    metric, end = recipe.metrics[0], time.monotonic() + check_real(timeout, "timeout", low=0, allow_inf=True)

    def train(trial: optuna.Trial) -> float:
        drawn = trial.suggest_float("gamma", *gamma), trial.suggest_float("weight_decay", *weight_decay, log=True)
        asked = {
            "name": f"{recipe.name}/gamma-{drawn[0]!r}-decay-{drawn[1]!r}",  # taken up again, it finds its folder
            "mixer": {"name": "zeta", "params": {"gamma": drawn[0]}},
            "optimizer.weight_decay": drawn[1],
        }
        try:
            table = run(changed(recipe, asked, "ours, proposed by the search"), seeds=[seed], **settings)
        except KeyboardInterrupt:
            study.enqueue_trial(trial.params)  # to go on with it
            raise
        return float(table.loc[table["metric"] == metric, "value"].iloc[0])

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ExperimentalWarning)  # Optuna still calls its heartbeats experimental
        study = _study(recipe, Path(storage), seed, higher=HIGHER_IS_BETTER[metric])
        while time.monotonic() < end:
            optuna.storages.fail_stale_trials(study)
            begun = study.get_trials(deepcopy=False, states=(TrialState.COMPLETE, TrialState.RUNNING))
            if len(begun) >= n_models:
                break
            study.optimize(train, n_trials=1)
    done = study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
    rows = [{"number": trial.number, **trial.params, "metric": metric, "value": trial.value} for trial in done]
    return pd.DataFrame(rows, columns=["number", "gamma", "weight_decay", "metric", "value"])


def _study(recipe: Recipe, storage: Path, seed: int, *, higher: bool) -> optuna.Study:
    storage.parent.mkdir(parents=True, exist_ok=True)
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    with FileLock(f"{storage}.lock"):  # two processes must not make the same tables
        kept = RDBStorage(
            f"sqlite:///{storage}",
            engine_kwargs={"connect_args": {"timeout": LOCK_WAIT}},
            heartbeat_interval=HEARTBEAT,
            heartbeat_stale_trial_callback=RetryHeartbeatStaleTrialCallback(),
        )
        return optuna.create_study(
            storage=kept,
            study_name=f"{recipe.name} {_key(recipe, seed)}",
            direction=StudyDirection.MAXIMIZE if higher else StudyDirection.MINIMIZE,
            load_if_exists=True,
            sampler=_SeededByNumber(seed),
        )


def _key(recipe: Recipe, seed: int) -> str:
    """Return a hash of what the models of one search have in common: others are another search."""
    common = recipe.deciding() | {"data": recipe.data, "mixer": None, "seed": seed}
    common["optimizer"].pop("weight_decay")
    return hashlib.sha256(json.dumps(common, sort_keys=True).encode()).hexdigest()[:12]


class _SeededByNumber(optuna.samplers.BaseSampler):
    """Optuna's TPE, seeded anew by the number of each trial: no two processes propose alike, and none repeats."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.inner = optuna.samplers.TPESampler(seed=seed)

    def before_trial(self, study: optuna.Study, trial: Any) -> None:
        state = np.random.SeedSequence(self.seed, spawn_key=(trial.number,)).generate_state(1)
        self.inner = optuna.samplers.TPESampler(seed=int(state[0]))

    def infer_relative_search_space(self, study: optuna.Study, trial: Any) -> Any:
        return self.inner.infer_relative_search_space(study, trial)

    def sample_relative(self, study: optuna.Study, trial: Any, search_space: Any) -> Any:
        return self.inner.sample_relative(study, trial, search_space)

    def sample_independent(self, study: optuna.Study, trial: Any, param_name: str, param_distribution: Any) -> Any:
        return self.inner.sample_independent(study, trial, param_name, param_distribution)
