"""An audit of augmentations: one call from arrays to tables, figures and a report."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from zeta_geom import rng
from zeta_geom.audits.answers.questions import place_of
from zeta_geom.audits.inputs import Labelled, read_inputs, seed_of
from zeta_geom.audits.intervals.bootstrap import Bootstrap
from zeta_geom.audits.measures import check_measures
from zeta_geom.audits.measures.custom import CustomMeasure
from zeta_geom.audits.methods.augmenting import check_names, to_methods
from zeta_geom.audits.passes import check_inside, make_passes, run_passes
from zeta_geom.audits.reference import Distance, make_reference
from zeta_geom.audits.result import FILES, TABLES, AuditResult
from zeta_geom.audits.spaces import is_array, to_views
from zeta_geom.checks import check_channels, check_int, check_real
from zeta_geom.checks.types import ArrayLike
from zeta_geom.execution.folders import replaced_folder
from zeta_geom.records.disk import write_result
from zeta_geom.records.keys import library_versions

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def audit(
    X: ArrayLike,
    y: ArrayLike | None = None,
    *,
    augment: object = None,
    synthetic: Labelled | Mapping[str, Labelled] | None = None,
    against: object = (),
    holdout: Labelled | None = None,
    oracle: object = None,
    manifold: str | Distance | None = None,
    features: object = None,
    folder: str | Path | None = None,
    measures: str | Sequence[str] | Mapping[str, object] = (),
    n_neighbors: int | tuple[int, ...] | None = None,
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
    """Measure the effect of augmentations on a data set, and compare it with another sample of real data.

    Parameters
    ----------
    X : array-like of shape (n, ...), path, or torch Dataset or DataLoader
        The originals: floats, or integers 0..255 as grey levels, which are divided by 255; a folder with one folder
        of pictures for each class; or a Dataset or DataLoader of torch that yields (x, y).
    y : array of shape (n,) or (n, 1), or array of shape (n, K), optional
        Labels of the originals: class numbers, class names, or soft labels.
    augment : str, Mixer, transform or callable, optional
        The augmentation: a name of `MIXERS`; a mixer; a transform of torchvision, albumentations, kornia or timm,
        applied to each image, as uint8 if X holds integers and the transform takes them (`Masked` passes masks); or
        a function of a batch, f(X) or f(X, y), that returns X_new or (X_new, labels). Without returned labels, row i
        keeps the label of row i. It is called again to measure its cost.
    synthetic : array (s, ...), pair (array, labels), path, Dataset, or mapping of name -> one of them, optional
        Finished samples to audit, instead of or besides `augment`; in the unit of X. Without `holdout`, they may have
        been made from held-out originals, and verdicts that depend on these end with "(leak?)".
    against : one or a sequence of augmentations, or a mapping of name -> augmentation
        Augmentations to compare with `augment`.
    holdout : array (h, ...), pair (array, labels), path or Dataset, optional
        Originals that no augmentation saw. Without it, half of X is held out.
    oracle : "mnist", "module:name", object with predict_proba, or callable, optional
        Returns class probabilities (n, K) of samples; if it has a method `features`, a Fréchet distance is measured
        on these.
    manifold : str, or callable (n, d) -> (n,), optional
        A name of `MANIFOLDS`, or a function for the true distance of points from the manifold.
    features : None, str, module, callable, array, or sequence or mapping of them
        The space or spaces in which samples are compared: "pixels" (default), "lenet", "imagenet", "timm:MODEL",
        "module:name", a torch module, a pair (module, layer), or a function of samples that returns features
        (n, c); see `zeta_geom.features.space`. An array (n, c) holds features of X; then `synthetic` and `holdout`
        are triples (array, labels, features).
    folder : path, optional
        Where features are kept, for further audits of the same samples.
    measures : str, sequence of str, or mapping of label -> measure
        Measures in addition to the default ones: "kid", "vendi", "fld", "data-copying", "realism-score", "rarity",
        "auc-logistic", "auc-boosting", "affinity", "diversity", "calibration". Or a function f(original, mixed), in a
        mapping, or as "module:name". It gets the held-out originals and the samples, each with X (n, ...), the soft
        labels Y (n, K) or None, and flat (n, d), and returns a float for each sample, of shape (n,). It sees the
        samples themselves, whatever `features` are.
    n_neighbors : int, or tuple of int, optional
        k of the local dimension, the tangent planes and the votes. By default 8 and 128, or, for sets of at most 128
        samples, 8 and the largest power of two that is at most a third of the smallest set.
    alpha, batch_size : float, int
        Threshold of the Fukunaga-Olsen rule; number of samples in a batch for an augmentation.
    channels : {"first", "last"}, optional
        Axis of the channels: (n, C, H, W) or (n, H, W, C). By default it is inferred if exactly one of the two axes
        has 1, 3 or 4 entries; otherwise augmentations of images are refused.
    n_classes : int, optional
        K; by default 1 plus the largest label.
    n_bootstrap, confidence : int, float
        Number of resamples of each interval, and its confidence.
    random_state : None, int, Generator, RandomState or torch.Generator
        Gives one seed for the halves, for mixers named by a string, for transforms and for resamples.
    n_jobs, progress : int or None, bool
        Number of threads, as in scikit-learn; whether to show a progress bar on a terminal.

    Returns
    -------
    Audit
        The tables of results, with methods that plot them and write a report.

    Raises
    ------
    TypeError, ValueError
        If samples are not finite, fewer than 8 (4 in each set with `holdout`), or not in the unit of X; if labels do
        not match, a parameter is out of range, or there is nothing to audit.
    ImportError
        If an oracle or a mixer needs a package that is not installed.

    Notes
    -----
    The originals are sorted by a keyed hash of their bytes, and every other one of each class is held out. The others
    are augmented, or serve as the originals of `synthetic`. Each measure compares the synthetic samples with the
    held-out originals. By the same rule it compares equally many augmented originals with them. Novelty is measured
    against the augmented originals, for the synthetic samples and for the held-out originals. If there are more
    synthetic samples than augmented originals, an evenly spaced subset of equal size is used. The interval of real
    samples is that of another sample of real data. No number depends on the order of X, y and `synthetic`.

    References
    ----------
    Abhishek et al. 2024, Figs. 2, 3, 6 and 8, show two such audits; `fidelity` names the sources of its metrics.

    Examples
    --------
    >>> from zeta_geom.manifolds import make_crescents
    >>> X, y = make_crescents(200, random_state=0)
    >>> report = audit(X, y, augment="zeta", against="mixup", n_neighbors=8, manifold="crescents", random_state=0)
    >>> report.summary.query("measure == 'true-distance'")[["method", "verdict"]].to_numpy().tolist()
    [['zeta', 'outside, above'], ['mixup', 'outside, above']]
    """
    seed = seed_of(random_state)
    channels = check_channels(channels)
    methods = to_methods(augment, against, seed, channels)
    arrays = features if is_array(features) else None
    inputs = read_inputs(X, y, synthetic, holdout, n_classes, seed, arrays)
    check_names(methods, list(inputs.synthetic))
    views = to_views(features, inputs.sources.X.shape, channels, folder, progress)
    check_inside(methods, views)
    reference = make_reference(inputs, n_neighbors, alpha, oracle, manifold, n_jobs)
    further = check_measures(measures)
    for label, group in further.items():
        if isinstance(group, CustomMeasure) and place_of(label)[0]:
            raise ValueError(f"measures must not name a function as a measure of the audit is named; got {label!r}.")
    batch_size = check_int(batch_size, "batch_size", low=1)
    bootstrap = Bootstrap(
        check_int(n_bootstrap, "n_bootstrap", low=10),
        check_real(confidence, "confidence", low=0, high=1, strict=True),
        seed,
    )
    passes = make_passes(views, reference, further)
    results = run_passes(passes, methods, inputs, bootstrap, batch_size, progress)
    settings = reference.settings | {
        "fingerprint of X": inputs.fingerprint,
        "held out by": "a half of the originals" if holdout is None else "the holdout set",
        "batch_size": batch_size,
        "channels": channels,
        "manifold": manifold if isinstance(manifold, str) or manifold is None else "a callable",
        "features": {view.name: view.stated for view in views},
        "measures": list(further),
        "n_bootstrap": bootstrap.n_draws,
        "confidence": bootstrap.confidence,
        "random_state": seed,
        "methods": {method.name: method.spelled for method in methods} | dict.fromkeys(inputs.synthetic, "arrays"),
        "versions": library_versions(),
    }
    return Audit(**results, settings=settings, sources=inputs.sources, heldout_points=inputs.heldout)


class Audit(AuditResult):
    """The result of an audit.

    Parameters
    ----------
    summary : DataFrame
        One row for each space, method and measure: the value with its interval (low, high), the value of real samples
        (real) with the interval of another real sample (real_low, real_high), the verdict, and the reason if not
        measurable.
    classes : DataFrame
        The same for each class.
    comparisons : DataFrame
        One row for each measure, class ("all" for all classes) and pair of sets, with their difference.
    samples, heldout : DataFrame
        The values of single samples: one row for each sample, or for each held-out original and set. `row` is the row
        in the user's array: in X for methods, originals and held-out halves, in the synthetic array for synthetic
        sets.
    cost : DataFrame
        One row for each method: seconds of a batch, and their ratio to the time of a copy of the batch.
    settings : dict
        Settings, seed, versions and fingerprint, to repeat the audit.
    points : dict of name -> Samples
        The synthetic samples.
    spaces : dict of name -> dict of name -> Samples
        For each feature space, the points of the augmented originals ("original") and of each set.
    sources, heldout_points : Samples
        The augmented originals, and the held-out originals.
    """

    def _repr_html_(self) -> str:
        """Return the answers to the five questions, for a notebook."""
        from zeta_geom.audits.report.first_screen import notebook_view

        return notebook_view(self)

    def plot(self) -> Figure:
        """Draw a panel for each measurable measure: a row for each method, over the interval of real samples."""
        from zeta_geom.audits.report.figures import small_multiples

        return small_multiples(self.summary)

    def to_html(
        self,
        path: str | Path,
        *,
        title: str = "Audit of an augmentation",
        repeat: str | None = None,
        progress: bool = True,
    ) -> Path:
        """Write the report as one HTML file that needs no network.

        Parameters
        ----------
        path : path
            The file, written whole or not at all.
        title, repeat : str
            Title of the report; command that repeats the audit, shown in the last section (by default the call in
            Python).
        progress : bool
            Show a progress bar, on a terminal.

        Raises
        ------
        ValueError
            If the page would exceed 5 MiB even without the values of single samples.
        """
        from zeta_geom.audits.report.html import write_page
        from zeta_geom.audits.report.sections import make_page
        from zeta_geom.plots.names import lettering

        with lettering():  # one warning for all pictures
            write_page(make_page(self, title, repeat, progress), Path(path))
        return Path(path)

    def save(self, folder: str | Path, *, title: str = "Audit of an augmentation", repeat: str | None = None) -> Path:
        """Write the report as index.html, each table in full precision as CSV, and settings.json.

        Parameters
        ----------
        folder, title, repeat : path, str, str
            As in `to_html`; a folder with an earlier report is replaced as a whole.

        Returns
        -------
        Path
            The path of index.html.

        Raises
        ------
        FileExistsError, BlockingIOError
            If the folder holds other files, which would be lost; if another process writes to it.
        """
        folder = Path(folder)
        with replaced_folder(folder, FILES) as new:
            for name in TABLES:
                write_result(new / f"{name}.csv", getattr(self, name))
            settings = json.dumps(self.settings, indent=2, ensure_ascii=False)
            (new / "settings.json").write_text(settings + "\n", encoding="utf-8")
            self.to_html(new / "index.html", title=title, repeat=repeat)
        return folder / "index.html"
