"""Streams: what they start from, what they draw, that they resume, and loader workers."""

import copy
import pickle

import numpy as np
import pytest
import torch
from scipy.stats import beta, chisquare, kstest

from zeta_geom.rng import numpy_generator, seeds
from zeta_geom.rng.streams import Stream

MAKERS = {
    "int": lambda: 7,
    "numpy": lambda: np.random.default_rng(7),
    "legacy": lambda: np.random.RandomState(7),
    "torch": lambda: torch.Generator().manual_seed(7),
}
BACKENDS = {"numpy": np.zeros(1), "torch": torch.zeros(1)}


@pytest.fixture(params=MAKERS)
def start(request):
    return MAKERS[request.param]


@pytest.fixture(params=BACKENDS)
def like(request):
    return BACKENDS[request.param]


def draws(stream, like):
    parts = [stream.uniform((3,), like), stream.beta(0.4, (2,), like), stream.permutation(5, like)]
    assert all(type(part) is type(like) for part in parts)
    return np.concatenate([np.asarray(part, dtype=np.float64) for part in parts])


def test_same_start_same_draws(start, like):
    first, second = Stream(start()), Stream(start())
    for _ in range(2):
        np.testing.assert_array_equal(draws(first, like), draws(second, like))


def test_successive_draws_differ(start, like):
    stream = Stream(start())
    assert (draws(stream, like) != draws(stream, like)).any()


def test_state_resumes_exactly(start, like):
    stream = Stream(start())
    draws(stream, like)
    state = stream.state_dict()
    expected = [draws(stream, like), draws(stream, like)]
    resumed = Stream(start())
    resumed.load_state_dict(state)
    np.testing.assert_array_equal([draws(resumed, like), draws(resumed, like)], expected)
    np.testing.assert_array_equal(resumed.child(1).uniform((4,)), stream.child(1).uniform((4,)))


def test_state_is_not_changed_by_later_draws(start, like):
    stream = Stream(start())
    state = stream.state_dict()
    first = draws(stream, like)
    stream.load_state_dict(state)
    np.testing.assert_array_equal(draws(stream, like), first)


@pytest.mark.parametrize("duplicate", [copy.deepcopy, lambda stream: pickle.loads(pickle.dumps(stream))])
def test_copies_go_on_alike_and_apart(start, like, duplicate):
    stream = Stream(start())
    draws(stream, like)
    twin = duplicate(stream)
    first = draws(stream, like)
    np.testing.assert_array_equal(draws(twin, like), first)


def test_state_drops_device_generators_made_since(monkeypatch):
    monkeypatch.setattr(seeds, "torch_generator", lambda seed, device: torch.Generator().manual_seed(seed))
    stream = Stream(0)
    state = stream.state_dict()
    stream._source(torch.empty(1, device="meta"))
    assert stream._device
    stream.load_state_dict(state)
    assert not stream._device


def test_children_depend_on_seed_and_key_alone():
    stream = Stream(3)
    before = stream.child(1).uniform((4,))
    stream.uniform((10,))
    np.testing.assert_array_equal(stream.child(1).uniform((4,)), before)
    np.testing.assert_array_equal(Stream(3).child(1).uniform((4,)), before)
    others = [Stream(3).child(2), Stream(4).child(1), Stream(3).child(1, 0), Stream(3)]
    assert all((other.uniform((4,)) != before).all() for other in others)


@pytest.mark.parametrize("name", ["numpy", "torch", "legacy"])
def test_two_streams_from_one_generator_have_children_of_their_own(name):
    generator = MAKERS[name]()
    first, second = (Stream(generator).child(0).uniform((4,)) for _ in range(2))
    assert (first != second).all()


def test_none_is_fresh_entropy():
    assert Stream().uniform(()) != Stream().uniform(())


def test_no_global_state_is_read_or_set():
    np.random.seed(0)
    torch.manual_seed(0)
    before = np.random.get_state()[1].copy(), torch.get_rng_state()
    first = [draws(Stream(start()), like) for start in MAKERS.values() for like in BACKENDS.values()]
    np.testing.assert_array_equal(np.random.get_state()[1], before[0])
    assert torch.equal(torch.get_rng_state(), before[1])
    np.random.seed(1)
    torch.manual_seed(1)
    second = [draws(Stream(start()), like) for start in MAKERS.values() for like in BACKENDS.values()]
    np.testing.assert_array_equal(first, second)


