"""The dimension that tdhook's CA-PCA reads from spectra; the tests judge `ball_misfits` by it.

tdhook is no dependency: `--python` names a Python that has it. Only the step from eigenvalues to a dimension is
compared: tdhook 0.3.0 puts the neighbour that fixes the radius into the covariance too, earlier versions do not.

Examples
--------
python -m venv other && other/bin/pip install tdhook
python -m benchmarks.peers.ca_pca --python other/bin/python
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
from zeta_geom.geometry import knn, local_spectra

K = 20  # neighbours behind a spectrum
TDHOOK = """
import sys, numpy as np
from importlib.metadata import version
from tdhook.latent.dimension_estimation.ca_pca import _dim_from_ca_pca
values, spectra = {"version": version("tdhook")}, np.load(sys.argv[1])
for name in spectra:
    values[name] = np.array([_dim_from_ca_pca(one, len(one)) for one in spectra[name]])
np.savez(sys.argv[2], **values)
"""


def spectra() -> dict[str, np.ndarray]:
    """Return eigenvalues in units of the squared radius, float64 (n, d), descending."""
    rng = np.random.default_rng(0)
    normal = rng.standard_normal((150, 4))
    sets = {
        "curved": manifolds.make_curved_manifold(150, random_state=0)[0],
        "sphere": np.pad(normal / np.linalg.norm(normal, axis=1, keepdims=True), ((0, 0), (0, 3))),
        "noise": rng.standard_normal((150, 15)),
        "noisy plane": np.pad(rng.random((150, 2)), ((0, 0), (0, 8))) + 0.02 * rng.standard_normal((150, 10)),
    }
    return {name: spectra_of(X) for name, X in sets.items()}


def spectra_of(X: np.ndarray) -> np.ndarray:
    """Return the eigenvalues of the covariance of each point's neighbours."""
    neighbors = knn(X, K)
    return local_spectra(X[neighbors.indices])[:, ::-1] / neighbors.distances[:, -1:] ** 2


def main(
    python: Annotated[str, typer.Option(help="a Python that has tdhook")] = sys.executable,
    out: Annotated[Path, typer.Option(help="the JSON file")] = Path("tests/geometry/estimators/ca_pca_tdhook.json"),
) -> None:
    """Write the dimension for each spectrum."""
    values = apart(python, TDHOOK, spectra())
    if values is None:
        raise typer.BadParameter("has no tdhook", param_hint="--python")
    version = str(values.pop("version"))
    about = {"by": "python -m benchmarks.peers.ca_pca", "tdhook": version}
    made = {name: dimensions.tolist() for name, dimensions in values.items()}
    with records.atomic_path(out) as temporary:
        temporary.write_text(json.dumps(about | {"values": made}) + "\n", encoding="utf-8")
    print(f"written: {out}")


if __name__ == "__main__":
    typer.run(main)
