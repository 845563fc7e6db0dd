"""Compiled kernels: numba's `njit` with a cache on the disk, or without one where none can be kept."""

from __future__ import annotations

import multiprocessing
import pickle
import warnings
from collections.abc import Callable
from typing import Any, TypeVar

try:
    import numba
except ValueError as error:  # numba says which value it refuses, not whose
    raise ValueError(f"numba cannot be imported: {error} Unset NUMBA_NUM_THREADS, or set it to 1 or more.") from error
from numba.core.caching import FunctionCache

__all__ = ["njit"]

Function = TypeVar("Function", bound=Callable[..., Any])


def njit(**options: Any) -> Callable[[Function], Function]:
    """Return the decorator that compiles a function and keeps what is compiled, where a folder can be written."""

    def compile_with_cache(function: Function) -> Function:
        made: Any = numba.njit(**options)(function)
        if hasattr(made, "enable_caching"):  # not where NUMBA_DISABLE_JIT is set
            try:
                made._cache = _Cache(made.py_func)
            except RuntimeError:  # neither the package's folder, nor the user's, nor NUMBA_CACHE_DIR
                _warn_without_cache("no folder for it can be written")
        return made

    return compile_with_cache


class _Cache(FunctionCache):
    """Numba's cache of one function; a disk that is full or broken costs the cache, not the call."""

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        try:
            return super().load_overload(sig, target_context)
        except (OSError, EOFError, pickle.UnpicklingError) as error:
            _warn_without_cache(str(error))
            return None

    def save_overload(self, sig: Any, data: Any) -> None:
        try:
            super().save_overload(sig, data)
        except OSError as error:
            _warn_without_cache(str(error))


def _warn_without_cache(reason: str) -> None:
    """Warn that nothing compiled is kept: once, and not again in each process that this one starts."""
    if not _warned and multiprocessing.parent_process() is None:
        _warned.append(reason)
        warnings.warn(
            f"compiled code is not kept ({reason}), so each process compiles it anew, for up to a minute. "
            "Set NUMBA_CACHE_DIR to a folder that can be written.",
            RuntimeWarning,
            stacklevel=2,
        )


_warned: list[str] = []
