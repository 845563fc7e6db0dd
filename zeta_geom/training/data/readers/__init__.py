"""Readers of images for training: one file for each family of archives."""
