"""Tests of the feature spaces."""