@pytest.mark.parametrize("alpha", [0.002, 0.1, 0.5, 1.0, 2.0, 50.0])
@pytest.mark.parametrize("name", ["numpy", "torch"])
def test_beta_is_beta(name, alpha):
    values = Stream(MAKERS[name]()).beta(alpha, (20_000,))
    assert values.min() >= 0
    assert values.max() <= 1
    # the distribution of min(λ, 1 - λ): at small alpha most λ round to 0 or 1
    folded = np.minimum(values, 1 - values)
    inner = folded[folded > 1e-12]
    law = beta(alpha, alpha)
    floor = law.cdf(1e-12)
    assert abs(len(inner) / len(folded) - (1 - 2 * floor)) < 0.02
    if len(inner) > 50:
        assert kstest(inner, lambda x: (law.cdf(x) - floor) / (0.5 - floor)).pvalue > 1e-3
    assert abs((values < 0.5).mean() - 0.5) < 0.02


@pytest.mark.parametrize("name", ["numpy", "torch"])
def test_uniform_and_permutation_are_uniform(name):
    stream = Stream(MAKERS[name]())
    assert kstest(stream.uniform((20_000,)), "uniform").pvalue > 1e-3
    drawn = np.array([stream.permutation(3) for _ in range(3000)])
    _, counts = np.unique(drawn, axis=0, return_counts=True)
    assert len(counts) == 6
    assert chisquare(counts).pvalue > 1e-3


def test_numpy_generator_is_used_itself():
    generator = np.random.default_rng(0)
    assert numpy_generator(generator) is generator
    assert numpy_generator(np.int64(5)).integers(1000) == np.random.default_rng(5).integers(1000)


@pytest.mark.parametrize(
    ("given", "error", "text"),
    [
        (-1, ValueError, "random_state must be a non-negative int; got -1"),
        (1.5, TypeError, "random_state must be None, an int"),
        (True, TypeError, "random_state must be None, an int"),
        ("seed", TypeError, "random_state must be None, an int"),
        (np.random, TypeError, "random_state must be None, an int"),
    ],
)
def test_bad_random_state(given, error, text):
    with pytest.raises(error, match=text):
        Stream(given)


class Draws(torch.utils.data.Dataset):
    """Each item is a draw from a stream that all workers were given."""

    def __init__(self, random_state):
        self.stream = Stream(random_state)

    def __len__(self):
        return 12

    def __getitem__(self, index):
        return torch.tensor(float(self.stream.uniform(())))


def load(random_state, loader_seed, n_workers=2):
    loader = torch.utils.data.DataLoader(
        Draws(random_state),
        batch_size=2,
        num_workers=n_workers,
        generator=torch.Generator().manual_seed(loader_seed),
    )
    return [torch.cat(list(loader)) for _ in range(2)]


@pytest.mark.parametrize("name", ["int", "numpy", "torch"])
def test_loader_workers_never_repeat_and_reruns_do(name, monkeypatch):
    first = load(MAKERS[name](), 0)
    assert len(torch.unique(torch.cat(first))) == 24  # over both workers and both epochs
    assert torch.equal(torch.cat(first), torch.cat(load(MAKERS[name](), 0)))
    assert (torch.cat(first) != torch.cat(load(MAKERS[name](), 1))).all()
    if name == "int":
        assert (torch.cat(first) != torch.cat(load(8, 0))).all()
        monkeypatch.setenv("RANK", "1")
        assert (torch.cat(first) != torch.cat(load(MAKERS[name](), 0))).all()


class Info:
    def __init__(self, seed):
        self.seed = seed


@pytest.mark.parametrize("name", ["int", "torch"])
def test_state_of_a_worker_resumes_in_that_worker(name, monkeypatch):
    monkeypatch.setattr(torch.utils.data, "get_worker_info", lambda: Info(11))
    stream = Stream(MAKERS[name]())
    stream.uniform((3,))
    state = stream.state_dict()
    state["worker"] = list(state["worker"])  # as after a trip through JSON
    expected = stream.uniform((3,))
    resumed = Stream(MAKERS[name]())
    resumed.load_state_dict(state)
    np.testing.assert_array_equal(resumed.uniform((3,)), expected)
