"""One question per analysis: it makes, mixes and measures points, and writes one or a few records.

`python -m figures` runs them all and draws; `python -m analyses.figure_2` runs one.
"""
