"""Recipes: their settings, the paper's recipes, and YAML files."""
