"""The rank that a launcher (torchrun, Slurm, MPI, Lightning) gives a process by environment variables."""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager

# the rank among all processes: torchrun, Open MPI, PMIx, MPICH, MVAPICH, IBM's jsrun
RANKS = ("RANK", "OMPI_COMM_WORLD_RANK", "PMIX_RANK", "PMI_RANK", "MV2_COMM_WORLD_RANK", "JSM_NAMESPACE_RANK")
NUMBER = "[0-9]+"
MOST = 2**16  # above any number of tasks, or of processes on one node: no two sums of them are equal
LAUNCHER = re.compile(
    r"(SLURM|OMPI|PMIX?|TORCHELASTIC|JSM|LSB|MPI|MV2)_.*|(LOCAL_|GROUP_|ROLE_|NODE_)?RANK"
    r"|(LOCAL_|GROUP_|ROLE_)?WORLD_SIZE|MASTER_(ADDR|PORT)"
)


def launched_rank() -> int | None:
    """Return this process's rank among those launched together; None if no variable states it.

    Lightning's own launcher sets LOCAL_RANK only; the number of the node or Slurm task makes it unique.
    """
    for name in RANKS:
        if (rank := _number(name)) is not None:
            return rank
    task, local = _number("SLURM_PROCID"), _number("LOCAL_RANK")
    if local is None or (task is not None and local == (_number("SLURM_LOCALID") or 0)):
        return task
    if task is not None:
        return task + MOST * local
    return local + MOST * (_number("NODE_RANK") or _number("GROUP_RANK") or 0)


@contextmanager
def without_launcher(*, keep_numbers: bool = False) -> Iterator[None]:
    """Hide the variables of launchers from work that starts its own processes, all on this machine."""
    before = {name: value for name, value in os.environ.items() if LAUNCHER.fullmatch(name)}
    for name, value in before.items():
        if not (keep_numbers and re.fullmatch(NUMBER, value.strip())):
            os.environ.pop(name, None)
    try:
        yield
    finally:
        for name in [name for name in os.environ if LAUNCHER.fullmatch(name)]:
            del os.environ[name]
        os.environ.update(before)


def _number(name: str) -> int | None:
    """Return the number in a variable, None where it is unset or blank."""
    text = os.environ.get(name, "").strip()
    if not text:
        return None
    if not re.fullmatch(NUMBER, text):
        raise ValueError(
            f"the environment variable {name} must be a non-negative integer; got {text!r}. Unset it, or set it to "
            "this process's number."
        )
    return int(text)
