"""Recipes: what they hold, what they refuse, and that the paper's are the paper's."""

import pytest
import yaml

from tests.training.training_cases import SETTINGS, recipe
from zeta_geom.mixers import gamma_min
from zeta_geom.training import RECIPES, Recipe, read_recipe, write_recipe
from zeta_geom.training.networks import NETWORKS, make_network
from zeta_geom.training.recipes.files import change_recipe
from zeta_geom.training.recipes.paper import GAMMAS, MEDMNIST, NATURAL, SKIN


def names(table):
    return [name for name in RECIPES if name.startswith(f"{table}/")]


def test_every_training_of_the_paper_has_its_recipe():
    assert len(set(NATURAL + SKIN + MEDMNIST)) == 26
    counts = {"table-4": 6 * 5, "table-5": 2 * 4 * 2, "table-6": 10 * 2 * 5, "table-7": 10 * 3, "table-8": 4}
    counts |= {"table-2": 10, "figure-9": 11, "figure-10": 2 * (17 + 2), "figure-10-search": 2}
    assert {table: len(names(table)) for table in counts} == counts
    assert sum(counts.values()) == len(RECIPES)
    assert len({RECIPES[name].data for name in names("figure-9")}) == 9
    assert GAMMAS[0] == 1.8
    assert GAMMAS[-1] == 5.0


@pytest.mark.parametrize(
    ("name", "epochs", "batch", "rate", "milestones", "factor"),
    [  # the paper's "Training details", written out again
        ("table-4/cifar-10/resnet18/erm", 200, 128, 0.1, (80, 120, 160), 0.2),
        ("table-4/fashion-mnist/resnet18/mixup", 200, 32, 0.1, (80, 120, 160), 0.2),
        ("table-4/stl-10/resnet18/zeta-2.4", 120, 32, 0.1, (80,), 0.2),
        ("table-4/imagewoof/resnet18/zeta-4.0", 80, 32, 0.01, (25, 50, 65), 0.2),
        ("table-5/cifar-100/efficientnet_b0/cutmix-zeta", 200, 128, 0.1, (100, 150), 0.2),
        ("table-6/ph2/resnet50/zeta-2.8", 50, 32, 0.01, (10, 20, 30, 40), 0.1),
        ("table-6/isic-2018/resnet18/erm", 20, 32, 0.01, (4, 8, 12, 16), 0.1),
        ("table-7/organcmnist/resnet18/mixup", 100, 128, 0.01, (), 0.1),
        ("table-8/cifar-100/resnet18/dirichlet", 200, 128, 0.1, (80, 120, 160), 0.2),
        ("figure-9/cifar-100/resnet18/manifold-mixup", 2000, 100, 0.1, (500, 1000, 1500), 0.1),
        ("figure-9/isic-2017/resnet50/manifold-mixup", 500, 32, 0.01, (100, 200, 300, 400), 0.1),
        ("figure-9/tissuemnist/resnet18/manifold-mixup", 1000, 128, 0.01, (), 0.1),
        ("figure-10/cifar-10/resnet18/zeta-1.8", 200, 128, 0.1, (80, 120, 160), 0.2),
    ],
)
def test_settings_of_the_paper(name, epochs, batch, rate, milestones, factor):
    variant = RECIPES[name]
    assert (variant.epochs, variant.batch_size, variant.optimizer.learning_rate) == (epochs, batch, rate)
    assert (variant.schedule.milestones, variant.schedule.factor) == (milestones, factor)
    assert variant.optimizer.momentum == 0.9
    assert variant.optimizer.nesterov
    assert variant.optimizer.weight_decay == (1e-4 if name.startswith("figure-9/cifar") else 5e-4)


