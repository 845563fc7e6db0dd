"""Where the channels of images are: one rule for mixers, data sets, files, audits, sweeps and pictures."""

import numpy as np
import pytest
import torch
from torchvision.transforms import v2
from typer.testing import CliRunner

from tests.mixers.mixer_cases import LABELS, Brightness
from zeta_geom import audit, datasets
from zeta_geom.checks import image_axes
from zeta_geom.cli.main import app
from zeta_geom.mixers import CutMix, RandomMixer, ZetaMixup, make_mixer
from zeta_geom.realism import MNISTOracle
from zeta_geom.sweeps import sweep

BLACK_AND_WHITE = np.stack([np.zeros((32, 32, 3)), np.ones((32, 32, 3))])


class Witness(Brightness):
    """A teacher that remembers the shapes of images that it was shown."""

    def __init__(self):
        super().__init__()
        self.shapes = set()

    def forward(self, x):
        self.shapes.add(tuple(x.shape[1:]))
        return super().forward(x)


TEACHER = Witness()
PARAMS = {
    "supermix": {"teacher": TEACHER, "max_steps": 2},
    "co-mixup": {"model": Brightness()},
    "opttransmix": {"max_iter": 5},
}
LAST = (-3, -2)


@pytest.mark.parametrize(
    ("shape", "channels", "axes"),
    [
        ((9, 28, 28), None, (-2, -1)),
        ((9, 1, 28), None, (-2, -1)),
        ((9, 28, 28), "last", (-2, -1)),
        ((9, 3, 32, 32), None, (-2, -1)),
        ((9, 32, 32, 3), None, LAST),
        ((9, 28, 28, 1), None, LAST),
        ((9, 3, 32, 4), "last", LAST),
        ((9, 3, 32, 4), "first", (-2, -1)),
        ((9, 2, 8, 8, 64), "last", LAST),
        ((9, 64, 2, 8, 8), "first", (-2, -1)),
    ],
)
def test_axes_of_height_and_width(shape, channels, axes):
    assert image_axes(shape, channels) == axes


@pytest.mark.parametrize(
    ("shape", "channels", "match"),
    [
        ((9, 3, 32, 3), None, "both the second and the last axis"),
        ((9, 64, 8, 8), None, "neither the second nor the last.*Give channels='first' or channels='last'"),
        ((9, 3, 2, 8, 8), None, "neither"),
        ((9, 28), None, r"must be images \(n, H, W\)"),
        ((9, 0, 8, 3), "last", "at least one pixel"),
        ((9, 8, 8, 3), "middle", "channels must be"),
    ],
)
def test_a_layout_that_cannot_be_told_is_refused(shape, channels, match):
    with pytest.raises(ValueError, match=match):
        image_axes(shape, channels)


@pytest.mark.parametrize(
    "name",
    ["cutmix", "cutmix-zeta", "gridmix", "fmix", "resizemix", "saliencymix", "opttransmix", "supermix", "co-mixup"],
)
@pytest.mark.parametrize("given", [None, "last"])
def test_channels_last_mixes_as_channels_first(name, given):
    images = np.random.default_rng(0).random((7, 3, 8, 9)).astype(np.float32)
    first, last = torch.from_numpy(images), torch.from_numpy(images).movedim(1, -1)
    one, labels = make_mixer(name, random_state=0, channels="first", **PARAMS.get(name, {}))(first, LABELS)
    mixer = make_mixer(name, random_state=0, channels=given, **PARAMS.get(name, {}))
    other, other_labels = mixer(last, LABELS)
    torch.testing.assert_close(other, one.movedim(1, -1))
    torch.testing.assert_close(other_labels, labels)
    if name == "supermix":  # whose teacher is given images in the layout of X
        assert TEACHER.shapes == {(3, 8, 9), (8, 9, 3)}
    if "numpy" in mixer.traits.backends:
        in_numpy, _ = make_mixer(name, random_state=0, channels=given, **PARAMS.get(name, {}))(last.numpy(), LABELS)
        reference, _ = make_mixer(name, random_state=0, **PARAMS.get(name, {}))(images, LABELS)
        np.testing.assert_allclose(in_numpy, np.moveaxis(reference, 1, -1), rtol=1e-6)


