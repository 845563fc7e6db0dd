"""What decides a run is in its key, is handed on, and survives what goes wrong."""

import dataclasses

import pandas as pd
import pytest
import torch

from tests.training.training_cases import recipe, train
from tests.training.training_files import save_picture
from zeta_geom.records import keys
from zeta_geom.training import load_image_data, make_network, read_recipe, runs
from zeta_geom.training.data import subset
from zeta_geom.training.fit import one_run
from zeta_geom.training.fit.building import Shapes, build_classifier
from zeta_geom.training.fit.classifier import Classifier
from zeta_geom.training.fit.loaders import ImageLoaders
from zeta_geom.training.fit.one_run import OneRun
from zeta_geom.training.recipes.schema import Optimizer

SETTINGS = {"optimizer": Optimizer(learning_rate=0.05)}


RECIPE = recipe()


def test_validation_is_measured_each_epoch_on_its_own_part(tmp_path):
    for i in range(30):
        save_picture(tmp_path / "own" / "ab"[i % 2] / f"{i}.png")
    variant = recipe(data=f"folder:{tmp_path / 'own'}", n_train=None, size=16, batch_size=10, metrics=("error",))
    train(tmp_path, variant, logs=True)
    logged = pd.read_csv(next(tmp_path.rglob("metrics.csv")))["validation/error"].dropna()
    assert len(logged) == 3
    data = load_image_data(variant.data, size=16)
    wrong = (
        runs.load_network(variant, 0, data, folder=tmp_path)(torch.stack([x for x, _ in data.validation]))
        .argmax(1)
        .numpy()
        != data.validation.labels
    )
    assert logged.iloc[-1] == pytest.approx(wrong.mean())
    assert ImageLoaders(data, batch_size=4).val_dataloader().dataset is data.validation


def test_what_decides_a_run_is_in_its_key(monkeypatch, tmp_path):
    data = load_image_data("digits")

    def key(variant=RECIPE, seed=0, data=data, devices=1):
        one = OneRun(variant, seed, data, tmp_path, devices)
        return one.checkpoint.parent.name, repr(one.settings)

    all_keys = [key(), key(recipe(batch_size=16)), key(recipe(precision="bf16-mixed")), key(seed=1), key(devices=2)]
    assert len({checkpoint for checkpoint, _ in all_keys}) == len({settings for _, settings in all_keys}) == 5
    assert key(recipe(name="other", seeds=(3,), sources={"epochs": "ours"}))[1] == all_keys[0][1]
    assert key(data=dataclasses.replace(data, fingerprint="other"))[0] != all_keys[0][0]
    monkeypatch.setattr(one_run, "version", lambda _: "0")
    assert key()[1] != all_keys[0][1]
    monkeypatch.undo()
    monkeypatch.setattr(keys, "code_fingerprint", lambda _: "other")
    assert key()[0] != all_keys[0][0]


def test_everything_is_handed_on_with_the_seed():
    variant, data = recipe(schedule={"milestones": (1,)}), subset(load_image_data("digits"), 96, 7)
    one = build_classifier(variant, 7, Shapes.of(data), "runs")
    assert (one.seed, one.augmentation, one.optimizer, one.schedule) == (
        7,
        variant.augmentation,
        variant.optimizer,
        variant.schedule,
    )
    assert [*one.mean.flatten(), *one.std.flatten()] == pytest.approx([*data.mean, *data.std])
    assert torch.equal(one.network.conv1.weight, make_network(variant.network, 10, (1, 8, 8), seed=7).conv1.weight)
    X = torch.eye(6)
    assert torch.equal(one.hook.mixer(X)[0], variant.mixer.make(10, seed=7)(X)[0])


def test_a_run_without_its_weights_is_trained_again(tmp_path):
    train(tmp_path)
    path = tmp_path / "tiny" / "seed-0.safetensors"
    path.unlink()
    train(tmp_path)
    assert path.exists()
    assert read_recipe(tmp_path / "tiny" / "recipe.yaml") == recipe()


def test_means_over_classes_need_each_class_in_the_test_part(tmp_path):
    for place in ("train/a", "train/b", "test/a"):
        for i in range(8):
            save_picture(tmp_path / "own" / place / f"{i}.png")
    settings = {"data": f"folder:{tmp_path / 'own'}", "n_train": None, "size": 16, "batch_size": 8, "epochs": 1}
    with pytest.raises(ValueError, match="metrics auc need a test image of each class; the test part has none of b"):
        train(tmp_path, recipe(**settings))
    assert train(tmp_path, recipe(**settings, metrics=("error",)))["n_test"][0] == 8


