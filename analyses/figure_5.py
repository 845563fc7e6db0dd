"""Figure 5: as Figure 4, from ISIC 2018; at the presets quick and full from MNIST."""

from analyses import figure_4
from analyses.context import Context


def run(context: Context, settings: figure_4.Settings | None = None) -> None:
    """Write the record figure_5/images."""
    figure_4.run(context, settings, "5")


if __name__ == "__main__":
    run(Context())
