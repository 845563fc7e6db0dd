"""One question each: points are made, mixed and measured, and one or a few records are written.

`python -m figures` runs them all and draws; `python -m analyses.figure_2` runs one.
"""
