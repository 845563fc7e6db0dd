"""What a run has learned is loaded from its file: mixers, SuperMix with its teacher, and the discriminator."""

import json
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file

from tests.training.training_cases import recipe, train
from zeta_geom.audits import audit
from zeta_geom.mixers import CoMixup, SuperMix, ZetaMixup
from zeta_geom.sweeps import sweep
from zeta_geom.training import load_image_data, load_intrusion, load_mixer
from zeta_geom.training.fit.building import Shapes, build_classifier, states_how_it_is_built, weights_fingerprint

METHODS = {"adamixup": {"width": 4}, "automix-liu": {}, "automix-zhu": {"width": 2, "depth": 1}}
COMMON = {"epochs": 1, "metrics": ("error",), "augmentation": ()}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Finished runs: one of each learned method, of ζ-mixup, of ERM, and of SuperMix with ERM's as its teacher."""
    folder = tmp_path_factory.mktemp("runs")
    mixers = {name: {"name": name, "params": params} for name, params in METHODS.items()}
    mixers |= {"zeta": {"name": "zeta"}, "erm": None}
    mixers["supermix"] = {"name": "supermix", "params": {"teacher": "erm/seed-{seed}", "max_steps": 3}}
    for name, mixer in mixers.items():
        train(folder, recipe(name=name, mixer=mixer, **COMMON))
    return folder


def images(n=40):
    data = load_image_data("digits").test
    x, y = data.__getitems__(range(n))
    return x.float() / 255, y


@pytest.mark.parametrize("method", METHODS)
def test_a_learned_mixer_is_that_of_the_saved_weights(folder, method):
    X, y = images(8)
    mixer = load_mixer(f"{method}/seed-0", folder=folder)
    weights = load_file(folder / method / "seed-0.safetensors")
    modules = {"adamixup": "policy", "automix-liu": "block", "automix-zhu": "generator"}
    for name, value in getattr(mixer, modules[method]).state_dict().items():
        assert torch.equal(value, weights[f"hook.{modules[method]}.{name}"])
    X_new, Y_new = mixer(X, y)
    assert not X_new.requires_grad
    assert (X_new.shape, Y_new.shape) == (X.shape, (8, 10))
    assert torch.equal(load_mixer(f"{method}/seed-0", folder=folder)(X, y)[0], X_new)
    seeded = [load_mixer(f"{method}/seed-0", folder=folder, random_state=s)(X, y)[0] for s in (3, 3, 4)]
    assert torch.equal(seeded[0], seeded[1])
    assert not torch.equal(seeded[0], seeded[2])


def test_automix_liu_sees_images_as_its_encoder_did(folder):
    mixer = load_mixer("automix-liu/seed-0", folder=folder)
    weights = load_file(folder / "automix-liu" / "seed-0.safetensors")
    assert torch.equal(mixer.encoder.mean, weights["mean"])
    assert torch.equal(mixer.encoder.std, weights["std"])
    assert 0 < float(mixer.encoder.mean) < 1
    fast, slow = (weights[f"{part}.conv1.weight"] for part in ("network", "hook.encoder"))
    assert torch.equal(mixer.encoder.network.conv1.weight, slow)
    assert not torch.equal(slow, fast)


def test_other_runs_give_their_mixers(folder):
    assert isinstance(load_mixer("zeta/seed-0", folder=folder), ZetaMixup)
    mixer = load_mixer("supermix/seed-0", folder=folder)
    assert isinstance(mixer, SuperMix)
    assert mixer.teacher.network.fc.weight.equal(
        load_file(folder / "erm" / "seed-0.safetensors")["network.fc.weight"]
    )
    with pytest.raises(ValueError, match="trained without a mixer"):
        load_mixer("erm/seed-0", folder=folder)


@pytest.mark.slow
def test_co_mixup_follows_the_network_of_its_run(folder):
    pytest.importorskip("maxflow")
    train(folder, recipe(name="co", mixer={"name": "co-mixup", "params": {"n_cells": 2}}, **COMMON))
    mixer = load_mixer("co/seed-0", folder=folder)
    assert isinstance(mixer, CoMixup)
    weights = load_file(folder / "co" / "seed-0.safetensors")
    assert mixer.model.network.fc.weight.equal(weights["network.fc.weight"])
    assert mixer(*images(6))[1].shape == (6, 10)


