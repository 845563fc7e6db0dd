"""An audit of augmentations: one call from arrays to tables."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from numbers import Integral
from typing import Any

import numpy as np
import pandas as pd

from zeta_geom import rng
from zeta_geom.audits.bootstrap import Bootstrap
from zeta_geom.audits.estimates import ALL, ORIGINAL, Estimator, Measured
from zeta_geom.audits.measuring import Measuring
from zeta_geom.audits.methods.augmenting import apply, check_name, cost_of, to_methods
from zeta_geom.audits.methods.calls import Method
from zeta_geom.audits.oracles import to_oracle
from zeta_geom.audits.reading import Given, read
from zeta_geom.audits.reference import Reference
from zeta_geom.audits.result import Audit
from zeta_geom.audits.samples import Samples
from zeta_geom.audits.tables import class_table, comparison_table, sample_tables, summary_table
from zeta_geom.checks import check_channels, check_int, check_jobs, check_real
from zeta_geom.manifolds import get_manifold
from zeta_geom.records.keys import library_versions

__all__ = ["audit"]


def audit(
    X: Any,
    y: Any = None,
    *,
    augment: Any = None,
    synthetic: Any = None,
    against: Any = (),
    holdout: Any = None,
    oracle: Any = None,
    manifold: str | Callable[[np.ndarray], np.ndarray] | None = None,
    n_neighbors: int | tuple[int, ...] = (8, 128),
    alpha: float = 0.05,
    batch_size: int = 32,
    channels: str | None = None,
    n_classes: int | None = None,
    n_bootstrap: int = 1000,
    confidence: float = 0.95,
    random_state: rng.RandomState = None,
    n_jobs: int | None = -1,
    progress: bool = True,
) -> Audit:
    """Measure what augmentations do to a data set, beside what other real samples of it would give.

    Parameters
    ----------
    X : array-like of shape (n, ...)
        The originals: floats, or integers 0..255 as grey levels, which are divided by 255.
    y : int array of shape (n,) or (n, 1), or array of shape (n, K), optional
        Their labels: numbers of classes, or soft labels.
    augment : str, Mixer, torchvision transform or callable, optional
        What is audited. A name of `MIXERS`; a mixer; a transform, which is given image by image, as uint8 if X holds
        integers and it takes them; or a function of a batch, f(X) or f(X, y), that returns X_new or (X_new, labels);
        labels that are not returned stay, and row i of as many rows is taken to stand for row i. It is called some
        more times for its cost.
    synthetic : array (s, ...), pair (array, labels), or mapping of name -> one of them, optional
        Samples that were made elsewhere, in place of `augment` or beside it; in the unit of X.
    against : one or a sequence of augmentations, or a mapping of name -> augmentation
        What the first is compared with.
    holdout : array (h, ...) or pair (array, labels), optional
        Originals that no augmentation saw. Without it, half of X is held out.
    oracle : "mnist", "module:name", object with predict_proba, or callable, optional
        Gives class probabilities (n, K) of samples; `features` of such an object serve a Fréchet distance.
    manifold : str, or callable (n, d) -> (n,), optional
        A name of `MANIFOLDS`, or the true distance of points from the manifold.
    n_neighbors : int, or tuple of int
        k of the local dimension, the tangent planes and the votes.
    alpha : float
        Threshold of the Fukunaga-Olsen rule.
    batch_size : int
        Samples that an augmentation is given at once.
    channels : {"first", "last"}, optional
        Where the channels of images are: (n, C, H, W) or (n, H, W, C). By default it is inferred if exactly one of
        the two axes has 1, 3 or 4 entries; otherwise an augmentation of images is refused.
    n_classes : int, optional
        K; one more than the largest label by default.
    n_bootstrap : int
        Resamples of each interval.
    confidence : float
        Of the intervals.
    random_state : None, int, Generator, RandomState or torch.Generator
        One seed is drawn of it: of the halves, the mixers that are named, transforms, and resamples.
    n_jobs : int or None
        Number of threads, as in scikit-learn.
    progress : bool
        Show a progress bar, on a terminal.

    Returns
    -------
    Audit

    Raises
    ------
    TypeError, ValueError
        If samples are not finite, are fewer than 8 (4 each with `holdout`), or have labels that do not fit; if a
        parameter is out of range, samples are in another unit than X, or there is nothing to audit.
    ImportError
        If an oracle or a mixer needs a package that is not there.

    Notes
    -----
    Half of the originals, every other one of each class in an order made of the samples' bytes and the seed, is held
    out; the other half is augmented, or stands for what `synthetic` was made from. Each measure is taken of the
    synthetic samples and, by the same rule, of real ones: both against the held-out half, the real ones being as many
    of the others; for the distance from those (novelty) the real ones are the whole held-out half. Of more synthetic
    samples than augmented originals as many are taken, evenly. The interval of the real ones is that of another
    sample of real data. The numbers do not depend on the order of X, y and `synthetic`.

    References
    ----------
    The paper's two audits by hand are Abhishek et al. 2024, Figs. 2, 3, 6 and 8; `fidelity` names the sources of its
    metrics.

    Examples
    --------
    >>> from zeta_geom.manifolds import make_crescents
    >>> X, y = make_crescents(200, random_state=0)
    >>> made = audit(X, y, augment="zeta", against="mixup", n_neighbors=8, manifold="crescents", random_state=0)
    >>> made.summary.query("measure == 'true-distance'")[["method", "verdict"]].to_numpy().tolist()
    [['zeta', 'outside, above'], ['mixup', 'outside, above']]
    """
    seed = _seed(random_state)
    data = read(X, y, synthetic, holdout, n_classes, seed)
    methods = to_methods(augment, against, seed, check_channels(channels))
    if not methods and not data.synthetic:
        raise ValueError("there is nothing to audit; give augment, synthetic or against.")
    names = [method.name for method in methods] + list(data.synthetic)
    for name in data.synthetic:
        check_name(name)
        if names.count(name) > 1:
            raise ValueError(f"synthetic must have names that no method has; got {name!r}.")
    reference = _reference(data, oracle, manifold, n_neighbors, alpha, n_jobs)
    batch_size = check_int(batch_size, "batch_size", low=1)
    bootstrap = Bootstrap(
        check_int(n_bootstrap, "n_bootstrap", low=10),
        check_real(confidence, "confidence", low=0, high=1, strict=True),
        seed,
    )
    measuring = Measuring(reference, len(methods) + len(data.synthetic), progress)
    with measuring.bar:
        made = {method.name: _augmented(method, data.sources, batch_size, measuring) for method in methods}
        made |= {name: (one.thinned(len(data.sources)), name) for name, one in data.synthetic.items()}
        sets = [measuring.measure(name, samples, key) for name, (samples, key) in made.items()]
        tables = _tables(sets, measuring, bootstrap, _classes(data))
        costs = pd.DataFrame([_cost_row(m, data.sources, batch_size) for m in methods] + _no_cost(data.synthetic))
        measuring.done("cost")
    known = {
        "held out by": "a half of the originals" if holdout is None else "what was given",
        "batch_size": batch_size,
        "channels": channels,
        "manifold": manifold if isinstance(manifold, str) or manifold is None else "a callable",
        "n_bootstrap": bootstrap.n_draws,
        "confidence": bootstrap.confidence,
        "random_state": seed,
        "methods": {method.name: method.spelled for method in methods} | dict.fromkeys(data.synthetic, "arrays"),
    }
    settings = _settings(data, reference) | known | {"versions": library_versions()}
    points = {name: samples for name, (samples, _) in made.items()}
    return Audit(
        **tables, cost=costs, settings=settings, points=points, sources=data.sources, heldout_points=data.heldout
    )


def _seed(random_state: Any) -> int:
    if not isinstance(random_state, Integral):
        random_state = rng.seed_from(rng.numpy_generator(random_state))
    return check_int(random_state, "random_state", low=0)


def _reference(
    data: Given, oracle: Any, manifold: Any, n_neighbors: Any, alpha: float, n_jobs: int | None
) -> Reference:
    ks = list(n_neighbors) if np.ndim(n_neighbors) else [n_neighbors]
    if not ks:
        raise ValueError("n_neighbors must name at least one k; got none.")
    counts = tuple(sorted({check_int(k, "n_neighbors", low=2) for k in ks}))
    distance = get_manifold(manifold).distance if isinstance(manifold, str) else manifold
    if distance is not None and not callable(distance):
        raise TypeError(f"manifold must be a name of MANIFOLDS or callable; got {manifold!r}.")
    alpha = check_real(alpha, "alpha", low=0, high=1)
    return Reference(data.sources, data.heldout, counts, alpha, to_oracle(oracle), distance, check_jobs(n_jobs))


def _settings(data: Given, reference: Reference) -> dict[str, Any]:
    return {
        "originals": len(data.sources),
        "held out": len(data.heldout),
        "shape of a sample": list(data.sources.X.shape[1:]),
        "classes": None if data.sources.Y is None else data.sources.Y.shape[1],
        "n_neighbors": list(reference.n_neighbors),
        "alpha": reference.alpha,
        "oracle": None if reference.oracle is None else reference.oracle.name,
        "fingerprint of X": data.fingerprint,
    }


def _classes(data: Given) -> tuple[str, ...]:
    """Return ALL, and the numbers of the classes that occur."""
    if data.sources.classes is None or data.heldout.classes is None:
        return (ALL,)
    found = np.union1d(data.sources.classes, data.heldout.classes)
    return (ALL, *(str(int(one)) for one in found))


def _augmented(method: Method, sources: Samples, batch_size: int, measuring: Measuring) -> tuple[Samples, str]:
    """Return what a method makes of the sources, at most as many, and whose rows they are."""
    measuring.bar.set_postfix_str(method.name)
    made = apply(method, sources, batch_size)
    paired = len(made) == len(sources) and bool((made.rows >= 0).all())
    return made.thinned(len(sources)), ORIGINAL if paired else method.name


def _tables(
    sets: list[Measured], measuring: Measuring, bootstrap: Bootstrap, classes: tuple[str, ...]
) -> dict[str, Any]:
    held = measuring.heldout()
    estimator = Estimator(measuring.reference.heldout, bootstrap, classes)
    summaries = []
    for one in sets:
        originals = measuring.originals(len(one.samples))
        real = {name: held if name in held.found else originals for name in one.found}
        summaries.append(summary_table(one, real, estimator))
    every = [*sets, *measuring.real.values()]
    summary, by_class = class_table(pd.concat(summaries, ignore_index=True))
    comparisons = comparison_table(every, estimator)
    samples, heldout = sample_tables(every, measuring.reference.heldout)
    measuring.done("intervals")
    return {
        "summary": summary,
        "classes": by_class,
        "comparisons": comparisons,
        "samples": samples,
        "heldout": heldout,
    }


def _cost_row(method: Method, sources: Samples, batch_size: int) -> dict[str, Any]:
    cost = cost_of(method, sources, batch_size)
    row = {"method": method.name, "batch": cost.batch, "seconds": cost.seconds, "copy_seconds": cost.copy}
    return row | {"copies": cost.seconds / cost.copy, "calls": cost.calls, "reason": ""}


def _no_cost(synthetic: Mapping[str, Samples]) -> list[dict[str, Any]]:
    nan = float("nan")
    rows = []
    for name in synthetic:
        row = {"method": name, "batch": 0, "seconds": nan, "copy_seconds": nan, "copies": nan, "calls": 0}
        rows.append(row | {"reason": "not measurable: arrays were given, not what made them"})
    return rows
