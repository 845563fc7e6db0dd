"""Search for γ and weight decay by Optuna: processes may share one storage file; a killed search resumes."""

import hashlib
import json
import math
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import optuna
import pandas as pd
from optuna.distributions import BaseDistribution
from optuna.storages import RDBStorage
from optuna.study import StudyDirection
from optuna.trial import FrozenTrial, TrialState

from zeta_geom.checks import check_int, check_real
from zeta_geom.execution.leases import lease_owner, take_lease
from zeta_geom.execution.locks import hold
from zeta_geom.training.metrics import HIGHER_IS_BETTER
from zeta_geom.training.recipes.files import change_recipe
from zeta_geom.training.recipes.schema import Recipe
from zeta_geom.training.runs import refuse_without_guard, run

Space: TypeAlias = dict[str, BaseDistribution]

PAUSE = 2.0  # seconds between two checks of models that other processes train
LOCK_WAIT = 120  # seconds to wait while another process writes; SQLite's default is 5


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
        The settings that all models share; ζ-mixup at the proposed γ replaces its mixer.
    storage : path
        The SQLite file of the search, created if it does not exist. Processes that name the same file share the work.
    n_models : int
        Number of trained models at the end. The search waits for models that other processes train, and resumes
        those of killed processes.
    gamma, weight_decay : (float, float)
        Limits of γ, drawn uniformly, and of the weight decay, drawn log-uniformly.
    seed : int
        Seed of the proposals (together with their number) and of every training.
    timeout : float
        Seconds after which no further model is started; a warning then says that the table has fewer models.
    **settings
        As for `run`: folder, accelerator, devices, …

    Returns
    -------
    DataFrame
        One row for each trained model: number, gamma, weight_decay, metric, value.

    Raises
    ------
    TypeError, ValueError
        If a limit or number is out of range.

    Notes
    -----
    The best value of the recipe's first metric is selected on the test part, as the paper plots it, and optimistic.
    Source: the paper, "ζ-mixup: hyperparameter sensitivity analysis and ablation study".

    Examples
    --------
    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> recipe = Recipe(name="mine", data="digits", network="resnet10-narrow", epochs=1, n_train=64,
    ...                 optimizer={"learning_rate": 0.1})
    >>> models = search(recipe, folder / "search.db", n_models=2, folder=folder, accelerator="cpu", progress=False)
    >>> len(models), list(models.columns)
    (2, ['number', 'gamma', 'weight_decay', 'metric', 'value'])
    """
    refuse_without_guard("training.search", settings.get("devices", 1), settings.get("num_workers", 0))
    check_int(n_models, "n_models", low=1)
    for name, limits in (("gamma", gamma), ("weight_decay", weight_decay)):
        low, high = (check_real(limit, name, low=0, strict=name == "weight_decay") for limit in limits)
        if low >= high:
            raise ValueError(f"{name} must be two ascending limits; got {limits}.")
    metric, end = recipe.metrics[0], time.monotonic() + check_real(timeout, "timeout", low=0, allow_inf=True)

    def train(trial: optuna.Trial) -> float:
        exponent = trial.suggest_float("gamma", *gamma)
        decay = trial.suggest_float("weight_decay", *weight_decay, log=True)
        proposal = {
            "name": f"{recipe.name}/gamma-{exponent!r}-decay-{decay!r}",  # so a resumed model finds its folder
            "mixer": {"name": "zeta", "params": {"gamma": exponent}},
            "optimizer.weight_decay": decay,
        }
        table = run(change_recipe(recipe, proposal, "ours, proposed by the search"), seeds=[seed], **settings)
        value = float(table.loc[table["metric"] == metric, "value"].iloc[0])
        if not math.isfinite(value):
            raise ValueError(
                f"{metric} of {proposal['name']} must be finite; got {value}. Narrow the search's limits."
            )
        return value

    study = open_study(recipe, Path(storage), seed, higher=HIGHER_IS_BETTER[metric])
    shared = SharedStudy(study, Path(storage))
    while time.monotonic() < end and shared.count(TrialState.COMPLETE) < n_models:
        with shared.next_trial(n_models) as trial:
            if trial is None:
                time.sleep(PAUSE)  # other processes train the last models, or will turn out to be dead
            else:
                shared.carry_out(trial, train)
    finished = study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
    if len(finished) < n_models:
        warnings.warn(
            f"the search has {len(finished)} of {n_models} models after its timeout of {timeout:g} s. "
            "Call it again to resume.",
            RuntimeWarning,
            stacklevel=2,
        )
    rows = [{"number": trial.number, **trial.params, "metric": metric, "value": trial.value} for trial in finished]
    return pd.DataFrame(rows, columns=["number", "gamma", "weight_decay", "metric", "value"])


class SharedStudy:
    """A study that processes share; the process that trains a trial holds a lease on it."""

    def __init__(self, study: optuna.Study, storage: Path) -> None:
        self.study = study
        self.lock, self.leases = Path(f"{storage}.lock"), Path(f"{storage}.claims")

    def count(self, *states: TrialState) -> int:
        """Return the number of trials in these states."""
        return len(self.study.get_trials(deepcopy=False, states=states))

    @contextmanager
    def next_trial(self, n_models: int) -> Iterator[optuna.Trial | None]:
        """Yield a trial for this process, or None if all models are finished or trained elsewhere."""
        with ExitStack() as lease:
            with hold(self.lock):  # a trial without a lease counts as dead: no other process may look in between
                self._free_the_dead()
                trial = None
                if self.count(TrialState.COMPLETE, TrialState.RUNNING) < n_models:
                    trial = self.study.ask()
                    lease.enter_context(take_lease(self.leases, trial_name(trial.number)))
            yield trial

    def carry_out(self, trial: optuna.Trial, train: Callable[[optuna.Trial], float]) -> None:
        """Train a trial; an interrupted one is queued again, to be resumed."""
        try:
            self.study.tell(trial, train(trial))
        except BaseException as error:
            self.study.tell(trial, state=TrialState.FAIL, skip_if_finished=True)
            if isinstance(error, KeyboardInterrupt):
                self.study.enqueue_trial(trial.params)
            raise

    def _free_the_dead(self) -> None:
        """Queue the trials of killed processes again."""
        for trial in self.study.get_trials(deepcopy=False, states=(TrialState.RUNNING,)):
            if lease_owner(self.leases, trial_name(trial.number)) is None:
                # its process may have finished it, and given the lease back, since the trials were listed
                ended = self.study.tell(trial.number, state=TrialState.FAIL, skip_if_finished=True)
                if ended.state is TrialState.FAIL and trial.params:
                    self.study.enqueue_trial(trial.params)


def trial_name(number: int) -> str:
    """Return the name of a trial's lease."""
    return f"trial-{number}"


