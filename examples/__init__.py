"""Mixers in training loops of your own; `python -m examples.NAME` runs an example."""
