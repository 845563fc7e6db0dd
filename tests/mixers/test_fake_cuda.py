"""A mixer never waits for the host on CUDA: tried on fake tensors, and on real ones where there is a device."""

import numpy as np
import pytest
import torch

from tests.fake_cuda import needs_cuda, no_waiting
from zeta_geom.mixers import ZetaMixup

__all__ = ["no_waiting"]
DTYPES = [torch.float16, torch.bfloat16, torch.float32, torch.float64]


def check(make, dtype, shape, labels, n_out):
    X = torch.rand(shape, device="cuda").to(dtype)
    y = torch.zeros(shape[0], dtype=torch.int64, device="cuda")
    if labels == "soft":
        y = torch.nn.functional.one_hot(y, 5).to(dtype)
    mixer = make(0)
    for _ in range(2):
        X_new, Y_new = mixer(X, y, n_classes=5, n_out=n_out)
    rows = n_out or shape[0]
    assert X_new.device == X.device
    assert Y_new.device == X.device
    assert X_new.dtype == dtype
    assert Y_new.dtype == (torch.float64 if dtype == torch.float64 else torch.float32)
    assert X_new.shape == (rows, *shape[1:])
    assert Y_new.shape == (rows, 5)
    return X_new, Y_new


SYNC_FREE = pytest.mark.traits(optimises=False)  # an optimisation may ask whether it is done


@SYNC_FREE
@pytest.mark.parametrize("n_out", [None, 3, 17])
@pytest.mark.parametrize(
    "dtype",
    [
        torch.float16,
        torch.float32,
        *(pytest.param(d, marks=pytest.mark.slow) for d in (torch.bfloat16, torch.float64)),
    ],
    ids=str,
)
def test_no_wait_on_fake_tensors(make, dtype, n_out, no_waiting):
    for labels in ("int", "soft"):
        check(make, dtype, (8, 3, 4, 4), labels, n_out)


@pytest.mark.traits(optimises=False, needs_images=False)
@pytest.mark.parametrize("shape", [(1, 4), (7,), (5, 0)])
def test_no_wait_at_odd_shapes(make, shape, no_waiting):
    check(make, torch.float32, shape, "int", None)


@pytest.mark.traits(optimises=False, keeps_rows=True)
def test_no_wait_with_out(make, no_waiting):
    X, y = torch.rand(8, 3, 4, 4, device="cuda"), torch.zeros(8, dtype=torch.int64, device="cuda")
    out = torch.empty(8, 3, 4, 4, device="cuda")
    assert make(0)(X, y, n_classes=5, out=out)[0] is out


def test_few_of_many_samples_do_not_wait(no_waiting):
    X = torch.rand(64, 5, device="cuda")
    for mixer in (ZetaMixup(n_mix=4, random_state=0), ZetaMixup(n_mix=4, anchor="random", random_state=0)):
        assert mixer(X)[0].shape == X.shape


def test_the_guard_itself_notices(no_waiting):
    X = torch.rand(3, device="cuda")
    with pytest.raises(Exception, match="copies across devices"):
        X.cpu()
    with pytest.raises(Exception, match="copies across devices"):
        torch.rand(3).to("cuda")
    with pytest.raises(Exception, match=r"waits for the host|data-dependent"):
        X.sum().item()


@pytest.fixture(params=[torch.Generator, np.random.default_rng], ids=["torch", "numpy"])
def on_the_cpu(make, request):
    return make(request.param())


@pytest.mark.traits(random=True)
def test_a_generator_on_the_cpu_is_refused(on_the_cpu, no_waiting):
    X, Y = torch.rand(4, 3, 4, 4, device="cuda"), torch.eye(4, device="cuda")

    def draw_often():  # one mixer leaves out some batches
        for _ in range(20):
            on_the_cpu(X, Y)

    with pytest.raises(TypeError, match=r"draws on the CPU, but the data lie on cuda:0; give an int or torch.Gener"):
        draw_often()


@SYNC_FREE
def test_int_labels_on_the_device_need_n_classes(make, no_waiting):
    X, y = torch.rand(4, 3, 4, 4, device="cuda"), torch.zeros(4, dtype=torch.int64, device="cuda")
    with pytest.raises(ValueError, match="n_classes must be given for int labels on another device"):
        make()(X, y)
    for form in (y, y[:, None].int()):
        assert make(n_classes=3)(X, form)[1].shape == (4, 3)


@pytest.mark.parametrize(
    ("shape", "error", "text"),
    [
        ((3,), ValueError, "one label for each of the 4 samples; got 3"),
        ((4, 2, 2), ValueError, "y must be int labels"),
        ((4, 6), ValueError, "n_classes=5 columns"),
        ((4,), TypeError, "y of one dimension must hold integers; got dtype torch.float32"),
    ],
)
def test_shapes_and_dtypes_of_labels_are_checked_without_a_wait(shape, error, text, no_waiting):
    with pytest.raises(error, match=text):
        ZetaMixup(n_classes=5)(torch.rand(4, 2, device="cuda"), torch.rand(shape, device="cuda"))


@SYNC_FREE
@pytest.mark.cuda
@needs_cuda
@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_no_wait_on_a_device(make, dtype):
    check(make, dtype, (8, 3, 4, 4), "int", None)  # the first call makes generators and handles
    torch.cuda.set_sync_debug_mode("error")
    try:
        results = [check(make, dtype, (8, 3, 4, 4), labels, 17) for labels in ("int", "soft")]
    finally:
        torch.cuda.set_sync_debug_mode("default")
    for X_new, Y_new in results:
        assert torch.isfinite(X_new).all()
        torch.testing.assert_close(Y_new.sum(1), torch.ones_like(Y_new[:, 0]), atol=1e-6, rtol=0)


@SYNC_FREE
@pytest.mark.cuda
@needs_cuda
def test_autocast_changes_nothing_on_a_device(make):
    X = torch.rand(8, 3, 4, 4, device="cuda")
    y = torch.arange(8, device="cuda")
    expected = make(0, n_classes=8)(X, y)
    with torch.autocast("cuda", dtype=torch.float16):
        got = make(0, n_classes=8)(X, y)
    for a, b in zip(got, expected, strict=True):
        assert a.dtype == b.dtype
        assert torch.equal(a, b)


@SYNC_FREE
@pytest.mark.cuda
@needs_cuda
@pytest.mark.parametrize("given", ["int", "generator"])
def test_seeds_states_and_plans_on_a_device(make, given):
    def start():
        return make(3 if given == "int" else torch.Generator("cuda").manual_seed(3), n_classes=4)

    X, y = torch.rand(8, 3, 4, 4, device="cuda"), torch.arange(8, device="cuda") % 4
    first, second = start(), start()
    before = first.state_dict()
    assert torch.equal(first(X, y)[0], second(X, y)[0])
    state = first.state_dict()
    expected = first(X, y)[0]
    second.load_state_dict(state)
    assert torch.equal(second(X, y)[0], expected)
    first.load_state_dict(before)
    again = start()
    assert torch.equal(first(X, y)[0], again(X, y)[0])
    Y = torch.eye(4, device="cuda")[y]
    plan = first.draw(X.shape, like=X, labels=Y)
    there, here = first.apply(X, Y, plan), first.apply(X.cpu().numpy(), Y.cpu().numpy(), plan)
    for a, b in zip(there, here, strict=True):
        torch.testing.assert_close(a.cpu(), torch.from_numpy(b), atol=1e-5, rtol=0)
    assert first.mix_dataset(X, y, batch_size=3)[0].device == X.device
