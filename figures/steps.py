"""The steps of `make figures`, in order: the question, the analyses that answer it, the figure that is drawn."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Step:
    """One line of `make figures`.

    Parameters
    ----------
    key : str
        The word that `ONLY` takes.
    question : str
        What the step measures.
    analyses : tuple of str
        Modules of `analyses` that write the records.
    figure : str, optional
        The module of `figures` that draws them.
    seconds : dict of preset -> float
        About how long the step takes on two cores (`quick` without AVX-512, `full` with it), nothing recorded; for
        the forecast alone.
    """

    key: str
    question: str
    analyses: tuple[str, ...]
    figure: str | None
    seconds: dict[str, float]


STEPS = (
    Step("2", "distance from the manifold, and wrong labels", ("figure_2",), "figure_2", {"quick": 17, "full": 30}),
    Step("7", "neighbourhoods in a plane with two classes", ("figure_7",), "figure_7", {"quick": 22, "full": 22}),
    Step("6", "local dimension against γ", ("figure_6",), "figure_6", {"quick": 100, "full": 560}),
    Step("3", "what an oracle sees in mixed digits", ("figure_3",), "figure_3", {"quick": 9, "full": 45}),
    Step("4", "what mixed images look like", ("figure_4",), "figure_4", {"quick": 1, "full": 3}),
    Step("5", "what mixed digits look like", ("figure_5",), "figure_5", {"quick": 1, "full": 3}),
    Step("methods", "every mixer by every measure", ("methods",), "methods", {"quick": 39, "full": 160}),
    Step("audit", "an audit of ζ-mixup and mixup", ("audit",), "audit", {"quick": 20, "full": 65}),
    Step("8", "neighbours of test images in feature space", ("figure_8",), "figure_8", {"quick": 55, "full": 115}),
    Step("9", "manifold mixup against ζ-mixup", ("figure_9",), "figure_9", {"quick": 1, "full": 1}),
    Step("10", "error against γ and weight decay", ("figure_10",), "figure_10", {"quick": 1, "full": 1}),
    Step("study", "classifiers on few images", ("study",), "study", {"quick": 1, "full": 1}),
    Step(
        "claims",
        "the paper's statements, re-tested",
        ("theorems", "diversity", "mixing_speed", "paper_tables"),
        None,
        {"quick": 11, "full": 15},
    ),
)
