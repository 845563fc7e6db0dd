"""Whole data sets batch by batch."""

import sys
from collections import Counter

import numpy as np
import pytest
import torch

from tests.mixers.mixer_cases import batch, to_numpy
from zeta_geom.mixers import (
    SuperMix,
    ZetaMixup,
    checks,
    labels,
    p_series_weights,
)


def images_for(make, shape):
    """Return a batch on a backend that the mixer takes."""
    return batch(make().traits.backends[0], "float64", shape=shape)


CHECKS = {checks.__file__, labels.__file__}
ONE_CLASS = pytest.mark.filterwarnings("ignore:a batch of one class has no pairs")


class TestDataSet:
    @ONE_CLASS
    def test_depends_on_seed_and_epoch_alone(self, make, kind):
        X, y = batch(*kind, shape=(13, 4, 5)), np.arange(13) % 3
        fresh = make().mix_dataset(X, y, batch_size=5, epoch=2)
        used = make()
        used(X[:7], y[:7])
        used.mix_dataset(X, y)
        again = used.mix_dataset(X, y, batch_size=5, epoch=2)
        for a, b in zip(fresh, again, strict=True):
            np.testing.assert_array_equal(to_numpy(a), to_numpy(b))
        for other in (
            used.mix_dataset(X, y, batch_size=5, epoch=3),
            make(1).mix_dataset(X, y, batch_size=5, epoch=2),
        ):
            assert (to_numpy(other[0]) != to_numpy(fresh[0])).any()
        assert fresh[0].dtype == X.dtype
        assert type(fresh[0]) is type(X)

    @ONE_CLASS
    def test_batches_are_not_checked_again(self, make):
        """The samples are checked once at the door, however many batches they make."""

        def count_checks(n):
            X, calls = images_for(make, (n, 4, 5)), Counter()

            def count(frame, event, arg):
                if event == "call" and frame.f_code.co_filename in CHECKS:
                    calls[frame.f_code.co_name] += 1

            sys.setprofile(count)
            try:
                make().mix_dataset(X, np.arange(n) % 3, batch_size=4)
            finally:
                sys.setprofile(None)
            return calls

        few, many = count_checks(8), count_checks(40)
        assert few == many
        assert few["check_samples"] == few["soft_labels"] == 1

    def test_leaves_the_sequence_of_batches_alone(self, make):
        X, y = images_for(make, (7, 4, 5)), np.arange(7) % 3
        plain, interrupted = make(), make()
        interrupted.mix_dataset(X, y)
        np.testing.assert_array_equal(plain(X, y)[0], interrupted(X, y)[0])

    @pytest.mark.parametrize("params", [{}, {"n_mix": 4}, {"gamma": (2.0, 4.0)}])
    @pytest.mark.parametrize("n", [1, 3, 32, 33, 70])
    def test_every_input_leads_once(self, params, n):
        X_new, Y_new = ZetaMixup(random_state=0, **params).mix_dataset(np.eye(n), np.arange(n))
        assert sorted(X_new.argmax(axis=1)) == list(range(n))
        np.testing.assert_array_equal(X_new, Y_new)
        np.testing.assert_allclose(X_new.sum(axis=1), 1)

    def test_batches_are_cut_from_a_shuffle(self):
        mixed = ZetaMixup(random_state=0).mix_dataset(np.eye(70))[0]
        batches = [set(np.flatnonzero(mixed[start])) for start in (0, 32, 64)]
        assert [len(members) for members in batches] == [32, 32, 6]
        assert set().union(*batches) == set(range(70))
        for start, members in zip((0, 32, 64), batches, strict=True):
            assert all(set(np.flatnonzero(row)) == members for row in mixed[start : start + len(members)])
        assert batches[0] != set(range(32))

    def test_the_last_short_batch_clips_t(self):
        mixed = ZetaMixup(2.0, n_mix=5, random_state=0).mix_dataset(np.eye(35))[0]
        assert ((mixed > 0).sum(axis=1) == [5] * 32 + [3] * 3).all()
        np.testing.assert_allclose(np.sort(mixed[-1])[-3:], p_series_weights(3, 2.0)[::-1])

    def test_a_last_batch_of_one_is_unmixed(self, make):
        X = images_for(make, (33, 4, 5))
        mixed, labels = make().mix_dataset(X, np.arange(33))
        assert labels[-1].max() == 1
        np.testing.assert_array_equal(mixed[-1], X[int(labels[-1].argmax())])

    def test_more_and_fewer_rows(self, make):
        X, y = images_for(make, (10, 4, 5)), np.arange(10)
        all_rows = make().mix_dataset(X, y, batch_size=4, n_out=25)
        assert all_rows[0].shape == (25, 4, 5)
        assert all_rows[1].shape == (25, 10)
        np.testing.assert_array_equal(all_rows[0][:3], make().mix_dataset(X, y, batch_size=4, n_out=3)[0])
        np.testing.assert_array_equal(all_rows[0][:10], make().mix_dataset(X, y, batch_size=4)[0])

    def test_further_rounds_lead_with_every_input_again(self):
        mixed = ZetaMixup(random_state=0).mix_dataset(np.eye(10), batch_size=4, n_out=30)[0]
        leaders = mixed.argmax(axis=1).reshape(3, 10)
        assert (np.sort(leaders, axis=1) == np.arange(10)).all()
        assert (leaders[0] != leaders[1]).any()

    def test_a_method_that_loses_rows_goes_on_until_there_are_enough(self):
        linear = torch.nn.Linear(16, 5, bias=False, dtype=torch.float64)
        with torch.no_grad():
            linear.weight.copy_(torch.from_numpy(np.random.default_rng(0).normal(size=(5, 16))))
        mixer = SuperMix(torch.nn.Sequential(torch.nn.Flatten(), linear), max_steps=1, random_state=0)
        X, y = batch("torch", "float64", shape=(30, 4, 4)), np.arange(30)
        once, labels = mixer.mix_dataset(X, y, batch_size=8)
        assert 0 < len(once) < 30
        more, more_labels = mixer.mix_dataset(X, y, batch_size=8, n_out=45)
        assert len(more) == len(more_labels) == 45
        assert torch.equal(more[: len(once)], once)
        assert torch.equal(more_labels[: len(once)], labels)

    def test_a_full_batch_smaller_than_t_is_refused(self):
        with pytest.raises(ValueError, match="n_mix=9 for 8 samples"):
            ZetaMixup(n_mix=9).mix_dataset(np.eye(20), batch_size=8)

    def test_two_mixers_of_one_generator_differ(self):
        generator = np.random.default_rng(0)
        first, second = (ZetaMixup(random_state=generator).mix_dataset(np.eye(20))[0] for _ in range(2))
        assert (first != second).any()
