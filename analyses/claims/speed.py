"""Claims about the time that mixing takes."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd

from analyses.claims.verdicts import FAILS, HOLDS, OPEN, Claim, settings, table
from zeta_geom.mixers.table import method_table

STEPS = Path("docs/training_step.json")  # python -m benchmarks.training_step, on two cores
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


def training_steps(results: Path, path: Path = STEPS) -> list[Claim]:
    """Return the claim on methods that optimise or learn, for each network of the measurement; none without it."""
    if not path.is_file():
        return []
    measured = pd.DataFrame(json.loads(path.read_text(encoding="utf-8"))["ranges"])
    kinds = method_table().set_index("name")["optimisation"]
    claims = []
    for step, part in measured.groupby("step", sort=False):
        optimised = part["method"].map(kinds).ne("no")
        costly, others = part[optimised], part[~optimised]
        texts = [f"{row.method} {row.ratio:.2f} [{row.low:.2f}, {row.high:.2f}]" for row in part.itertuples()]
        most = others["high"].max()
        cheap, overlapping = costly[costly["high"] < most], costly[costly["low"] <= most]
        names = ", ".join((cheap if len(cheap) else overlapping)["method"])
        verdict = f"{FAILS} for {names}" if len(cheap) else f"{OPEN} for {names}" if names else HOLDS
        claims.append(
            Claim(
                "optimisation-based methods introduce a significant computational overhead: each costs more than any "
                "other",
                "Evaluation on downstream task, Table 9",
                f"a training step ÷ ERM's, {step}, two cores, median and range of rounds",
                ", ".join(texts),
                verdict,
            )
        )
    return claims
