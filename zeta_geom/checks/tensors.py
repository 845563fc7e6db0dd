"""The test for torch tensors, which imports no torch."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeGuard

from array_api_compat import is_torch_array

if TYPE_CHECKING:
    import torch


def is_tensor(values: object) -> TypeGuard[torch.Tensor]:
    """Return whether `values` is a torch tensor."""
    return bool(is_torch_array(values))
