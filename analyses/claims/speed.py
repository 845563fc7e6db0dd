"""Claims about the time that mixing takes."""

from __future__ import annotations

from pathlib import Path

from analyses.claims.verdicts import FAILS, HOLDS, OPEN, Claim, settings, table

OVER_MIXUP, OVER_LOCAL = 2, 110  # paper, "Computational efficiency": over twice, and over 110 times as fast


def speed(results: Path) -> list[Claim]:
    """Table 9, last column: one batch of 32 images of 3 x 224 x 224."""
    name = "mixing_speed/table_9"
    measured = table(results, name)
    if measured is None:
        return []
    measured = measured.set_index("method")
    where, data = "Table 9", f"a batch of {settings(results, name)['shape']}, torch on the CPU, our code"

    def claim(statement: str, slow: str, fast: str, least: float) -> Claim:
        """Compare the ratio of the medians, and of opposite quartiles, with the least that the statement wants."""
        slower, faster = measured.loc[slow], measured.loc[fast]
        low, high = slower["lower"] / faster["upper"], slower["upper"] / faster["lower"]
        text = (
            f"{1e3 * faster['seconds']:.2f} ms against {1e3 * slower['seconds']:.2f} ms: "
            f"{slower['seconds'] / faster['seconds']:.2f} times as fast (by quartiles {low:.2f} to {high:.2f})"
        )
        verdict = HOLDS if low > least else FAILS if high <= least else f"{OPEN}: {least} lies between the quartiles"
        return Claim(statement, where, data, text, verdict)

    return [
        claim("ζ-mixup is over twice as fast as mixup", "mixup", "zeta", OVER_MIXUP),
        claim(
            "ζ-mixup is over 110 times as fast as local synthetic instances",
            "local-synthetic-instances",
            "zeta",
            OVER_LOCAL,
        ),
        claim("CutMix + ζ-mixup takes no longer than CutMix", "cutmix", "cutmix-zeta", 1),
    ]
