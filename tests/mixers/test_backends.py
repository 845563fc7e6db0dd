"""NumPy and torch: one plan on both, precision, gradients, layouts and conversions."""

import numpy as np
import pandas as pd
import pytest
import torch

from tests.mixers.mixer_cases import (
    LABELS,
    TOLERANCE,
    batch,
)

BOTH = pytest.mark.traits(backends=("numpy", "torch"))


class TestBackends:
    @BOTH
    @pytest.mark.parametrize("dtype", ["float32", "float64"])
    @pytest.mark.parametrize("drawn_on", ["numpy", "torch", "neither"])
    def test_numpy_and_torch_agree_on_one_plan(self, make, dtype, drawn_on):
        X, Y = batch("numpy", dtype), np.eye(3, dtype=dtype)[LABELS]
        like = {"numpy": X, "torch": torch.from_numpy(X), "neither": None}[drawn_on]
        plan = make().draw(X.shape, like=like, n_out=10, labels=Y)
        X_np, Y_np = make().apply(X, Y, plan)
        X_t, Y_t = make().apply(torch.from_numpy(X), torch.from_numpy(Y), plan)
        assert isinstance(X_np, np.ndarray)
        assert isinstance(X_t, torch.Tensor)
        np.testing.assert_allclose(X_np, X_t.numpy(), atol=TOLERANCE[dtype], rtol=0)
        np.testing.assert_allclose(Y_np, Y_t.numpy(), atol=TOLERANCE[dtype], rtol=0)

    @BOTH
    @pytest.mark.parametrize("dtype", ["float32", "float64"])
    def test_same_seed_agrees_across_backends_on_the_cpu(self, make, dtype):
        X = batch("numpy", dtype)
        there = make()(torch.from_numpy(X), LABELS)[0]
        np.testing.assert_allclose(make()(X, LABELS)[0], there, atol=TOLERANCE[dtype])

    @pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
    def test_half_precision_rounds_once(self, make, dtype):
        X = batch("torch", dtype)
        plan = make().draw(X.shape, like=X, labels=torch.eye(3)[LABELS])
        exact = make().apply(X.float(), None, plan)[0]
        assert torch.equal(make().apply(X, None, plan)[0], exact.to(X.dtype))

    @pytest.mark.parametrize("dtype", ["float32", "float64"])
    def test_autocast_changes_nothing(self, make, dtype):
        X = batch("torch", dtype)
        expected = make()(X, LABELS)
        with torch.autocast("cpu", dtype=torch.bfloat16):
            X_new, Y_new = make()(X, LABELS)
        assert torch.equal(X_new, expected[0])
        assert torch.equal(Y_new, expected[1])
        assert Y_new.dtype == expected[1].dtype

    @pytest.mark.traits(differentiable=True)
    def test_gradients_flow_through_x(self, make):
        X = batch("torch", "float64", shape=(7, 1, 3, 4)).requires_grad_()
        mixer = make()
        plan = mixer.draw(X.shape, like=X, labels=torch.eye(3)[LABELS])
        assert torch.autograd.gradcheck(lambda x: mixer.apply(x, None, plan)[0], (X,))
        if mixer.traits.bounded:  # then every output is made of weights that sum to 1
            mixer(X, LABELS)[0].sum().backward()
            assert X.grad.sum() == pytest.approx(X.numel())
            X.grad = None
            mixer.mix_dataset(X, LABELS, batch_size=4)[0].sum().backward()
            assert X.grad.sum() == pytest.approx(X.numel())

    def test_channels_last(self, make):
        X = batch("torch", "float32", shape=(7, 3, 4, 5))
        X_new = make()(X.to(memory_format=torch.channels_last), LABELS)[0]
        assert torch.equal(X_new, make()(X, LABELS)[0])

    def test_parameters_are_tensors(self, make):
        X = batch("torch", "float32")
        assert torch.equal(make()(torch.nn.Parameter(X), LABELS)[0], make()(X, LABELS)[0])

    @BOTH
    def test_foreign_byte_order(self, make):
        X = batch("numpy", "float64")
        X_new, Y_new = make()(X.astype(">f8"), LABELS)
        assert X_new.dtype == np.dtype(">f8")
        assert Y_new.dtype == np.float64
        np.testing.assert_array_equal(X_new, make()(X, LABELS)[0])

    @pytest.mark.traits(needs_images=False)
    def test_data_frame_and_lists(self, make):
        X = batch("numpy", "float64", shape=(7, 3))
        expected = make()(X, LABELS)
        for form in (pd.DataFrame(X, index=range(5, 12)), X.tolist()):
            got = make()(form, LABELS)
            np.testing.assert_array_equal(got[0], expected[0])
            np.testing.assert_array_equal(got[1], expected[1])
