"""Claims about the time that mixing takes."""

from __future__ import annotations

from pathlib import Path

from analyses.claims.verdicts import Claim, settings, table, yes_no

OVER_MIXUP, OVER_LOCAL = 2, 110  # paper, "Computational efficiency": over twice, and over 110 times as fast


def speed(results: Path) -> list[Claim]:
    """Table 9, last column: one batch of 32 images of 3 x 224 x 224."""
    name = "mixing_speed/table_9"
    measured = table(results, name)
    if measured is None:
        return []
    taken = measured.set_index("method")["seconds"]
    where, data = "Table 9", f"a batch of {settings(results, name)['shape']}, torch on the CPU, our code"

    def claim(statement: str, slow: str, fast: str, least: float) -> Claim:
        ratio = taken[slow] / taken[fast]
        text = f"{1e3 * taken[fast]:.2f} ms against {1e3 * taken[slow]:.2f} ms: {ratio:.2f} times as fast"
        return Claim(statement, where, data, text, yes_no(ratio > least))

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
