"""What launchers put into the environment: every variable that is read, unset, empty and odd."""

import itertools
import multiprocessing
import os
import pickle
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from zeta_geom.mixers import ZetaMixup
from zeta_geom.rng import seeds
from zeta_geom.rng.ranks import launched_rank, without_launcher
from zeta_geom.rng.streams import Stream

RANKS = (
    "RANK",
    "OMPI_COMM_WORLD_RANK",
    "PMIX_RANK",
    "PMI_RANK",
    "MV2_COMM_WORLD_RANK",
    "JSM_NAMESPACE_RANK",
    "SLURM_PROCID",
    "LOCAL_RANK",
)
OTHERS = [
    "WORLD_SIZE",
    "LOCAL_WORLD_SIZE",
    "GROUP_RANK",
    "NODE_RANK",
    "ROLE_RANK",
    "MASTER_ADDR",
    "MASTER_PORT",
    "TORCHELASTIC_RUN_ID",
    "SLURM_NTASKS",
    "SLURM_LOCALID",
    "SLURM_JOB_ID",
    "SLURM_NTASKS_PER_NODE",
    "OMPI_COMM_WORLD_SIZE",
    "PMI_SIZE",
]


@pytest.fixture(autouse=True)
def unlaunched(monkeypatch):
    for name in (*RANKS, *OTHERS):
        monkeypatch.delenv(name, raising=False)


def draw_in_a_worker(stream=None, monkeypatch=None):
    """Draw as a loader's worker would, whose loader has the same seed everywhere."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(torch.utils.data, "get_worker_info", lambda: SimpleNamespace(seed=11))
        return tuple((stream or Stream(0)).uniform((3,)))


@pytest.mark.parametrize("name", RANKS)
def test_a_rank_is_a_number_or_refused_by_name(name, monkeypatch):
    alone = draw_in_a_worker()
    for value, rank in {"": None, "  ": None, "0": 0, " 4": 4, "07": 7}.items():
        monkeypatch.setenv(name, value)
        assert launched_rank() == rank
        assert (draw_in_a_worker() == alone) == (rank in (None, 0))
    for value in ("abc", "-1", "1.5", "1e3", "0x1", "nan"):
        monkeypatch.setenv(name, value)
        with pytest.raises(ValueError, match=rf"variable {name} must be a non-negative integer; got '{value}'"):
            draw_in_a_worker()
        mixer = pickle.loads(pickle.dumps(ZetaMixup(random_state=0)))
        assert np.isfinite(mixer(np.eye(4))[0]).all()  # outside a worker nobody asks


@pytest.mark.parametrize("name", OTHERS)
@pytest.mark.parametrize("value", ["", "abc", "-1", "1.5", " 4", "0"])
def test_other_variables_alone_change_no_draw(name, value, monkeypatch):
    alone = draw_in_a_worker()
    monkeypatch.setenv(name, value)
    assert draw_in_a_worker() == alone


def test_an_empty_variable_does_not_hide_the_next(monkeypatch):
    monkeypatch.setenv("RANK", "")
    monkeypatch.setenv("SLURM_PROCID", "3")
    assert launched_rank() == 3


LAUNCHED = {  # what tells the processes of one launch apart
    "torchrun on two nodes": [
        {"RANK": 2 * node + local, "LOCAL_RANK": local, "GROUP_RANK": node} for node in (0, 1) for local in (0, 1)
    ],
    "srun": [{"SLURM_PROCID": task, "SLURM_LOCALID": task % 2} for task in range(4)],
    "srun whose script sets LOCAL_RANK": [
        {"SLURM_PROCID": task, "SLURM_LOCALID": task % 2, "LOCAL_RANK": task % 2} for task in range(4)
    ],
    "Lightning on two nodes": [
        {"NODE_RANK": node, "LOCAL_RANK": local} for node, local in itertools.product((0, 1), repeat=2)
    ],
    "Lightning below one Slurm task": [
        {"SLURM_PROCID": 0, "SLURM_LOCALID": 0, "NODE_RANK": 0, "LOCAL_RANK": local} for local in range(4)
    ],
    "Lightning below a Slurm task on each node": [
        {"SLURM_PROCID": node, "SLURM_LOCALID": 0, "NODE_RANK": node, "LOCAL_RANK": local}
        for node, local in itertools.product((0, 1), repeat=2)
    ],
    "mpirun within a Slurm task": [{"SLURM_PROCID": 0, "OMPI_COMM_WORLD_RANK": rank} for rank in range(4)],
    "MPICH": [{"PMI_RANK": rank} for rank in range(4)],
}


@pytest.mark.parametrize("launcher", LAUNCHED)
def test_processes_launched_together_draw_apart(launcher, monkeypatch):
    draws = []
    for variables in LAUNCHED[launcher]:
        with monkeypatch.context() as patched:
            for name, value in variables.items():
                patched.setenv(name, str(value))
            draws.append(draw_in_a_worker())
    assert len(set(draws)) == len(draws)


def test_a_worker_that_is_started_afresh_takes_its_loaders_rank(monkeypatch):
    """The environment has the rank on the node alone; the process group, which the worker has not, knew better."""
    expected = {}
    for rank in (0, 8):
        with monkeypatch.context() as patched:
            patched.setenv("RANK", str(rank))
            expected[rank] = draw_in_a_worker()
    monkeypatch.setenv("LOCAL_RANK", "0")
    with monkeypatch.context() as patched:
        patched.setattr(seeds, "process_rank", lambda: 8)
        sent = pickle.dumps(Stream(0))
    elsewhere = pickle.loads(sent)
    assert draw_in_a_worker(elsewhere) == expected[0]  # in a process that only read the file
    monkeypatch.setattr(multiprocessing, "parent_process", lambda: SimpleNamespace(pid=os.getpid()))
    assert draw_in_a_worker(elsewhere) == expected[8]


def test_what_a_launcher_says_is_hidden_for_a_while(monkeypatch):
    monkeypatch.setenv("RANK", "3")
    monkeypatch.setenv("LOCAL_RANK", "")
    monkeypatch.setenv("SLURM_NTASKS", "4")
    before = dict(os.environ)
    with without_launcher(keep_numbers=True):
        assert launched_rank() == 3
        assert "LOCAL_RANK" not in os.environ
    with without_launcher():
        assert launched_rank() is None
        assert "SLURM_NTASKS" not in os.environ
        os.environ["MASTER_PORT"] = "1"  # as Lightning does
    assert dict(os.environ) == before
