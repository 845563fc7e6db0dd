"""What timm's and torchvision's mixup and CutMix share with ours, measured on the code, not read from its pages."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from functools import partial
from importlib.metadata import version
from typing import Any

import numpy as np
import timm
import torch
from scipy import stats
from torchvision.transforms import v2

from zeta_geom import mixers

Call = Callable[[Any, Any], tuple[Any, Any]]
Answer = tuple[str, str, dict[str, str]]  # question, data, the answer of each package; ours comes first

BATCHES = 10_000  # whose λ are compared with their law
M = 8  # samples in a batch, each of a class of its own
IMAGES = torch.rand(M, 3, 16, 16, generator=torch.Generator().manual_seed(0))
LABELS = torch.arange(M)


def calls(method: str, alpha: float = 1.0, *, dense: bool = False) -> dict[str, Call]:
    """Return mixup, or CutMix, of the three packages, each a call on a batch with M classes."""
    torch.manual_seed(0)
    np.random.seed(0)  # noqa: NPY002  (timm draws from the global stream)
    alphas = {
        "mixup_alpha": alpha if method == "mixup" else 0.0,
        "cutmix_alpha": alpha if method == "cutmix" else 0.0,
    }
    return {
        "zeta_geom": mixers.make_mixer(method, alpha=alpha, n_classes=M, random_state=0),
        f"timm {version('timm')}": timm.data.Mixup(**alphas, label_smoothing=0.0, num_classes=M, multi_label=dense),
        f"torchvision {version('torchvision')}": {"mixup": v2.MixUp, "cutmix": v2.CutMix}[method](
            alpha=alpha, num_classes=M
        ),
    }


def shares(call: Call) -> tuple[np.ndarray, float, int]:
    """Return λ of many batches, the share of samples paired with themselves, and the number of different pairings."""
    lams, alone, pairings = [], 0, set()
    for _ in range(BATCHES):
        Y = call(torch.zeros(M, 1, 16, 16), LABELS)[1].double().numpy()
        diagonal = np.diag(Y)
        kept = diagonal > 1 - 1e-7
        lams.append(1.0 if kept.all() else diagonal[~kept][0])
        if not kept.all():  # else λ rounds to 1, and the pairs are unknown
            pairings.add(tuple(np.where(kept, -1, (Y - np.diag(diagonal)).argmax(axis=1))))
            alone += kept.sum()
    return np.array(lams), alone / (M * BATCHES), len(pairings)


def label_gap(call: Call) -> float:
    """Return the largest difference of labels and shares of pixels in one batch; image k has the level k."""
    X, Y = call(torch.arange(float(M))[:, None, None, None].expand(M, 1, 16, 16).clone(), LABELS)
    pixels = torch.stack([(number == X).double().mean(dim=(1, 2, 3)) for number in range(M)], dim=1)
    return float((pixels - Y).abs().max())


def outcome(call: Callable[[], str]) -> str:
    """Return the answer of a call, or the name of the error that it raises."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return call()
    except Exception as error:  # whatever it is, it is the answer
        return f"refused ({type(error).__name__})"


def written_to(call: Call) -> str:
    """Return whether a call keeps its input."""
    images = IMAGES.clone()
    call(images, LABELS)
    return "kept" if torch.equal(images, IMAGES) else "written over"


def replayed(call: Call) -> str:
    """Return whether a call has two halves, the second of which repeats the draw of the first."""
    if isinstance(call, mixers.Mixer):
        plan, halves = call.draw(IMAGES.shape), "draw, apply"
        out = [call.apply(IMAGES, None, plan)[0] for _ in range(2)]
    elif isinstance(call, v2.Transform):
        params, halves = call.make_params([IMAGES]), "make_params, transform"
        out = [call.transform(IMAGES, {"labels": LABELS, "batch_size": M, **params}) for _ in range(2)]
    else:
        return "no halves of a call"
    return f"{halves}: {'the same' if torch.equal(*out) else 'not the same'} twice"


def reads_global(call: Call) -> str:
    """Return whether global seeds determine the draws."""
    out = []
    for _ in range(2):
        np.random.seed(0)  # noqa: NPY002  (the global stream is what is asked about)
        torch.manual_seed(0)
        out.append(call(IMAGES.clone(), LABELS)[0])
    return "global seeds decide" if torch.equal(*out) else "a stream of its own"


def soft_labels(call: Call) -> str:
    """Call with soft labels in float64, and return the shape of the result."""
    soft = torch.eye(M, dtype=torch.float64) / 2 + 1 / (2 * M)
    return f"labels of shape {tuple(call(IMAGES.double(), soft)[1].shape)} come out"


PROBES: dict[str, tuple[str, Callable[[Call], str]]] = {  # question -> data, probe
    "NumPy arrays": (
        "float32 images, int labels",
        lambda call: f"mixed: {type(call(IMAGES.numpy().copy(), LABELS.numpy())[0]).__name__}",
    ),
    "points, not images": ("tensor (8, 2)", lambda call: f"mixed: {tuple(call(torch.rand(M, 2), LABELS)[0].shape)}"),
    "an odd number of samples": ("7 images", lambda call: f"mixed: {len(call(IMAGES[:7].clone(), LABELS[:7])[0])}"),
    "dtype of labels": ("float64 images", lambda call: str(call(IMAGES.double(), LABELS)[1].dtype)),
    "soft labels go in": ("float64 labels (8, 8)", soft_labels),
    "one draw used twice": ("float32 images", replayed),
    "the input afterwards": ("float32 images", written_to),
    "randomness": ("two calls after the same global seeds", reads_global),
}


def answers() -> Iterator[Answer]:
    """Yield every question with the answers of the three packages."""
    many = f"{BATCHES:,} batches of {M}"
    for alpha in (1.0, 0.4):  # of a smaller one much rounds to λ = 1 in float32 labels
        met = {name: shares(call) for name, call in calls("mixup", alpha).items()}
        law = stats.beta(alpha, alpha).cdf
        off = {name: f"{stats.kstest(lams, law).statistic:.3f}" for name, (lams, *_) in met.items()}
        limit = 1.628 / BATCHES**0.5  # Kolmogorov's
        yield f"mixup, α = {alpha:g}: λ's distribution off Beta(α, α) by (99 % stay below {limit:.3f})", many, off
        if alpha == 1:
            yield (
                "mixup: different pairings met",
                many,
                {name: f"{pairings:,}" for name, (_, _, pairings) in met.items()},
            )
            yield (
                "mixup: samples paired with themselves",
                many,
                {name: f"{alone:.1%}" for name, (_, alone, _) in met.items()},
            )
    off = {name: f"{max(label_gap(call) for _ in range(200)):.1g}" for name, call in calls("cutmix").items()}
    yield "CutMix: labels against the share of pixels, largest difference", "200 batches", off
    for question, (data, probe) in PROBES.items():
        texts = {name: outcome(partial(probe, call)) for name, call in calls("mixup").items()}
        yield f"mixup: {question}", data, texts
    dense = list(calls("mixup", dense=True).items())[:2]
    texts = {name: outcome(partial(soft_labels, call)) for name, call in dense}
    yield "mixup: soft labels go in, timm's with multi_label=True", "float64 labels (8, 8)", texts


def mixing_rows() -> Iterator[tuple[str, str, str, str, str]]:
    """Yield (peer, question, data, our answer, the peer's answer)."""
    for question, data, texts in answers():
        ours, *others = texts.items()
        for name, text in others:
            yield name, question, data, ours[1], text
