"""The schema of a recipe: all settings of a training, validated, each with its source."""

from __future__ import annotations

import re
from typing import Any, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, model_validator

from zeta_geom.checks import check_choice
from zeta_geom.mixers import MIXERS, Mixer, make_mixer
from zeta_geom.mixers.table import parameters_of
from zeta_geom.training.learned.methods import LEARNED, LearnedMethod
from zeta_geom.training.metrics import METRICS
from zeta_geom.training.networks import NETWORKS

NOT_STATED = "not stated"
RUN = re.compile(r"(?!.*\.\.)[\w.+-]+(/[\w.+-]+)*/seed-(\d+|\{seed\})")  # a training: its recipe, and its seed
Precision: TypeAlias = Literal["32-true", "16-mixed", "bf16-mixed"]


class _Settings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Optimizer(_Settings):
    """Stochastic gradient descent, as in all of the paper's trainings."""

    learning_rate: float = Field(gt=0)  # of the first epoch
    momentum: float = Field(default=0.9, ge=0, lt=1)
    nesterov: bool = True
    weight_decay: float = Field(default=5e-4, ge=0)

    @model_validator(mode="after")
    def _momentum_of_nesterov(self) -> Optimizer:
        if self.nesterov and self.momentum == 0:
            raise ValueError("nesterov needs a momentum above 0.")
        return self


class Schedule(_Settings):
    """The learning rate is multiplied by `factor` at each milestone, a number of finished epochs."""

    milestones: tuple[int, ...] = ()
    factor: float = Field(default=0.1, gt=0)

    @model_validator(mode="after")
    def _ascending(self) -> Schedule:
        if any(later <= earlier for earlier, later in zip((0, *self.milestones), self.milestones)):
            raise ValueError(f"milestones must be positive and ascending; got {self.milestones}.")
        return self


class MixerSettings(_Settings):
    """A mixer of `zeta_geom.mixers.MIXERS`, or a learned method of `LEARNED`, by its name, with its parameters."""

    name: str
    params: dict[str, Any] = {}

    def teacher(self, seed: int) -> str | None:
        """Return the run that teaches the training with this seed, or None; "{seed}" stands for the seed."""
        return str(self.params["teacher"]).replace("{seed}", str(seed)) if "teacher" in self.params else None

    def learned(self) -> LearnedMethod | None:
        """Return the learned method; None for a mixer."""
        return LEARNED[self.name](**self.params) if self.name in LEARNED else None

    def make(self, n_classes: int, *, seed: int, **models: Any) -> Mixer:
        """Return the mixer, with a stream that starts from the seed; a module replaces the name of a teacher."""
        return make_mixer(self.name, **self.params | models, n_classes=n_classes, random_state=seed)

    @model_validator(mode="after")
    def _has_valid_params(self) -> MixerSettings:
        check_choice(self.name, "mixer", [*MIXERS, *LEARNED])
        if reserved := sorted({"n_classes", "random_state"} & set(self.params)):
            raise ValueError(f"params must not hold {' or '.join(reserved)}; the training sets them.")
        try:
            if self.learned() is None:
                self.make(2, seed=0, **self._placeholders())
        except TypeError as error:  # pydantic only collects ValueErrors
            raise ValueError(str(error)) from error
        return self

    def _placeholders(self) -> dict[str, Any]:
        """Return what stands for the models of a mixer while its other parameters are checked."""
        if "teacher" not in parameters_of(MIXERS[self.name]):
            return {}
        run = self.params.get("teacher")
        if not isinstance(run, str) or not RUN.fullmatch(run):
            example = "table-4/cifar-10/resnet18/erm/seed-0"
            raise ValueError(f"{self.name} needs teacher, the name of a run, such as {example}; got {run!r}.")
        return {"teacher": _Placeholder()}


class _Placeholder:
    """A model whose run is loaded when the training starts."""

    def parameters(self) -> tuple[()]:
        """Return no parameters."""
        return ()


