"""Label smoothing of mixers: (1 - ε) Y + ε/K of what comes out, for every mixer, on every path of a call."""

import pickle

import numpy as np
import pytest
import torch

from tests.mixers.mixer_cases import LABELS, batch, to_numpy
from zeta_geom.mixers import ManifoldMixup, MixFeat, Mixup, RandomMixer, ZetaMixup, make_mixer


def smoothed(Y, share=0.25):
    return (1 - share) * to_numpy(Y) + share / Y.shape[1]


def test_labels_that_come_out_are_smoothed_and_inputs_are_not(make, kind):
    X = batch(*kind)
    (X_new, Y_new), (X_plain, Y_plain) = make(label_smoothing=0.25)(X, LABELS), make()(X, LABELS)
    np.testing.assert_array_equal(to_numpy(X_new), to_numpy(X_plain))
    assert Y_new.dtype == Y_plain.dtype
    assert type(Y_new) is type(Y_plain)
    np.testing.assert_allclose(to_numpy(Y_new), smoothed(Y_plain), rtol=1e-6)


def test_all_calls_smooth_once():
    X, Y = np.random.default_rng(0).random((7, 4)), np.eye(3)[LABELS]
    plain, smooth = (Mixup(random_state=0, label_smoothing=share) for share in (0.0, 0.25))
    np.testing.assert_allclose(smooth.mix_dataset(X, LABELS)[1], smoothed(plain.mix_dataset(X, LABELS)[1]))
    plan = plain.draw(X.shape)
    np.testing.assert_allclose(smooth.apply(X, Y, plan)[1], smoothed(plain.apply(X, Y, plan)[1]))
    np.testing.assert_allclose(smooth(X[:1], Y[:1])[1], smoothed(Y[:1]))  # not mixed, but smoothed, as timm does
    np.testing.assert_allclose(Mixup(prob=0, label_smoothing=0.25)(X, Y)[1], smoothed(Y))
    one = RandomMixer([ZetaMixup(label_smoothing=0.25), Mixup()], [1, 0], random_state=0)
    np.testing.assert_allclose(one(X, Y)[1], smoothed(RandomMixer([ZetaMixup()], random_state=0)(X, Y)[1]))
    assert smooth(X)[1] is None


@pytest.mark.parametrize("method", [ManifoldMixup, MixFeat])
def test_mixers_inside_a_network_smooth_labels_while_it_trains(method):
    model, X = torch.nn.Sequential(torch.nn.Linear(4, 5), torch.nn.Linear(5, 2)), torch.rand(7, 4)
    (_, smooth), (_, plain) = (
        method(["0"], random_state=0, label_smoothing=share).run(model, X, LABELS) for share in (0.25, 0.0)
    )
    np.testing.assert_allclose(smooth, smoothed(plain), rtol=1e-6)
    _, Y = method(["0"], label_smoothing=0.25).run(model.eval(), X, LABELS)
    np.testing.assert_array_equal(Y, np.eye(3)[LABELS])


def test_it_is_shown_kept_and_checked():
    mixer = make_mixer("mixup", label_smoothing=0.1)
    assert repr(mixer) == "Mixup(alpha=1.0, per_sample=False, label_smoothing=0.1)"
    assert pickle.loads(pickle.dumps(mixer)).child(1).label_smoothing == 0.1
    old = Mixup(random_state=0)
    del old.__dict__["label_smoothing"]  # a mixer that was pickled before the attribute existed
    assert old(np.eye(2), [0, 1])[1].sum() == pytest.approx(2)
    for bad in (-0.1, 1, 1.5, np.nan):
        with pytest.raises(ValueError, match="label_smoothing must be"):
            Mixup(label_smoothing=bad)
    with pytest.raises(TypeError, match="label_smoothing must be a real number"):
        Mixup(label_smoothing="0.1")
