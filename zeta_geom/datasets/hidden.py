"""Names that no reader takes for data: hidden ones, and what systems and archivers leave beside a user's files."""

from pathlib import PurePath

__all__ = ["is_hidden"]

LEFT_BY_SYSTEMS = {"__MACOSX", "__pycache__", "@eaDir", "Thumbs.db", "desktop.ini"}  # @eaDir: Synology's


def is_hidden(path: PurePath | str) -> bool:
    """Say whether a path has a hidden part, of a leading dot, or one that a system or an archiver left there."""
    parts = (part for part in PurePath(path).parts if part != "..")
    return any(part.startswith(".") or part in LEFT_BY_SYSTEMS for part in parts)