def test_other_data_are_another_run(tmp_path, monkeypatch):
    for i in range(30):
        save_picture(tmp_path / "own" / "ab"[i % 2] / f"{i}.png")
    variant = recipe(data=f"folder:{tmp_path / 'own'}", n_train=None, size=16, batch_size=10, epochs=1)
    train(tmp_path, variant)
    save_picture(tmp_path / "own" / "a" / "0.png")
    monkeypatch.setattr(Classifier, "training_step", lambda *_: (_ for _ in ()).throw(RuntimeError("trained")))
    with pytest.raises(RuntimeError, match="trained"):
        train(tmp_path, variant)


def test_stale_accepts_trainings_of_older_code_killed_or_finished(tmp_path, monkeypatch, caplog):
    with monkeypatch.context() as patched:
        patched.setattr(Classifier, "test_step", lambda *_: (_ for _ in ()).throw(RuntimeError("stopped")))
        with pytest.raises(RuntimeError, match="stopped"):
            train(tmp_path)
    monkeypatch.setattr(Classifier, "training_step", lambda *_: pytest.fail("trained again"))
    monkeypatch.setattr(keys, "code_fingerprint", lambda _: "e" * 64)
    first = train(tmp_path, stale=True)
    assert "tiny, seed 0: resuming a training of older code" in caplog.text
    assert not list(tmp_path.rglob("checkpoint-*"))
    monkeypatch.setattr(keys, "code_fingerprint", lambda _: "f" * 64)
    assert train(tmp_path, stale=True).equals(first)
    assert "tiny/seed-0: reusing the result of older code" in caplog.text
    with pytest.raises(pytest.fail.Exception, match="trained again"):
        train(tmp_path)


def test_the_precision_is_the_recipes(tmp_path, monkeypatch):
    seen, step = set(), Classifier.training_step

    def watch(self, *batch):
        seen.add(
            (
                torch.is_autocast_enabled("cpu"),
                torch.get_autocast_dtype("cpu"),
                torch.are_deterministic_algorithms_enabled(),
            )
        )
        return step(self, *batch)

    monkeypatch.setattr(Classifier, "training_step", watch)
    train(tmp_path, recipe(precision="bf16-mixed", epochs=1))
    assert seen == {(True, torch.bfloat16, True)}


def test_choices_of_cudnn_are_given_back(tmp_path, monkeypatch):
    monkeypatch.setattr(torch.backends.cudnn, "benchmark", True)
    train(tmp_path, recipe(epochs=1))
    assert torch.backends.cudnn.benchmark


def test_a_write_that_fails_leaves_the_checkpoint_before(tmp_path, monkeypatch):
    save, saved = torch.save, []

    def half(what, path):
        saved.append(path)
        if len(saved) == 2:
            path.write_bytes(b"half")
            raise RuntimeError("killed")
        save(what, path)

    monkeypatch.setattr(torch, "save", half)
    with pytest.raises(RuntimeError, match="killed"):
        train(tmp_path)
    assert torch.load(next(tmp_path.rglob("last.ckpt")), weights_only=False)["epoch"] == 0


def test_a_run_stopped_before_its_test_is_tested_and_not_trained(tmp_path, monkeypatch):
    first = train(tmp_path / "whole")
    with monkeypatch.context() as patched:
        patched.setattr(Classifier, "test_step", lambda *_: (_ for _ in ()).throw(RuntimeError("stopped")))
        with pytest.raises(RuntimeError, match="stopped"):
            train(tmp_path / "stopped")
    monkeypatch.setattr(Classifier, "training_step", lambda *_: pytest.fail("trained again"))
    assert train(tmp_path / "stopped")["value"].tolist() == first["value"].tolist()


def test_workers_are_passed_on(tmp_path, monkeypatch):
    seen = []
    monkeypatch.setattr(one_run, "ImageLoaders", lambda *a, **k: seen.append(k) or ImageLoaders(*a, **k))
    train(tmp_path, recipe(epochs=1), num_workers=1)
    assert seen[0]["num_workers"] == 1


def test_imbalance_is_of_the_largest_to_the_smallest(tmp_path):
    table = train(tmp_path, recipe(epochs=1))
    counts = subset(load_image_data("digits"), 96, 0).class_counts()["train"]
    assert table["imbalance"][0] == counts.max() / counts.min()
