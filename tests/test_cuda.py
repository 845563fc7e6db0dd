"""What only a device can show: plans that cross over, gradients, streams, geometry under TF32, training."""

import copy
import pickle

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from scipy.stats import beta, kstest, norm

from tests.mixers.mixer_cases import LABELS, SHAPE, TOLERANCE, batch, soft
from tests.training.training_cases import recipe, train
from zeta_geom import datasets
from zeta_geom.geometry import knn, local_dimension
from zeta_geom.geometry.cuda.memory import working_memory
from zeta_geom.manifolds import make_curved_manifold
from zeta_geom.mixers import CutMix, OptTransMix, SuperMix, ZetaMixup, p_series_weights
from zeta_geom.realism import MNISTOracle
from zeta_geom.rng.streams import Stream
from zeta_geom.training import load_image_data, load_network
from zeta_geom.training.fit.building import Shapes, build_classifier
from zeta_geom.training.fit.classifier import Classifier

pytestmark = [
    pytest.mark.cuda,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device"),
]
DEVICE = "cuda"
SYNC_FREE = pytest.mark.traits(optimises=False)


def there(array):
    return torch.as_tensor(array).to(DEVICE)


def assert_alike(on_the_device, on_the_cpu, tolerance):
    assert on_the_device.device.type == DEVICE
    torch.testing.assert_close(on_the_device.cpu(), on_the_cpu, atol=tolerance, rtol=0)


@pytest.fixture
def X():
    return batch("torch", "float32")


@pytest.fixture
def Y():
    return torch.from_numpy(soft(7, 3)).float()


class TestMixers:
    @SYNC_FREE
    @pytest.mark.parametrize("dtype", TOLERANCE)
    @pytest.mark.parametrize("drawn", ["cpu", DEVICE])
    def test_a_plan_gives_the_same_on_both_sides(self, make, dtype, drawn, Y):
        X = batch("torch", dtype)
        mixer = make()
        plan = mixer.draw(X.shape, n_out=9, like=X.to(drawn), labels=Y.to(drawn))
        expected = mixer.apply(X, Y, plan)
        for memory in (torch.contiguous_format, torch.channels_last):
            for got, wanted in zip(mixer.apply(there(X).to(memory_format=memory), there(Y), plan), expected):
                assert_alike(got, wanted, TOLERANCE[dtype])

    @pytest.mark.traits(differentiable=True)
    def test_gradients_are_those_of_the_cpu(self, make, X, Y):
        mixer = make()
        plan = mixer.draw(X.shape, like=there(X), labels=there(Y))
        slope = torch.rand(SHAPE, generator=torch.Generator().manual_seed(1))
        gradients = []
        for device in (DEVICE, "cpu"):
            images = X.to(device).requires_grad_()
            (mixer.apply(images, None, plan)[0] * slope.to(device)).sum().backward()
            gradients.append(images.grad)
        assert_alike(*gradients, 1e-5)

    @pytest.mark.traits(weighted_mean=True, needs_images=False)
    def test_a_data_set_is_mixed_with_its_labels_and_again_alike(self, make):
        mixer, eye, y = make(n_classes=10), there(torch.eye(10)), there(np.arange(10))
        first = mixer.mix_dataset(eye, y, batch_size=4, n_out=14)
        torch.testing.assert_close(*first)
        assert first[0].device.type == DEVICE
        mixer(eye, y)
        again = mixer.mix_dataset(eye, np.arange(10), batch_size=4, n_out=14)
        assert torch.equal(first[0], again[0])

    @SYNC_FREE
    @pytest.mark.parametrize("duplicate", [copy.deepcopy, lambda mixer: pickle.loads(pickle.dumps(mixer))])
    def test_copies_go_on_alike(self, make, duplicate, X):
        mixer = make(n_classes=3)
        mixer(there(X), there(LABELS))
        twin = duplicate(mixer)
        for got, expected in zip(twin(there(X), there(LABELS)), mixer(there(X), there(LABELS)), strict=True):
            assert torch.equal(got, expected)

    def test_weights_are_the_series_led_by_the_rows_own(self):
        weights = ZetaMixup(2.8, random_state=0).draw((500, 3), like=torch.zeros(1, device=DEVICE)).weights
        series = torch.from_numpy(p_series_weights(500, 2.8)).float()
        assert_alike(weights.sort(dim=1, descending=True).values, series.expand(500, 500), 1e-6)
        assert (weights.argmax(dim=1).cpu() == torch.arange(500)).all()

    def test_generators_belong_to_the_side_of_the_data(self, X):
        with pytest.raises(TypeError, match=r"draws on the CPU, but the data lie on cuda:0; give an int"):
            ZetaMixup(random_state=torch.Generator())(there(X))
        with pytest.raises(TypeError, match=r"is a torch.Generator on cuda(:0)?, but the data lie on the CPU"):
            ZetaMixup(random_state=torch.Generator(DEVICE))(X)

    def test_barycentres_are_those_of_the_cpu(self, X, Y):
        mixer = OptTransMix(0.02, random_state=0)
        plan = mixer.draw(X.shape, like=there(X))
        for got, expected in zip(mixer.apply(there(X), there(Y), plan), mixer.apply(X, Y, plan), strict=True):
            assert_alike(got, expected, 1e-5)

    def test_supermix_asks_a_teacher_on_the_device(self, X):
        torch.manual_seed(0)
        teacher = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(40, 3)).to(DEVICE)
        runs = [SuperMix(teacher, n_classes=3, random_state=0)(there(X), there(LABELS)) for _ in range(2)]
        (X_new, Y_new), (X_again, _) = runs
        assert 1 <= len(X_new) == len(Y_new) <= 7
        assert X_new.device.type == Y_new.device.type == DEVICE
        torch.testing.assert_close(X_new, X_again, atol=1e-4, rtol=0)  # the gradient sums in any order
        assert (X_new >= 0).all()
        assert (X_new <= 1).all()

    @pytest.mark.slow
    @pytest.mark.filterwarnings("ignore")
    @pytest.mark.parametrize("mixer", [ZetaMixup(random_state=0), CutMix(random_state=0)], ids=repr)
    def test_one_graph_serves_every_plan(self, mixer):
        X, Y = there(batch("torch", "float32", shape=(7, 3, 8, 8))), there(torch.eye(3)[LABELS])
        torch.compiler.reset()
        compiled = torch.compile(mixer.apply, fullgraph=True)
        compiled(X, Y, mixer.draw(X.shape, like=X))
        with torch.compiler.set_stance("fail_on_recompile"):
            for _ in range(3):
                plan = mixer.draw(X.shape, like=X)
                for got, expected in zip(compiled(X, Y, plan), mixer.apply(X, Y, plan), strict=True):
                    torch.testing.assert_close(got, expected, atol=1e-6, rtol=0)


