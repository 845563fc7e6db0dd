"""The table of mixers, name -> class, and the paper's Table 2 from the traits of the classes."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

from zeta_geom.checks import check_choice
from zeta_geom.mixers.base import Mixer
from zeta_geom.mixers.methods.between_class import BetweenClass, BetweenClassPlus
from zeta_geom.mixers.methods.co_mixup import CoMixup
from zeta_geom.mixers.methods.cutmix import CutMix, CutMixZeta
from zeta_geom.mixers.methods.dirichlet import DirichletMixup
from zeta_geom.mixers.methods.fmix import FMix
from zeta_geom.mixers.methods.gridmix import GridMix
from zeta_geom.mixers.methods.local import LocalSyntheticInstances
from zeta_geom.mixers.methods.manifold_mixup import ManifoldMixup
from zeta_geom.mixers.methods.mixfeat import MixFeat
from zeta_geom.mixers.methods.pairs import Mixup, SamplePairing
from zeta_geom.mixers.methods.pasting import ResizeMix, SaliencyMix
from zeta_geom.mixers.methods.supermix import SuperMix
from zeta_geom.mixers.methods.transport import OptTransMix
from zeta_geom.mixers.methods.zeta import PSeriesPairs, ZetaMixup
from zeta_geom.mixers.seeded import Shared

if TYPE_CHECKING:
    import pandas as pd

MIXERS: dict[str, type[Mixer]] = {
    "zeta": ZetaMixup,
    "mixup": Mixup,
    "p-series-pairs": PSeriesPairs,
    "dirichlet": DirichletMixup,
    "local-synthetic-instances": LocalSyntheticInstances,
    "sample-pairing": SamplePairing,
    "between-class": BetweenClass,
    "between-class-plus": BetweenClassPlus,
    "cutmix": CutMix,
    "cutmix-zeta": CutMixZeta,
    "gridmix": GridMix,
    "fmix": FMix,
    "resizemix": ResizeMix,
    "saliencymix": SaliencyMix,
    "manifold-mixup": ManifoldMixup,
    "mixfeat": MixFeat,
    "supermix": SuperMix,
    "co-mixup": CoMixup,
    "opttransmix": OptTransMix,
}

LEARNED = {  # recipe's name of the method -> title, idea, hyper-parameters, source; `training` has the classes
    "adamixup": (
        "AdaMixUp",
        "mixup whose interval of λ a policy network chooses for each pair",
        "width",
        "Guo et al. 2019",
    ),
    "automix-liu": (
        "AutoMix (Liu)",
        "masks by cross-attention of two images' features, trained on the classifier's loss; labels by λ",
        "alpha, momentum, layer, reduction",
        "Liu et al. 2022",
    ),
    "automix-zhu": (
        "AutoMix (Zhu)",
        "a network generates the barycentre of two images, trained on the classifier's loss; labels by λ",
        "width, depth, attention, distance",
        "Zhu et al. 2020",
    ),
}

PAGE_HEAD = """\
This page extends Table 2 of the paper; `zeta-geom mixers --markdown` prints it from the classes of `mixers`.
`make_mixer(name)` makes a mixer. Each one also takes `prob`, `n_classes`, `check_values`, `label_smoothing` and
`random_state`; methods that distinguish height and width take `channels` ("first" or "last"). A method of the space
"features" mixes inside a torch module by `mixer.run(model, x, y)`. A method marked "learned" is trained together
with a classifier, by a recipe; `training.load_mixer(run)` then returns it as a mixer."""

PAGE_END = """\
## Labels

