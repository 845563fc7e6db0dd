"""Running recipes: the same seed gives the same weights, killed or not, on one device or two."""

import logging
import os
import signal
import subprocess
import sys
import time
from itertools import chain
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import torch
from filelock import FileLock, Timeout
from lightning.pytorch.utilities.rank_zero import rank_zero_only
from safetensors.torch import load_file
from sklearn.metrics import roc_auc_score

from tests.training.training_cases import recipe, train
from zeta_geom import datasets
from zeta_geom.training import load_image_data, load_network
from zeta_geom.training.fit.classifier import Classifier

FURTHER = ("adamixup", "automix-zhu")


def weights(folder, seed=0):
    return load_file(folder / "tiny" / f"seed-{seed}.safetensors")


def same(a, b):
    return a.keys() == b.keys() and all(torch.equal(a[name], b[name]) for name in a)


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """A run that nothing disturbed: its folder and its table."""
    folder = tmp_path_factory.mktemp("whole")
    return folder, train(folder)


def test_the_table_says_what_was_run(whole):
    row = whole[1].iloc[0]
    assert whole[1]["metric"].tolist() == ["error", "auc"]
    assert (row["method"], row["n_train"], row["n_test"], row["epochs"], row["seed"]) == ("zeta-2.8", 96, 297, 3, 0)
    assert 1 <= row["imbalance"] < 2
    assert row["seconds"] > 0


def test_metrics_are_those_of_the_kept_network_on_the_test_images(whole):
    data = load_image_data("digits")
    classifier = load_network(recipe(), 0, data, folder=whole[0])
    assert classifier.mean.item() == pytest.approx(subset_of(data).mean[0]) != pytest.approx(data.mean[0])
    images, labels = data.test.__getitems__(range(len(data.test)))
    with torch.no_grad():
        p = classifier(images).softmax(1)
    values = whole[1].set_index("metric")["value"]
    assert values["error"] == pytest.approx((p.argmax(1) != labels).double().mean().item(), abs=1e-6)
    assert values["auc"] == pytest.approx(roc_auc_score(labels, p.double(), multi_class="ovr"), abs=1e-4)


def subset_of(data):
    from zeta_geom.training.data import subset

    return subset(data, 96, 0)


def test_a_recorded_run_is_not_run_again_and_other_settings_are(whole, tmp_path, monkeypatch):
    again = train(whole[0])
    pd.testing.assert_frame_equal(again, whole[1])
    monkeypatch.setattr(Classifier, "training_step", lambda *_: (_ for _ in ()).throw(RuntimeError("trained")))
    train(whole[0])
    with pytest.raises(RuntimeError, match="trained"):
        train(whole[0], force=True)
    with pytest.raises(ValueError, match=r"seed-0 holds a finished run with batch_size 32, not 16\. Rename .* force"):
        train(whole[0], recipe(batch_size=16))
    with pytest.raises(RuntimeError, match="trained"):
        train(whole[0], recipe(batch_size=16), force=True)


def test_same_seed_same_weights_and_another_seed_others(whole, tmp_path):
    train(tmp_path, seeds=[0, 1])
    assert same(weights(tmp_path), weights(whole[0]))
    assert not same(weights(tmp_path, 1), weights(whole[0]))


def test_whatever_launched_it_it_runs_on_one_device_to_the_same_weights(tmp_path, monkeypatch):
    variant = recipe(epochs=1, n_train=32)
    train(tmp_path / "alone", variant)
    expected = weights(tmp_path / "alone")
    launched = {"SLURM_NTASKS": "4", "SLURM_JOB_NAME": "batch", "SLURM_PROCID": "3", "SLURM_NTASKS_PER_NODE": "4"}
    launched |= {"RANK": "", "LOCAL_RANK": "3", "WORLD_SIZE": "4", "MASTER_ADDR": "nowhere", "MASTER_PORT": "abc"}
    launched |= {"TORCHELASTIC_RUN_ID": "1", "GROUP_RANK": "1.5", "NODE_RANK": "-1"}
    for name, value in launched.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(rank_zero_only, "rank", 3)  # as Lightning read it when it was imported
    train(tmp_path, variant, logs=True)
    assert same(weights(tmp_path), expected)
    assert list(tmp_path.rglob("metrics.csv"))
    assert {name: os.environ.get(name) for name in launched} == launched
    assert rank_zero_only.rank == 3


def test_global_state_of_torch_is_given_back(tmp_path):
    torch.manual_seed(5)
    before = torch.random.get_rng_state()
    train(tmp_path, recipe(epochs=1))
    assert torch.equal(torch.random.get_rng_state(), before)
    assert not torch.are_deterministic_algorithms_enabled()