class TestStreams:
    like = staticmethod(lambda: torch.zeros(1, device=DEVICE))

    @pytest.mark.parametrize("alpha", [0.5, 1.0, 3.0])
    def test_distributions(self, alpha):
        stream, n = Stream(0), 20_000
        drawn = {
            "beta": (stream.beta(alpha, (n,), self.like()), beta(alpha, alpha).cdf),
            "dirichlet": (stream.dirichlet(alpha, n, 4, self.like())[:, 2], beta(alpha, 3 * alpha).cdf),
            "normal": (stream.normal((n,), self.like()), norm.cdf),
            "uniform": (stream.uniform((n,), self.like()), "uniform"),
        }
        for name, (values, cdf) in drawn.items():
            assert kstest(values.double().cpu().numpy(), cdf).pvalue > 1e-4, name

    def test_permutations(self):
        order = Stream(0).permutation(5000, self.like())
        assert order.sort().values.tolist() == list(range(5000))
        assert order.tolist() != Stream(1).permutation(5000, self.like()).tolist()


class TestGeometry:
    def test_chunks_of_any_size_give_the_integers_of_the_numpy_path(self, monkeypatch):
        points = make_curved_manifold(1500, n_features=30, random_state=0)[0].astype(np.float32)
        expected = local_dimension(points, (8, 64))
        for bytes_ in (2**34, 2**24):
            monkeypatch.setattr("zeta_geom.geometry.cuda.search.working_memory", lambda X, bytes_=bytes_: bytes_)
            monkeypatch.setattr("zeta_geom.geometry.cuda.counts.working_memory", lambda X, bytes_=bytes_: bytes_)
            for k, values in local_dimension(there(points), (8, 64)).items():
                np.testing.assert_array_equal(values.cpu(), expected[k])

    @pytest.mark.parametrize("newer", [False, True])
    def test_tf32_changes_nothing(self, newer):
        matmul = torch.backends.cuda.matmul
        if newer and not hasattr(matmul, "fp32_precision"):
            pytest.skip("this torch has one name for it")
        points = make_curved_manifold(1500, n_features=198, random_state=0)[0].astype(np.float32)
        indices, dimensions = knn(points, 30).indices, local_dimension(points, 64)[64]
        name, value = ("fp32_precision", "tf32") if newer else ("allow_tf32", True)
        before = getattr(matmul, name)
        setattr(matmul, name, value)
        try:
            np.testing.assert_array_equal(knn(there(points), 30).indices.cpu(), indices)
            np.testing.assert_array_equal(local_dimension(there(points), 64)[64].cpu(), dimensions)
            assert getattr(matmul, name) == value
        finally:
            setattr(matmul, name, before)

    @pytest.mark.parametrize("d", [64, 768])
    def test_a_chunk_takes_no_more_memory_than_it_may(self, d, monkeypatch):
        points, budget = torch.rand(30_000, d, device=DEVICE), 2**30
        for room in ("torch_search", "torch_counts"):
            monkeypatch.setattr(f"zeta_geom.geometry.{room}.working_memory", lambda X: budget)
        found = knn(points[:2000], 128)  # the first time makes handles
        for call in (lambda: knn(points, 128), lambda: local_dimension(points[:2000], 128, neighbors=found)):
            before = torch.cuda.memory_allocated()
            torch.cuda.reset_peak_memory_stats()
            call()
            assert torch.cuda.max_memory_allocated() - before < 1.2 * budget

    def test_memory_that_torch_keeps_counts_as_free(self):
        torch.cuda.empty_cache()
        before = working_memory(torch.zeros(1, device=DEVICE))
        torch.zeros(2**31, device=DEVICE).sum().item()
        assert torch.cuda.memory_reserved() > 2**33
        assert working_memory(torch.zeros(1, device=DEVICE)) == pytest.approx(before, rel=0.05)


