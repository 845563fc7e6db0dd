"""Images with labels for training, read from arrays, archives, folders and tables of files."""

from zeta_geom.training.data.image_data import PARTS, ImageData, Images
from zeta_geom.training.data.image_sets import IMAGE_SETS, ImageSet
from zeta_geom.training.data.loading import load_image_data
from zeta_geom.training.data.subset import subset

__all__ = ["IMAGE_SETS", "PARTS", "ImageData", "ImageSet", "Images", "load_image_data", "subset"]
