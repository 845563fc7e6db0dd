"""Scripts without `if __name__ == "__main__":`, which each process that is started afresh would run again."""

import multiprocessing
import runpy
import subprocess
import sys
import time
from pathlib import Path

import pytest

from zeta_geom.execution.guard import require_main_guard, starts_afresh

GUARD = r'under `if __name__ == "__main__":`'
TRAINING = "from tests.training.training_cases import train\n{}train({!r}, devices=2)\n"
CLUSTER = "from zeta_geom.sweeps import DaskExecutor\n{}print(list(DaskExecutor(n_workers=2).map(abs, [-1, 2])))\n"


def script(folder, text):
    path = folder / "script.py"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("text", [TRAINING, CLUSTER], ids=["training", "Dask"])
def test_a_script_without_the_guard_is_refused_before_anything_is_started(text, tmp_path):
    path = script(tmp_path, text.format("", str(tmp_path / "runs")))
    with pytest.raises(RuntimeError, match=GUARD):
        runpy.run_path(str(path), run_name="__main__")
    assert [each.name for each in tmp_path.iterdir()] == ["script.py"]


CALL = "from zeta_geom.execution.guard import require_main_guard\n"


@pytest.mark.parametrize(
    ("text", "refused"),
    [
        ("require_main_guard('a')", True),
        ("for _ in range(2):\n    require_main_guard('a')", True),
        ("def main():\n    if True:\n        require_main_guard('a')\nmain()", True),
        ("if __name__ == '__main__':\n    require_main_guard('a')", False),
        ("def main():\n    require_main_guard('a')\nif __name__ == '__main__':\n    main()", False),
        ("guarded = __name__ == '__main__'\nif guarded:\n    require_main_guard('a')", False),
        ("__name__ == '__main__' and require_main_guard('a')", False),
        ("require_main_guard('a', starts=False)", False),
    ],
)
def test_what_counts_as_a_guard(text, refused, tmp_path):
    path = str(script(tmp_path, CALL + text))
    if refused:
        with pytest.raises(RuntimeError, match=GUARD):
            runpy.run_path(path, run_name="__main__")
    else:
        runpy.run_path(path, run_name="__main__")
    runpy.run_path(path, run_name="a_module")  # the caller is this test, which is guarded


def test_a_child_that_imports_its_parents_script_ends_with_one_line(monkeypatch):
    monkeypatch.setattr(multiprocessing.current_process(), "_inheriting", True, raising=False)
    with pytest.raises(SystemExit, match=GUARD):
        require_main_guard("a", starts=False)


def test_processes_that_are_forked_need_no_guard(monkeypatch):
    monkeypatch.setattr(multiprocessing, "get_start_method", lambda allow_none: "fork")
    assert not starts_afresh()
    monkeypatch.setattr(multiprocessing, "get_start_method", lambda allow_none: None)
    monkeypatch.setattr(multiprocessing, "get_all_start_methods", lambda: ["spawn", "fork"])
    assert starts_afresh()


@pytest.mark.parametrize("text", [CLUSTER, pytest.param(TRAINING, marks=pytest.mark.slow)], ids=["Dask", "training"])
def test_a_condition_that_is_no_guard_ends_soon_with_few_lines(text, tmp_path):
    helpers = str(Path(__file__).parents[2])
    path = script(tmp_path, f"import sys\nsys.path.insert(0, {helpers!r})\n" + text.format("if True: ", ""))
    started = time.monotonic()
    done = subprocess.run([sys.executable, str(path)], capture_output=True, text=True, cwd=tmp_path, timeout=60)
    assert done.returncode == 1
    assert time.monotonic() - started < 40
    assert "`if __name__ ==" in done.stderr.splitlines()[-1]
    assert done.stderr.count("Traceback") == 1
