"""Load a data set for training by its name."""

import logging
from pathlib import Path

from zeta_geom.checks import check_int
from zeta_geom.datasets import home
from zeta_geom.datasets.pictures import WHITE, Framing
from zeta_geom.training.data.contents import ArrayContents, Contents, from_arrays, from_pictures
from zeta_geom.training.data.image_data import ImageData
from zeta_geom.training.data.image_sets import IMAGE_SETS, ImageSet
from zeta_geom.training.data.readers.picture_folders import read_csv, read_folder

logger = logging.getLogger(__name__)
USER_SETS = {
    "folder": ImageSet("a user's folders, one for each class", "own", read_folder, size=224, crop=1.0),
    "csv": ImageSet("a user's table of files", "own", read_csv, size=224, crop=1.0),
}


def load_image_data(
    name: str,
    *,
    data_home: Path | str | None = None,
    size: int | None = None,
    grey: bool = False,
    crop: float | None = None,
    background: str | tuple[int, int, int] = WHITE,
    seed: int = 0,
    download: bool = True,
    progress: bool = True,
) -> ImageData:
    """Load a data set for training; fetch it first if it is missing and can be fetched.

    Parameters
    ----------
    name : str
        A name in `IMAGE_SETS`; or "folder:PATH", with pictures in PATH/<class>/, or in PATH/train/<class>/ and
        PATH/test/<class>/ (or val/, or both), where hidden files and folders are ignored; or "csv:PATH", a table with
        the columns file (relative to the table's folder), class and optionally split (train, validation or test).
    data_home : path, optional
        Folder of the data sets, each in a folder of its name; see `zeta_geom.datasets.data_home`.
    size : int, optional
        Height and width of the images, in pixels; by default the paper's (256 for skin, 224 for Imagenette and
        Imagewoof), 224 for a user's pictures, and unchanged for the others.
    grey, download, progress : bool
        Convert colours to grey levels; fetch data over the network; show progress bars, on a terminal.
    crop : float in (0, 1], optional
        Edge of the central square that is cut out first, as a share of the shorter side; by default the paper's (0.8
        for skin), 1 for a user's pictures, and the whole image for the others.
    background : str or (int, int, int)
        The colour behind transparent pixels of picture files: a name, "#rrggbb", or red, green and blue, 0..255.
    seed : int
        Seed of the stratified split, train : validation : test = 70 : 10 : 20, of data without a split of their own.

    Returns
    -------
    ImageData
        Mean and std are exact for data in memory, and for files those of at most 1,000 evenly spaced images.

    Raises
    ------
    FileNotFoundError
        If the data, or a picture in a table, are missing; the message says how to get them.
    TypeError, ValueError
        If an argument is out of range, or the data are not of this data set; damaged pictures raise it when read.

    Notes
    -----
    The paper's "The images are resized to 224 x 224" (Imagenette and Imagewoof) is taken literally: the whole picture
    is squeezed. `crop=1` cuts the central square instead.

    Examples
    --------
    >>> data = load_image_data("digits")
    >>> data.image_shape, len(data.train), len(data.test), data.validation
    ((1, 8, 8), 1500, 297, None)
    """
    kind, _, path = name.partition(":")
    if kind in USER_SETS and path:
        specification, folder = USER_SETS[kind], Path(path).expanduser()
        label = folder.stem if kind == "csv" else folder.resolve().name
    elif name in IMAGE_SETS:
        specification, folder, label = IMAGE_SETS[name], home.data_home(data_home) / name, name
    else:
        raise ValueError(f"name must be folder:PATH, csv:PATH or one of {', '.join(IMAGE_SETS)}; got {name!r}.")
    framing = Framing(
        specification.size if size is None else size, specification.crop if crop is None else crop, grey, background
    )
    check_int(seed, "seed", low=0)
    contents = _read(label, folder, specification, download, progress)
    if isinstance(contents, ArrayContents):
        data = from_arrays(label, contents, framing, progress=progress)
    else:
        data = from_pictures(label, contents, framing, seed=seed, progress=progress)
    _compare_with_paper(data, specification)
    return data


def _read(name: str, folder: Path, specification: ImageSet, download: bool, progress: bool) -> Contents:
    try:
        return specification.read(folder)
    except FileNotFoundError as error:
        cause: OSError = error
    if download and specification.fetch:
        try:
            specification.fetch(folder, progress=progress)
            return specification.read(folder)
        except OSError as error:
            cause = error
    advice = f"data set {name!r} is not in {folder}: {cause} {specification.how_to_get}"
    raise FileNotFoundError(advice if specification.how_to_get else str(cause)) from cause


def _compare_with_paper(data: ImageData, specification: ImageSet) -> None:
    total = sum(int(counts.sum()) for counts in data.class_counts().values())
    known = specification.images, specification.classes
    if specification.images and known not in [(n, len(data.class_names)) for n in (total, len(data.train))]:
        text = "%s has %d images, %d of them for training, of %d classes; the paper counts %d of %d"
        logger.warning(text, data.name, total, len(data.train), len(data.class_names), *known)
