"""Every public entry that takes arrays, on random ones: it returns what it promises or says clearly why not."""

import linecache
import re
import warnings
from importlib import import_module
from pathlib import Path
from types import ModuleType

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import zeta_geom
from tests.fuzz.entries import ENTRIES
from tests.fuzz.values import any_array, any_scalar, odd_tables
from zeta_geom.mixers import MIXERS

for room in ("audits", "features", "files", "metrics", "mixers", "plots", "points", "samples"):
    import_module(f"tests.fuzz.{room}")  # enters the calls of that room
PACKAGE = Path(zeta_geom.__file__).parent
# what takes no arrays of a user's, room by room
NO_ARRAYS = {
    "audits": "Audit Masked",
    "checks": "check_label_shape check_units count_classes one_hot",  # the last three take what is checked
    "datasets": "Dataset Specification data_home fetch load load_folder",
    "fidelity": "Affinity AlphaPrecision Authenticity BetaRecall DataCopying DensityCoverage Discriminator Diversity "
    "FeatureLikelihood KernelDistance NearerToTraining PrecisionRecall Rarity",  # results
    "geometry": "DimensionInterval Neighbors",
    "execution": "DaskExecutor Executor Ledger PoolExecutor SerialExecutor",
    "manifolds": "Manifold get_manifold",
    "mixers": "Mixer Traits make_mixer method_table",
    "neighborhoods": "LabelAgreement",
    "realism": "Calibration LeNet5",
    "records": "Record atomic_path code_fingerprint record",
    "scale": "Parts Plan Rate measure_rate plan_local_dimension plan_table",
    "rng": "RandomState is_torch_generator loader_rank process_rank seed_from torch_generator",
    "sweeps": "DaskExecutor Executor Keyed Ledger Points PoolExecutor SerialExecutor SweepError sweep_table",
    "training": "AdaMixUp AutoMixLiu AutoMixZhu Classifier ImageData Recipe load_image_data load_intrusion "
    "load_mixer load_network make_network read_recipe run search write_recipe",
    "plots": "accuracy_colors as_label as_text difference_colors difference_key lettered lettering level_across "
    "mark_gamma_min name_columns paired_dots_key panel_letter panels_of set_colors text_width two_class_colors",
    "datasets.own_files": "labels_of names_of read_several",
}
EXAMPLES, MORE = 15, 500  # calls of an entry; with --all
ARRAYS = (np.ndarray, pd.DataFrame, pd.Series, torch.Tensor, list, zeta_geom.geometry.Neighbors)


def deliberate(error, foreign=False):
    """Say whether a statement of this package raised an error, or scikit-learn's check at LocalPCA's door."""
    frames, trace = [], error.__traceback__
    while trace is not None:
        frames.append((Path(trace.tb_frame.f_code.co_filename), trace.tb_lineno, trace.tb_frame.f_code.co_name))
        trace = trace.tb_next
    path, line, _ = frames[-1]
    if foreign and not path.is_relative_to(PACKAGE):
        return True
    own = path.is_relative_to(PACKAGE) and linecache.getline(str(path), line).lstrip().startswith("raise ")
    return own or any(name == "validate_data" for _, _, name in frames)


@st.composite
def calls(draw, entry):
    """Draw arguments: half of them nearly right, and in the others one argument, or each, is anything."""
    arguments = draw(entry.good)
    free = sorted(arguments.keys() - set(entry.kept))
    how = "good" if not free else draw(st.sampled_from(("good", "good", "good", "one", "one", "each")))
    replaced = () if how == "good" else free if how == "each" else (draw(st.sampled_from(free)),)
    for name in replaced:
        value, rare = arguments[name], draw(st.integers(0, 9))
        likely = any_array() if isinstance(value, ARRAYS) else any_scalar
        if isinstance(value, pd.DataFrame) and len(value.columns) and isinstance(value.columns[0], str) and rare % 2:
            likely = odd_tables(value)
        other = any_scalar if isinstance(value, ARRAYS) else any_array()
        arguments[name] = draw(likely if rare else other)
    return arguments


@pytest.mark.parametrize("name", ENTRIES)
def test_only_documented_errors(name, pytestconfig):
    entry, every = ENTRIES[name], pytestconfig.getoption("all")

    @settings(
        max_examples=max(5, round((MORE if every else EXAMPLES) * entry.share)),
        derandomize=not every,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        print_blob=True,
    )
    @given(calls(entry))
    def run(arguments):
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            warnings.filterwarnings("ignore", module=r"pandas\.io\.formats")  # the text of a table, in a message
            if entry.ignored is not None:
                warnings.filterwarnings("ignore", message=entry.ignored)
            try:
                result = entry.call(**arguments)
            except (ValueError, TypeError, *entry.errors) as error:
                documented = isinstance(error, entry.errors) or deliberate(error, entry.foreign)
                if str(error).strip() and documented:
                    return
                raise
        entry.check(result, arguments)

    run()


def public_callables():
    """Return the dotted names of what the rooms offer to call."""
    rooms = [name for name in zeta_geom.__all__ if isinstance(getattr(zeta_geom, name), ModuleType)]
    rooms += ["datasets.own_files"]
    for room in sorted({*rooms}):
        module = import_module(f"zeta_geom.{room}")
        # training loads what it offers when asked, which takes seconds
        names = [name for name in getattr(module, "__all__", ()) if not name.isupper()]
        yield from (f"{room}.{name}" for name in names if room == "training" or callable(getattr(module, name)))


def test_every_public_name_has_an_entry_or_takes_no_arrays():
    exempt = {f"{room}.{name}" for room, names in NO_ARRAYS.items() for name in names.split()}
    exempt |= {f"mixers.{mixer.__name__}" for mixer in MIXERS.values()}  # entered by their names in the table
    entered = {re.match(r"\w+(\.\w+)+", name)[0] for name in ENTRIES}
    public = set(public_callables())
    assert [name for name in public - exempt if not any(f"{one}.".startswith(f"{name}.") for one in entered)] == []
    assert exempt - public == set(), "these are no longer there"
