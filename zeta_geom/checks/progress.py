"""The progress bar of long computations."""

from tqdm import tqdm


def progress_bar(total: int, description: str, unit: str, progress: bool) -> tqdm:
    """Return a bar that appears after two seconds, on a terminal and with `progress` only."""
    return tqdm(total=total, desc=description, unit=unit, leave=False, delay=2, disable=None if progress else True)
