"""The calls of a mixer as graphs."""

from __future__ import annotations

from dataclasses import fields, is_dataclass, replace
from itertools import count
from types import FunctionType, MethodType
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from zeta_geom.checks.points import is_tensor
from zeta_geom.mixers.devices.captured import CapturedMixer
from zeta_geom.mixers.plans import Unmixed
from zeta_geom.mixers.seeded import Seeded

if TYPE_CHECKING:
    from torch import Tensor

    from zeta_geom.mixers.traits import Traits
    from zeta_geom.rng.streams import Stream

Self = TypeVar("Self", bound="Graphs")
_numbers = count()


class Graphs(Seeded):
    """The calls of a mixer as graphs: `apply` compiled by torch, or a whole call captured on CUDA."""

    traits: Traits

    def compiled(self: Self, **options: Any) -> Self:
        """Return this mixer with `apply` compiled by torch into one graph.

        Draws stay outside the graph, since torch compiles no generators: both mixers share one stream. The first call
        with a new shape compiles, for seconds to a minute. Children and `mix_dataset` use the graph too; copies by
        `copy` and pickle do not.

        Parameters
        ----------
        **options
            Passed on to `torch.compile`, such as backend="cudagraphs" or mode="max-autotune".

        Returns
        -------
        Mixer
            Takes torch tensors only.

        Raises
        ------
        ValueError
            If the method leaves torch: it solves an optimisation, or searches neighbours.

        Examples
        --------
        >>> import torch
        >>> from zeta_geom.mixers import ZetaMixup
        >>> mixer = ZetaMixup(random_state=0).compiled(backend="eager")
        >>> mixer(torch.eye(4), [0, 1, 0, 1])[1].shape
        torch.Size([4, 2])
        """
        import torch

        title = type(self).__name__
        if not self.traits.one_graph:
            raise ValueError(f"{title} cannot be compiled: its apply leaves torch. Call it as it is.")
        mixer = self._on(self._stream)
        replaced: Any = mixer
        plain = replaced._mix
        # torch limits the compilations of one code object, and all mixers share that of `_mix`
        code = plain.__func__.__code__.replace(co_name=f"mix_{next(_numbers)}")
        function = MethodType(FunctionType(code, plain.__func__.__globals__), mixer)
        graph = torch.compile(function, fullgraph=True, **options)

        def mix(X: Any, Y: Any, plan: Any, out: Any) -> Any:
            if not is_tensor(X):
                raise TypeError(f"a compiled {title} takes torch tensors; got an array. Pass torch.from_numpy(X).")
            if isinstance(plan, Unmixed):
                return plain(X, Y, plan, out)
            return graph(X, Y, with_tensors(plan, X), out)

        replaced._mix = mix
        return mixer

    def _on(self: Self, stream: Stream) -> Self:
        mixer = super()._on(stream)
        if "_mix" in self.__dict__:  # mixing draws nothing, so the graph serves every stream
            mixer.__dict__["_mix"] = self.__dict__["_mix"]
        return mixer

    def captured(self, X: Tensor, y: Tensor | None = None, *, n_classes: int | None = None) -> CapturedMixer:
        """Return a function (X, y) -> (X_new, Y_new) that replays draws and mixing as one CUDA graph.

        Parameters
        ----------
        X, y, n_classes
            A batch on CUDA like all later ones, as in `CapturedMixer`.

        Returns
        -------
        CapturedMixer
            Its outputs are overwritten by its next call.

        Raises
        ------
        TypeError, ValueError, RuntimeError
            As in `CapturedMixer`.
        """
        return CapturedMixer(self, X, y, n_classes=n_classes)

    def __getstate__(self) -> dict[str, Any]:
        """Leave the compiled graph out."""
        return {name: value for name, value in self.__dict__.items() if name != "_mix"}


def with_tensors(plan: Any, X: Tensor) -> Any:
    """Return a plan whose NumPy arrays are tensors on the device of X: a graph takes those as its inputs."""
    import torch

    changed: dict[str, Any] = {}
    for field in fields(plan):
        value = getattr(plan, field.name)
        if isinstance(value, (np.ndarray, np.generic)):
            changed[field.name] = torch.from_numpy(np.array(value)).to(X.device, non_blocking=True)
        elif is_dataclass(value):
            changed[field.name] = with_tensors(value, X)
    return replace(plan, **changed) if changed else plan
