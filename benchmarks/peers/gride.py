"""DADApy's Gride on a few sets of points; the tests judge `zeta_geom.geometry.estimators.gride` by these values.

DADApy is no dependency, and wants an older NumPy: `--python` names a Python that has both.

Examples
--------
python -m venv other && other/bin/pip install dadapy "numpy<2"
python -m benchmarks.peers.gride --python other/bin/python
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated

import numpy as np
import typer

from benchmarks.peers.points import apart
from zeta_geom import manifolds, records
from zeta_geom.geometry import knn

LARGEST = 64  # rank of the farther neighbour: DADApy's default
DADAPY = """
import sys, numpy as np
from importlib.metadata import version
from dadapy import Data
values, points = {"version": version("dadapy")}, np.load(sys.argv[1])
for name in points:
    data = Data(coordinates=points[name])
    values[name] = np.array(data.return_id_scaling_gride(range_max=64))
np.savez(sys.argv[2], **values)
"""


def point_sets() -> dict[str, np.ndarray]:
    """Return the points, float64; none of their ratios is so large that DADApy leaves it out."""
    rng = np.random.default_rng(0)
    return {
        "curved": manifolds.make_curved_manifold(500, random_state=0)[0],
        "cube": rng.random((400, 5)),
        "noise": rng.standard_normal((300, 30)),
        "noisy plane": np.pad(rng.random((600, 2)), ((0, 0), (0, 8))) + 0.02 * rng.standard_normal((600, 10)),
    }


def left_out(distances: np.ndarray) -> int:
    """Return how many ratios DADApy would leave out: those above q50 + 20 (q95 - q50) of their scale."""
    count, nearer = 0, 1
    while 2 * nearer <= distances.shape[1]:
        ratios = distances[:, 2 * nearer - 1] / distances[:, nearer - 1]
        high, middle = np.percentile(ratios, [95, 50])
        count += int(np.count_nonzero(ratios >= middle + 20 * (high - middle)))
        nearer *= 2
    return count


def main(
    python: Annotated[str, typer.Option(help="a Python that has dadapy")] = sys.executable,
    out: Annotated[Path, typer.Option(help="the JSON file")] = Path("tests/geometry/estimators/gride_dadapy.json"),
) -> None:
    """Write dimension, standard error and mean radius at each scale n_2 = 2, 4, …, 64."""
    sets = point_sets()
    for name, X in sets.items():
        if left_out(knn(X, LARGEST).distances):
            raise ValueError(f"DADApy leaves out ratios of {name!r}; choose points of a higher dimension.")
    values = apart(python, DADAPY, sets)
    if values is None:
        raise typer.BadParameter("has no dadapy", param_hint="--python")
    names = ("dimension", "standard_error", "radius")
    made = {name: dict(zip(names, values[name].tolist(), strict=True)) for name in sets}
    about = {"by": "python -m benchmarks.peers.gride", "dadapy": str(values["version"])}
    with records.atomic_path(out) as temporary:
        temporary.write_text(json.dumps(about | {"values": made}, indent=1) + "\n", encoding="utf-8")
    print(f"written: {out}")


if __name__ == "__main__":
    typer.run(main)
