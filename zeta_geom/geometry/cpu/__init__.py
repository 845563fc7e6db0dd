"""Neighbours and certified counts on the processor, as compiled kernels."""
