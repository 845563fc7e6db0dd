"""Download a file from a server, again after a transient error."""

import logging
import sys
import time
from http.client import IncompleteRead
from pathlib import Path

logger = logging.getLogger(__name__)
CONNECT_SECONDS = 4.0  # a mirror without an answer after that is skipped
STALL_SECONDS = 30.0  # a stalled download is restarted after that
PAUSES = (1.0, 4.0)  # seconds before each new attempt


def download(url: str, path: Path, progress: bool, *, connect_seconds: float = CONNECT_SECONDS) -> None:
    """Download a file, with up to two new attempts after transient errors."""
    import pooch

    visible = progress and sys.stderr.isatty()
    fetch = pooch.HTTPDownloader(progressbar=visible, timeout=(connect_seconds, STALL_SECONDS))
    for pause in (*PAUSES, None):
        try:
            fetch(url, str(path), None)
        except OSError as error:
            if pause is None or not _is_transient(error):
                raise
            logger.info("%s: %s; trying again in %g s", url, error, pause)
            time.sleep(pause)
        else:
            return


def _is_transient(error: OSError) -> bool:
    """Return whether a new attempt may succeed: after a busy server, silence, or a dropped connection."""
    status = getattr(getattr(error, "response", None), "status_code", None)  # of an HTTP error, as requests raises it
    if status is not None:
        return bool(status == 429 or status >= 500)
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
