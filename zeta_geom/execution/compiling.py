"""Compiled kernels: numba's `njit` with a cache on the disk, or without one if no folder for it can be written."""

import multiprocessing
import pickle
import warnings
from collections.abc import Callable
from typing import TypeVar, cast

try:
    import numba
except ValueError as error:  # numba says which value it refuses, not whose
    raise ValueError(f"numba cannot be imported: {error} Unset NUMBA_NUM_THREADS, or set it to 1 or more.") from error
from numba.core.caching import FunctionCache

Function = TypeVar("Function", bound=Callable[..., object])


def njit(**options: object) -> Callable[[Function], Function]:
    """Return the decorator that compiles a function and caches the machine code, if a folder can be written."""

    def compile_with_cache(function: Function) -> Function:
        compiled = numba.njit(**options)(function)
        if hasattr(compiled, "enable_caching"):  # False if NUMBA_DISABLE_JIT is set
            try:
                compiled._cache = _Cache(compiled.py_func)
            except RuntimeError:  # the package's folder, the user's and NUMBA_CACHE_DIR are all read-only
                _warn_without_cache("no folder for it can be written")
        return cast(Function, compiled)

    return compile_with_cache


class _Cache(FunctionCache):
    """Numba's cache of one function; if the disk is full or broken, the call continues without the cache."""

    def load_overload(self, sig: object, target_context: object) -> object:
        try:
            return super().load_overload(sig, target_context)
        except (OSError, EOFError, pickle.UnpicklingError) as error:
            _warn_without_cache(str(error))
            return None

    def save_overload(self, sig: object, data: object) -> None:
        try:
            super().save_overload(sig, data)
        except OSError as error:
            _warn_without_cache(str(error))


def _warn_without_cache(reason: str) -> None:
    """Warn once that compiled code is not cached; the processes that this one starts do not warn."""
    if not _warned and multiprocessing.parent_process() is None:
        _warned.append(reason)
        warnings.warn(
            f"compiled code is not kept ({reason}), so each process compiles it anew, for up to a minute. "
            "Set NUMBA_CACHE_DIR to a folder that can be written.",
            RuntimeWarning,
            stacklevel=2,
        )


_warned: list[str] = []
