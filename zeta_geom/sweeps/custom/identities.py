"""Users' objects in a sweep: refused if runs could not be told apart, or other processes could not import them."""

from __future__ import annotations

import pickle
from dataclasses import dataclass

from zeta_geom.records.objects import Identity, Keyed, NoKeyError, identity

RANDOM_STATE = frozenset({"_stream"})  # of mixers: each run sets its own seed


@dataclass(frozen=True)
class Place:
    """Where runs are kept and carried out, which decides what is asked of objects."""

    kept: bool  # in a folder, so that a later call must recognise each run
    processes: bool  # by other processes

    def identify(self, value: object, argument: str, label: str, kind: str = "") -> Identity:
        """Return the identity of an object; without a folder its label alone, since no other call reads the runs."""
        if self.processes:
            refuse_unimportable(value, argument)
        if not self.kept:
            return Identity({"label": label})
        return self.key(value, argument, label, kind)

    def key(self, value: object, argument: str, label: str, kind: str = "") -> Identity:
        """Return the identity of an object in runs that are kept, or raise ValueError."""
        try:
            return identity(value, without=RANDOM_STATE)
        except NoKeyError as error:
            raise ValueError(
                f"{argument} of runs in a folder must have a key; {label!r} has none: {error}. Leave out folder, "
                f"define {kind or 'it'} in a module, or give Keyed({kind or 'object'}, key='v1')."
            ) from error


def unwrapped(value: object) -> object:
    """Return the object that a `Keyed` stands for; any other value is returned as it is."""
    return value.value if isinstance(value, Keyed) else value


def refuse_unimportable(value: object, argument: str) -> None:
    """Raise TypeError unless pickle can send an object to another process, which imports it by its name."""
    if isinstance(value, Keyed):
        value = value.value
    try:
        pickle.dumps(value)
    except Exception as error:  # pickle raises what the object's methods raise
        reason = " ".join(str(error).split())[:200]
        raise TypeError(
            f"{argument} must be importable by name for an executor with processes, because each process imports it; "
            f"got {value!r:.80}: {reason}. Define it at the top level of a module."
        ) from error
