"""Mixers in people's own training loops; each file runs by `python -m examples.NAME`."""
