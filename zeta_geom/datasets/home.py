"""Where data sets are kept."""

import os
from pathlib import Path

__all__ = ["ENVIRONMENT_VARIABLE", "data_home"]

ENVIRONMENT_VARIABLE = "ZETA_GEOM_DATA"


def data_home(folder: Path | str | None = None) -> Path:
    """Return the folder that holds the data sets, each in a folder of its own name; it need not exist yet.

    Parameters
    ----------
    folder : path, optional
        Taken where given; else the environment variable ZETA_GEOM_DATA; else the user's cache folder.

    Returns
    -------
    Path

    Examples
    --------
    >>> data_home("somewhere").name
    'somewhere'
    """
    import pooch

    chosen = folder or os.environ.get(ENVIRONMENT_VARIABLE) or pooch.os_cache("zeta_geom")
    return Path(chosen).expanduser().absolute()
