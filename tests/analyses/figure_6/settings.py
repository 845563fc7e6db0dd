"""Settings of Figure 6 that take seconds."""

from analyses.figure_6 import Settings

SMALL = Settings(
    n_samples=200,
    gammas=(0.0, 2.0, 8.0),
    n_neighbors=(4, 8),
    n_images=150,
    image_batch_size=32,
    image_gammas=(2.0, 8.0),
)