class TestOracle:
    def test_images_on_a_device_are_read_as_on_the_cpu(self):
        oracle, images = MNISTOracle.pretrained(), torch.from_numpy(datasets.load("mnist-sample").X_test[:70])
        for kind in (images, images.float() / 255):
            np.testing.assert_array_equal(oracle.predict_proba(there(kind)), oracle.predict_proba(kind))


class TestTraining:
    @pytest.mark.parametrize(
        "mixer",
        [None, "zeta", "cutmix-zeta", "manifold-mixup", "mixfeat", "adamixup", "automix-liu", "automix-zhu"],
    )
    def test_no_step_waits_for_the_host(self, mixer):
        data = load_image_data("digits")
        params = {"width": 2, "depth": 1} if mixer == "automix-zhu" else {}
        variant = recipe(mixer=mixer and {"name": mixer, "params": params})
        classifier = build_classifier(variant, 0, Shapes.of(data), "runs").to(DEVICE)
        classifier.log = lambda *_, **__: None  # there is no trainer to log for
        classifier.on_train_epoch_start()
        (optimizer,), _ = classifier.configure_optimizers()
        images, labels = (there(part) for part in data.train.__getitems__(range(32)))
        for mode in ("default", "error"):  # the first time makes handles
            torch.cuda.set_sync_debug_mode(mode)
            try:
                optimizer.zero_grad()
                loss = classifier.training_step((images, labels))
                loss.backward()
                optimizer.step()
                classifier.on_train_batch_end()
            finally:
                torch.cuda.set_sync_debug_mode("default")
            assert loss.isfinite()

    def test_supermix_finds_its_teacher_on_the_device(self, tmp_path):
        train(tmp_path, recipe(name="erm", mixer=None), accelerator="gpu")
        mixer = {"name": "supermix", "params": {"teacher": "erm/seed-0", "max_steps": 2}}
        train(tmp_path, recipe(name="supermix", mixer=mixer), accelerator="gpu")

    @pytest.mark.parametrize("mixer", ["zeta", "cutmix-zeta", "manifold-mixup", "mixfeat"])
    def test_again_and_stopped_in_an_epoch_it_ends_with_the_same_weights(self, mixer, tmp_path, monkeypatch):
        made = recipe(mixer={"name": mixer})
        for name in ("whole", "again"):
            train(tmp_path / name, made, accelerator="gpu")
        step, done = Classifier.training_step, []

        def stop(self, *batch):
            done.append(self.device.type)
            if len(done) == 5:  # three batches an epoch: in the middle of the second
                raise RuntimeError("stopped")
            return step(self, *batch)

        monkeypatch.setattr(Classifier, "training_step", stop)
        with pytest.raises(RuntimeError, match="stopped"):
            train(tmp_path / "stopped", made, accelerator="gpu")
        train(tmp_path / "stopped", made, accelerator="gpu")
        assert done == [DEVICE] * (5 + 6)
        whole, *others = (
            load_file(tmp_path / name / "tiny/seed-0.safetensors") for name in ("whole", "again", "stopped")
        )
        for other in others:
            for name, values in whole.items():
                assert torch.equal(other[name], values), name

    @pytest.mark.parametrize("precision", ["32-true", "16-mixed", "bf16-mixed"])
    def test_it_learns_and_the_cpu_reads_what_it_learned(self, precision, tmp_path):
        made = recipe(n_train=None, augmentation=(), precision=precision)
        torch.rand(1, device=DEVICE)
        before = torch.cuda.get_rng_state()
        table = train(tmp_path, made, accelerator="gpu").set_index("metric")["value"]
        assert table["error"] < 0.6  # by chance: 0.9
        assert torch.equal(torch.cuda.get_rng_state(), before)
        data = load_image_data("digits")
        images, labels = data.test.__getitems__(range(len(data.test)))
        with torch.no_grad():
            predicted = load_network(made, 0, data, folder=tmp_path)(images).argmax(1)
        assert (predicted != labels).double().mean().item() == pytest.approx(table["error"], abs=0.02)