def test_methods_and_metrics_of_the_paper():
    assert RECIPES["table-5/cifar-10/resnet18/cutmix-zeta"].mixer.params["gamma"] == [
        pytest.approx(gamma_min(), abs=5e-6),
        4,
    ]
    assert RECIPES["table-4/cifar-10/resnet18/erm"].mixer is None
    assert RECIPES["table-4/cifar-10/resnet18/mixup"].mixer.params == {"alpha": 1.0}
    for family, metrics in (
        ("table-4", ("error",)),
        ("table-6", ("balanced_accuracy", "f1_micro", "f1_macro")),
        ("table-7", ("auc", "accuracy")),
    ):
        assert {RECIPES[name].metrics for name in names(family)} == {metrics}
    for name in names("table-6"):
        assert (RECIPES[name].size, RECIPES[name].crop) == (256, 0.8)
    for name in names("table-4"):
        assert RECIPES[name].augmentation == ("flip",)
        assert RECIPES[name].size == (224 if "image" in name else None)


@pytest.mark.parametrize("name", RECIPES)
def test_each_recipe_says_where_each_setting_is_from_and_survives_yaml(name, tmp_path):
    variant = RECIPES[name]
    assert variant.name == name
    assert variant.method == name.split("/")[-1]
    assert set(variant.sources) == set(Recipe.model_fields) - {"name", "sources"}
    assert all(
        source.split(",")[0] in ("paper", "inferred", "ours", "not used") for source in variant.sources.values()
    )
    write_recipe(variant, tmp_path / "recipe.yaml")
    assert read_recipe(tmp_path / "recipe.yaml") == variant


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"network": "vgg"}, "network must be among lenet, .*got 'vgg'"),
        ({"metrics": ("loss",)}, "metrics must be among error, .*got 'loss'"),
        ({"metrics": ()}, "metrics must be among"),
        ({"epochs": 0}, r"epochs\s+Input should be greater than or equal to 1"),
        ({"batch_size": 2.5}, "batch_size"),
        ({"optimizer": {"learning_rate": -1}}, "optimizer.learning_rate"),
        ({"optimizer": {"learning_rate": float("nan")}}, "optimizer.learning_rate"),
        ({"optimizer": {"learning_rate": 0.1, "momentum": 0}}, "nesterov needs a momentum"),
        ({"schedule": {"milestones": (3,)}}, "milestones must be below epochs = 3"),
        ({"schedule": {"milestones": (2, 1)}}, "milestones must be positive and ascending"),
        ({"mixer": {"name": "mixdown"}}, "mixdown"),
        ({"mixer": {"name": "zeta", "params": {"gamma": -1}}}, "gamma must be"),
        ({"mixer": {"name": "zeta", "params": {"delta": 1}}}, "delta"),
        ({"mixer": {"name": "zeta", "params": {"random_state": 1}}}, "must not hold random_state"),
        ({"mixer": {"name": "adamixup", "params": {"depth": 1}}}, "depth"),
        ({"mixer": {"name": "automix-liu", "params": {"momentum": 2}}}, "momentum must be"),
        ({"mixer": {"name": "automix-zhu", "params": {"attention": "dot"}}}, "attention must be one of"),
        ({"mixer": {"name": "supermix", "params": {"teacher": "erm"}}}, "needs teacher, the name of a run"),
        ({"mixer": {"name": "supermix"}}, "needs teacher, the name of a run"),
        ({"augmentation": ("rotate",)}, "augmentation"),
        ({"precision": "64"}, "precision"),
        ({"seeds": (0, 0)}, "seeds must be distinct"),
        ({"seeds": (-1,)}, "seeds must be distinct and not negative"),
        ({"seeds": ()}, "seeds"),
        ({"n_train": 8}, "n_train must be at least batch_size = 32"),
        ({"name": "../x"}, "name"),
        ({"name": "/x"}, "name"),
        ({"sources": {"colour": "ours"}}, "sources must be among"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_a_wrong_setting_is_named(changes, message):
    with pytest.raises(ValueError, match=message):
        recipe(**changes)


def test_all_wrong_settings_of_a_file_are_named_in_one_line(tmp_path):
    path = tmp_path / "bad.yaml"
    path.write_text(
        yaml.safe_dump({k: v for k, v in SETTINGS.items() if k != "data"} | {"epochs": "many", "augmentation": []})
    )
    with pytest.raises(ValueError, match=r"bad\.yaml is not valid.*data: .*epochs: ") as caught:
        read_recipe(path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "message"), [("a: [", "must be YAML"), ("- 1", "must hold settings"), ("", "must hold")]
)
def test_a_file_that_is_no_recipe_is_refused(text, message, tmp_path):
    (tmp_path / "x.yaml").write_text(text)
    with pytest.raises(ValueError, match=message):
        read_recipe(tmp_path / "x.yaml")
    with pytest.raises(FileNotFoundError, match="no recipe"):
        read_recipe(tmp_path / "y.yaml")


