"""Names of files that are not data: hidden ones, and those that systems and archivers add."""

from pathlib import PurePath

LEFT_BY_SYSTEMS = {"__MACOSX", "__pycache__", "@eaDir", "Thumbs.db", "desktop.ini"}  # @eaDir: Synology's


def is_hidden(path: PurePath | str) -> bool:
    """Return whether a part of a path starts with a dot or is a name that systems and archivers add."""
    parts = (part for part in PurePath(path).parts if part != "..")
    return any(part.startswith(".") or part in LEFT_BY_SYSTEMS for part in parts)
