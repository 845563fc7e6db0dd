"""One file from a server; an error that passes is not taken for the last word."""

from __future__ import annotations

import logging
import sys
import time
from http.client import IncompleteRead
from pathlib import Path

__all__ = ["CONNECT_SECONDS", "download", "was_dropped"]

logger = logging.getLogger(__name__)
CONNECT_SECONDS = 4.0  # a mirror that says nothing for so long is passed over
STALL_SECONDS = 30.0  # one that stops in the middle is asked again after so long
PAUSES = (1.0, 4.0)  # seconds before a download is tried again, after an error that passes


def download(url: str, path: Path, progress: bool, *, connect_seconds: float = CONNECT_SECONDS) -> None:
    """Download a file; after an error that passes, twice more."""
    import pooch

    visible = progress and sys.stderr.isatty()
    fetch = pooch.HTTPDownloader(progressbar=visible, timeout=(connect_seconds, STALL_SECONDS))
    for pause in (*PAUSES, None):
        try:
            fetch(url, str(path), None)
        except OSError as error:
            if pause is None or not _passes(error):
                raise
            logger.info("%s: %s; trying again in %g s", url, error, pause)
            time.sleep(pause)
        else:
            return


def _passes(error: OSError) -> bool:
    """Return whether an error of a download may be gone in a moment: a busy server, silence, a dropped connection."""
    status = getattr(getattr(error, "response", None), "status_code", None)  # of an HTTP error, as requests raises it
    if status is not None:
        return status == 429 or status >= 500
    return _caused_by(error, (TimeoutError, IncompleteRead)) or was_dropped(error)


def was_dropped(error: BaseException) -> bool:
    """Return whether a server accepted a connection and then dropped it; a refused connection does not count."""
    return _caused_by(error, (ConnectionResetError, ConnectionAbortedError, BrokenPipeError))


def _caused_by(error: BaseException, kinds: tuple[type[BaseException], ...]) -> bool:
    """Return whether an error, or one that it was raised from or after, is of these kinds."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, kinds):
            return True
        cause = cause.__context__
    return False
