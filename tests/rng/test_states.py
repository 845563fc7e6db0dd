"""A mixer's state: from every generator, through every way of saving, into a mixer that was seeded in another way."""

import copy
import io
import json
import pickle

import numpy as np
import pytest
import torch

from zeta_geom.mixers import ManifoldMixup, Mixup, RandomMixer, ZetaMixup
from zeta_geom.rng import seeds, states, torch_generator
from zeta_geom.rng.states import plain_state
from zeta_geom.rng.streams import Stream

BIT_GENERATORS = ("MT19937", "PCG64", "PCG64DXSM", "Philox", "SFC64")
STARTS = {
    "none": lambda: None,
    "int": lambda: 7,
    "numpy int": lambda: np.uint64(2**64 - 1),
    "long int": lambda: 2**100,
    "RandomState": lambda: np.random.RandomState(7),
    "RandomState of SFC64": lambda: np.random.RandomState(np.random.SFC64(7)),
    "torch": lambda: torch.Generator().manual_seed(7),
} | {name: lambda name=name: np.random.Generator(getattr(np.random, name)(7)) for name in BIT_GENERATORS}
X, y = torch.rand(6, 3, 4, 4, generator=torch.Generator().manual_seed(0)), [0, 1, 2, 0, 1, 2]


def through_torch(state):
    """Return the state after `torch.save` and `torch.load` with their defaults."""
    with io.BytesIO() as file:
        torch.save(state, file)
        file.seek(0)
        return torch.load(file)


WAYS = {
    "torch": through_torch,
    "json": lambda state: json.loads(json.dumps(state)),
    "pickle": lambda state: pickle.loads(pickle.dumps(state)),
    "copy": copy.deepcopy,
}


def mixers(start):
    return RandomMixer([ZetaMixup(n_mix=3), Mixup(0.3)], [0.7, 0.3], prob=0.9, random_state=start)


def batches(mixer, count=2):
    made = [mixer(form, y) for _ in range(count) for form in (X, X.numpy())]
    return [np.asarray(part) for pair in made for part in pair]


@pytest.mark.parametrize("name", STARTS)
def test_any_generators_state_resumes_exactly_in_any_mixer(name):
    mixer = mixers(STARTS[name]())
    before = mixer.state_dict()
    first = batches(mixer, 1)
    mixer.mix_dataset(X, y, batch_size=4)
    state, expected = mixer.state_dict(), batches(mixer)
    for way, other in zip(WAYS.values(), ("int", "torch", "SFC64", name), strict=True):
        resumed = mixers(STARTS[other]())
        batches(resumed, 1)
        resumed.load_state_dict(way(before))
        for given, back in zip(first, batches(resumed, 1), strict=True):
            np.testing.assert_array_equal(back, given)
        resumed.load_state_dict(way(state))
        assert resumed.state_dict() == state
        for given, back in zip(expected, batches(resumed), strict=True):
            np.testing.assert_array_equal(back, given)
    assert torch.equal(*(one.mix_dataset(X, y, epoch=1)[0] for one in (mixer, resumed)))


def test_the_state_of_a_run_in_a_model():
    model = torch.nn.Sequential(torch.nn.Linear(4, 3), torch.nn.Linear(3, 2))
    mixer = ManifoldMixup(["input", "0"], random_state=torch.Generator().manual_seed(1))
    mixer.run(model, X[:, 0, 0], y)
    resumed = ManifoldMixup(["input", "0"], random_state=np.random.default_rng(2))
    resumed.load_state_dict(through_torch(mixer.state_dict()))
    for _ in range(5):
        assert torch.equal(*(one.run(model, X[:, 0, 0], y)[0] for one in (mixer, resumed)))


@pytest.mark.parametrize("name", ["Philox", "torch"])
def test_a_generator_that_was_given_goes_along_where_it_is_of_that_kind(name):
    generator = STARTS[name]()
    stream = Stream(generator)
    state = stream.state_dict()
    first = stream.uniform((3,))
    stream.load_state_dict(state)
    assert plain_state(generator) == state["host"]
    np.testing.assert_array_equal(stream.uniform((3,)), first)
    stream.load_state_dict(Stream(0).state_dict())
    left = plain_state(generator)
    np.testing.assert_array_equal(stream.uniform((3,)), Stream(0).uniform((3,)))
    assert plain_state(generator) == left


def older(state):
    """Return a state as it was before formats: torch's as tensors, NumPy's with arrays."""
    state = {key: value for key, value in state.items() if key not in ("format", "mixer")}
    if "torch" in state["host"]:
        state["host"] = torch.tensor(list(bytes.fromhex(state["host"]["state"])), dtype=torch.uint8)
    elif state["host"]["bit_generator"] == "SFC64":
        inner = {"state": np.array(state["host"]["state"]["state"], np.uint64)}
        state["host"] = state["host"] | {"state": inner}
    return state


@pytest.mark.parametrize("name", ["int", "SFC64", "torch"])
def test_a_state_from_before_formats_is_read(name):
    mixer = mixers(STARTS[name]())
    batches(mixer)
    state, expected = mixer.state_dict(), batches(mixer)
    resumed = mixers(3)
    resumed.load_state_dict(older(state))
    for given, back in zip(expected, batches(resumed), strict=True):
        np.testing.assert_array_equal(back, given)


def changed(state, *path, to):
    """Return a state in which one value is another; a path to nothing adds it."""
    state = copy.deepcopy(state)
    inner = state
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = to
    return state


