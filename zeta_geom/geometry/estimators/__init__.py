"""Estimators of the local dimension by name: our own on shared neighbours, and those of scikit-dimension."""
