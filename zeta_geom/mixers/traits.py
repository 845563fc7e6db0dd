"""The traits of a method: what it requires and guarantees."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Traits:
    """What a mixer requires and guarantees; the tests check every class, and Table 2 is printed from it.

    Parameters
    ----------
    title, idea, source, samples : str
        The method's name in the literature, its key idea in a few words, its source, and the number of samples mixed
        into one output, as in Table 2.
    space : {"input", "features"}
        Whether inputs are mixed, or activations inside a model.
    min_samples : int
        The smallest batch that the method mixes; a batch of one is returned unmixed.
    needs_images, needs_classes, needs_model : bool
        Whether the batch must hold images (m, H, W), (m, C, H, W) or (m, H, W, C); whether the draw depends on
        labels; whether the method needs a model.
    optimises : bool
        Whether each batch is the solution of an optimisation; such a method may wait for the host.
    one_graph : bool
        Whether torch compiles `apply` into one graph; not if it leaves torch.
    mixes_labels : bool
        Whether labels are mixed; otherwise each row keeps the label of its first sample.
    keeps_rows : bool
        Whether exactly `n_out` rows are returned; otherwise there may be fewer.
    weighted_mean : bool
        Whether inputs and labels are weighted means of the batch with the same weights.
    bounded, differentiable, random : bool
        Whether every output value lies between values of the batch; whether the gradient with respect to the inputs
        is that of the whole method; whether, with the default parameters, two draws differ.
    backends : tuple of str
        The backends that the method supports, of "numpy" and "torch".

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
    one_graph: bool = True
    mixes_labels: bool = True
    keeps_rows: bool = True
    weighted_mean: bool = True
    bounded: bool = True
    differentiable: bool = True
    random: bool = True
    backends: tuple[str, ...] = ("numpy", "torch")
