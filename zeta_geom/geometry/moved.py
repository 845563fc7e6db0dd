"""The keywords that moved from `zeta_geom.geometry` to `zeta_geom.scale`."""

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")


def without_parts(call: Callable[Arguments, Result]) -> Callable[Arguments, Result]:
    """Return the function with a TypeError for `executor` and `parts` that names `zeta_geom.scale`."""

    @wraps(call)
    def checked(*args: Arguments.args, **kwargs: Arguments.kwargs) -> Result:
        moved = sorted({"executor", "parts"} & kwargs.keys())
        if moved:
            raise TypeError(
                f"geometry.{call.__name__} does not take {' and '.join(moved)}. Call zeta_geom.scale.{call.__name__}."
            )
        return call(*args, **kwargs)

    return checked
