"""A folder that is replaced as a whole."""

import subprocess
import sys

import pytest

from zeta_geom.execution.folders import claimed_folder, replaced_folder

NAMES = ("a.csv", "b.csv", "index.html")

# forks a writer of the folder 100 times, kills it at a random time, and prints what the folder then holds
KILLS = """
import os, random, signal, sys, time
from pathlib import Path
from zeta_geom.execution.folders import replaced_folder
folder, names = Path(sys.argv[1]), sys.argv[2:]
random.seed(0)
for kill in range(100):
    child = os.fork()
    if not child:
        for run in range(10**6):
            with replaced_folder(folder, names) as new:
                for name in names:
                    (new / name).write_text(f"{kill} {run}" * 2000, encoding="utf-8")
    time.sleep(random.uniform(0.001, 0.02))
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    files = {path.name: path.read_text(encoding="utf-8") for path in folder.iterdir()} if folder.exists() else {}
    print(kill, sorted(files), len(set(files.values())))
"""


def write(folder, text, names=NAMES):
    with replaced_folder(folder, NAMES) as new:
        for name in names:
            (new / name).write_text(text, encoding="utf-8")


def test_files_of_the_last_writer_alone_are_there(tmp_path):
    write(tmp_path / "out", "first")
    write(tmp_path / "out", "second", NAMES[:2])
    assert {path.name: path.read_text() for path in (tmp_path / "out").iterdir()} == dict.fromkeys(
        NAMES[:2], "second"
    )
    with pytest.raises(TypeError):
        write(tmp_path / "out", None)
    assert (tmp_path / "out" / NAMES[0]).read_text() == "second"
    assert [path.name for path in tmp_path.iterdir() if "~" in path.name] == []


def test_files_of_others_are_not_lost(tmp_path):
    write(tmp_path, "first")
    (tmp_path / "notes.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(FileExistsError, match=r"it holds notes\.txt\. Name another"):
        write(tmp_path, "second")
    assert (tmp_path / NAMES[0]).read_text() == "first"


@pytest.mark.skipif(not hasattr(__import__("os"), "fork"), reason="needs os.fork")
def test_a_kill_at_any_time_leaves_files_of_one_run(tmp_path):
    script = [sys.executable, "-c", KILLS, str(tmp_path / "out"), *NAMES]
    lines = subprocess.run(script, capture_output=True, text=True, check=True).stdout.splitlines()
    assert len(lines) == 100
    states = {line.split(maxsplit=1)[1] for line in lines[-90:]}  # the first writers may be killed before they end
    assert states == {f"{sorted(NAMES)} 1"}


def test_a_second_process_is_refused(tmp_path):
    script = (
        "import sys\nfrom pathlib import Path\nfrom zeta_geom.execution.folders import claimed_folder\n"
        "with claimed_folder(Path(sys.argv[1])): pass"
    )
    with claimed_folder(tmp_path / "out"), claimed_folder(tmp_path / "out"):
        second = subprocess.run([sys.executable, "-c", script, tmp_path / "out"], capture_output=True, text=True)
    assert "is being written by another process" in second.stderr.splitlines()[-1]
    subprocess.run([sys.executable, "-c", script, tmp_path / "out"], check=True)
