"""Mixers inside training loops: after a loader, in `collate_fn`, for some batches only, over ranks, and resumed."""

import itertools
import multiprocessing

import numpy as np
import pytest
import torch
from scipy.stats import binomtest, chisquare
from torch.utils.data import DataLoader, TensorDataset

from examples import lightning_callback, plain_loop
from tests.mixers.mixer_cases import LABELS, batch
from tests.training.loader_cases import distributed_draws, loaded
from zeta_geom.mixers import CutMix, Mixup, RandomMixer, ZetaMixup
from zeta_geom.mixers.batches import Unmixed
from zeta_geom.rng import process_rank


def test_two_workers_two_epochs_two_ranks_never_repeat_a_draw(monkeypatch):
    seen = []
    for rank in "01":
        monkeypatch.setenv("RANK", rank)
        seen += [x[:, x.sum(dim=0) > 0] for x in loaded(int(rank))]  # the six samples of a batch, in order
    assert len(seen) == 2 * 2 * 4
    assert len({tuple(x.flatten().tolist()) for x in seen}) == len(seen)
    monkeypatch.setenv("RANK", "0")
    again = [x[:, x.sum(dim=0) > 0] for x in loaded(0)]
    assert all(torch.equal(a, b) for a, b in zip(again, seen, strict=False))


def test_the_process_group_is_asked_before_the_environment(monkeypatch):
    monkeypatch.setenv("RANK", "1")
    assert process_rank() == 1
    monkeypatch.setattr(torch.distributed, "is_initialized", lambda: True)
    monkeypatch.setattr(torch.distributed, "get_rank", lambda: 5)
    assert process_rank() == 5


@pytest.mark.slow
def test_ranks_of_a_process_group_draw_apart_without_an_environment():
    context = multiprocessing.get_context("spawn")
    queue = context.Queue()
    port = free_port()
    processes = [context.Process(target=distributed_draws, args=(rank, port, queue)) for rank in range(2)]
    for process in processes:
        process.start()
    draws = [tuple(x) for _ in processes for x in queue.get(timeout=120)]
    for process in processes:
        process.join(timeout=60)
    assert len(set(draws)) == len(draws) == 8


def free_port():
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def test_children_serve_ranks_that_mix_after_the_loader():
    X = torch.eye(6)
    draws = {}
    for rank, epoch, step in itertools.product(range(2), repeat=3):
        mixer = ZetaMixup(random_state=0)
        mixer(X)  # whatever was drawn before
        draws[rank, epoch, step] = tuple(mixer.child(rank, epoch, step)(X)[0].flatten().tolist())
    assert len(set(draws.values())) == 8


def test_same_loader_seed_same_batches_and_another_one_others():
    first, again, other = loaded(0), loaded(0), loaded(0, seed=1)
    assert all(torch.equal(a, b) for a, b in zip(first, again, strict=True))
    assert not any(torch.equal(a, b) for a, b in zip(first, other, strict=True))


def test_resume_by_state_dict_is_an_uninterrupted_run():
    X, y = batch("torch", "float32"), torch.from_numpy(LABELS)

    def mixer():
        return RandomMixer(
            [ZetaMixup(prob=0.6), CutMix(channels="first"), Mixup()], [0.5, 0.3, 0.2], prob=0.8, random_state=0
        )

    whole = mixer()
    expected = [whole(X, y) for _ in range(30)]
    stopped = mixer()
    for _ in range(11):
        stopped(X, y)
    resumed = mixer()
    resumed.load_state_dict(stopped.state_dict())
    for x_expected, y_expected in expected[11:]:
        x, labels = resumed(X, y)
        assert torch.equal(x, x_expected)
        assert torch.equal(labels, y_expected)


class TestProbability:
    def test_prob_is_the_share_of_batches_that_are_mixed(self, make):
        mixer, labels = make(prob=0.3), np.eye(3)[LABELS]
        plans = [mixer.draw((7, 2, 4, 5), labels=labels) for _ in range(600)]
        mixed = sum(not isinstance(plan, Unmixed) for plan in plans)
        assert binomtest(mixed, 600, 0.3).pvalue > 1e-4

    def test_unmixed_batches_come_back_as_they_are(self, make, kind):
        X = batch(*kind)
        X_new, Y_new = make(prob=0.0)(X, LABELS, n_out=9)
        rows = np.arange(9) % 7
        assert (np.asarray(X_new.tolist()) == np.asarray(X[rows].tolist())).all()
        np.testing.assert_array_equal(np.asarray(Y_new), np.eye(3)[LABELS[rows]])
        X_new[:] = 9
        assert not (np.asarray(X.tolist()) == 9).any()

    @pytest.mark.parametrize("bad", [-0.1, 1.1, float("nan")])
    def test_prob_lies_in_the_unit_interval(self, make, bad):
        with pytest.raises(ValueError, match="prob must be"):
            make(prob=bad)

    def test_without_prob_the_sequence_is_that_of_old(self):
        X = torch.eye(5)
        always, plain = ZetaMixup(prob=1.0, random_state=0), ZetaMixup(random_state=0)
        assert all(torch.equal(always(X)[0], plain(X)[0]) for _ in range(3))


