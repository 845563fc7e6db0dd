"""What a method promises of itself, in one record a class."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Traits"]


@dataclass(frozen=True)
class Traits:
    """What a mixer needs and does; the tests hold every class to it, and Table 2 is printed from it.

    Parameters
    ----------
    title : str
        The method's name in the literature.
    idea : str
        The key idea in a few words.
    source : str
        Where the method comes from.
    samples : str
        Number of samples mixed into one output, as in Table 2.
    space : {"input", "features"}
        What is mixed: inputs, or activations inside a model.
    min_samples : int
        The fewest samples that the method mixes; a batch of one comes back unmixed.
    needs_images : bool
        Whether the batch must hold images: (m, H, W), (m, C, H, W) or (m, H, W, C).
    needs_classes : bool
        Whether labels take part in the draw.
    needs_model : bool
        Whether a model must be given.
    optimises : bool
        Whether each batch is the solution of an optimisation; such a method may wait for the host.
    mixes_labels : bool
        Whether labels are mixed, or those of the first sample stay.
    keeps_rows : bool
        Whether as many rows come out as were asked for; else fewer may.
    weighted_mean : bool
        Whether inputs and labels are the same weighted means of the batch's.
    bounded : bool
        Whether every output value lies between values of the batch.
    differentiable : bool
        Whether the gradient with respect to the inputs is that of the whole method.
    random : bool
        Whether, with the default parameters, two draws differ.
    backends : tuple of str
        Of "numpy" and "torch".

    Examples
    --------
    >>> from zeta_geom.mixers import MIXERS
    >>> MIXERS["cutmix"].traits.needs_images
    True
    """

    title: str
    idea: str
    source: str
    samples: str = "2"
    space: str = "input"
    min_samples: int = 2
    needs_images: bool = False
    needs_classes: bool = False
    needs_model: bool = False
    optimises: bool = False
    mixes_labels: bool = True
    keeps_rows: bool = True
    weighted_mean: bool = True
    bounded: bool = True
    differentiable: bool = True
    random: bool = True
    backends: tuple[str, ...] = ("numpy", "torch")