`y` holds the numbers of classes, integers of shape (m,) or (m, 1), or soft labels (m, K), by
[the rule for all labels](definitions.md#labels). The labels that come out are always soft.

## State

`mixer.state_dict()` returns the state of the mixer's random stream, and `load_state_dict` restores it: the next
batches are the same to the last bit.

- The state consists of ints, strings, lists and dicts. `torch.save` and `torch.load` with their defaults, JSON and
  pickle store it, whether the mixer draws from a generator of NumPy or of torch.
- It is loaded into a mixer of the same class, with any `random_state`. A Generator passed as `random_state` is set to
  the state if it is of the same kind; otherwise a new generator replaces it. Parameters such as γ are not part of the
  state: pass them again.
- Generators on GPUs are part of it. A machine without a GPU can load it too, and a run may continue on another GPU.
- A state of another class or format, or a damaged one, is refused, and the mixer does not change.
- In a loader worker a mixer draws from (its seed, the worker's seed, the rank): a checkpoint must then contain the
  state of the loader's generator. Processes that train together save one state each, or use
  `mixer.child(rank, epoch, step)`, which needs no state."""


def make_mixer(name: str, **params: Any) -> Mixer:
    """Make a mixer by its name in `MIXERS`.

    Parameters
    ----------
    name : str
        A key of `MIXERS`.
    **params
        The parameters of the class.

    Returns
    -------
    Mixer

    Raises
    ------
    ValueError
        If no mixer has this name; the message lists all names.
    TypeError
        If a parameter is unknown, or a required one is absent; the message lists the parameters.

    Examples
    --------
    >>> make_mixer("zeta", gamma=4.0)
    ZetaMixup(gamma=4.0, n_mix=None, anchor='self')
    """
    chosen = MIXERS[check_choice(name, "name", MIXERS)]
    parameters = parameters_of(chosen)
    known = [*parameters, *Shared.__annotations__]
    for key in params:
        if key not in known:
            raise TypeError(f"mixer {name!r} takes {', '.join(known)}; got {key!r}.")
    required = [key for key, parameter in parameters.items() if parameter.default is parameter.empty]
    needed = [key for key in required if key not in params]
    if needed:
        raise TypeError(f"mixer {name!r} needs {', '.join(needed)}; pass it from Python, it has no default.")
    return chosen(**params)


def parameters_of(mixer: type[Mixer]) -> dict[str, inspect.Parameter]:
    """Return the parameters of a class by name, without the shared ones."""
    listed = inspect.signature(mixer).parameters
    return {name: parameter for name, parameter in listed.items() if parameter.kind is not parameter.VAR_KEYWORD}


def method_table() -> pd.DataFrame:
    """Return the paper's Table 2, extended, from the traits of the classes, with the methods that are learned.

    Source: Abhishek et al. 2024, Table 2.

    Returns
    -------
    DataFrame
        Columns name (the key of `MIXERS`, or a recipe's name of a learned method), method, idea, space,
        hyper-parameters, optimisation ("yes", "no" or "learned"), samples mixed, source.

    Examples
    --------
    >>> method_table().set_index("name").loc["cutmix", ["space", "hyper-parameters", "samples mixed"]].tolist()
    ['input', 'alpha, per_sample', '2']
    """
    import pandas as pd

    rows = [
        {
            "name": name,
            "method": mixer.traits.title,
            "idea": mixer.traits.idea,
            "space": mixer.traits.space,
            "hyper-parameters": ", ".join(
                key for key in parameters_of(mixer) if key not in ("model", "teacher", "channels")
            ),
            "optimisation": "yes" if mixer.traits.optimises else "no",
            "samples mixed": mixer.traits.samples,
            "source": mixer.traits.source,
        }
        for name, mixer in MIXERS.items()
    ]
    for name, (title, idea, parameters, source) in LEARNED.items():
        row = {"name": name, "method": title, "idea": idea, "space": "input", "optimisation": "learned"}
        rows.append(row | {"hyper-parameters": parameters, "samples mixed": "2", "source": source})
    return pd.DataFrame(rows)


def method_page() -> str:
    """Return the table as a page of Markdown, the content of docs/mixers.md."""
    table = method_table()
    columns = [*table.columns[:2], *table.columns[3:], "idea"]
    lines = ["| " + " | ".join(columns) + " |", "|" + " --- |" * len(columns)]
    for row in table[columns].to_dict("records"):
        row["name"] = f"`{row['name']}`"
        lines.append("| " + " | ".join(row.values()) + " |")
    return "\n".join(["# The mixers", "", PAGE_HEAD, "", *lines, "", PAGE_END, ""])
