"""Fewer training images, for learning curves."""

import hashlib
from dataclasses import replace

from zeta_geom.checks import check_int
from zeta_geom.training.data.array_images import ArrayImages
from zeta_geom.training.data.contents import MOMENTS_LIMIT
from zeta_geom.training.data.file_images import FileImages
from zeta_geom.training.data.image_data import ImageData
from zeta_geom.training.data.moments import channel_moments
from zeta_geom.training.data.splitting import stratified_draw


def subset(data: ImageData, n_train: int, seed: int) -> ImageData:
    """Return the data with a stratified draw of `n_train` training images; the other parts are unchanged."""
    train = data.train
    if not isinstance(train, (ArrayImages, FileImages)):
        raise TypeError(f"data must come from load_image_data; its images are {type(train).__name__}.")
    check_int(n_train, "n_train", low=len(data.class_names), high=len(train))
    check_int(seed, "seed", low=0)
    indices = stratified_draw(train.labels, n_train, seed)
    if missing := set(train.labels) - set(train.labels[indices]):
        names = ", ".join(data.class_names[k] for k in sorted(missing))
        raise ValueError(f"n_train must leave an image of each class; {n_train} leaves none of {names}. Increase it.")
    drawn = train.take(indices)
    limit = MOMENTS_LIMIT if isinstance(drawn, FileImages) else None
    mean, std = channel_moments(drawn, limit=limit, progress=False)
    fingerprint = hashlib.sha256(data.fingerprint.encode() + indices.tobytes()).hexdigest()
    return replace(data, train=drawn, mean=mean, std=std, fingerprint=fingerprint)
