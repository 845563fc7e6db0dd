"""A whole call of a mixer as a CUDA graph, which one launch replays with fresh random numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from zeta_geom.checks.points import is_tensor
from zeta_geom.mixers.devices.constants import KEPT
from zeta_geom.rng.capturing import no_host_draws

if TYPE_CHECKING:
    from torch import Tensor

WARM_UPS = 3  # calls before the capture: libraries allocate and choose kernels in the first ones


class CapturedMixer:
    """Draws and mixing of batches of one shape, captured once and replayed; no gradients flow through them.

    Parameters
    ----------
    mixer : Mixer
        Its stream gives the random numbers, new ones at each replay. A state is loaded into it before the capture.
    X, y : torch.Tensor on CUDA, of shape (m, ...), and of shape (m,) or (m, K), or None
        A batch of the shape, dtype and kind of labels of all later ones.
    n_classes : int, optional
        K, as in a call of the mixer.

    Raises
    ------
    TypeError, ValueError
        If X or y is not a tensor on CUDA, the mixer refuses the batch, leaves torch, or has `check_values`.
    RuntimeError
        If the host chooses for each batch whether or how it is mixed: `RandomMixer`, or `prob` below 1.

    Notes
    -----
    A call returns the same tensors each time and writes new values into them: use or copy them before the next call.

    Examples
    --------
    >>> import torch
    >>> from zeta_geom.mixers import ZetaMixup
    >>> if torch.cuda.is_available():
    ...     X, y = torch.rand(32, 3, 8, 8, device="cuda"), torch.arange(32, device="cuda") % 10
    ...     mix = ZetaMixup(n_classes=10, random_state=0).captured(X, y)
    ...     X_new, Y_new = mix(X, y)
    """

    def __init__(self, mixer: Any, X: Tensor, y: Tensor | None = None, *, n_classes: int | None = None) -> None:
        import torch

        title = type(mixer).__name__
        for name, part in (("X", X), ("y", y)):
            if not (part is None and name == "y"):
                _check_on_cuda(part, name)
        if not mixer.traits.one_graph:
            raise ValueError(f"{title} cannot be captured: its apply leaves torch. Call it as it is.")
        if mixer.check_values:
            raise ValueError(f"{title} cannot be captured: check_values waits for the host. Set it to False.")
        self._X, self._y = X.detach().clone(), None if y is None else y.detach().clone()
        generator = mixer._stream.generator_for(X)
        before = generator.get_state()
        current, side = torch.cuda.current_stream(X.device), torch.cuda.Stream(X.device)
        self._graph: Any = torch.cuda.CUDAGraph()
        with torch.no_grad(), no_host_draws():
            side.wait_stream(current)
            with torch.cuda.stream(side):
                for _ in range(WARM_UPS):
                    mixer(self._X, self._y, n_classes=n_classes)
            current.wait_stream(side)
            generator.set_state(before)
            self._graph.register_generator_state(generator)
            with torch.cuda.graph(self._graph, stream=side):
                self._mixed: tuple[Tensor, Tensor | None] = mixer(self._X, self._y, n_classes=n_classes)
        self._constants = [*KEPT.values()]  # replays read them

    def __call__(self, X: Tensor, y: Tensor | None = None) -> tuple[Tensor, Tensor | None]:
        """Return the mixed batch (X_new, Y_new), in tensors that the next call overwrites."""
        for name, given, held in (("X", X, self._X), ("y", y, self._y)):
            if _kind(given) != _kind(held):
                raise ValueError(
                    f"{name} must be like that of the captured batch, {_kind(held)}; got {_kind(given)}. Capture "
                    "another graph for it, or call the mixer."
                )
            if held is not None:
                held.copy_(given.detach())  # type: ignore[union-attr]  # of one kind: both are tensors
        self._graph.replay()
        return self._mixed


def _check_on_cuda(part: object, name: str) -> None:
    where = f"a tensor on {part.device}" if is_tensor(part) else type(part).__name__
    if not where.startswith("a tensor on cuda"):
        raise TypeError(f"{name} must be a tensor on CUDA, where graphs are captured; got {where}. Call the mixer.")


def _kind(part: Tensor | None) -> str:
    return f"{tuple(part.shape)} of {part.dtype} on {part.device}" if is_tensor(part) else type(part).__name__
