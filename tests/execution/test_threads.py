"""How many cores a call may use."""

import numpy as np
import pytest

from zeta_geom.execution import SerialExecutor
from zeta_geom.execution.threads import cpu_count, effective_n_jobs
from zeta_geom.geometry import knn


@pytest.mark.parametrize("call", [cpu_count, lambda: effective_n_jobs(-1), SerialExecutor, lambda: knn(np.eye(4), 2)])
def test_a_limit_of_cores_is_a_number_or_refused_by_name(call, monkeypatch):
    for value in ("1", " 4", "-1", "0"):
        monkeypatch.setenv("LOKY_MAX_CPU_COUNT", value)
        call()
    for value in ("", "abc", "1.5"):
        monkeypatch.setenv("LOKY_MAX_CPU_COUNT", value)
        with pytest.raises(ValueError, match=f"variable LOKY_MAX_CPU_COUNT must be a number; got '{value}'"):
            call()
