"""Entropies against SciPy and torch; the oracle, its images, its weights; the training loop."""

import json
import subprocess
import sys
import warnings
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import stats
from scipy.special import logsumexp

from analyses import train_oracle
from zeta_geom import datasets
from zeta_geom.mixers import Mixup, ZetaMixup
from zeta_geom.realism import (
    LeNet5,
    MNISTOracle,
    cross_entropy,
    cross_entropy_from_log,
    entropy,
    kl_divergence,
    soft_label_report,
    train_lenet,
)
from zeta_geom.realism.lenet import random_affine
from zeta_geom.realism.oracle import WEIGHTS


@st.composite
def distributions(draw, n=4, k=5):
    raw = draw(arrays(np.float64, (n, k), elements=st.floats(0, 1) | st.just(0.0)))
    raw[:, 0] += 1e-3
    return raw / raw.sum(axis=1, keepdims=True)


@given(distributions(), distributions())
def test_entropies_are_scipys(p, q):
    np.testing.assert_allclose(entropy(p), stats.entropy(p, axis=1), atol=1e-12)
    np.testing.assert_allclose(kl_divergence(p, q), stats.entropy(p, q, axis=1), atol=1e-12)
    finite = np.isfinite(kl_divergence(p, q))
    np.testing.assert_allclose(cross_entropy(p, q)[finite], (entropy(p) + kl_divergence(p, q))[finite], atol=1e-9)
    assert (np.isinf(cross_entropy(p, q)) == ((p > 0) & (q == 0)).any(axis=1)).all()
    assert (entropy(p) >= 0).all()


def test_closed_forms_at_0_and_1():
    assert entropy([[1.0, 0.0]]).tolist() == [0.0]
    assert entropy(np.full((1, 10), 0.1))[0] == pytest.approx(np.log(10))
    assert cross_entropy([[1.0, 0.0], [1.0, 0.0]], [[1.0, 0.0], [0.0, 1.0]]).tolist() == [0.0, np.inf]
    assert cross_entropy([[0.5, 0.5]], [[0.25, 0.75]])[0] == pytest.approx(-0.5 * np.log(0.25 * 0.75))


def test_cross_entropy_from_log_is_torchs_and_survives_underflow():
    logits = torch.randn(20, 10, dtype=torch.float64, generator=torch.Generator().manual_seed(0)) * 300
    y = torch.softmax(torch.randn(20, 10, dtype=torch.float64, generator=torch.Generator().manual_seed(1)), dim=1)
    theirs = torch.nn.functional.cross_entropy(logits, y, reduction="none").numpy()
    ours = cross_entropy_from_log(y.numpy(), torch.log_softmax(logits, dim=1).numpy())
    np.testing.assert_allclose(ours, theirs, rtol=1e-12)
    assert np.isfinite(ours).all()
    assert np.isinf(cross_entropy(y.numpy(), torch.softmax(logits, dim=1).numpy())).any()


def test_report_keeps_the_two_directions_apart():
    rng = np.random.default_rng(0)
    logits = rng.normal(size=(50, 10))
    log_p = logits - logsumexp(logits, axis=1, keepdims=True)
    y = rng.dirichlet(np.ones(10), 50)
    report = soft_label_report(log_p, y)
    np.testing.assert_allclose(report["entropy"], stats.entropy(np.exp(log_p), axis=1))
    np.testing.assert_allclose(report["h_p_y"], cross_entropy(np.exp(log_p), y))
    np.testing.assert_allclose(report["h_y_p"], cross_entropy(y, np.exp(log_p)))
    np.testing.assert_allclose(report["kl_y_p"], stats.entropy(y, np.exp(log_p), axis=1), atol=1e-12)
    assert list(soft_label_report(log_p)) == ["entropy"]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: entropy([[0.5, 0.4]]), "sum to 1"),
        (lambda: entropy([[1.5, -0.5]]), "non-negative"),
        (lambda: entropy([0.5, 0.5]), "shape"),
        (lambda: entropy([[np.nan, 1.0]]), "finite"),
        (lambda: cross_entropy([[1.0, 0.0]], [[1.0]]), "shape of p"),
        (lambda: cross_entropy_from_log([[1.0, 0.0]], [[0.0, 0.0]]), "sum to 1"),
        (lambda: cross_entropy_from_log([[1.0, 0.0]], [[np.nan, 0.0]]), "log_q.* must be finite"),
        (lambda: cross_entropy_from_log([[1.0, 0.0]], [[0.0]]), "log_q must have the shape of p"),
        (lambda: kl_divergence([[1.0, 0.0]], [[1.0]]), "q must have the shape of p"),
        (lambda: entropy([["a", "b"]]), "p must hold real numbers"),
        (lambda: soft_label_report([[0.0, 0.0]]), r"exp\(log_p\) must have"),
        (lambda: soft_label_report([[0.0, -np.inf]], [[1.0]]), "y must have the shape of log_p"),
        (lambda: soft_label_report([[0.0, -np.inf]], [[1.0, 1.0]]), "y must have non-negative rows"),
    ],
)
def test_entropies_refuse(call, message):
    with pytest.raises((ValueError, TypeError), match=message):
        call()


