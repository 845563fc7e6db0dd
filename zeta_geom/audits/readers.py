"""Samples that are not arrays yet: torch's data sets and loaders, and folders of pictures."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any, cast

import numpy as np

from zeta_geom.audits.methods.streams import GlobalStream
from zeta_geom.checks import host_array
from zeta_geom.checks.types import ArrayLike
from zeta_geom.datasets.pictures import load_folder

Triple = tuple[ArrayLike, ArrayLike | None, ArrayLike | None]  # samples, labels and features
Labelled = ArrayLike | tuple[ArrayLike, ArrayLike | None] | Triple | str | os.PathLike[str]
OF_TORCH = {"Dataset": "torch.utils.data", "DataLoader": "torch.utils.data"}  # class -> where it is defined


def read_set(value: Any, name: str, seed: int) -> Triple:
    """Return samples, labels and features of an array, a tuple, a folder, or a Dataset or DataLoader of torch.

    Transforms inside a Dataset draw from the global generators, which the audit seeds meanwhile.
    """
    if isinstance(value, (str, os.PathLike)):
        if not Path(value).is_dir():
            raise ValueError(f"{name} must be an array, or the path of a folder of pictures; got {str(value)!r}.")
        return (*load_folder(value), None)
    if (kind := kind_of_torch(value)) is not None:
        with GlobalStream(seed):
            return (*_collect(value, name, batched=kind == "DataLoader"), None)
    if not isinstance(value, tuple):
        return value, None, None
    if len(value) not in (2, 3):
        raise ValueError(f"a tuple must be (array, labels) or (array, labels, features); got {len(value)} values.")
    return cast("Triple", (*value, None)[:3])


def kind_of_torch(value: object) -> str | None:
    """Return "Dataset" or "DataLoader" if a value is one of torch, by the names of its classes; else None."""
    for base in type(value).__mro__:
        if base.__name__ in OF_TORCH and f"{base.__module__}.".startswith(f"{OF_TORCH[base.__name__]}."):
            return base.__name__
    return None


def _collect(data: Any, name: str, *, batched: bool) -> tuple[np.ndarray, np.ndarray | None]:
    """Return the samples and labels that a Dataset or a DataLoader yields: x, or (x, y)."""
    by_index = not batched and hasattr(data, "__len__") and hasattr(data, "__getitem__")
    items: Iterable[Any] = (data[index] for index in range(len(data))) if by_index else data
    parts: list[np.ndarray] = []
    labels: list[np.ndarray] = []
    for item in items:
        pair = tuple(item) if isinstance(item, (tuple, list)) else (item, None)
        if len(pair) != 2:
            raise ValueError(f"{name} must yield samples, or pairs (x, y); got {len(pair)} values.")
        part = _array(pair[0], name)
        parts.append(part if batched else part[None])
        if parts[-1].shape[1:] != parts[0].shape[1:]:
            raise ValueError(
                f"{name} must yield samples of one shape; got {parts[0].shape[1:]} and {parts[-1].shape[1:]}."
            )
        if pair[1] is not None:
            label = host_array(pair[1], f"labels of {name}")
            labels.append(label if batched else label[None])
    if not parts:
        raise ValueError(f"{name} must yield at least one sample; its {type(data).__name__} yields none.")
    if labels and len(labels) != len(parts):
        raise ValueError(
            f"{name} must yield a label with each sample, or no labels; {len(labels)} of {len(parts)} have one."
        )
    return np.concatenate(parts), np.concatenate(labels) if labels else None


def _array(x: object, name: str) -> np.ndarray:
    """Return a sample, or a batch, as an array of numbers; a PIL image has its channels last."""
    array = host_array(x, name)
    if array.dtype.kind not in "fiu":
        raise TypeError(f"{name} must yield tensors, arrays or PIL images; got a {type(x).__name__}. Convert it.")
    return array
