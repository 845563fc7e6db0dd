"""The classifier of a recipe, new or with the weights of a finished run."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save_file
from torch import channels_last, nn

from zeta_geom.mixers import Mixer
from zeta_geom.records.disk import atomic_path
from zeta_geom.records.keys import data_fingerprint
from zeta_geom.training.fit.classifier import Classifier
from zeta_geom.training.learned.hooks import Hook
from zeta_geom.training.networks import make_network
from zeta_geom.training.recipes.schema import MixerSettings, Recipe

if TYPE_CHECKING:
    from zeta_geom.training.data import ImageData


BUILT = "built"  # the one entry of a file's metadata: safetensors writes several in any order


@dataclass(frozen=True)
class Shapes:
    """What a classifier must know of its images: classes, shape (C, H, W), and statistics of each channel."""

    n_classes: int
    image_shape: tuple[int, int, int]
    mean: tuple[float, ...]
    std: tuple[float, ...]

    @classmethod
    def of(cls, data: ImageData) -> Shapes:
        """Return those of a data set."""
        return cls(len(data.class_names), data.image_shape, tuple(data.mean), tuple(data.std))


def build_classifier(recipe: Recipe, seed: int, shapes: Shapes, folder: Path | str) -> Classifier:
    """Return the classifier of a recipe, with the initial weights of the seed; `folder` holds a teacher's run."""
    network = make_network(recipe.network, shapes.n_classes, shapes.image_shape, seed=seed)
    return Classifier(
        network,
        shapes.n_classes,
        mixer=None if recipe.mixer is None else _method(recipe.mixer, network, seed, shapes, folder),
        optimizer=recipe.optimizer,
        schedule=recipe.schedule,
        augmentation=recipe.augmentation,
        metrics=recipe.metrics,
        mean=shapes.mean,
        std=shapes.std,
        seed=seed,
    )


def _method(
    settings: MixerSettings, network: nn.Module, seed: int, shapes: Shapes, folder: Path | str
) -> Mixer | Hook:
    """Return the mixer, or the hook of a learned method."""
    learned, teacher = settings.learned(), settings.teacher(seed)
    if learned is not None:
        return learned.hook(network, shapes.image_shape, seed=seed)
    models = {} if teacher is None else {"teacher": _load_teacher(teacher, folder, shapes)}
    return settings.make(shapes.n_classes, seed=seed, **models)


def _load_teacher(run: str, folder: Path | str, shapes: Shapes) -> nn.Module:
    """Return the network of a run as a function of grey levels, or raise ValueError if it is for other images."""
    built = _built(weights_of(run, folder))
    taught = built["n_classes"], tuple(built["image_shape"])
    if taught != (shapes.n_classes, shapes.image_shape):
        raise ValueError(
            f"teacher must be a run on {shapes.n_classes} classes and images {shapes.image_shape}; {run} was trained "
            f"on {taught[0]} and {taught[1]}."
        )
    return load_classifier(run, folder).of_grey_levels().eval()


def weights_of(run: str, folder: Path | str) -> Path:
    """Return the path of a run's weights, or raise FileNotFoundError."""
    path = Path(folder) / f"{run}.safetensors"
    if not path.exists():
        raise FileNotFoundError(f"the file of weights {path} does not exist; run the recipe first.")
    return path


def save_classifier(classifier: Classifier, recipe: Recipe, seed: int, shapes: Shapes, path: Path) -> None:
    """Write the weights, with the recipe, the seed and the shapes that `load_classifier` builds from."""
    tensors = {name: weights.contiguous().cpu() for name, weights in classifier.state_dict().items()}
    built = {"n_classes": shapes.n_classes, "image_shape": shapes.image_shape, "seed": seed}
    built["recipe"] = recipe.model_dump(mode="json")
    with atomic_path(path) as temporary:
        save_file(tensors, temporary, metadata={BUILT: json.dumps(built)})


def weights_fingerprint(path: Path) -> str:
    """Return a hash of the weights in a file, which does not depend on the prose of its recipe."""
    tensors = load_file(path)
    return data_fingerprint(*(part for name in sorted(tensors) for part in (np.array(name), tensors[name])))


def states_how_it_is_built(path: Path) -> bool:
    """Return whether a file of weights is whole and states its recipe; files of earlier versions do not."""
    with suppress(FileNotFoundError, ValueError):
        return bool(_built(path))
    return False


def _built(path: Path) -> dict[str, Any]:
    """Return what a file of weights states: recipe, seed, number of classes and shape of the images."""
    if not path.exists():
        raise FileNotFoundError(f"the file of weights {path} does not exist; run the recipe first.")
    try:
        with safe_open(path, framework="pt") as file:
            metadata = file.metadata() or {}
    except SafetensorError as error:
        raise ValueError(f"{path} is damaged ({error}); run the recipe again, with force.") from error
    if BUILT not in metadata:
        raise ValueError(f"{path} does not state how its network is built; run the recipe again, with force.")
    built: dict[str, Any] = json.loads(metadata[BUILT])
    return built


def load_classifier(run: str, folder: Path | str) -> Classifier:
    """Return the classifier of a run, "<recipe>/seed-<n>", in evaluation mode, whose weights are constants."""
    path = weights_of(run, folder)
    built = _built(path)
    recipe = Recipe.model_validate(built["recipe"])
    channels = built["image_shape"][0]
    filled = (0.0,) * channels, (1.0,) * channels  # the file has the statistics
    shapes = Shapes(built["n_classes"], tuple(built["image_shape"]), *filled)
    classifier = build_classifier(recipe, built["seed"], shapes, folder)
    classifier.load_state_dict(load_file(path))
    return classifier.requires_grad_(False).to(memory_format=channels_last).eval()  # faster on a CPU, see setup
