"""The table of public entries that the fuzz tests call, and how one is entered."""

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import numpy as np
from hypothesis import strategies as st


@dataclass(frozen=True)
class Entry:
    """One public entry.

    `call` takes the arguments by name; `check` is told the result and the arguments; `kept` are arguments that a
    programmer gives, not a user, and stay as they are; `errors` are documented beside ValueError and TypeError;
    `share` is that of the examples, for what is slow; warnings whose text matches `ignored` pass; a `foreign` entry
    runs an object of another library, whose own errors pass.
    """

    call: Callable[..., Any]
    good: st.SearchStrategy
    check: Callable[[Any, dict], None]
    kept: tuple[str, ...] = ()
    errors: tuple[type[Exception], ...] = ()
    share: float = 1.0
    ignored: str | None = None
    foreign: bool = False


ENTRIES: dict[str, Entry] = {}


def resolve(name):
    """Return the object of a dotted name below zeta_geom."""
    module, _, attribute = name.rpartition(".")
    return getattr(import_module(f"zeta_geom.{module}"), attribute)


def case(*names, check=lambda result, arguments: None, calls=None, **more):
    """Enter a function that draws arguments under the names of all that take them."""

    def enter(draw_good):
        good = st.composite(draw_good)()
        for name in names:
            ENTRIES[name] = Entry(calls[name] if calls else resolve(name), good, check, **more)
        return draw_good

    return enter


def finite(result, arguments):
    """Assert that a result, or each part of it, is finite."""
    for part in result if isinstance(result, tuple) else (result,):
        assert np.isfinite(np.asarray(part, dtype=np.float64)).all()


def not_negative(result, arguments):
    finite(result, arguments)
    assert (np.asarray(result) >= 0).all()
