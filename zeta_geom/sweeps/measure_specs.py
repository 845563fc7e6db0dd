"""The argument `measures` of a sweep: names, callables, or a mapping of labels to them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from zeta_geom.checks import check_choice
from zeta_geom.checks.importing import import_named, is_builtin
from zeta_geom.checks.parameters import is_iterable
from zeta_geom.sweeps.custom.identities import Place, unwrapped
from zeta_geom.sweeps.measures import MEASURES, UNITS, MeasureSpec, Options, Points, Renamed, SweepMeasure

DIMENSION = "dimension"
DIRECTIONS = ("lower", "higher", "closer to real", "")
MAIN = {"dimension": DIMENSION, "label-error": "label-error", "realism": ""}  # the quantity that gets a label alone
RULE = "names, callables f(original, mixed), pairs of one of these and its options, or a mapping of labels to these"


def measure_specs(
    measures: object, estimator: object, settings: Mapping[str, Any], place: Place
) -> dict[str, MeasureSpec]:
    """Return the measures of a sweep by their labels.

    `settings` holds the options of measures that have been checked: n_neighbors, alpha, n_anchors, seeds, space.
    """
    reader = _Reader(settings, place, _estimators(estimator))
    specs = [spec for label, value in _entries(measures) for spec in reader.read(label, value)]
    if estimator is not None and not reader.has_dimension:
        specs += reader.read(None, DIMENSION)
    labels = [spec.label for spec in specs]
    if not labels:
        raise ValueError(f"measures must name at least one of {', '.join(MEASURES)}; got none.")
    if repeated := {label for label in labels if labels.count(label) > 1}:
        raise ValueError(
            f"measures must have different labels; got {', '.join(sorted(repeated))} twice. Give a mapping of label "
            "-> measure."
        )
    return {spec.label: spec for spec in specs}


def _entries(measures: object) -> list[tuple[str | None, Any]]:
    """Return pairs of label and measure; without a label where there is none."""
    if isinstance(measures, Mapping):
        return [(str(label), value) for label, value in measures.items()]
    if callable(measures) or not is_iterable(measures):
        raise TypeError(f"measures must be a sequence of names or callables, or a mapping; got {measures!r:.60}.")
    return [(None, value) for value in measures]


def _estimators(estimator: object) -> list[Any]:
    """Return the estimators of the keyword; None for local PCA."""
    if estimator is None or isinstance(estimator, str) or not isinstance(estimator, Sequence):
        return [estimator]
    if not (several := list(estimator)):
        raise ValueError("estimator must name at least one estimator; got none.")
    return several


class _Reader:
    """Reads measures one by one."""

    def __init__(self, settings: Mapping[str, Any], place: Place, estimators: list[Any]) -> None:
        self.settings, self.place, self.estimators = settings, place, estimators
        self.has_dimension = False

    def read(self, label: str | None, value: object) -> Iterator[MeasureSpec]:
        """Yield the measures of one entry."""
        options: Mapping[str, Any] = {}
        if isinstance(value, (tuple, list)) and len(value) == 2 and isinstance(value[1], Mapping):
            value, options = value
        if isinstance(value, str) and ":" in value:
            label, value = label or value, import_named(value, "measures")
        if not isinstance(value, str):
            yield self._custom(label, value, options)
        elif value == DIMENSION:
            self.has_dimension = True
            _check_options(value, options, ("estimator",))
            yield from self._dimensions(label, options)
        elif value in MEASURES:
            _check_options(value, options, ())
            yield self._built_in(label, value)
        else:
            yield self._of_audit(label, value, options)

    def _built_in(self, label: str | None, name: str) -> MeasureSpec:
        """Return a measure of MEASURES: under its own name, in the form and with the key of the first versions."""
        measure = MEASURES[name]
        options = self._options(measure)
        if label is None or label == name:
            return MeasureSpec(name, measure, options)
        renamed = replace(measure, rows=Renamed(measure.rows, MAIN[name], label))
        unit, better = UNITS[MAIN[name] or "h_p_y"]
        return MeasureSpec(label, renamed, options, {"measure": name}, (), unit, better if MAIN[name] else "")

    def _dimensions(self, label: str | None, options: Mapping[str, Any]) -> Iterator[MeasureSpec]:
        from zeta_geom.geometry.estimators.table import FO

        several = [options["estimator"]] if "estimator" in options else self.estimators
        for estimator in several:
            if estimator is None or (isinstance(estimator, str) and estimator == FO):
                yield self._built_in(label if label is None or len(several) == 1 else f"{label}-FO", DIMENSION)
            else:
                yield self._estimated(label, estimator, len(several) == 1)

    def _estimated(self, label: str | None, estimator: object, alone: bool) -> MeasureSpec:
        from zeta_geom.geometry.estimators.scikit import check_estimator
        from zeta_geom.geometry.estimators.table import ESTIMATORS
        from zeta_geom.sweeps.estimators import SOURCE, Dimension, takes_anchors

        title, definition = str(estimator), {"measure": DIMENSION, "estimator": estimator}
        sources: tuple[Path, ...] = (SOURCE,)
        if isinstance(estimator, str):
            check_choice(estimator, "estimator", ESTIMATORS)
        else:
            check_estimator(unwrapped(estimator))
            title = type(unwrapped(estimator)).__name__
            identity = self.place.identify(estimator, "estimator", title)
            definition["estimator"], sources = identity.key, (SOURCE, *identity.sources)
        if "n_anchors" in self.settings and not takes_anchors(estimator):
            raise ValueError(f"n_anchors needs an estimator of this package; got {title}. Leave out n_anchors.")
        rows = Dimension(unwrapped(estimator), title)
        wanted = rows.quantity if label is None else label if alone else f"{label}-{title}"
        built_in = MEASURES[DIMENSION]
        measure = replace(built_in, rows=Renamed(rows, rows.quantity, wanted))
        return MeasureSpec(wanted, measure, self._options(measure), definition, sources, *UNITS[DIMENSION])

    def _of_audit(self, label: str | None, name: str, options: Mapping[str, Any]) -> MeasureSpec:
        from zeta_geom.audits.answers.questions import place_of
        from zeta_geom.sweeps.audit_measures import MANIFOLD, SOURCE, audit_measure, audit_names

        try:
            rows, measure, ks = audit_measure(name, options.get("manifold"))
        except LookupError:
            raise ValueError(
                f"measures must be one of {', '.join(map(repr, MEASURES))}, a measure of an audit "
                f"({', '.join(audit_names())}), 'module:name' or a callable; got {name!r}."
            ) from None
        _check_options(name, options, ("manifold",) if rows.name == MANIFOLD else ())
        wanted = label or name
        if wanted != rows.name:
            measure = replace(measure, rows=Renamed(rows, rows.name, wanted))
        settings = self._options(measure) | ({"n_neighbors": list(ks)} if ks else {})
        definition = {"audit": rows.name} | {key: str(value) for key, value in options.items()}
        direction = place_of(f"{rows.name}-k1" if rows.has_k else rows.name)[1]
        return MeasureSpec(wanted, measure, settings, definition, (SOURCE,), rows.definition.unit, direction)

    def _custom(self, label: str | None, value: object, options: Mapping[str, Any]) -> MeasureSpec:
        from zeta_geom.sweeps.custom.measures import SOURCE, CustomMeasure

        function = unwrapped(value)
        if not callable(function) or isinstance(function, type) or is_builtin(function):
            raise TypeError(f"measures must be {RULE}; got {value!r:.60}.")
        label = label or str(getattr(function, "__name__", type(function).__name__))
        _check_options(label, options, ("unit", "better"))
        identity = self.place.identify(value, "measures", label, "the function")
        measure = SweepMeasure(("space",), _no_check, CustomMeasure(label, function))
        unit = str(options.get("unit", ""))
        better = check_choice(options.get("better", ""), "better", DIRECTIONS)
        return MeasureSpec(
            label, measure, self._options(measure), identity.key, (SOURCE, *identity.sources), unit, better
        )

    def _options(self, measure: SweepMeasure) -> dict[str, Any]:
        return {name: self.settings[name] for name in measure.options if name in self.settings}


def _check_options(name: str, options: Mapping[str, Any], known: tuple[str, ...]) -> None:
    for option in options:
        if option not in known:
            takes = ", ".join(known) or "no options"
            raise ValueError(f"measure {name!r} takes {takes}; got {option!r}.")


def _no_check(original: Points, options: Options) -> None:
    """Do nothing: what a user's function needs is its own business."""