def bad_states():
    pcg, twister, cpu = (mixers(STARTS[name]()).state_dict() for name in ("int", "MT19937", "torch"))
    yield from (({name: value for name, value in pcg.items() if name != key}, f"{key}|got.* None") for key in pcg)
    yield changed(pcg, "epoch", to=3), "unknown: epoch"
    yield [("seed", 3)], "state must be a dict that state_dict returned; got list"
    yield None, "state must be a dict"
    yield {}, "lacking: choices, device, host, seed, worker"
    yield {"state": {}, "param_groups": []}, "lacking: choices, .*; unknown: param_groups, state"
    yield changed(pcg, "mixer", to="ZetaMixup"), "state must be that of a RandomMixer; got that of 'ZetaMixup'"
    yield changed(pcg, "format", to=99), "state must have format 1; got 99. Load it with the zeta_geom that saved it"
    yield changed(pcg, "seed", to=-1), r"state\['seed'\] must be a non-negative int; got -1"
    yield changed(pcg, "seed", to=1.0), r"state\['seed'\] must be a non-negative int; got 1.0"
    yield changed(pcg, "worker", to=[1]), r"state\['worker'\] must be None or two ints"
    yield changed(pcg, "device", to=[]), r"state\['device'\] must be a dict; got list"
    yield changed(pcg, "device", "cpu", to="00ff"), r"state\['device'\]\['cpu'\] must be the whole state of a torch"
    yield changed(pcg, "device", "gpu7", to="00ff"), r"must hold the names of devices; got 'gpu7'"
    yield changed(pcg, "choices", to=cpu["host"]), r"state\['choices'\] must be the state of a NumPy generator"
    yield changed(pcg, "host", to=None), r"state\['host'\] must be the state of a generator; got NoneType"
    yield changed(pcg, "host", "bit_generator", to="Xorshift"), "must be one of 'MT19937', .*; got 'Xorshift'"
    yield changed(pcg, "host", "bit_generator", to="MT19937"), r"\['host'\] must have the keys .*; unknown: has_uint"
    yield changed(pcg, "host", "state", "inc", to=2**128), r"\['inc'\] must be a non-negative int of at most 3402"
    yield changed(pcg, "host", "state", "state", to="3"), r"\['state'\] must be a non-negative int .*; got '3'"
    yield changed(twister, "host", "state", "pos", to=10**6), r"\['pos'\] must be a .* of at most 624; got 1000000"
    yield changed(twister, "host", "state", "key", to=[1, 2]), r"\['key'\] must be a list of 624 ints; got list"
    yield changed(twister, "host", "state", "key", to=[0.5] * 624), r"\['key'\] must be a non-negative int"
    yield changed(cpu, "host", "state", to=cpu["host"]["state"][:-2]), r"of a torch.Generator on an available"
    yield changed(cpu, "host", "state", to="xy"), r"\['host'\]\['state'\] must be bytes in hexadecimal"
    yield changed(cpu, "host", "torch", to="nowhere"), "on an available device; got 5056 bytes on 'nowhere'"


@pytest.mark.parametrize("start", ["int", "torch"])
def test_a_state_that_is_not_whole_is_refused_and_changes_nothing(start):
    mixer = mixers(STARTS[start]())
    batches(mixer, 1)
    before = mixer.state_dict()
    for bad, text in bad_states():
        with pytest.raises((TypeError, ValueError), match=text) as caught:
            mixer.load_state_dict(bad)
        assert "\n" not in str(caught.value)
        assert mixer.state_dict() == before


class Elsewhere:
    """A tensor's place on a device that this machine lacks."""

    def __init__(self, name):
        self.device = torch.device(name)


def test_generators_on_devices_go_along(monkeypatch):
    for module in (states, seeds):
        monkeypatch.setattr(module, "torch_generator", lambda seed, device: torch.Generator().manual_seed(seed))
    stream = Stream(5)
    generator = stream._source(Elsewhere("cuda:0"))[0]
    torch.rand(3, generator=generator)
    state, expected = through_torch(stream.state_dict()), torch.rand(4, generator=generator)
    for name in ("cuda:0", "cuda:3"):  # the run goes on with another one
        resumed = Stream(6)
        resumed.load_state_dict(state)
        assert resumed.state_dict() == state  # though nothing was drawn there
        assert torch.equal(torch.rand(4, generator=resumed._source(Elsewhere(name))[0]), expected)


def test_a_state_from_a_gpu_is_loaded_where_there_is_none(monkeypatch):
    def absent(seed, device):
        raise RuntimeError("no such device")

    monkeypatch.setattr(states, "torch_generator", absent)
    stream = Stream(5)
    state = stream.state_dict() | {"device": {"cuda:0": "00" * 16}}
    expected, resumed = stream.uniform((3,)), Stream(6)
    resumed.load_state_dict(state)
    assert resumed.state_dict() == state
    np.testing.assert_array_equal(resumed.uniform((3,)), expected)


def test_a_seed_of_any_length_starts_torchs_generator():
    assert torch_generator(2**64 - 1, "cpu").initial_seed() == 2**64 - 1
    assert torch_generator(2**64, "cpu").initial_seed() != torch_generator(2**70, "cpu").initial_seed()


@pytest.mark.parametrize("given", [np.random.SeedSequence(3), np.random.PCG64(3)])
def test_what_a_generator_is_made_of_is_refused_with_the_remedy(given):
    with pytest.raises(TypeError, match=r"random_state must be .*default_rng\(random_state\)") as caught:
        Mixup(random_state=given)
    assert "\n" not in str(caught.value)
