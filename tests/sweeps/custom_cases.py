"""Measures and mixers as a user writes them, importable by other processes."""

import os
import random
import signal
from pathlib import Path

import numpy as np


def reach(original, mixed):
    """One number."""
    return mixed.flat.std() / original.flat.std()


def norms(original, mixed):
    """A value for each point."""
    return np.linalg.norm(mixed.flat, axis=1)


def several(original, mixed):
    """Values by name, and by k."""
    return {"reach": reach(original, mixed), "norms": norms(original, mixed), 4: norms(original, mixed)[:5]}


def drawn(original, mixed):
    """Random numbers from everywhere, which differ from call to call unless they are seeded."""
    return np.random.normal(size=3).sum() + random.random() + mixed.flat.sum()


def seeded(original, mixed, random_state=None):
    return np.random.default_rng(random_state).random()


def power(original, mixed, p=1):
    return (mixed.flat**p).mean()


class Power:
    def __init__(self, p, table=None):
        self.p, self.table = p, table

    def __call__(self, original, mixed):
        return (mixed.flat**self.p).mean()


def powered(p):
    def measure(original, mixed):
        return (mixed.flat**p).mean()

    return measure


def mortal(original, mixed):
    """Kill the process in the third call, if a file says so."""
    calls = Path(os.environ["CALLS"])
    calls.write_text(calls.read_text(encoding="utf-8") + "x", encoding="utf-8")
    if calls.read_text(encoding="utf-8") == "xxx":
        os.kill(os.getpid(), signal.SIGKILL)
    return {"norms": norms(original, mixed) + np.random.normal(size=len(mixed.X)), "drawn": drawn(original, mixed)}


def halfway(X, y):
    """Mix each point with the next one; class numbers or soft labels go in, soft labels come out."""
    soft = np.eye(2)[y] if y.ndim == 1 else y
    return (X + np.roll(X, 1, axis=0)) / 2, (soft + np.roll(soft, 1, axis=0)) / 2


def noisy(X, y, sigma=0.1, k=1):
    return X + k * sigma * np.random.normal(size=X.shape), y


def shrunk(X):
    return X * 0.9
