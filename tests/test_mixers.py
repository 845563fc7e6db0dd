"""One contract for all mixers: kinds, labels, streams, backends, and what they refuse."""

import copy
import math
import pickle

import numpy as np
import pandas as pd
import pytest
import torch
from mixer_cases import LABELS, TOLERANCE, batch, soft, to_numpy

from zeta_geom.mixers import MIXERS, Mixup, ZetaMixup, make_mixer


class TestContract:
    def test_kind_shape_and_label_dtype(self, make, kind):
        X = batch(*kind)
        X_new, Y_new = make()(X, LABELS)
        assert type(X_new) is type(X)
        assert type(Y_new) is type(X)
        assert X_new.dtype == X.dtype
        assert X_new.shape == X.shape
        assert Y_new.shape == (7, 3)
        assert str(Y_new.dtype).endswith("float64" if kind[1] == "float64" else "float32")
        Y_new = to_numpy(Y_new)
        assert (Y_new >= 0).all()
        np.testing.assert_allclose(Y_new.sum(axis=1), 1, atol=1e-12 if kind[1] == "float64" else 1e-6)

    def test_same_seed_same_sequence(self, make, kind):
        X = batch(*kind)
        first, second, other = make(5), make(5), make(6)
        for _ in range(3):
            (a, ya), (b, yb), (_, yc) = first(X, LABELS), second(X, LABELS), other(X, LABELS)
            np.testing.assert_array_equal(to_numpy(a), to_numpy(b))
            np.testing.assert_array_equal(to_numpy(ya), to_numpy(yb))
        if "gamma=inf" not in repr(first):
            assert (to_numpy(ya) != to_numpy(yc)).any()

    def test_input_is_not_written_to_nor_shared(self, make, kind):
        for m in (7, 3, 1):
            X, Y = batch(*kind, shape=(m, 4)), soft(m, 3)
            before, labels = copy.deepcopy(X), Y.copy()
            X_new, Y_new = make()(X, Y)
            X_new[:] = 9
            Y_new[:] = 9
            np.testing.assert_array_equal(to_numpy(X), to_numpy(before))
            np.testing.assert_array_equal(Y, labels)

    def test_inputs_and_labels_are_mixed_alike(self, make, kind):
        """With the identity as data, what comes out are the weights themselves."""
        eye = np.eye(7) if kind[0] == "numpy" else torch.eye(7, dtype=torch.float64)
        X = eye.astype(kind[1]) if kind[0] == "numpy" else eye.to(getattr(torch, kind[1]))
        X_new, Y_new = make()(X, np.arange(7))
        np.testing.assert_allclose(to_numpy(X_new), to_numpy(Y_new), atol=TOLERANCE[kind[1]])

    @pytest.mark.parametrize("n_out", [1, 3, 7, 8, 20])
    def test_n_out(self, make, kind, n_out):
        X_new, Y_new = make()(batch(*kind), LABELS, n_out=n_out)
        assert X_new.shape == (n_out, 2, 3)
        assert Y_new.shape == (n_out, 3)

    @pytest.mark.parametrize("n_out", [None, 3])
    def test_a_batch_of_one_comes_back_unmixed(self, make, kind, n_out):
        X = batch(*kind, shape=(1, 50))
        X_new, Y_new = make()(X, [1], n_classes=3, n_out=n_out)
        assert len(X_new) == (n_out or 1)
        for row, label in zip(to_numpy(X_new), to_numpy(Y_new), strict=True):
            np.testing.assert_array_equal(row, to_numpy(X)[0])
            np.testing.assert_array_equal(label, [0, 1, 0])

    @pytest.mark.parametrize("shape", [(7,), (7, 0), (7, 1), (7, 2, 0, 3), (7, 3, 4, 5, 2)])
    def test_any_trailing_shape(self, make, kind, shape):
        X_new, _ = make()(batch(*kind, shape=shape))
        assert X_new.shape == shape
        if math.prod(shape):
            flat, _ = make()(batch(*kind, shape=shape).reshape(7, -1))
            np.testing.assert_array_equal(to_numpy(X_new).reshape(7, -1), to_numpy(flat))

    def test_non_contiguous(self, make, kind):
        X = batch(*kind, shape=(14, 3, 4))[::2].swapaxes(1, 2)
        plain = copy.deepcopy(X).reshape(7, 12).reshape(7, 4, 3)
        np.testing.assert_array_equal(to_numpy(make()(X)[0]), to_numpy(make()(plain)[0]))

    def test_no_labels_give_none(self, make, kind):
        assert make()(batch(*kind))[1] is None

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
        mixer(X)
        state = mixer.state_dict()
        expected = to_numpy(mixer(X)[0])
        resumed = make(seed=99)
        resumed.load_state_dict(state)
        np.testing.assert_array_equal(to_numpy(resumed(X)[0]), expected)
        np.testing.assert_array_equal(*(to_numpy(one.mix_dataset(X, batch_size=4)[0]) for one in (mixer, resumed)))

    @pytest.mark.parametrize("duplicate", [copy.deepcopy, lambda mixer: pickle.loads(pickle.dumps(mixer))])
    @pytest.mark.parametrize(
        "start", [lambda: 3, lambda: np.random.default_rng(3), lambda: torch.Generator().manual_seed(3)]
    )
    def test_copies_go_on_alike(self, make, duplicate, start):
        X = batch("torch", "float32")
        mixer = make(start())
        mixer(X)
        twin = duplicate(mixer)
        assert repr(twin) == repr(mixer)
        for _ in range(2):
            assert torch.equal(mixer(X)[0], twin(X)[0])

    def test_repr_rebuilds(self, make):
        mixer = make()
        assert repr(eval(repr(mixer), {**globals(), "inf": math.inf})) == repr(mixer)  # noqa: S307

    def test_bounds_of_the_data_are_kept(self, make, kind):
        X = batch(*kind)
        X_new = to_numpy(make()(X)[0])
        slack = TOLERANCE[kind[1]] * 4
        assert X_new.max() <= to_numpy(X).max() + slack
        assert X_new.min() >= to_numpy(X).min() - slack