@pytest.mark.parametrize(
    "mixer",
    [
        "automix-liu",
        *(
            pytest.param(one, marks=pytest.mark.slow)
            for one in (None, "mixfeat", "cutmix-zeta", "manifold-mixup", *FURTHER)
        ),
    ],
)
def test_stopped_in_an_epoch_it_goes_on_to_the_same_weights(mixer, tmp_path, monkeypatch):
    params = {"width": 2, "depth": 1} if mixer == "automix-zhu" else {}
    variant = recipe(mixer=None if mixer is None else {"name": mixer, "params": params})
    train(tmp_path / "whole", variant)
    step = Classifier.training_step
    done = []

    def stop(self, *batch):
        done.append(batch)
        if len(done) == 5:  # three batches an epoch: in the middle of the second
            raise RuntimeError("stopped")
        return step(self, *batch)

    monkeypatch.setattr(Classifier, "training_step", stop)
    with pytest.raises(RuntimeError, match="stopped"):
        train(tmp_path / "stopped", variant)
    train(tmp_path / "stopped", variant)
    assert len(done) == 5 + 6  # the first epoch is not run again
    assert same(weights(tmp_path / "stopped"), weights(tmp_path / "whole"))


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    """Libraries that earlier tests loaded may have changed the number, and with it how sums are rounded."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.mark.parametrize("moments", [(2,), pytest.param((1, 4), marks=pytest.mark.slow)])  # epochs
def test_killed_at_any_moment_it_goes_on_to_the_same_weights(tmp_path, moments):
    epochs = 12
    train(tmp_path / "whole", recipe(epochs=epochs))
    folder = tmp_path / "killed"
    words = [str(Path(__file__).with_name("training_cases.py")), folder, epochs, 1]
    command = [sys.executable, *map(str, words)]
    for moment in moments:
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_for(lambda process=process, moment=moment: process.poll() is not None or epochs_done(folder) >= moment)
        assert process.poll() is None, "the training ended before it could be killed"
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert not (folder / "tiny" / "seed-0.parquet").exists()
    first = epochs_done(folder)
    assert moments[-1] <= first < epochs
    train(folder, recipe(epochs=epochs))
    assert same(weights(folder), weights(tmp_path / "whole"))
    assert not list(folder.rglob("*.ckpt"))
    assert list(folder.rglob("metrics.csv"))
    assert list(folder.rglob("events.out.tfevents*"))


def test_a_second_process_waits_while_one_trains(tmp_path, monkeypatch):
    step, refused = Classifier.training_step, []

    def try_to_enter(self, *batch):
        try:
            with FileLock(tmp_path / "tiny" / "seed-0.lock", timeout=0):
                refused.append(False)
        except Timeout:
            refused.append(True)
        return step(self, *batch)

    monkeypatch.setattr(Classifier, "training_step", try_to_enter)
    train(tmp_path, recipe(epochs=1))
    assert refused == [True] * 3


@pytest.mark.slow
def test_two_at_once_train_once(tmp_path):
    command = [sys.executable, str(Path(__file__).with_name("training_cases.py")), str(tmp_path), "3", "1"]
    processes = [subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) for _ in range(2)]
    assert [process.wait(120) for process in processes] == [0, 0]
    assert len(list((tmp_path / "tiny" / "seed-0" / "csv").iterdir())) == 1
    assert (tmp_path / "tiny" / "seed-0.parquet").exists()


def epochs_done(folder):
    kept = list(folder.rglob("last.ckpt"))
    return torch.load(kept[0], weights_only=False)["epoch"] + 1 if kept else 0


def wait_for(happened, seconds=120):
    end = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < end, "nothing happened"
        time.sleep(0.02)


def test_a_truncated_checkpoint_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr("zeta_geom.records.store.write", lambda *_: (_ for _ in ()).throw(RuntimeError("no disk")))
    with pytest.raises(RuntimeError, match="no disk"):
        train(tmp_path)
    kept = list((tmp_path / "tiny" / "seed-0").glob("checkpoint-*/*.ckpt"))
    assert kept, "the checkpoint must outlive a result that could not be written"
    kept[0].write_bytes(kept[0].read_bytes()[:1000])
    with pytest.raises(ValueError, match=r"last\.ckpt is damaged\. Delete it"):
        train(tmp_path)


def test_ctrl_c_is_passed_on_and_listened_to_afterwards(tmp_path, monkeypatch):
    monkeypatch.setattr(Classifier, "training_step", lambda *_: os.kill(os.getpid(), signal.SIGINT))
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell may have told us to ignore it
    listening = signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt):
        train(tmp_path)
    assert signal.getsignal(signal.SIGINT) is listening
    signal.signal(signal.SIGINT, before)


@pytest.mark.slow
def test_two_processes_train_one_network(tmp_path):
    variant = recipe(epochs=3, n_train=None, augmentation=())
    table = train(tmp_path, variant, devices=2).set_index("metric")
    assert table.loc["error", "devices"] == 2
    assert table.loc["error", "value"] < 0.6  # by chance: 0.9
    assert table.loc["auc", "n_test"] == 297


def test_two_processes_see_each_image_once_an_epoch():
    from torch.utils.data.distributed import DistributedSampler

    from zeta_geom.training.fit.loaders import ImageLoaders

    data = load_image_data("digits")
    loaders = [ImageLoaders(data, batch_size=32) for _ in range(2)]
    for rank, each in enumerate(loaders):
        device = SimpleNamespace(root_device=torch.device("cpu"))
        each.trainer = SimpleNamespace(world_size=2, global_rank=rank, strategy=device)
    trained = [list(each.train_dataloader().sampler) for each in loaders]
    assert sorted(trained[0] + trained[1]) == list(range(1500))
    assert isinstance(loaders[0].train_dataloader().sampler, DistributedSampler)
    tested = [list(each.test_dataloader().sampler) for each in loaders]
    assert sorted(tested[0] + tested[1]) == list(range(297))  # odd: DistributedSampler would have repeated one


def test_the_order_of_batches_changes_with_the_epoch_and_the_seed(monkeypatch, tmp_path):
    seen = []
    step = Classifier.training_step
    monkeypatch.setattr(
        Classifier, "training_step", lambda self, b, i: seen.append(b[1].tolist()) or step(self, b, i)
    )
    train(tmp_path, recipe(epochs=2), seeds=[0, 1])
    epochs = [list(chain(*seen[start : start + 3])) for start in range(0, 12, 3)]
    assert all(sorted(epochs[0]) == sorted(other) for other in epochs[1:2])
    assert len({tuple(epoch) for epoch in epochs}) == 4


@pytest.mark.slow
def test_half_precision_trains(tmp_path):
    table = train(tmp_path, recipe(precision="bf16-mixed"))
    assert np.isfinite(table["value"]).all()


def test_workers_change_nothing(whole, tmp_path):
    train(tmp_path, num_workers=1)
    assert same(weights(tmp_path), weights(whole[0]))


def test_class_counts_are_reported(tmp_path, caplog):
    with caplog.at_level(logging.INFO, logger="zeta_geom"):
        train(tmp_path, recipe(epochs=1))
    counts = np.bincount(subset_of(load_image_data("digits")).train.labels)
    assert f"training images of each class: {counts.tolist()}" in caplog.text


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"network": "lenet"}, "lenet takes grey images of 28 x 28"),
        ({"data": "nothing"}, "nothing"),
        ({"data": "folder:nowhere"}, "nowhere"),
        ({"n_train": 5000}, "5000"),
        ({"n_train": None, "batch_size": 2000}, "batch_size must be at most the 1500"),
        ({"n_train": 97, "network": "resnet18"}, "batch_size must leave no batch of one image, which resnet18"),
        (
            {"mixer": {"name": "manifold-mixup", "params": {"layers": ["pool1"]}}},
            "layers must name modules .* 'pool1'",
        ),
    ],
)
def test_what_cannot_be_run_is_refused_before_anything_is_trained(changes, message, tmp_path):
    with pytest.raises((ValueError, FileNotFoundError), match=message):
        train(tmp_path, recipe(**changes))
    assert not list(tmp_path.rglob("*"))


def test_workers_that_are_no_number_are_refused_before_the_data_are_read(tmp_path):
    from zeta_geom.training import run

    with pytest.raises(TypeError, match="num_workers must be an integer; got '2'"):
        run("table-4/cifar-10/resnet18/erm", folder=tmp_path, data_home=tmp_path, download=False, num_workers="2")


def test_a_recipe_that_is_not_there_is_named():
    from zeta_geom.training import run

    with pytest.raises(FileNotFoundError, match="no recipe nowhere"):
        run("nowhere")


def test_a_run_of_absent_data_says_how_to_get_them(tmp_path, monkeypatch):
    monkeypatch.setenv("ZETA_GEOM_DATA", str(tmp_path))
    with pytest.raises(FileNotFoundError, match="isic-2017"):
        train(tmp_path, recipe(data="isic-2017"))
    assert datasets.data_home() == tmp_path
