"""Fixtures that several test files share."""

from tiny_dataset import contents, serve, source, tiny

__all__ = ["contents", "serve", "source", "tiny"]
