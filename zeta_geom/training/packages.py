"""The packages of the extra `train`, checked when a training starts."""

from importlib.util import find_spec

PACKAGES = ("lightning", "medmnist", "optuna", "timm", "torchmetrics", "torchvision")


def require_packages() -> None:
    """Raise ModuleNotFoundError if a package of the extra `train` is missing."""
    if absent := [package for package in PACKAGES if find_spec(package) is None]:
        raise ModuleNotFoundError(
            f'zeta_geom.training needs {", ".join(absent)}: pip install "zeta-geom[train]".', name=absent[0]
        )