class Recipe(_Settings):
    """The settings of a training, and the seeds to repeat it with.

    Parameters
    ----------
    name : str
        Name of the recipe, and of the folder of its runs; "/" makes folders.
    data, network : str
        A name of `IMAGE_SETS`, or folder:PATH, or csv:PATH; a name of `NETWORKS`.
    size, crop, background : int, float, str, optional
        Settings of the images, as in `load_image_data`.
    n_train : int, optional
        Number of training images, drawn for each seed with the classes in proportion; by default all.
    epochs, batch_size : int
        Passes over the training images; training images in a batch, on each device.
    optimizer, schedule : Optimizer, Schedule
        The optimizer's settings, and the milestones of its learning rate.
    augmentation : tuple of {"flip", "crop", "noise-5", "noise-20"}
        Changes of single images before mixing: mirrored with probability 1/2; shifted by up to 4 pixels; Gaussian
        noise whose standard deviation is 5 % or 20 % of the range of grey levels.
    mixer : MixerSettings, optional
        A mixer or a learned method, `{"name": ..., "params": {...}}`; None stands for empirical risk minimisation.
        The parameter `teacher` of SuperMix names a finished run, "<recipe>/seed-<n>"; "{seed}" in it stands for the
        seed of the training.
    precision : {"32-true", "16-mixed", "bf16-mixed"}
        Lightning's name of the floating-point arithmetic.
    metrics : tuple of str
        Names in `METRICS`, measured on the test part after the last epoch.
    seeds : tuple of int
        Each makes one training.
    sources : dict
        Setting -> the source of its value: "paper, …", "inferred, …" or "ours, …".

    Raises
    ------
    pydantic.ValidationError
        A ValueError that names all wrong settings.

    Examples
    --------
    >>> recipe = Recipe(name="mine", data="digits", network="resnet18", epochs=2, optimizer={"learning_rate": 0.1})
    >>> recipe.batch_size, recipe.sources["epochs"]
    (32, 'not stated')
    """

    name: str = Field(pattern=r"^[\w.+-]+(/[\w.+-]+)*$")
    data: str = Field(min_length=1)
    size: int | None = Field(default=None, ge=1)
    crop: float | None = Field(default=None, gt=0, le=1)
    background: str = "white"
    n_train: int | None = Field(default=None, ge=2)
    network: str
    epochs: int = Field(ge=1)
    batch_size: int = Field(default=32, ge=1)
    optimizer: Optimizer
    schedule: Schedule = Schedule()
    augmentation: tuple[Literal["flip", "crop", "noise-5", "noise-20"], ...] = ()
    mixer: MixerSettings | None = None
    precision: Precision = "32-true"
    metrics: tuple[str, ...] = ("error",)
    seeds: tuple[int, ...] = Field(default=(0, 1, 2), min_length=1)
    sources: dict[str, str] = {}

    @model_validator(mode="after")
    def _fits_together(self) -> Recipe:
        for name, values, known in (
            ("network", (self.network,), NETWORKS),
            ("metrics", self.metrics or ("",), METRICS),
            ("sources", self.sources, _sourced()),
        ):
            if unknown := [value for value in values if value not in known]:
                raise ValueError(f"{name} must be among {', '.join(known)}; got {', '.join(map(repr, unknown))}.")
        if self.schedule.milestones and self.schedule.milestones[-1] >= self.epochs:
            raise ValueError(f"milestones must be below epochs = {self.epochs}; got {self.schedule.milestones}.")
        if len(set(self.seeds)) < len(self.seeds) or min(self.seeds) < 0:
            raise ValueError(f"seeds must be distinct and not negative; got {self.seeds}.")
        if self.n_train is not None and self.n_train < self.batch_size:
            raise ValueError(f"n_train must be at least batch_size = {self.batch_size}; got {self.n_train}.")
        if ".." in self.name.split("/"):
            raise ValueError(f"name must stay in its folder; got {self.name!r}.")
        self.sources.update({name: NOT_STATED for name in _sourced() if name not in self.sources})
        return self

    @property
    def method(self) -> str:
        """The mixer's name, ζ-mixup's with its γ, or "erm"."""
        if self.mixer is None:
            return "erm"
        gamma = self.mixer.params.get("gamma")
        return f"zeta-{gamma}" if self.mixer.name == "zeta" and gamma is not None else self.mixer.name

    def deciding(self) -> dict[str, Any]:
        """Return the settings that determine a seed's result, as JSON values."""
        left_out = {"name", "data", "seeds", "sources"}
        if self.background == "white":  # runs from before this setting existed keep their keys
            left_out.add("background")
        return self.model_dump(mode="json", exclude=left_out)


def _sourced() -> tuple[str, ...]:
    return tuple(name for name in Recipe.model_fields if name not in ("name", "sources"))
