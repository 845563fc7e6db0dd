"""How work is cut into parts, where they lie, and who does them."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from zeta_geom.checks import check_int
from zeta_geom.records.disk import new_folder
from zeta_geom.scale.sizes import MEMORY

__all__ = ["Parts", "Worker", "check_goes_with_parts", "folder_of"]


class Worker(Protocol):
    """Whoever does tasks, as the executors of `zeta_geom.sweeps` do."""

    threads: int

    def map(self, call: Callable[[Any], Any], tasks: Sequence[Any]) -> Iterator[tuple[int, Any]]:
        """Yield (place of the task, result) as results come; for a task that is lost, an object with a `reason`."""
        ...


@dataclass(frozen=True)
class Parts:
    """Where the parts of a result lie, and how the work is cut; the result does not depend on it.

    Parameters
    ----------
    folder : path, optional
        On storage that all workers share. The same call with the same folder skips the parts that are there, whole
        and of the same points, settings and code. Without one, a temporary folder of this machine.
    chunk_size : int, optional
        Queries of a part; from `memory` and their number by default.
    block_size : int, optional
        Points searched at once; as many as `memory` allows by default.
    memory : int
        Bytes that a worker may use, beyond the interpreter and the libraries.
    device : str, optional
        Of torch, such as "cuda", on each worker; the compiled kernels on the CPU by default.
    stale : bool
        Accept parts that older code wrote, and say so in the log.

    Raises
    ------
    TypeError, ValueError
        If a number is no integer of at least 1.

    Examples
    --------
    >>> Parts("work", chunk_size=4096).chunk_size
    4096
    """

    folder: str | Path | None = None
    chunk_size: int | None = None
    block_size: int | None = None
    memory: int = MEMORY
    device: str | None = None
    stale: bool = False

    def __post_init__(self) -> None:
        for name in ("chunk_size", "block_size", "memory"):
            if getattr(self, name) is not None:
                check_int(getattr(self, name), name, low=1)


def check_goes_with_parts(executor: Any, *, n_jobs: int | None = -1, method: str = "exact", **others: Any) -> Worker:
    """Return the executor, or raise where another argument does not go with it."""
    if executor is None:
        raise ValueError(
            "parts must come with executor, which writes them; got none. Give SerialExecutor() at least."
        )
    if not callable(getattr(executor, "map", None)) or not hasattr(executor, "threads"):
        raise TypeError(f"executor must be one of zeta_geom.sweeps' executors; got {executor!r}.")
    if n_jobs != -1:
        raise ValueError(f"n_jobs must be left out with executor, whose own threads= says it; got {n_jobs}.")
    if method != "exact":
        raise ValueError(f"method must be 'exact' with executor; got {method!r}. Leave out one of the two.")
    for name, value in others.items():
        if value is not None:
            raise ValueError(f"{name} does not go with executor; got {value!r}. Leave out one of the two.")
    return executor


@contextmanager
def folder_of(parts: Any) -> Iterator[tuple[Path, Parts]]:
    """Yield the folder of the parts, which is removed afterwards if nobody named it, and how the work is cut."""
    how = parts if isinstance(parts, Parts) else Parts(parts)
    if how.folder is not None:
        folder = Path(how.folder)
        with new_folder(folder):
            yield folder, how
        return
    with tempfile.TemporaryDirectory(prefix="zeta-geom-parts-", ignore_cleanup_errors=True) as name:
        yield Path(name), how
