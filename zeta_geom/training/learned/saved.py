"""What a finished run has learned, for use outside training: its mixer, and AdaMixUp's discriminator."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from zeta_geom.rng import RandomState
from zeta_geom.training.packages import require_packages

if TYPE_CHECKING:
    from zeta_geom.mixers import Mixer
    from zeta_geom.training.learned.intrusion import Intrusion


def load_mixer(run: str, *, folder: Path | str = "runs", random_state: RandomState = None) -> Mixer:
    """Return the mixer of a finished run: for a learned method, with what it has learned.

    Parameters
    ----------
    run : str
        A recipe's name and a seed, "<recipe>/seed-<n>".
    folder : path
        That of the run.
    random_state : None, int, Generator, RandomState or torch.Generator
        Seeds the mixer's stream; by default the seed of the run does.

    Returns
    -------
    Mixer
        For a learned method, a mixer of tensors (m, C, H, W) in grey levels 0..1, of the shape of the training's
        images. A run of another mixer returns that mixer, with the recipe's parameters; Co-Mixup follows the network
        of the run.

    Raises
    ------
    FileNotFoundError
        If there is no such run, or its teacher's run is missing.
    ImportError
        If a package of the extra `train` is missing.
    ValueError
        If the run was trained without a mixer, or its file states no recipe.

    Examples
    --------
    >>> load_mixer("table-2/cifar-10/resnet18/adamixup/seed-0", folder="nowhere")
    Traceback (most recent call last):
    FileNotFoundError: the file of weights nowhere/... does not exist; run the recipe first.
    """
    from zeta_geom.rng.streams import Stream

    classifier = _load(run, folder)
    mixer: Mixer = classifier.hook.trained_mixer(classifier)
    return mixer if random_state is None else mixer._on(Stream(random_state))


def load_intrusion(run: str, *, folder: Path | str = "runs") -> Intrusion:
    """Return the discriminator of a finished AdaMixUp run, as a measure of audits and sweeps.

    Parameters
    ----------
    run, folder : str, path
        As in `load_mixer`.

    Returns
    -------
    Intrusion
        A function of (original, mixed): the probability, in (0, 1), that each mixed image is real.

    Raises
    ------
    FileNotFoundError, ImportError, ValueError
        As in `load_mixer`; ValueError too if the run was not trained with AdaMixUp.

    Examples
    --------
    >>> load_intrusion("table-2/cifar-10/resnet18/adamixup/seed-0", folder="nowhere")
    Traceback (most recent call last):
    FileNotFoundError: the file of weights nowhere/... does not exist; run the recipe first.
    """
    from zeta_geom.training.learned.intrusion import Intrusion

    classifier = _load(run, folder)
    discriminator = getattr(classifier.hook, "discriminator", None)
    if discriminator is None:
        raise ValueError(f"run must be a training with AdaMixUp, which has a discriminator; got {run!r}.")
    return Intrusion(classifier.of_grey_levels(), discriminator, classifier.hook.image_shape)


def _load(run: str, folder: Path | str) -> Any:
    require_packages()
    from zeta_geom.training.fit.building import load_classifier

    return load_classifier(run, folder)
