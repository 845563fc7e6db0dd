"""Where zeta_geom and its peers agree and differ: on points, on features of pictures, and on mixed batches."""
