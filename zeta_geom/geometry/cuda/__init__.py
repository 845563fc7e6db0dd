"""Neighbours and certified counts of torch tensors, on their device."""