def test_the_teacher_decides_a_run(folder, tmp_path):
    before = json.loads((folder / "supermix" / "seed-0.json").read_text())["settings"]["teacher"]
    (tmp_path / "erm").mkdir()
    other = recipe(name="supermix", mixer={"name": "supermix", "params": {"teacher": "erm/seed-{seed}"}}, **COMMON)
    with pytest.raises(FileNotFoundError, match=r"erm/seed-0\.safetensors does not exist; run the recipe first"):
        train(tmp_path, other)
    train(tmp_path, recipe(name="erm", mixer=None, **COMMON | {"epochs": 2}))
    train(tmp_path, other)
    after = json.loads((tmp_path / "supermix" / "seed-0.json").read_text())["settings"]["teacher"]
    assert len(before) == len(after) == 64
    assert before != after
    train(folder, recipe(name="erm", mixer=None, sources={"epochs": "ours"}, **COMMON), force=True)
    assert weights_fingerprint(folder / "erm" / "seed-0.safetensors") == before
    with pytest.raises(ValueError, match=r"teacher must be a run on .* images \(1, 9, 9\); erm/seed-0"):
        build_classifier(other, 0, Shapes(10, (1, 9, 9), (0.0,), (1.0,)), folder)


@pytest.mark.slow
def test_a_file_of_an_earlier_version_is_written_again(folder, tmp_path):
    train(tmp_path, recipe(name="erm", mixer=None, **COMMON))
    path = tmp_path / "erm" / "seed-0.safetensors"
    weights = load_file(path)
    save_file(weights, path)
    train(tmp_path, recipe(name="erm", mixer=None, **COMMON))
    assert states_how_it_is_built(path)


def test_a_file_without_a_recipe_is_refused(folder, tmp_path):
    path = tmp_path / "adamixup" / "seed-0.safetensors"
    path.parent.mkdir()
    save_file(load_file(folder / "adamixup" / "seed-0.safetensors"), path)
    with pytest.raises(ValueError, match="run the recipe again, with force"):
        load_mixer("adamixup/seed-0", folder=tmp_path)
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(ValueError, match="is damaged"):
        load_mixer("adamixup/seed-0", folder=tmp_path)
    assert not states_how_it_is_built(path)
    with safe_open(folder / "adamixup" / "seed-0.safetensors", framework="pt") as file:
        built = json.loads(file.metadata()["built"])
    assert built.pop("recipe")["name"] == "adamixup"
    assert built == {"n_classes": 10, "image_shape": [1, 8, 8], "seed": 0}


def test_trained_mixers_are_audited_and_swept_like_any_other(folder, tmp_path):
    X, y = images(120)
    mixer = load_mixer("automix-zhu/seed-0", folder=folder)
    report = audit(X.numpy(), y.numpy(), augment=mixer, n_neighbors=4, n_bootstrap=20, random_state=0, progress=False)
    assert report.summary["method"].unique().tolist() == ["automix-zhu"]
    data = {"digits": (X.numpy(), y.numpy())}
    table = sweep(
        data, mixers={"zhu": mixer}, grid={"zhu": {"prob": [0.5, 1.0]}}, measures=("dimension",), n_neighbors=4,
        folder=tmp_path, progress=False,
    )  # fmt: skip
    assert table["mixer"].tolist() == ["original", "zhu", "zhu"]
    runs = sorted((tmp_path / "runs").iterdir())
    again = sweep(
        data, mixers={"zhu": load_mixer("automix-zhu/seed-0", folder=folder)}, grid={"zhu": {"prob": [0.5, 1.0]}},
        measures=("dimension",), n_neighbors=4, folder=tmp_path, progress=False,
    )  # fmt: skip
    assert sorted((tmp_path / "runs").iterdir()) == runs  # none was carried out again
    assert again["mean"].tolist() == table["mean"].tolist()


def test_the_discriminator_is_a_measure_of_audits_and_sweeps(folder):
    X, y = images(120)
    intrusion = load_intrusion("adamixup/seed-0", folder=folder)
    report = audit(
        X.numpy(), y.numpy(), augment="mixup", measures={"manifold intrusion": intrusion}, n_neighbors=4,
        n_bootstrap=20, random_state=0, progress=False,
    )  # fmt: skip
    row = report.summary.query("measure == 'manifold intrusion'").iloc[0]
    mixed, held = report.points["mixup"], report.heldout_points
    assert row["value"] == pytest.approx(intrusion(held, mixed).mean())
    assert row["real"] == pytest.approx(intrusion(held, report.sources).mean())
    data = {"digits": (X.numpy(), y.numpy())}
    table = sweep(data, mixers=("mixup",), measures={"intrusion": intrusion}, progress=False)
    assert table["mean"].between(0, 1, inclusive="neither").all()
    whole = intrusion(None, SimpleNamespace(X=X.numpy()))
    for other in (X.numpy()[:, 0], X.numpy().transpose(0, 2, 3, 1)):
        np.testing.assert_allclose(intrusion(None, SimpleNamespace(X=other)), whole, rtol=1e-6)
    with pytest.raises(ValueError, match=r"of the shape \(C, H, W\) of the training, \(1, 8, 8\)"):
        intrusion(None, SimpleNamespace(X=np.zeros((3, 9, 9))))
    with pytest.raises(ValueError, match="must be a training with AdaMixUp"):
        load_intrusion("zeta/seed-0", folder=folder)
