"""Search for γ and weight decay by Optuna: processes may share one storage file, and a killed search goes on."""

from __future__ import annotations

import hashlib
import json
import math
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import optuna
import pandas as pd
from optuna.storages import RDBStorage
from optuna.study import StudyDirection
from optuna.trial import TrialState

from zeta_geom.checks import check_int, check_real
from zeta_geom.execution.leases import lease_owner, take_lease
from zeta_geom.execution.locks import hold
from zeta_geom.training.fit.metrics import HIGHER_IS_BETTER
from zeta_geom.training.recipes.files import changed
from zeta_geom.training.recipes.schema import Recipe
from zeta_geom.training.runs import refuse_without_guard, run

__all__ = ["search"]

PAUSE = 2.0  # seconds between two looks at models that are trained elsewhere
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
        How many trained models the search ends with; it waits for those that other processes train, and takes up
        those of processes that were killed.
    gamma : (float, float)
        Limits of γ, drawn uniformly.
    weight_decay : (float, float)
        Limits of the weight decay, drawn log-uniformly.
    seed : int
        Of the proposals, each by its number, and of every training.
    timeout : float
        Seconds after which no further model is begun; the table then has fewer, and a warning says so.
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
    refuse_without_guard("training.search", settings.get("devices", 1), settings.get("num_workers", 0))
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
        table = run(changed(recipe, asked, "ours, proposed by the search"), seeds=[seed], **settings)
        value = float(table.loc[table["metric"] == metric, "value"].iloc[0])
        if not math.isfinite(value):
            raise ValueError(f"{metric} of {asked['name']} must be finite; got {value}. Narrow the search's limits.")
        return value

    study = _study(recipe, Path(storage), seed, higher=HIGHER_IS_BETTER[metric])
    shared = _Shared(study, Path(storage))
    while time.monotonic() < end and shared.count(TrialState.COMPLETE) < n_models:
        with shared.next_trial(n_models) as trial:
            if trial is None:
                time.sleep(PAUSE)  # the last ones are trained elsewhere, or by a process that will turn out dead
            else:
                shared.carry_out(trial, train)
    done = study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
    if len(done) < n_models:
        warnings.warn(
            f"the search has {len(done)} of {n_models} models: its timeout of {timeout:g} s is over. "
            "Call it again to go on.",
            RuntimeWarning,
            stacklevel=2,
        )
    rows = [{"number": trial.number, **trial.params, "metric": metric, "value": trial.value} for trial in done]
    return pd.DataFrame(rows, columns=["number", "gamma", "weight_decay", "metric", "value"])


class _Shared:
    """A study that processes share: each trial is claimed by the process that trains it."""

    def __init__(self, study: optuna.Study, storage: Path) -> None:
        self.study = study
        self.lock, self.claims = Path(f"{storage}.lock"), Path(f"{storage}.claims")

    def count(self, *states: TrialState) -> int:
        return len(self.study.get_trials(deepcopy=False, states=states))

    @contextmanager
    def next_trial(self, n_models: int) -> Iterator[optuna.Trial | None]:
        """Yield a trial that is ours alone, None where all that are wanted are done or trained elsewhere."""
        with ExitStack() as held:
            with hold(self.lock):  # between its beginning and its claim, a trial must not look dead
                self._free_the_dead()
                trial = None
                if self.count(TrialState.COMPLETE, TrialState.RUNNING) < n_models:
                    trial = self.study.ask()
                    held.enter_context(take_lease(self.claims, _name(trial.number)))
            yield trial

    def carry_out(self, trial: optuna.Trial, train: Callable[[optuna.Trial], float]) -> None:
        """Train a trial; one that is interrupted is put back, to be gone on with."""
        try:
            self.study.tell(trial, train(trial))
        except BaseException as error:
            self.study.tell(trial, state=TrialState.FAIL, skip_if_finished=True)
            if isinstance(error, KeyboardInterrupt):
                self.study.enqueue_trial(trial.params)
            raise

    def _free_the_dead(self) -> None:
        """Put back the trials of processes that were killed."""
        for trial in self.study.get_trials(deepcopy=False, states=(TrialState.RUNNING,)):
            if lease_owner(self.claims, _name(trial.number)) is None:
                self.study.tell(trial.number, state=TrialState.FAIL)
                if trial.params:
                    self.study.enqueue_trial(trial.params)


def _name(number: int) -> str:
    return f"trial-{number}"


def _study(recipe: Recipe, storage: Path, seed: int, *, higher: bool) -> optuna.Study:
    storage.parent.mkdir(parents=True, exist_ok=True)
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    with hold(Path(f"{storage}.lock")):  # two processes must not make the same tables
        kept = RDBStorage(f"sqlite:///{storage}", engine_kwargs={"connect_args": {"timeout": LOCK_WAIT}})
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
