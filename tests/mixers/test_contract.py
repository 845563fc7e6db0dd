"""One contract for all mixers: their traits, kinds, labels, streams and copies."""

import copy
import json
import math
import pickle

import numpy as np
import pandas as pd
import pytest
import torch

from tests.mixers.mixer_cases import (
    LABELS,
    SHAPE,
    TOLERANCE,
    Brightness,
    batch,
    soft,
    to_numpy,
)
from zeta_geom import mixers
from zeta_geom.mixers import (
    RandomMixer,
    SamplePairing,
    ZetaMixup,
)


class TestContract:
    def test_kind_shape_and_label_dtype(self, make, kind):
        X = batch(*kind)
        X_new, Y_new = make()(X, LABELS)
        assert type(X_new) is type(X)
        assert type(Y_new) is type(X)
        assert X_new.dtype == X.dtype
        assert X_new.shape == X.shape
        assert Y_new.shape == (7, 3)
        assert np.isfinite(to_numpy(X_new)).all()
        assert str(Y_new.dtype).endswith("float64" if kind[1] == "float64" else "float32")
        Y_new = to_numpy(Y_new)
        assert (Y_new >= 0).all()
        np.testing.assert_allclose(Y_new.sum(axis=1), 1, atol=1e-12 if kind[1] == "float64" else 1e-6)

    def test_same_seed_same_sequence(self, make, kind):
        X = batch(*kind)
        first, second, other, differs = make(5), make(5), make(6), False
        for _ in range(3):
            (a, ya), (b, yb), (c, yc) = first(X, LABELS), second(X, LABELS), other(X, LABELS)
            np.testing.assert_array_equal(to_numpy(a), to_numpy(b))
            np.testing.assert_array_equal(to_numpy(ya), to_numpy(yb))
            differs |= bool((to_numpy(a) != to_numpy(c)).any() or (to_numpy(ya) != to_numpy(yc)).any())
        assert differs == ((first.traits.random and "gamma=inf" not in repr(first)) or "'random'" in repr(first))

    def test_input_is_not_written_to_nor_shared(self, make, kind):
        for m in (7, 3, 1):
            X, Y = batch(*kind, shape=(m, 4, 5)), np.eye(3)[np.arange(m) % 3]
            before, labels = copy.deepcopy(X), Y.copy()
            X_new, Y_new = make()(X, Y)
            X_new[:] = 9
            Y_new[:] = 9
            np.testing.assert_array_equal(to_numpy(X), to_numpy(before))
            np.testing.assert_array_equal(Y, labels)

    @pytest.mark.traits(weighted_mean=True, needs_images=False)
    def test_inputs_and_labels_are_mixed_alike(self, make, kind):
        """With the identity as data, what comes out are the weights themselves."""
        eye = np.eye(7) if kind[0] == "numpy" else torch.eye(7, dtype=torch.float64)
        X = eye.astype(kind[1]) if kind[0] == "numpy" else eye.to(getattr(torch, kind[1]))
        X_new, Y_new = make()(X, np.arange(7))
        np.testing.assert_allclose(to_numpy(X_new), to_numpy(Y_new), atol=TOLERANCE[kind[1]])

    @pytest.mark.parametrize("n_out", [1, 3, 7, 8, 20])
    def test_n_out(self, make, kind, n_out):
        X_new, Y_new = make()(batch(*kind), LABELS, n_out=n_out)
        assert X_new.shape == (n_out, 2, 4, 5)
        assert Y_new.shape == (n_out, 3)
        assert make().draw(SHAPE, n_out=n_out, labels=np.eye(3)[LABELS]).rows == n_out

    @pytest.mark.parametrize("n_out", [None, 3])
    def test_a_batch_of_one_comes_back_unmixed(self, make, kind, n_out):
        X = batch(*kind, shape=(1, 5, 10))
        X_new, Y_new = make()(X, [1], n_classes=3, n_out=n_out)
        assert len(X_new) == (n_out or 1)
        for row, label in zip(to_numpy(X_new), to_numpy(Y_new), strict=True):
            np.testing.assert_array_equal(row, to_numpy(X)[0])
            np.testing.assert_array_equal(label, [0, 1, 0])

    @pytest.mark.traits(needs_images=False)
    @pytest.mark.parametrize("shape", [(7,), (7, 0), (7, 1), (7, 2, 0, 3), (7, 3, 4, 5, 2)])
    def test_any_trailing_shape(self, make, kind, shape):
        X_new, _ = make()(batch(*kind, shape=shape), LABELS)
        assert X_new.shape == shape
        if math.prod(shape):
            flat, _ = make()(batch(*kind, shape=shape).reshape(7, -1), LABELS)
            np.testing.assert_array_equal(to_numpy(X_new).reshape(7, -1), to_numpy(flat))

    @pytest.mark.traits(needs_images=True)
    @pytest.mark.parametrize("shape", [(7, 3, 4), (7, 1, 3, 3), (7, 3, 2, 4, 5)])
    def test_any_shape_of_images(self, make, kind, shape):
        assert make()(batch(*kind, shape=shape), LABELS)[0].shape == shape

    @pytest.mark.traits(needs_images=True)
    @pytest.mark.parametrize("shape", [(7,), (7, 4), (7, 0, 4), (7, 3, 4, 0)])
    def test_images_need_height_and_width(self, make, shape):
        with pytest.raises(ValueError, match=r"mixes images \(m, H, W\), .* got a batch of shape \(7"):
            make().draw(shape, labels=np.eye(3)[LABELS])

    @pytest.mark.traits(needs_classes=True)
    def test_classes_need_labels(self, make, kind):
        with pytest.raises(ValueError, match="needs labels; give y"):
            make()(batch(*kind))

    @pytest.mark.traits(mixes_labels=False)
    def test_labels_stay(self, make, kind):
        _, Y_new = make()(batch(*kind), LABELS, n_out=9)
        np.testing.assert_array_equal(to_numpy(Y_new), np.eye(3)[LABELS[np.arange(9) % 7]])

    def test_non_contiguous(self, make, kind):
        X = batch(*kind, shape=(14, 3, 4))[::2].swapaxes(1, 2)
        plain = copy.deepcopy(X).reshape(7, 12).reshape(7, 4, 3)
        rounding = 1e-12 if make().traits.optimises else 0  # sums run in the order of the memory
        np.testing.assert_allclose(to_numpy(make()(X, LABELS)[0]), to_numpy(make()(plain, LABELS)[0]), rtol=rounding)

    @pytest.mark.traits(needs_classes=False)
    def test_no_labels_give_none(self, make, kind):
        assert make()(batch(*kind))[1] is None

    @pytest.mark.traits(keeps_rows=True)
    def test_out_is_written_into(self, make, kind):
        X = batch(*kind)
        expected = make()(X, LABELS, n_out=9)
        for order in ("C", "F"):
            room = np.full((9, *X.shape[1:]), 9.0, order=order)
            out = room.astype(kind[1]) if kind[0] == "numpy" else torch.from_numpy(room).to(X.dtype)
            X_new, Y_new = make()(X, LABELS, n_out=9, out=out)
            assert X_new is out
            np.testing.assert_array_equal(to_numpy(out), to_numpy(expected[0]))
            np.testing.assert_array_equal(to_numpy(Y_new), to_numpy(expected[1]))

    @pytest.mark.filterwarnings("error")
    def test_label_forms_agree(self, make, kind):
        X = batch(*kind)
        expected = to_numpy(make()(X, LABELS)[1])
        one_hot = np.eye(3)[LABELS]
        forms = [
            LABELS.tolist(),
            LABELS.astype(np.uint8),
            LABELS.astype(np.uint16),
            LABELS.astype(">i4"),
            pd.Series(LABELS, index=range(10, 17)),
            torch.from_numpy(LABELS),
            torch.from_numpy(LABELS).to(torch.int32),
            one_hot,
            one_hot.astype(np.float16),
            one_hot.astype(int),
            one_hot.tolist(),
            torch.from_numpy(one_hot).bfloat16(),
            torch.from_numpy(one_hot).requires_grad_(),
        ]
        for form in forms:
            Y_new = make()(X, form)[1]
            np.testing.assert_allclose(to_numpy(Y_new), expected, atol=1e-7, err_msg=str(type(form)))

    def test_coarse_soft_labels_come_out_summing_to_one(self, make, kind):
        Y = soft(7, 1000).astype(np.float16)
        sums = to_numpy(make()(batch(*kind), Y)[1]).sum(axis=1)
        np.testing.assert_allclose(sums, 1, atol=2e-6)

    def test_state_resumes_exactly(self, make, kind):
        X = batch(*kind)
        mixer = make()
        mixer(X, LABELS)
        state = mixer.state_dict()
        expected = to_numpy(mixer(X, LABELS)[0])
        resumed = make(seed=99)
        resumed.load_state_dict(json.loads(json.dumps(state)))
        np.testing.assert_array_equal(to_numpy(resumed(X, LABELS)[0]), expected)
        whole = [to_numpy(one.mix_dataset(X, LABELS, batch_size=5)[0]) for one in (mixer, resumed)]
        np.testing.assert_array_equal(*whole)

    @pytest.mark.parametrize("duplicate", [copy.deepcopy, lambda mixer: pickle.loads(pickle.dumps(mixer))])
    @pytest.mark.parametrize(
        "start", [lambda: 3, lambda: np.random.default_rng(3), lambda: torch.Generator().manual_seed(3)]
    )
    def test_copies_go_on_alike(self, make, duplicate, start):
        X = batch("torch", "float32")
        mixer = make(start())
        mixer(X, LABELS)
        twin = duplicate(mixer)
        assert repr(twin) == repr(mixer)
        for _ in range(2):
            assert torch.equal(mixer(X, LABELS)[0], twin(X, LABELS)[0])

    def test_repr_rebuilds(self, make):
        mixer = make()
        names = {**vars(mixers), "inf": math.inf, "Brightness": Brightness}
        assert repr(eval(repr(mixer), names)) == repr(mixer)  # noqa: S307

    @pytest.mark.traits(bounded=True)
    def test_bounds_of_the_data_are_kept(self, make, kind):
        X = batch(*kind)
        X_new = to_numpy(make()(X, LABELS)[0])
        slack = TOLERANCE[kind[1]] * 4
        assert X_new.max() <= to_numpy(X).max() + slack
        assert X_new.min() >= to_numpy(X).min() - slack

    def test_two_are_the_fewest_that_are_mixed(self, make, kind):
        fewest = make().traits.min_samples
        params = make().__dict__
        fewest = max(fewest, params.get("n_mix") or 0)
        X = batch(*kind, shape=(fewest, 4, 5))
        assert make()(X, np.arange(fewest), n_classes=8)[0].shape == X.shape


@pytest.mark.parametrize(("of_X", "of_Y", "expected"), [("f2", "f8", "f4"), ("f4", "f8", "f4"), ("f8", "f4", "f8")])
def test_labels_take_their_dtype_from_the_samples(of_X, of_Y, expected):
    X, Y = np.eye(4, dtype=of_X), np.eye(4, dtype=of_Y)
    assert ZetaMixup(random_state=0)(X, Y)[1].dtype == expected
    plan = ZetaMixup(random_state=0).draw(X.shape, like=X)
    assert ZetaMixup().apply(X, Y, plan)[1].dtype == expected


class TestRandomMixer:
    def test_one_of_several_mixers_is_told_of_a_short_batch(self):
        mixer = RandomMixer([ZetaMixup(n_mix=4)], random_state=0)
        assert mixer.mix_dataset(np.eye(6), batch_size=4)[0].shape == (6, 6)

    def test_one_of_several_mixers_promises_what_all_of_them_do(self):
        both = RandomMixer([ZetaMixup(), SamplePairing()]).traits
        assert ZetaMixup.traits.mixes_labels
        assert not SamplePairing.traits.mixes_labels
        assert not both.mixes_labels
        assert both.random
