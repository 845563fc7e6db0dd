"""The identity of an object: all that makes it compute something else, and nothing that differs by chance."""

import json
import os
import subprocess
import sys
import threading
from functools import partial, wraps
from pathlib import Path

import numpy as np
import pytest
import scipy.spatial.distance
import torch

from zeta_geom.records.objects import Identity, Keyed, NoKeyError, identity
from zeta_geom.records.reach import module_name

ROOT = Path(__file__).parents[2]
HERE = Path(__file__).resolve()


class Slotted:
    __slots__ = ("a",)

    def __init__(self, a):
        self.a = a


class Held:
    def __init__(self, *values, **named):
        self.values = values
        vars(self).update(named)

    def method(self):
        return self.values


class Cached(Held):
    def __getstate__(self):
        return {"values": self.values}  # the cache does not count


def counted(function):
    @wraps(function)
    def inner(*arguments):
        return function(*arguments)

    return inner


@counted
def decorated():
    return 0


def known(a, b):
    return a


def closed(a, b=1):
    return lambda x, y=b: x + y + a


def network(seed):
    torch.manual_seed(seed)
    return torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.ReLU())


PAIRS = {  # two objects that compute something else
    "closure": (closed(1), closed(2)),
    "default": (closed(1, 2), closed(1, 3)),
    "lambdas of one line": (lambda x: x + 1, lambda x: x + 2),
    "partial arguments": (partial(known, 1), partial(known, 2)),
    "partial keywords": (partial(known, b=1), partial(known, b=2)),
    "partial places": (partial(known, 1), partial(known, b=1)),
    "attributes": (Held(1), Held(2)),
    "names of attributes": (Held(a=1), Held(b=1)),
    "slots": (Slotted(1), Slotted(2)),
    "methods": (Held(1).method, Held(2).method),
    "arrays": (Held(np.arange(3)), Held(np.array([0, 1, 3]))),
    "dtypes": (Held(np.zeros(2)), Held(np.zeros(2, dtype=np.float32))),
    "classes": (Held(1), Cached(1)),
    "objects inside": (Held([Held({"a": Slotted(1)})]), Held([Held({"a": Slotted(2)})])),
    "ufuncs": (np.add, np.subtract),
    "functions of libraries": (scipy.spatial.distance.cdist, scipy.spatial.distance.pdist),
    "weights": (network(0), network(1)),
    "bytes": (Held(b"a"), Held(b"b")),
    "not finite": (Held(float("inf")), Held(float("-inf"))),
    "bool and int": (Held(True), Held(1)),
    "keys": (Keyed(None, "a"), Keyed(None, "b")),
}


@pytest.mark.parametrize("name", PAIRS)
def test_other_objects_have_other_identities(name):
    first, second = PAIRS[name]
    texts = [json.dumps(identity(value).key) for value in (first, second, first)]
    assert texts[0] != texts[1]
    assert texts[0] == texts[2]


def test_objects_that_are_made_again_are_the_same():
    assert identity(closed(1)) == identity(closed(1))
    assert identity(Held(np.arange(3), {"a": 1})) == identity(Held(np.arange(3), {"a": 1}))
    assert identity(network(0)) == identity(network(0))
    assert identity(Cached(1, cache=2)) == identity(Cached(1, cache=3))
    assert identity(Held(a=1, b=2)) == identity(Held(b=2, a=1))
    assert identity(Held(a=1, seed=2), without=frozenset({"seed"})) == identity(Held(a=1))
    assert identity(Held(np.float64(2))) == identity(Held(2.0))


def test_modules_are_those_of_all_that_runs():
    assert identity(known) == Identity({"name": "tests.records.test_objects:known"}, (HERE,))
    assert identity(Held(partial(known))).sources == (HERE,)
    assert identity(decorated).sources == (HERE,)
    assert identity(np.add) == Identity({"name": "numpy:add"}, ())  # its version is in every key
    assert "python" in identity(max).key["versions"]


def cyclic():
    held = Held()
    held.values = (held,)
    return held


def unwritten():
    names = {"__name__": __name__}
    exec("def made(): return 1", names)
    return names["made"]


class Mute:
    def __reduce_ex__(self, protocol):
        raise RuntimeError("no")


REFUSED = {
    "lock": (lambda: Held(threading.Lock()), "state of a _thread.lock cannot be read"),
    "file": (lambda: Held(HERE.open()), "TextIOWrapper cannot be read"),
    "generator": (lambda: Held(np.random.default_rng(0)), "random generator"),
    "torch generator": (lambda: Held(torch.Generator()), "random generator"),
    "itself": (cyclic, "contains itself"),
    "no file": (unwritten, "in no file"),
    "local class": (lambda: type("Local", (), {})(), "not at the top level"),
    "objects": (lambda: Held(np.array([object()])), "array of Python objects"),
    "mute": (Mute, r"cannot be read \(no\)"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_has_no_identity(name):
    make_object, reason = REFUSED[name]
    with pytest.raises(NoKeyError, match=reason):
        identity(make_object())


def test_a_key_is_a_text():
    for key in ("", 3, None):
        with pytest.raises(TypeError, match="key must be a non-empty str"):
            Keyed(known, key)


def test_the_order_of_sets_is_no_part_of_it():
    code = (
        "from zeta_geom.records.objects import identity\nfrom tests.records.test_objects import Held, membership\n"
        "print(identity(membership()).key, identity(Held({'a', 'b', 'c', 'd'})).key)"
    )
    outputs = {
        subprocess.run(
            [sys.executable, "-c", code], env=os.environ | {"PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT)},
            capture_output=True, text=True, check=True,
        ).stdout
        for seed in ("1", "2")
    }  # fmt: skip
    assert len(outputs) == 1


def membership():
    return lambda x: x in {"a", "b", "c", "d"}


def test_a_folder_below_the_search_path_is_a_package_without_init(tmp_path, monkeypatch):
    path = tmp_path / "one" / "two" / "module.py"
    path.parent.mkdir(parents=True)
    path.touch()
    assert module_name(path) == ("module", path.parent)
    monkeypatch.syspath_prepend(tmp_path)
    assert module_name(path) == ("one.two.module", tmp_path)
    monkeypatch.syspath_prepend(path.parent)
    assert module_name(path) == ("module", path.parent)
    other = tmp_path / "no-name" / "module.py"
    assert module_name(other) == ("module", other.parent)