def test_report_is_exact_where_oracle_and_label_are_certain():
    report = soft_label_report([[0.0, -np.inf], [-np.inf, 0.0]], np.eye(2, dtype=np.float32)[[0, 0]])
    for measure in ("h_p_y", "h_y_p", "kl_y_p"):
        assert report[measure].tolist() == [0.0, np.inf]
    assert report["entropy"].tolist() == report["label_entropy"].tolist() == [0.0, 0.0]


def test_divergence_of_neighbouring_floats_is_never_negative():
    q = np.random.default_rng(0).dirichlet(np.ones(10), 5000)
    assert (kl_divergence(q, np.nextafter(q, 1)) >= 0).all()


@pytest.fixture(scope="module")
def oracle():
    return MNISTOracle.pretrained()


@pytest.fixture(scope="module")
def sample():
    return datasets.load("mnist-sample")


def test_shipped_oracle_reads_digits(oracle, sample):
    p = oracle.predict_proba(sample.X_test)
    assert p.dtype == np.float64
    np.testing.assert_allclose(p.sum(axis=1), 1, atol=1e-12)
    assert (p.argmax(axis=1) == sample.y_test).mean() > 0.985
    assert oracle.manifest["test_accuracy"] >= 0.9931
    assert WEIGHTS.stat().st_size < 400 * 1024


@pytest.mark.network
def test_manifest_states_the_accuracy_on_all_test_images(oracle):
    try:
        mnist = datasets.load("mnist", download=False)
    except FileNotFoundError:
        pytest.skip("MNIST is not in the cache: `zeta-geom data fetch mnist`")
    accuracy = (oracle.log_proba(mnist.X_test).argmax(axis=1) == mnist.y_test).mean()
    assert accuracy == pytest.approx(oracle.manifest["test_accuracy"], abs=1e-12)


def test_kinds_of_images_agree_and_batches_do_not_matter(oracle, sample):
    images = sample.X_test[:50]
    expected = oracle.log_proba(images)
    np.testing.assert_allclose(oracle.log_proba(images / 255.0), expected, atol=1e-9)
    np.testing.assert_allclose(oracle.log_proba(images[:, None]), expected, atol=1e-9)
    np.testing.assert_allclose(oracle.log_proba(torch.as_tensor(images)), expected, atol=1e-9)
    np.testing.assert_allclose(oracle.log_proba(images, batch_size=7), expected, atol=1e-9)
    np.testing.assert_allclose(oracle.log_proba(images[::-1])[::-1], expected, atol=1e-9)
    np.testing.assert_allclose(oracle.log_proba((images / 255.0).astype(">f8")), expected, atol=1e-9)
    np.testing.assert_allclose(
        oracle.log_proba(torch.tensor(images / 255.0, requires_grad=True)), expected, atol=1e-9
    )
    assert oracle.features(images).shape == (50, 84)


def test_read_only_images_bring_no_warning_and_are_left_alone(oracle, sample):
    images = sample.X_test[:3].copy()
    images.flags.writeable = False
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        oracle.log_proba(images)
    np.testing.assert_array_equal(images, sample.X_test[:3])