class TestBackends:
    @pytest.mark.parametrize("dtype", ["float32", "float64"])
    @pytest.mark.parametrize("drawn_on", ["numpy", "torch", "neither"])
    def test_numpy_and_torch_agree_on_one_plan(self, make, dtype, drawn_on):
        X, Y = batch("numpy", dtype), soft(7, 3).astype(dtype)
        like = {"numpy": X, "torch": torch.from_numpy(X), "neither": None}[drawn_on]
        plan = make().draw(X.shape, like=like, n_out=10)
        X_np, Y_np = make().apply(X, Y, plan)
        X_t, Y_t = make().apply(torch.from_numpy(X), torch.from_numpy(Y), plan)
        assert isinstance(X_np, np.ndarray)
        assert isinstance(X_t, torch.Tensor)
        np.testing.assert_allclose(X_np, X_t.numpy(), atol=TOLERANCE[dtype], rtol=0)
        np.testing.assert_allclose(Y_np, Y_t.numpy(), atol=TOLERANCE[dtype], rtol=0)

    @pytest.mark.parametrize("dtype", ["float32", "float64"])
    def test_same_seed_agrees_across_backends_on_the_cpu(self, make, dtype):
        X = batch("numpy", dtype)
        np.testing.assert_allclose(make()(X)[0], make()(torch.from_numpy(X))[0], atol=TOLERANCE[dtype])

    @pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
    def test_half_precision_rounds_once(self, make, dtype):
        X = batch("torch", dtype)
        plan = make().draw(X.shape, like=X)
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

    def test_gradients_flow_through_x(self, make):
        X = batch("torch", "float64").requires_grad_()
        mixer = make()
        plan = mixer.draw(X.shape, like=X)
        assert torch.autograd.gradcheck(lambda x: mixer.apply(x, None, plan)[0], (X,))
        X_new, _ = mixer(X, LABELS)
        X_new.sum().backward()
        assert X.grad.sum() == pytest.approx(X.numel())
        X.grad = None
        mixer.mix_dataset(X, LABELS, batch_size=3)[0].sum().backward()
        assert X.grad.sum() == pytest.approx(X.numel())

    def test_channels_last(self, make):
        X = batch("torch", "float32", shape=(7, 3, 4, 5))
        X_new = make()(X.to(memory_format=torch.channels_last))[0]
        assert torch.equal(X_new, make()(X)[0])

    def test_parameters_are_tensors(self, make):
        X = batch("torch", "float32")
        assert torch.equal(make()(torch.nn.Parameter(X))[0], make()(X)[0])

    def test_foreign_byte_order(self, make):
        X = batch("numpy", "float64")
        X_new, Y_new = make()(X.astype(">f8"), LABELS)
        assert X_new.dtype == np.dtype(">f8")
        assert Y_new.dtype == np.float64
        np.testing.assert_array_equal(X_new, make()(X)[0])

    def test_data_frame_and_lists(self, make):
        X = batch("numpy", "float64", shape=(7, 3))
        expected = make()(X, LABELS)
        for form in (pd.DataFrame(X, index=range(5, 12)), X.tolist()):
            got = make()(form, LABELS)
            np.testing.assert_array_equal(got[0], expected[0])
            np.testing.assert_array_equal(got[1], expected[1])

    @pytest.mark.filterwarnings("ignore:Dynamo detected a call")
    def test_apply_compiles_whole(self, make):
        X, Y = batch("torch", "float32"), torch.from_numpy(soft(7, 3)).float()
        mixer = make()
        plan = mixer.draw(X.shape, like=X)
        compiled = torch.compile(mixer.apply, fullgraph=True, backend="eager")
        for got, expected in zip(compiled(X, Y, plan), mixer.apply(X, Y, plan), strict=True):
            assert torch.equal(got, expected)