class TestRandomMixer:
    def test_each_is_drawn_as_often_as_p_says(self):
        mixer = RandomMixer([ZetaMixup(), Mixup(), CutMix()], [0.5, 0.3, 0.2], random_state=0)
        drawn = [mixer.draw((4, 3, 3)).index for _ in range(1000)]
        assert chisquare(np.bincount(drawn, minlength=3), [500, 300, 200]).pvalue > 1e-3

    def test_one_that_is_never_drawn_never_comes(self):
        mixer = RandomMixer([ZetaMixup(), Mixup()], [1.0, 0.0], random_state=0)
        assert {mixer.draw((4, 3)).index for _ in range(100)} == {0}

    def test_its_stream_rules_whatever_the_parts_were_made_with(self):
        X = torch.eye(6)
        runs = [RandomMixer([ZetaMixup(random_state=s), Mixup(random_state=s)], random_state=7) for s in (1, 2)]
        for _ in range(10):
            assert torch.equal(*(run(X)[0] for run in runs))

    @pytest.mark.parametrize(
        ("mixers", "p", "error", "text"),
        [
            ([], None, TypeError, "mixers must be a sequence of at least one Mixer"),
            ([Mixup], None, TypeError, "mixers must be a sequence of at least one Mixer"),
            ([Mixup(), CutMix()], [1.0], ValueError, "p must hold 2 probabilities that sum to 1"),
            ([Mixup(), CutMix()], [0.7, 0.7], ValueError, "p must hold 2 probabilities that sum to 1"),
            ([Mixup(), CutMix()], [1.5, -0.5], ValueError, r"p must be a number in \[0, 1\]"),
        ],
    )
    def test_what_it_refuses(self, mixers, p, error, text):
        with pytest.raises(error, match=text):
            RandomMixer(mixers, p)


class TestExamples:
    def test_the_plain_loop_learns_and_resumes_without_a_trace(self):
        assert plain_loop.main(epochs=2) > 0.5  # chance is 0.1
        images, labels = torch.rand(130, 1, 28, 28), torch.arange(130) % 10
        whole, first, second = plain_loop.Run(), plain_loop.Run(), plain_loop.Run()
        whole.epoch(images, labels)
        expected = whole.epoch(images, labels)
        first.epoch(images, labels)
        second.resume(first.checkpoint())
        assert second.epoch(images, labels) == expected

    @pytest.mark.filterwarnings("ignore")
    def test_the_lightning_callback_mixes_every_batch(self, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        assert lightning_callback.main(epochs=2) > 0.5

    @pytest.mark.filterwarnings("ignore")
    def test_the_lightning_callback_resumes_without_a_trace(self, tmp_path):
        whole, stopped = Recorder(), Recorder()
        whole.fit(epochs=2)
        trainer = stopped.fit(epochs=1)
        trainer.save_checkpoint(tmp_path / "half.ckpt")
        resumed = Recorder()
        resumed.fit(epochs=2, checkpoint=tmp_path / "half.ckpt")
        assert len(whole.batches) == 8
        assert all(torch.equal(a, b) for a, b in zip(whole.batches[4:], resumed.batches, strict=True))
        assert len({tuple(x.flatten().tolist()) for x in whole.batches}) == 8

    def test_the_lightning_callback_says_what_a_batch_must_be(self):
        callback = lightning_callback.MixBatches(Mixup())
        with pytest.raises(TypeError, match=r"a batch must be a list \[x, y\]"):
            callback.on_train_batch_start(None, None, (torch.eye(2), torch.zeros(2)), 0)


class Recorder(lightning_callback.Digits):
    """Keeps what its training steps are given."""

    def __init__(self):
        super().__init__()
        self.batches = []

    def training_step(self, batch, batch_idx):
        self.batches.append(batch[0].clone())
        return super().training_step(batch, batch_idx)

    def fit(self, epochs, checkpoint=None):
        import lightning

        callback = lightning_callback.MixBatches(ZetaMixup(n_classes=10, random_state=0))
        images = torch.rand(32, 1, 28, 28, generator=torch.Generator().manual_seed(0))
        loader = DataLoader(TensorDataset(images, torch.arange(32) % 10), batch_size=8)
        quiet = {"logger": False, "enable_checkpointing": False, "enable_progress_bar": False}
        trainer = lightning.Trainer(max_epochs=epochs, callbacks=[callback], accelerator="cpu", **quiet)
        trainer.fit(self, loader, ckpt_path=checkpoint)
        return trainer