def test_threads_share_an_oracle(oracle, sample):
    expected = oracle.log_proba(sample.X_test[:100])
    with ThreadPoolExecutor(4) as pool:
        found = list(
            pool.map(lambda size: oracle.log_proba(sample.X_test[:100], batch_size=size), [1, 9, 40, 100] * 2)
        )
    for log_p in found:
        np.testing.assert_allclose(log_p, expected, atol=1e-9)


def test_features_under_the_last_layer_are_the_logits(oracle, sample):
    last = oracle.model.fc3
    logits = oracle.features(sample.X_test[:20]) @ last.weight.detach().numpy().T + last.bias.detach().numpy()
    log_p = logits - logsumexp(logits, axis=1, keepdims=True)
    np.testing.assert_allclose(log_p, oracle.log_proba(sample.X_test[:20]), atol=1e-9)


def test_oracle_leaves_the_callers_model_alone():
    model = LeNet5(torch.Generator().manual_seed(0)).train()
    MNISTOracle(model)
    assert model.training
    assert model.fc3.weight.dtype == torch.float32


@pytest.mark.parametrize(
    ("images", "message"),
    [
        (np.zeros((2, 32, 32)), "28, 28"),
        (np.zeros((0, 28, 28)), "28, 28"),
        (np.full((2, 28, 28), 255.0), "Divide grey levels"),
        (np.full((2, 28, 28), -1.0), "lie in 0..1"),
        (np.full((2, 28, 28), np.nan), "finite"),
        (np.zeros((2, 28, 28), dtype=np.int64), "uint8"),
        (torch.zeros(2, 28, 28, dtype=torch.int64), "uint8"),
        (np.zeros((2, 28, 28), dtype=object), "images must be uint8"),
    ],
)
def test_oracle_refuses(oracle, images, message):
    with pytest.raises((ValueError, TypeError), match=message):
        oracle.predict_proba(images)


@pytest.mark.parametrize("method", ["predict_proba", "log_proba", "features"])
def test_oracle_refuses_an_empty_batch_size(oracle, method):
    with pytest.raises(ValueError, match="batch_size must be an integer"):
        getattr(oracle, method)(np.zeros((2, 28, 28)), batch_size=0)


@pytest.mark.parametrize(
    ("manifest", "error", "message"),
    [
        (None, FileNotFoundError, "manifest .* beside it"),
        ("{", ValueError, "must be a JSON manifest"),
        ("{}", ValueError, "must state the weights' hash"),
    ],
)
def test_weights_without_a_whole_manifest_are_refused(tmp_path, manifest, error, message):
    (tmp_path / "w.safetensors").write_bytes(b"any")
    if manifest is not None:
        (tmp_path / "w.json").write_text(manifest)
    with pytest.raises(error, match=message):
        MNISTOracle.pretrained(tmp_path / "w.safetensors")


def test_corrupt_weights_are_refused(tmp_path):
    content = bytearray(WEIGHTS.read_bytes())
    content[-1] ^= 1
    (tmp_path / "w.safetensors").write_bytes(content)
    (tmp_path / "w.json").write_text(json.dumps({"sha256": MNISTOracle.pretrained().manifest["sha256"]}))
    with pytest.raises(ValueError, match="SHA-256"):
        MNISTOracle.pretrained(tmp_path / "w.safetensors")


def test_training_is_a_function_of_the_seed_and_reads_no_global_one(sample):
    X, y = sample.X_train[::10], sample.y_train[::10]
    ask = {"epochs": 1, "batch_size": 32, "augment": True, "progress": False}
    torch.manual_seed(0)
    before = torch.get_rng_state()
    first = train_lenet(X, y, seed=1, **ask)
    assert torch.equal(before, torch.get_rng_state())
    torch.manual_seed(99)
    second, third = train_lenet(X, y, seed=1, **ask), train_lenet(X, y, seed=2, **ask)
    weights = [model.fc3.weight for model in (first, second, third)]
    assert torch.equal(weights[0], weights[1])
    assert not torch.equal(weights[0], weights[2])


