"""Intervals of an audit: resamples, random splits of the real data, and the estimates of sets and classes."""
