"""Readers of images for training: one file a family of archives."""