@pytest.mark.parametrize(
    "mixer",
    [
        pytest.param(None, marks=pytest.mark.slow),
        pytest.param(Mixup(random_state=0), marks=pytest.mark.slow),
        ZetaMixup(random_state=0),
    ],
)
def test_training_learns_with_and_without_a_mixer(sample, mixer):
    X, y = sample.X_train, sample.y_train
    model = train_lenet(X, y, epochs=4, batch_size=32, learning_rate=5e-3, mixer=mixer, progress=False)
    accuracy = (MNISTOracle(model).predict_proba(sample.X_test).argmax(axis=1) == sample.y_test).mean()
    assert accuracy > 0.8


def test_mixers_share_start_and_batches_with_plain_training(sample):
    X, y = sample.X_train[::10], sample.y_train[::10]
    seen = {"a": [], "b": []}

    def watch(name):
        def mixer(x, labels, n_classes):
            seen[name].append(x.clone())
            return x, torch.eye(n_classes)[labels]

        return mixer

    ask = {"epochs": 2, "batch_size": 32, "augment": True, "seed": 3, "progress": False}
    plain = train_lenet(X, y, **ask)
    watched = [train_lenet(X, y, mixer=watch(name), **ask) for name in seen]
    soft = train_lenet(X, np.eye(10)[y], **ask)
    assert len(seen["a"]) == 8
    assert all(torch.equal(first, second) for first, second in zip(seen["a"], seen["b"]))
    for model in (*watched, soft):  # the loss of a one-hot label is that of its class
        torch.testing.assert_close(model.state_dict(), plain.state_dict(), atol=1e-5, rtol=1e-4)


def test_the_oracles_script_writes_weights_that_pretrained_takes(sample, tmp_path, monkeypatch):
    monkeypatch.setattr(train_oracle.datasets, "load", lambda name: sample)
    monkeypatch.setattr(torch, "set_num_threads", lambda threads: None)
    train_oracle.main(out=tmp_path / "weights" / "small.safetensors", validate=False, epochs=1)
    trained = MNISTOracle.pretrained(tmp_path / "weights" / "small.safetensors")
    accuracy = (trained.log_proba(sample.X_test).argmax(axis=1) == sample.y_test).mean()
    assert trained.manifest["test_accuracy"] == pytest.approx(accuracy)
    assert trained.manifest["data"] == sample.fingerprint
    assert trained.manifest["epochs"] == 1
    assert sorted(path.name for path in (tmp_path / "weights").iterdir()) == ["small.json", "small.safetensors"]


def test_random_affine_moves_each_image_a_little():
    images = torch.zeros(64, 1, 28, 28)
    images[:, :, 10:18, 10:18] = 1
    moved = random_affine(images, torch.Generator().manual_seed(0))
    mass = moved.sum(dim=(1, 2, 3)) / 64
    assert (mass > 0.7).all()
    assert (mass < 1.4).all()
    rows = torch.arange(28.0) + 0.5
    centre = (moved.sum(dim=(1, 3)) * rows).sum(1) / moved.sum(dim=(1, 2, 3))
    assert (centre - 14).abs().max() < 3.5
    assert centre.std() > 0.5


def test_lenet_has_the_size_that_its_docstring_states():
    model = LeNet5(torch.Generator().manual_seed(0))
    assert sum(parameter.numel() for parameter in model.parameters()) == 89_418


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"epochs": 0}, "epochs"),
        ({"labels": [10] * 4}, "0..9"),
        ({"labels": [1] * 3}, "one label for each"),
        ({"learning_rate": 0}, "learning_rate"),
        ({"weight_decay": -1.0}, "weight_decay"),
        ({"batch_size": 0}, "batch_size"),
        ({"images": np.zeros((4, 20, 20))}, "28, 28"),
        ({"seed": -1}, "seed"),
        ({"seed": 2**63}, "seed"),
    ],
)
def test_training_refuses(change, message):
    ask = {"images": np.zeros((4, 28, 28)), "labels": [0, 1, 2, 3], "epochs": 1, "progress": False} | change
    with pytest.raises(ValueError, match=message):
        train_lenet(ask.pop("images"), np.array(ask.pop("labels")), **ask)


def test_entropy_needs_no_torch():
    code = "import sys, zeta_geom.realism as r; r.entropy([[1.0]]); sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
