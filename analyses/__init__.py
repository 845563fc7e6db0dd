"""One question each: points are made, mixed and measured, and one or a few records are written.

`python -m analyses --help` runs them all; `python -m analyses.figure_2` runs one.
"""
