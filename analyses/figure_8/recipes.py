"""Figure 8's networks by their recipes: trained, or loaded from finished runs, and their features."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader

from analyses.figure_8.networks import METHODS, Seen, Settings, Subject, one_seed
from zeta_geom.training import Classifier, ImageData, Recipe, load_image_data, load_network, run
from zeta_geom.training.data import subset
from zeta_geom.training.networks import features, last_layer
from zeta_geom.training.recipes.paper import find_recipe

READ_AT_ONCE = 256  # images

Batch = tuple[Tensor, Tensor]  # images, grey levels 0..1 of shape (b, C, H, W), and labels (b,) or (b, K)


def by_recipes(name: str, recipes: tuple[str, str, str], s: Settings, progress: bool) -> Subject:
    """Return a data set on which networks are trained by recipes."""
    by_method = dict(zip(METHODS, map(find_recipe, recipes)))
    first = by_method["erm"]
    for recipe in by_method.values():
        for setting in ("data", "size", "crop", "background", "n_train"):
            if getattr(recipe, setting) != getattr(first, setting):
                raise ValueError(f"the three recipes of {name} must have the same {setting}; {recipe.name} differs.")
    shown: dict[str, Any] = {"size": first.size, "crop": first.crop, "background": first.background}
    data = load_image_data(first.data, data_home=s.data_home, **shown, progress=progress)
    make = partial(one_seed, partial(train, data, by_method, s, progress), data.test.labels, s)
    fingerprint = f"{data.fingerprint} {[recipe.deciding() for recipe in by_method.values()]}"
    trained = "; ".join(
        f"{method}: {recipe.network} by the recipe {recipe.name}, {recipe.n_train or len(data.train):,} training "
        f"images, {recipe.epochs} epochs"
        for method, recipe in by_method.items()
    )
    showing = partial(pictures, data.test)
    return Subject(name, data.class_names, data.test.labels, fingerprint, trained, showing, make)


def pictures(images: Any, rows: np.ndarray) -> np.ndarray:
    """Return images as they are drawn: uint8 (r, H, W, C), or (r, H, W) in grey."""
    stacked = [images[int(row)][0].permute(1, 2, 0).numpy() for row in rows]
    shown = np.stack(stacked) if stacked else np.zeros((0, 1, 1, 1), np.uint8)
    return shown[..., 0] if shown.shape[-1] == 1 else shown


def train(
    data: ImageData, recipes: dict[str, Recipe], s: Settings, progress: bool, seed: int
) -> tuple[dict[str, Seen], Callable[[str], Seen]]:
    """Return each network's features and predictions of the test images, and a function for a method's samples.

    Finished runs are not trained again. The samples are those of the epoch after the last.
    """
    n_train = recipes["erm"].n_train
    seen = data if n_train is None else subset(data, n_train, seed)
    classifiers = {}
    for method, recipe in recipes.items():
        run(recipe, folder=s.runs, seeds=[seed], data_home=s.data_home, progress=progress)
        classifiers[method] = load_network(recipe, seed, seen, folder=s.runs)

    def synthesize(method: str) -> Seen:
        classifier = classifiers[method]
        mixer = classifier.hook.trained_mixer(classifier).child(0, recipes[method].epochs)
        batches = shuffled(seen, recipes[method].batch_size, s.n_synthetic, seed)
        mixed = (mixer(images, labels, n_classes=len(data.class_names)) for images, labels in batches)
        activations, _, labels = see(classifiers[method], mixed)
        return activations, labels

    tests = DataLoader(data.test, READ_AT_ONCE, collate_fn=collate(data.test))
    tested: dict[str, Seen] = {}
    for method, classifier in classifiers.items():
        activations, predicted, _ = see(classifier, ((x.float() / 255, y) for x, y in tests))
        tested[method] = activations, predicted
    return tested, synthesize


def shuffled(data: ImageData, batch_size: int, count: int, seed: int) -> Iterator[Batch]:
    """Yield batches of training images, epoch after epoch, until there are `count` images."""
    order = torch.Generator().manual_seed(seed)
    loader = DataLoader(data.train, batch_size, shuffle=True, generator=order, collate_fn=collate(data.train))
    while count > 0:
        for images, labels in loader:
            yield images[:count].float() / 255, labels[:count]
            count -= len(images)
            if count <= 0:
                return


def collate(images: Any) -> Any:
    """Return the collate function for images; images that return whole batches need no stacking."""
    return (lambda batch: batch) if hasattr(images, "__getitems__") else None


def see(classifier: Classifier, batches: Iterable[Batch]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return features (n, d), predictions (n,), and the labels of the images."""
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    classifier.to(device)
    parts: list[list[Tensor]] = [[], [], []]
    with torch.inference_mode():
        for images, labels in batches:
            seen = features(classifier.network, classifier.standardize(images.to(device)))
            predicted = last_layer(classifier.network)(seen).argmax(dim=1)
            for kept, part in zip(parts, (seen, predicted, labels), strict=True):
                kept.append(part.cpu())
    seen, predicted, labels = (torch.cat(kept).numpy() for kept in parts)
    return seen, predicted, labels
