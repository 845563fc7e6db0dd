"""Axes-level drawing: every function takes `ax`, draws on it and returns it; none shows or saves."""
