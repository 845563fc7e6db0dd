"""One file from a server; an error that passes is not taken for the last word."""

from __future__ import annotations

import logging
import sys
import time
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
    """Whether an error of a download may be gone in a moment."""
    import requests

    if isinstance(error, requests.HTTPError) and error.response is not None:
        status = error.response.status_code
        return status == 429 or status >= 500
    cut_off = (requests.Timeout, requests.exceptions.ChunkedEncodingError)
    return isinstance(error, cut_off) or was_dropped(error)


def was_dropped(error: BaseException) -> bool:
    """Return whether a server took a connection and then dropped it; one that refuses it is not there."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, (ConnectionResetError, ConnectionAbortedError, BrokenPipeError)):
            return True
        cause = cause.__context__
    return False