def open_study(recipe: Recipe, storage: Path, seed: int, *, higher: bool) -> optuna.Study:
    """Open the study of a search, and create it if necessary; `higher` values of its metric are better."""
    storage.parent.mkdir(parents=True, exist_ok=True)
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    with hold(Path(f"{storage}.lock")):  # two processes must not create the same tables
        database = RDBStorage(f"sqlite:///{storage}", engine_kwargs={"connect_args": {"timeout": LOCK_WAIT}})
        return optuna.create_study(
            storage=database,
            study_name=f"{recipe.name} {_search_key(recipe, seed)}",
            direction=StudyDirection.MAXIMIZE if higher else StudyDirection.MINIMIZE,
            load_if_exists=True,
            sampler=_SeededByNumber(seed),
        )


def _search_key(recipe: Recipe, seed: int) -> str:
    """Return a hash of the settings that all models of a search share; other settings make another search."""
    common = recipe.deciding() | {"data": recipe.data, "mixer": None, "seed": seed}
    common["optimizer"].pop("weight_decay")
    return hashlib.sha256(json.dumps(common, sort_keys=True).encode()).hexdigest()[:12]


class _SeededByNumber(optuna.samplers.BaseSampler):
    """Optuna's TPE, seeded by the number of each trial: processes propose different values, and none repeats."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.inner = optuna.samplers.TPESampler(seed=seed)

    def before_trial(self, study: optuna.Study, trial: FrozenTrial) -> None:
        state = np.random.SeedSequence(self.seed, spawn_key=(trial.number,)).generate_state(1)
        self.inner = optuna.samplers.TPESampler(seed=int(state[0]))

    def infer_relative_search_space(self, study: optuna.Study, trial: FrozenTrial) -> Space:
        return self.inner.infer_relative_search_space(study, trial)

    def sample_relative(self, study: optuna.Study, trial: FrozenTrial, search_space: Space) -> dict[str, Any]:
        return self.inner.sample_relative(study, trial, search_space)

    def sample_independent(
        self, study: optuna.Study, trial: FrozenTrial, param_name: str, param_distribution: BaseDistribution
    ) -> Any:
        return self.inner.sample_independent(study, trial, param_name, param_distribution)
