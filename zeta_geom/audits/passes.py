"""The passes of an audit: one for each feature space, with the measures and the samples in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from tqdm import tqdm

from zeta_geom.audits.inputs import AuditInputs
from zeta_geom.audits.intervals.bootstrap import Bootstrap
from zeta_geom.audits.intervals.estimates import ALL, Estimator
from zeta_geom.audits.measured_sets import ORIGINAL, Measurer
from zeta_geom.audits.measures import Group, Groups, groups_of_samples, groups_of_space
from zeta_geom.audits.measures.custom import CustomMeasure
from zeta_geom.audits.methods.augmenting import apply
from zeta_geom.audits.methods.calls import Method
from zeta_geom.audits.reference import Reference
from zeta_geom.audits.samples import Samples
from zeta_geom.audits.spaces import PIXEL_VIEW, View
from zeta_geom.audits.tables import Tables, cost_table, joined_tables, measure_tables


@dataclass(frozen=True)
class Pass:
    """One space of an audit."""

    view: View
    reference: Reference  # the originals in this space
    groups: Groups

    @property
    def is_space(self) -> bool:
        """Whether this is a feature space that was asked for, and not the measures of the samples themselves."""
        return bool(self.groups.sources)

    def run(self, sets: Mapping[str, Samples], inputs: AuditInputs, bootstrap: Bootstrap, bar: tqdm) -> Tables:
        """Measure sets of samples, which are points of this space, and return their tables."""
        estimator = Estimator(self.reference.heldout, bootstrap, (ALL, *inputs.classes))
        measurer = Measurer(self.view.name, self.reference, self.groups, bootstrap.seed, bar)
        measured = [
            measurer.measure(name, samples, _rows_of(name, samples, inputs), name not in inputs.leaking)
            for name, samples in sets.items()
        ]
        return measure_tables(measured, measurer, estimator)


def make_passes(views: Sequence[View], reference: Reference, measures: Mapping[str, Group]) -> list[Pass]:
    """Return a pass for each view, and one for the measures of the samples themselves if no view shows these."""
    passes = []
    for view in views:
        sources, heldout = view.points(reference.sources), view.points(reference.heldout)
        points = replace(reference, sources=sources, heldout=heldout)
        if not view.is_raw:
            points = replace(points, oracle=None, manifold=None)
        passes.append(Pass(view, points, groups_of_space(measures, raw=view.is_raw)))
    custom = any(isinstance(group, CustomMeasure) for group in measures.values())
    of_samples = reference.oracle is not None or reference.manifold is not None or custom
    if of_samples and not any(view.is_raw for view in views):
        passes.append(Pass(PIXEL_VIEW, reference, groups_of_samples(measures)))
    return passes


def audit_bar(passes: Sequence[Pass], n_sets: int, progress: bool) -> tqdm:
    """Return a bar with a step for each group of measures of each set, for intervals, and for the cost."""
    total = sum((n_sets + 1) * each.groups.count + 1 for each in passes) + 1
    return tqdm(total=total, desc="audit", unit="step", leave=False, disable=None if progress else True)


def run_passes(
    passes: Sequence[Pass],
    methods: Sequence[Method],
    inputs: AuditInputs,
    bootstrap: Bootstrap,
    batch_size: int,
    progress: bool,
) -> dict[str, Any]:
    """Make all sets of samples and measure them; return tables, points and spaces by the fields of `AuditResult`."""
    sources = inputs.sources
    with audit_bar(passes, len(methods) + len(inputs.synthetic), progress) as bar:
        raw = raw_sets(methods, inputs, batch_size, bar)
        sets = {each.view.name: sets_in(each.view, methods, raw, sources, batch_size) for each in passes}
        parts = [each.run(sets[each.view.name], inputs, bootstrap, bar) for each in passes]
        results: dict[str, Any] = dict(joined_tables(parts, inputs.class_names))
        layers = [each.view.layer for each in passes if each.view.layer is not None]
        inner = layers[0](sources) if layers else sources
        results["cost"] = cost_table(methods, inputs.synthetic, sources, inner, batch_size)
        bar.update()
    points = {name: samples for part in reversed(sets.values()) for name, samples in part.items()} | raw
    results["points"] = {name: points[name] for name in (*(method.name for method in methods), *inputs.synthetic)}
    results["spaces"] = {
        each.view.name: {ORIGINAL: each.reference.sources, **sets[each.view.name]} for each in passes if each.is_space
    }
    return results


def raw_sets(methods: Sequence[Method], inputs: AuditInputs, batch_size: int, bar: tqdm) -> dict[str, Samples]:
    """Return all sets of samples by name, none larger than the sources; not those of mixers inside a network."""
    n, sets = len(inputs.sources), {}
    for method in methods:
        if not method.inside:
            bar.set_postfix_str(method.name)
            sets[method.name] = apply(method, inputs.sources, batch_size).thinned(n)
    return sets | {name: samples.thinned(n) for name, samples in inputs.synthetic.items()}


def sets_in(
    view: View, methods: Sequence[Method], samples: Mapping[str, Samples], sources: Samples, batch_size: int
) -> dict[str, Samples]:
    """Return all sets as points of a space: `samples` by name, and mixed outputs of a layer for other methods."""
    sets = {}
    for method in methods:
        if method.name in samples:
            sets[method.name] = view.points(samples[method.name])
        elif view.layer is not None:
            mixed = apply(method, view.layer(sources), batch_size).thinned(len(sources))
            sets[method.name] = replace(mixed, X=mixed.flat)
    return sets | {name: view.points(points) for name, points in samples.items() if name not in sets}


def check_inside(methods: Sequence[Method], views: Sequence[View]) -> None:
    """Raise ValueError if a mixer works inside a network, and no space is the output of a layer."""
    for method in methods:
        if method.inside and not any(view.layer is not None for view in views):
            raise ValueError(
                f"{method.name} mixes inside a network; give features=(module, layer), or the output of a layer as "
                "synthetic=."
            )


def _rows_of(name: str, samples: Samples, inputs: AuditInputs) -> str:
    """Return ORIGINAL if row i of the samples was made from source i, else the name of the set."""
    paired = name not in inputs.synthetic and len(samples) == len(inputs.sources) and bool((samples.rows >= 0).all())
    return ORIGINAL if paired else name
