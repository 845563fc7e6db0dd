"""Settings of work in parts: the folder, the sizes, the executor."""

import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from zeta_geom.checks import check_int
from zeta_geom.records.disk import new_folder
from zeta_geom.scale.sizes import MEMORY


class Worker(Protocol):
    """An executor of `zeta_geom.execution`, or an object with the same `map`."""

    threads: int

    def map(self, call: Callable[[Any], Any], tasks: Sequence[Any]) -> Iterator[tuple[int, Any]]:
        """Yield (place of the task, result) as results come; the result of a lost task has a `reason`."""
        ...


@dataclass(frozen=True)
class Parts:
    """The folder and the sizes of the parts; the result does not depend on them.

    Parameters
    ----------
    folder : path, optional
        On storage that all workers share; the same call computes only the parts that are missing or damaged there. By
        default a temporary folder of this machine.
    chunk_size, block_size : int, optional
        Queries in a part, and points that a worker searches at once; chosen from `memory` by default.
    memory : int
        Bytes that a worker may use in addition to the interpreter and the libraries.
    device : str, optional
        Torch device of each worker, such as "cuda"; the compiled kernels on the CPU by default.
    stale : bool
        Accept parts that older code wrote, and log this.

    Raises
    ------
    TypeError, ValueError
        If a number is not an integer of at least 1.

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


def check_executor(
    executor: Worker | None, *, n_jobs: int | None = -1, method: str = "exact", **others: object
) -> Worker:
    """Return the executor, or raise if it is not an executor or another argument excludes it."""
    if executor is None:
        raise ValueError("parts needs executor, which computes them; got none. Give executor=SerialExecutor().")
    if not callable(getattr(executor, "map", None)) or not hasattr(executor, "threads"):
        raise TypeError(f"executor must be an executor of zeta_geom.execution; got {executor!r}.")
    if n_jobs != -1:
        raise ValueError(
            f"n_jobs must be left out with executor; got {n_jobs}. Set threads= of the executor instead."
        )
    if method != "exact":
        raise ValueError(f"method must be 'exact' with executor; got {method!r}. Leave out one of the two.")
    for name, value in others.items():
        if value is not None:
            raise ValueError(f"{name} must be left out with executor; got {value!r}. Leave out one of the two.")
    return executor


def limits_of(cut: Parts) -> dict[str, Any]:
    """Return the limits for `choose_sizes`, by the names of its arguments."""
    return {"memory": cut.memory, "chunk_size": cut.chunk_size, "block_size": cut.block_size}


@contextmanager
def folder_of(parts: str | Path | Parts | None) -> Iterator[tuple[Path, Parts]]:
    """Yield the folder of the parts and their sizes; a folder without a name is temporary."""
    cut = parts if isinstance(parts, Parts) else Parts(parts)
    if cut.folder is not None:
        folder = Path(cut.folder)
        with new_folder(folder):
            yield folder, cut
        return
    with tempfile.TemporaryDirectory(prefix="zeta-geom-parts-", ignore_cleanup_errors=True) as name:
        yield Path(name), cut
