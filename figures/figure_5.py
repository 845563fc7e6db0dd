"""Figure 5: as Figure 4, from its own record."""

from pathlib import Path

from figures import figure_4


def draw(results: Path) -> list[Path]:
    """Draw the figure from its record, and return the files."""
    return figure_4.draw(results, "5")


if __name__ == "__main__":
    for path in draw(Path("results/quick")):
        print(path)