def test_changed_settings_say_who_changed_them():
    variant = change_recipe(
        recipe(), {"optimizer.weight_decay": 0, "mixer.params.gamma": 3.5, "epochs": 7}, "ours, so"
    )
    assert (variant.optimizer.weight_decay, variant.mixer.params, variant.epochs) == (0, {"gamma": 3.5}, 7)
    assert {variant.sources[name] for name in ("optimizer", "mixer", "epochs")} == {"ours, so"}
    assert variant.sources["batch_size"] == "not stated"
    assert recipe().epochs == 3
    for key, message in (
        ("colour", "colour"),
        ("epochs.first", "epochs contains no settings"),
        ("mixer.nom", "mixer.nom"),
    ):
        with pytest.raises(ValueError, match=message):
            change_recipe(recipe(), {key: 1})


@pytest.mark.parametrize("name", [name for name in NETWORKS if name != "lenet"])
@pytest.mark.parametrize("side", [28, 32, 64])
def test_small_images_keep_their_resolution(name, side):
    import torch

    network = make_network(name, 7, (3, side, side)).eval()
    small = side < 64
    with torch.no_grad():
        maps = network.forward_features(torch.zeros(1, 3, side, side))
        assert network(torch.zeros(1, 3, side, side)).shape == (1, 7)
    smaller = 16 if name == "resnet10-tiny" else 8
    assert maps.shape[-1] == -(-side // (smaller if small else 32))
    known = dict(network.named_modules())
    assert all(stage == "input" or stage in known for stage in NETWORKS[name].stages)


def test_weights_depend_on_the_seed_alone():
    import torch

    torch.manual_seed(1)
    first = make_network("lenet", 10, (1, 28, 28), seed=3)
    torch.manual_seed(2)
    before = torch.random.get_rng_state()
    again, other = (make_network("lenet", 10, (1, 28, 28), seed=seed) for seed in (3, 4))
    assert torch.equal(first.fc1.weight, again.fc1.weight)
    assert not torch.equal(first.fc1.weight, other.fc1.weight)
    assert torch.equal(torch.random.get_rng_state(), before)
    residual = [make_network("resnet18", 10, (3, 32, 32), seed=3).conv1.weight for _ in range(2)]
    assert torch.equal(*residual)


def test_more_of_the_paper():
    variant = RECIPES["table-4/imagenette/resnet18/erm"]
    assert (variant.epochs, variant.batch_size, variant.optimizer.learning_rate, variant.schedule.milestones) == (
        80,
        32,
        0.01,
        (25, 50, 65),
    )
    assert RECIPES["table-8/cifar-100/resnet18/p-series-pairs"].mixer.params == {"gamma": 2.8}
    assert RECIPES["table-8/cifar-100/resnet18/dirichlet"].mixer.params == {"alpha": 1.0}
    assert RECIPES["table-5/cifar-10/resnet18/cutmix"].mixer.params == {"alpha": 1.0}
    verma = RECIPES["figure-9/cifar-10/resnet18/manifold-mixup"]
    assert (verma.augmentation, verma.mixer.params["alpha"]) == (("crop", "flip"), 2.0)


def test_limits_of_recipes():
    for changes, message in (({"schedule": {"milestones": (0,)}}, "milestones must be positive"),):
        with pytest.raises(ValueError, match=message):
            recipe(**changes)
    assert recipe(n_train=32).n_train == 32
