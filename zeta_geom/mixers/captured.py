"""A whole call of a mixer as a CUDA graph, which one launch replays with fresh random numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import Tensor

WARM_UPS = 3  # calls before the capture: libraries allocate and choose kernels in the first ones


class CapturedMixer:
    """Draws and mixing of batches of one shape, captured once and replayed.

    Parameters
    ----------
    mixer : Mixer
        Its stream gives the random numbers, new ones at each replay.
    X, y : torch.Tensor on CUDA, of shape (m, ...), and of shape (m,) or (m, K), or None
        A batch of the shape, dtype and kind of labels of all later ones.
    n_classes : int, optional
        K, as in a call of the mixer.

    Raises
    ------
    TypeError, ValueError
        If X is not a tensor on CUDA, or the mixer refuses the batch.
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

        if not isinstance(X, torch.Tensor) or X.device.type != "cuda":
            where = f"a tensor on {X.device}" if isinstance(X, torch.Tensor) else type(X).__name__
            raise TypeError(f"X must be a tensor on CUDA, where graphs are captured; got {where}. Call the mixer.")
        self._X, self._y = X.clone(), None if y is None else y.clone()
        current, side = torch.cuda.current_stream(X.device), torch.cuda.Stream(X.device)
        side.wait_stream(current)
        with torch.cuda.stream(side):
            for _ in range(WARM_UPS):
                mixer(self._X, self._y, n_classes=n_classes)
        current.wait_stream(side)
        self._graph: Any = torch.cuda.CUDAGraph()
        self._graph.register_generator_state(mixer._stream.generator_for(X))
        with torch.cuda.graph(self._graph):
            self._mixed: tuple[Tensor, Tensor | None] = mixer(self._X, self._y, n_classes=n_classes)

    def __call__(self, X: Tensor, y: Tensor | None = None) -> tuple[Tensor, Tensor | None]:
        """Return the mixed batch (X_new, Y_new), in tensors that the next call overwrites."""
        for name, given, held in (("X", X, self._X), ("y", y, self._y)):
            if held is None and given is None:
                continue
            if held is None or given is None or given.shape != held.shape or given.dtype != held.dtype:
                expected = "None" if held is None else f"{tuple(held.shape)} of {held.dtype}"
                got = "None" if given is None else f"{tuple(given.shape)} of {given.dtype}"
                raise ValueError(f"{name} must be like that of the captured batch, {expected}; got {got}.")
            held.copy_(given)
        self._graph.replay()
        return self._mixed
