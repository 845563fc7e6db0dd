"""The folder of the data sets."""

import os
from pathlib import Path

ENVIRONMENT_VARIABLE = "ZETA_GEOM_DATA"


def data_home(folder: Path | str | None = None) -> Path:
    """Return the folder that holds the data sets, each in a folder of its own name; it need not exist yet.

    Parameters
    ----------
    folder : path, optional
        By default the environment variable ZETA_GEOM_DATA, otherwise the user's cache folder.

    Returns
    -------
    Path

    Raises
    ------
    ValueError
        If the default is needed and the user has no home folder.

    Examples
    --------
    >>> data_home("somewhere").name
    'somewhere'
    """
    import pooch

    chosen = folder or os.environ.get(ENVIRONMENT_VARIABLE, "").strip()
    try:
        return Path(chosen or pooch.os_cache("zeta_geom")).expanduser().absolute()
    except RuntimeError as error:  # `~` without a home folder, as in some containers
        raise ValueError(
            f"data_home must be a folder; the home folder in {chosen or '~/.cache'} is unknown. "
            f"Pass another folder, or set {ENVIRONMENT_VARIABLE}."
        ) from error
