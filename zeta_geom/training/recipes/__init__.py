"""Recipes: what one holds, the paper's, and their files."""
