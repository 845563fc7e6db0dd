"""CUDA graphs: their replays repeat the numbers of the host, so nothing may be drawn there while one is captured."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

_here = threading.local()


def is_capturing() -> bool:
    """Return whether a CUDA graph is being captured."""
    cuda: Any = getattr(sys.modules.get("torch"), "cuda", None)
    return cuda is not None and cuda.is_initialized() and cuda.is_current_stream_capturing()


def host_may_draw() -> bool:
    """Return whether numbers may be drawn on the host: not within `no_host_draws` and not during a capture."""
    return not (getattr(_here, "forbidden", False) or is_capturing())


@contextmanager
def no_host_draws() -> Iterator[None]:
    """Forbid draws on the host, so that calls before a capture take the path of the capture."""
    _here.forbidden = True
    try:
        yield
    finally:
        _here.forbidden = False
