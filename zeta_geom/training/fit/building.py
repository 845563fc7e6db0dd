"""The classifier of a recipe, new or with the weights of a finished run."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from safetensors import safe_open
from safetensors.torch import load_file, save_file
from torch import nn

from zeta_geom.mixers import Mixer
from zeta_geom.records.disk import atomic_path
from zeta_geom.training.fit.classifier import Classifier
from zeta_geom.training.learned.hooks import Hook
from zeta_geom.training.networks import make_network
from zeta_geom.training.recipes.schema import MixerSettings, Recipe

if TYPE_CHECKING:
    from zeta_geom.training.data import ImageData


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
    models = {} if teacher is None else {"teacher": load_classifier(teacher, folder).of_grey_levels().eval()}
    return settings.make(shapes.n_classes, seed=seed, **models)


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
    with atomic_path(path) as temporary:
        save_file(tensors, temporary, metadata={"recipe": recipe.model_dump_json(), "built": json.dumps(built)})


def load_classifier(run: str, folder: Path | str) -> Classifier:
    """Return the classifier of a run, "<recipe>/seed-<n>", in evaluation mode, whose weights are constants."""
    path = weights_of(run, folder)
    with safe_open(path, framework="pt") as file:
        metadata = file.metadata() or {}
    if "built" not in metadata:
        raise ValueError(f"{path} does not state how its network is built; run the recipe again, with force.")
    recipe, built = Recipe.model_validate_json(metadata["recipe"]), json.loads(metadata["built"])
    channels = built["image_shape"][0]
    filled = (0.0,) * channels, (1.0,) * channels  # the file has the statistics
    shapes = Shapes(built["n_classes"], tuple(built["image_shape"]), *filled)
    classifier = build_classifier(recipe, built["seed"], shapes, folder)
    classifier.load_state_dict(load_file(path))
    return classifier.requires_grad_(False).eval()