def test_a_box_goes_through_all_channels():
    X, Y = CutMix(random_state=1)(BLACK_AND_WHITE, [0, 1])
    assert (X[..., :1] == X).all()
    np.testing.assert_allclose(X.mean(axis=(1, 2, 3)), Y[:, 1])
    inside = X[0, :, :, 0] == 1  # one rectangle
    rows, columns = inside.any(axis=1), inside.any(axis=0)
    assert 0 < inside.sum() == rows.sum() * columns.sum() < 1024


def test_a_box_without_reading_numbers():
    """The masked path, which CUDA and compiled graphs take."""
    torch.compiler.reset()
    X = torch.from_numpy(BLACK_AND_WHITE)
    plain, _ = CutMix(random_state=1)(X, [0, 1])
    mixer = CutMix(random_state=1)
    compiled = torch.compile(mixer.apply, backend="eager")
    masked, _ = compiled(X, None, mixer.draw(X.shape, like=X))
    assert (masked == plain).all()


def test_a_mixer_of_several_is_told():
    mixer = RandomMixer([ZetaMixup(), CutMix()], [0, 1], random_state=0)
    with pytest.raises(ValueError, match="Give channels="):
        mixer(np.zeros((4, 3, 8, 3)))
    X, _ = RandomMixer([ZetaMixup(), CutMix(channels="last")], [0, 1], random_state=0)(np.zeros((4, 3, 8, 3)))
    assert X.shape == (4, 3, 8, 3)


def colored(n=24, side=16, channels=3):
    return np.random.default_rng(0).random((n, side, side, channels)).astype(np.float32)


def pasted(result):
    return result.points["cutmix"].X


def test_audits_infer_and_are_told():
    y = np.arange(24) % 2
    settings = {"n_neighbors": 4, "n_bootstrap": 10, "random_state": 0, "progress": False}
    inferred = audit(colored(), y, augment="cutmix", **settings)
    told = audit(colored(), y, augment="cutmix", channels="last", **settings)
    assert (pasted(inferred) == pasted(told)).all()
    changed = (pasted(inferred)[:, None] != inferred.sources.X[None]).any(axis=-1)  # pixels, in whole colours
    partial = (pasted(inferred)[:, None] != inferred.sources.X[None]).all(axis=-1)
    assert (changed == partial).all()
    assert told.settings["channels"] == "last"
    with pytest.raises(ValueError, match="Give channels="):
        audit(colored()[:, :3], y, augment=v2.RandomHorizontalFlip(), **settings)
    flipped = audit(colored()[:, :3], y, augment=v2.RandomHorizontalFlip(1.0), channels="last", **settings)
    assert (flipped.sources.X[:, :, ::-1] == flipped.points["RandomHorizontalFlip"].X).all()


def test_sweeps_and_files(tmp_path):
    X = colored(12, side=4)[:, :3]  # (12, 3, 4, 3): both readings
    settings = {"gammas": [2.0], "n_neighbors": 4, "mixers": ["cutmix", "mixup"], "progress": False}
    with pytest.raises(ValueError, match="Give channels="):
        sweep({"data": X}, **settings)
    table = sweep({"data": X}, channels="last", **settings)
    same = sweep(
        {"data": X}, **settings | {"mixers": {"cutmix": ("cutmix", {"channels": "last"}), "mixup": ("mixup", {})}}
    )
    assert table.drop(columns="seconds").equals(same.drop(columns="seconds"))
    np.savez(tmp_path / "data.npz", X=X)
    mix = ["mix", str(tmp_path / "data.npz"), "--out", str(tmp_path / "out.npz"), "--mixer", "cutmix"]
    refused = CliRunner().invoke(app, mix)
    assert refused.exit_code != 0
    assert CliRunner().invoke(app, [*mix, "--channels", "last"]).exit_code == 0
    expected, _ = CutMix(channels="last", random_state=0).mix_dataset(X)
    assert (np.load(tmp_path / "out.npz")["X"] == expected).all()


def test_data_sets_say_where_their_channels_are():
    assert datasets.load("digits").channels == "last"


def test_the_oracle_takes_every_layout():
    images = np.random.default_rng(0).random((2, 28, 28))
    oracle = MNISTOracle.pretrained()
    expected = oracle.log_proba(images)
    assert (oracle.log_proba(images[:, None]) == expected).all()
    assert (oracle.log_proba(images[..., None]) == expected).all()