X32 = np.zeros((3, 2), np.float32)
ERRORS = [
    (lambda mix: mix(np.zeros((3, 2), np.uint8)), TypeError, r"X must be floating; got uint8. Convert .*astype"),
    (lambda mix: mix(torch.zeros(3, 2, dtype=torch.int64)), TypeError, "X must be floating; got torch.int64"),
    (lambda mix: mix([[1, 2]]), TypeError, "X must be floating; got int64"),
    (lambda mix: mix(np.zeros((3, 2), bool)), TypeError, "X must be floating; got bool"),
    (lambda mix: mix(np.zeros((3, 2), complex)), TypeError, "X must be floating; got complex128"),
    (lambda mix: mix(np.float32(1.0)), TypeError, "X must be a NumPy array or a torch tensor|X must be floating"),
    (lambda mix: mix(1.0), ValueError, "X must have shape .* got \\(\\)"),
    (lambda mix: mix(np.zeros((0, 2))), ValueError, "at least one sample; got \\(0, 2\\)"),
    (lambda mix: mix(pd.DataFrame({"a": ["x"]})), TypeError, "X must be floating; got"),
    (lambda mix: mix(X32, [0, 1]), ValueError, "y must have one label for each of the 3 samples; got 2"),
    (lambda mix: mix(X32, [0, 1, -1]), ValueError, "got values from -1 to 1"),
    (lambda mix: mix(X32, [0, 1, 5], n_classes=3), ValueError, "y must lie in 0..2; got values from 0 to 5"),
    (lambda mix: mix(X32, [0.0, 1.0, 1.0]), TypeError, "y of one dimension must hold integers"),
    (lambda mix: mix(X32, ["a", "b", "c"]), TypeError, "y of one dimension must hold integers"),
    (lambda mix: mix(X32, torch.zeros(3, 2, 2)), ValueError, "y must be int labels"),
    (lambda mix: mix(X32, np.eye(3)[:, :2]), ValueError, "non-negative rows that sum to 1; row 2"),
    (lambda mix: mix(X32, np.array([[1.5, -0.5]] * 3)), ValueError, "non-negative rows"),
    (lambda mix: mix(X32, np.eye(3), n_classes=4), ValueError, "n_classes=4 columns; got shape"),
    (lambda mix: mix(X32, [0, 1, 1], n_classes=0), ValueError, "n_classes must be an integer"),
    (lambda mix: mix(X32, [0, 1, 1], n_classes="2"), TypeError, "n_classes must be an integer; got '2'"),
    (lambda mix: mix(X32, n_out=0), ValueError, "n_out must be an integer"),
    (lambda mix: mix(X32, n_out=2.0), TypeError, "n_out must be an integer"),
    (lambda mix: mix.draw((0, 3)), ValueError, "shape must be"),
    (lambda mix: mix.draw(()), ValueError, "shape must be"),
    (lambda mix: mix.apply(X32, None, mix.draw((5, 2))), ValueError, "plan was drawn for 5 samples; X has 3. Draw"),
    (lambda mix: mix.apply(X32, np.arange(3), mix.draw((3, 2))), ValueError, "Y must be soft labels of shape"),
    (lambda mix: mix.apply(np.zeros((3, 2), int), None, mix.draw((3, 2))), TypeError, "X must be floating; got int"),
    (lambda mix: mix.mix_dataset(X32 * np.nan), ValueError, "X must be finite; got 6 NaN"),
    (lambda mix: mix.mix_dataset(torch.full((3, 2), math.inf)), ValueError, "X must be finite"),
    (lambda mix: mix.mix_dataset(X32, batch_size=0), ValueError, "batch_size must be an integer"),
    (lambda mix: mix.mix_dataset(X32, n_out=0), ValueError, "n_out must be an integer"),
    (lambda mix: mix.mix_dataset(X32, epoch=-1), ValueError, "epoch must be an integer"),
    (lambda mix: mix.mix_dataset(np.zeros((3, 2), int)), TypeError, "X must be floating"),
]


