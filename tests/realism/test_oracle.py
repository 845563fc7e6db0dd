"""The MNIST oracle: accuracy, kinds of images, features, weights, refusals."""

import json
import warnings
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch
from scipy.special import logsumexp

from zeta_geom import datasets
from zeta_geom.realism import (
    LeNet5,
    MNISTOracle,
)
from zeta_geom.realism.oracle import WEIGHTS


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
        predictions = list(
            pool.map(lambda size: oracle.log_proba(sample.X_test[:100], batch_size=size), [1, 9, 40, 100] * 2)
        )
    for log_p in predictions:
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
