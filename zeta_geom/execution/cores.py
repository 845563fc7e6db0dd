"""How many cores and threads a call may use, by joblib's rules."""

import os
import re


def cpu_count() -> int:
    """Return the number of cores that this process may use."""
    import joblib

    _check_core_limit()
    return int(joblib.cpu_count())


def effective_n_jobs(n_jobs: int | None) -> int:
    """Return the number of threads that `n_jobs` stands for, as in scikit-learn."""
    import joblib

    _check_core_limit()
    return int(joblib.effective_n_jobs(n_jobs))


def _check_core_limit() -> None:
    """Raise ValueError for a value of LOKY_MAX_CPU_COUNT that joblib would fail on without naming the variable."""
    limit = os.environ.get("LOKY_MAX_CPU_COUNT", "1")
    if not re.fullmatch("[+-]?[0-9]+", limit.strip()):
        raise ValueError(
            f"the environment variable LOKY_MAX_CPU_COUNT must be a number; got {limit!r}. Unset it, or set a number."
        )