class TestErrors:
    @pytest.mark.parametrize("name", MIXERS)
    @pytest.mark.parametrize(("call", "error", "text"), ERRORS)
    def test_bad_calls(self, name, call, error, text):
        with pytest.raises(error, match=text):
            call(make_mixer(name))

    @pytest.mark.parametrize("name", MIXERS)
    @pytest.mark.parametrize("bad", [math.nan, math.inf])
    def test_check_values_scans_x(self, name, bad):
        X = np.full((3, 2), bad)
        make_mixer(name)(X)
        for form in (X, torch.from_numpy(X)):
            with pytest.raises(ValueError, match="X must be finite"):
                make_mixer(name, check_values=True)(form)

    @pytest.mark.parametrize(
        ("call", "error", "text"),
        [
            (lambda: make_mixer("cutmixer"), ValueError, "name must be one of 'mixup', .*'zeta'; got 'cutmixer'"),
            (lambda: ZetaMixup(-0.1), ValueError, "gamma must be at least 0, except with n_mix=2.*got -0.1"),
            (lambda: ZetaMixup(-1, n_mix=3), ValueError, "gamma must be at least 0"),
            (lambda: ZetaMixup(math.nan), ValueError, "gamma must be a number; got nan"),
            (lambda: ZetaMixup("2"), TypeError, "gamma must be a real number; got '2'"),
            (lambda: ZetaMixup((1.0, 2.0, 3.0)), ValueError, r"gamma must be a number or \(low, high\)"),
            (lambda: ZetaMixup((3.0, 2.0)), ValueError, r"gamma\[1\] must be a number in \[3.0, inf\]; got 2.0"),
            (lambda: ZetaMixup((-1.0, 2.0)), ValueError, r"gamma\[0\] must be a number in \[0, inf\]; got -1.0"),
            (lambda: ZetaMixup((1.0, math.inf)), ValueError, r"gamma\[1\] must be finite; got inf"),
            (lambda: ZetaMixup(n_mix=0), ValueError, "n_mix must be an integer"),
            (lambda: ZetaMixup(n_mix=2.0), TypeError, "n_mix must be an integer"),
            (lambda: ZetaMixup(anchor="none"), ValueError, "anchor must be one of 'random', 'self'; got 'none'"),
            (lambda: ZetaMixup(n_mix=4)(X32), ValueError, "n_mix=4 for 3 samples. Lower n_mix"),
            (lambda: ZetaMixup(n_classes=0), ValueError, "n_classes must be an integer"),
            (lambda: ZetaMixup(random_state=-1), ValueError, "random_state must be a non-negative int"),
            (lambda: Mixup(0), ValueError, r"alpha must be a number in \(0, inf\); got 0"),
            (lambda: Mixup(math.inf), ValueError, "alpha must be finite"),
            (lambda: Mixup("1"), TypeError, "alpha must be a real number"),
        ],
    )
    def test_bad_parameters(self, call, error, text):
        with pytest.raises(error, match=text):
            call()


class Images(torch.utils.data.Dataset):
    """Each item is a mixed batch of its own."""

    def __init__(self):
        self.mixer = Mixup(random_state=0)

    def __len__(self):
        return 8

    def __getitem__(self, index):
        return self.mixer(torch.eye(6))[0]


def test_loader_workers_mix_apart_and_reruns_alike():
    def load(seed):
        generator = torch.Generator().manual_seed(seed)
        return torch.stack(list(torch.utils.data.DataLoader(Images(), None, num_workers=2, generator=generator)))

    first = load(0)
    assert len(torch.unique(first, dim=0)) == 8
    assert torch.equal(first, load(0))
    assert not torch.equal(first, load(1))
