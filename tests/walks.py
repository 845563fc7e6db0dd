"""How many files of zeta_geom does a call pass? The fewer, the sooner a reader has followed it.

    python tests/walks.py            # a table of four walks
    python tests/walks.py --list     # and the files of each

Each walk runs in processes of its own whose profiler (`sys.setprofile`) writes down the file of every Python function
of the package that is called, in worker processes too. Code that runs while a module is imported does not count, nor
do compiled kernels, whose calls Python does not see. The script uses public names only, so that it runs on older
checkouts too: `.venv/bin/python PATH/walks.py` with the environment of that checkout.
"""

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

# Python imports a module of this name at each start, workers included. A function is told from the body of a class or
# a module by its flag CO_OPTIMIZED (1).
PROFILER = """
import os, sys, threading
package, folder, seen = os.environ["WALKS_PACKAGE"], os.environ["WALKS_FOLDER"], set()

def importing(frame):
    while frame is not None:
        code, name = frame.f_code, frame.f_globals["__name__"]
        if code.co_name == "<module>" and code.co_filename.startswith(package) and name != "__main__":
            return True
        frame = frame.f_back
    return False

def profile(frame, event, argument):
    code = frame.f_code
    name = code.co_filename
    if event != "call" or name in seen or not name.startswith(package) or not name.endswith(".py"):
        return
    if code.co_flags & 1 and not importing(frame):
        seen.add(name)
        with open(os.path.join(folder, str(os.getpid())), "a", encoding="utf-8") as file:
            file.write(name + "\\n")

threading.setprofile(profile)
sys.setprofile(profile)
"""
RECIPE = """
name: tiny
data: digits
n_train: 64
network: resnet10-narrow
epochs: 1
optimizer: {learning_rate: 0.05}
mixer: {name: zeta, params: {gamma: 2.8}}
metrics: [error]
seeds: [0]
"""


def mix_and_measure(folder):
    from zeta_geom.geometry import local_dimension
    from zeta_geom.mixers import ZetaMixup

    X = np.random.default_rng(0).normal(size=(2000, 12))
    local_dimension(ZetaMixup(random_state=0).mix_dataset(X)[0], (8, 32))


def audit_to_html(folder):
    import zeta_geom

    digits = zeta_geom.datasets.load("digits")
    X, y = digits.X_train[:300], digits.y_train[:300]
    quick = {"n_neighbors": (4, 8), "n_bootstrap": 20, "random_state": 0, "progress": False}
    zeta_geom.audit(X, y, augment="zeta", **quick).to_html(folder / "audit.html")


def pool_sweep_to_plot(folder):
    from matplotlib.figure import Figure

    from zeta_geom.plots.sweep import sweep_panel
    from zeta_geom.sweeps import PoolExecutor, gamma_sweep

    pool = PoolExecutor(2)
    X = np.random.default_rng(0).normal(size=(500, 3))
    table = gamma_sweep(X, gammas=(2.0, 4.0), n_neighbors=8, executor=pool, folder=folder / "runs", progress=False)
    pool.close()
    sweep_panel(Figure().subplots(), table)


def train_a_recipe(folder):
    (folder / "tiny.yaml").write_text(RECIPE, encoding="utf-8")
    command = [
        sys.executable,
        "-m",
        "zeta_geom.cli",
        "train",
        "tiny.yaml",
        "--folder",
        "runs",
        "--accelerator",
        "cpu",
    ]
    subprocess.run(command, check=True, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


WALKS = {
    "ZetaMixup().mix_dataset(X), then local_dimension, on NumPy": mix_and_measure,
    "audit to HTML": audit_to_html,
    "sweep with a pool of two, to its plot": pool_sweep_to_plot,
    "zeta-geom train of one recipe": train_a_recipe,
}


def files_passed(walk):
    """Return the package's files that a walk passes, relative to the package, sorted."""
    find = "import pathlib, zeta_geom; print(pathlib.Path(zeta_geom.__file__).resolve().parent)"
    package = subprocess.run(
        [sys.executable, "-c", find], check=True, capture_output=True, text=True, encoding="utf-8"
    ).stdout.strip()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for part in ("hook", "passed", "work"):
            (folder / part).mkdir()
        (folder / "hook" / "sitecustomize.py").write_text(PROFILER, encoding="utf-8")
        environment = os.environ | {
            "PYTHONPATH": str(folder / "hook"),
            "WALKS_PACKAGE": package,
            "WALKS_FOLDER": str(folder / "passed"),
        }
        command = [sys.executable, str(Path(__file__).resolve()), "--walk", walk, str(folder / "work")]
        subprocess.run(command, check=True, env=environment, cwd=package + "/..")
        lines = [line for path in (folder / "passed").iterdir() for line in path.read_text("utf-8").splitlines()]
    return sorted({str(Path(line).relative_to(package)) for line in lines})


def main():
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--list", action="store_true", help="print the files too")
    parser.add_argument("--walk", nargs=2, metavar=("WALK", "FOLDER"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.walk:
        walk, folder = arguments.walk
        WALKS[walk](Path(folder))
        return
    for walk in WALKS:
        files = files_passed(walk)
        sys.stdout.write(f"{walk:60} {len(files):3} files\n")
        if arguments.list:
            sys.stdout.write("".join(f"    {file}\n" for file in files))
        sys.stdout.flush()


if __name__ == "__main__":
    main()
