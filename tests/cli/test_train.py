"""`zeta-geom train`: lists, shows, changes and runs recipes, and says what is missing."""

import subprocess
import sys

import pandas as pd
import pytest
import yaml

from tests.cli.command_cases import in_a_shell, run
from tests.training.training_cases import recipe
from zeta_geom.training import RECIPES, write_recipe


@pytest.fixture
def folder(tmp_path):
    write_recipe(recipe(), tmp_path / "tiny.yaml")
    return tmp_path


def test_list_names_all_recipes_or_those_that_hold_a_part():
    every = run("train", "--list").stdout.splitlines()
    assert [line.split()[0] for line in every] == list(RECIPES)
    some = run("train", "table-5/cifar-100", "--list").stdout.splitlines()
    assert len(some) == 8
    assert "200 epochs of 128, error" in some[0]
    with pytest.raises(ValueError, match="no recipe's name contains 'table-3'"):
        run("train", "table-3", "--list")


def test_show_is_yaml_with_the_source_of_each_setting(folder):
    name = "table-6/ph2/resnet18/zeta-2.4"
    shown = run("train", name, "--show").stdout
    assert yaml.safe_load(shown) == RECIPES[name].model_dump(mode="json", exclude={"sources"})
    lines = {line.split(":")[0]: line for line in shown.splitlines()}
    for setting, source in RECIPES[name].sources.items():
        assert source in lines[setting]
    (folder / "shown.yaml").write_text(shown)
    assert yaml.safe_load(run("train", folder / "shown.yaml", "--show").stdout) == yaml.safe_load(shown)


def test_set_changes_a_setting_and_says_so():
    words = ["--set", "epochs=2", "--set", "schedule.milestones=[]", "--set", "mixer.params.gamma=3", "--show"]
    shown = run("train", "table-4/fashion-mnist/resnet18/zeta-2.8", *words).stdout
    assert "epochs: 2  # ours, set on the command line" in shown
    assert yaml.safe_load(shown)["mixer"]["params"] == {"gamma": 3}
    name = "table-4/fashion-mnist/resnet18/zeta-2.8+epochs-2+schedule.milestones+mixer.params.gamma-3"
    assert yaml.safe_load(shown)["name"] == name  # not to be taken for the recipe itself
    assert yaml.safe_load(run("train", name.split("+")[0], "--set", "name=mine", "--show").stdout)["name"] == "mine"


def test_train_writes_the_table_and_says_what_came_out(folder):
    words = ["--folder", folder / "runs", "--accelerator", "cpu", "--seeds", "0 2", "--out", folder / "table.csv"]
    said = run("train", folder / "tiny.yaml", "--set", "epochs=1", *words).stdout
    table = pd.read_csv(folder / "table.csv")
    assert table["seed"].tolist() == [0, 0, 2, 2]
    errors = table.loc[table["metric"] == "error", "value"]
    assert f"error: {errors.mean():.4f} ± {errors.std():.4f} over 2 seeds" in said
    assert "96 training and 297 test images, largest training class" in said


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "train needs a RECIPE"),
        (["nowhere"], "there is no recipe nowhere"),
        (["tiny.yaml", "--set", "epochs"], "--set must be NAME=VALUE"),
        (["tiny.yaml", "--set", "epochs=0"], "epochs"),
        (["tiny.yaml", "--set", "network=vgg"], "network must be among"),
        (["tiny.yaml", "--seeds", "a"], "--seeds must be whole numbers"),
        (["tiny.yaml", "--seeds", "0 0"], "seeds must be distinct"),
        (["tiny.yaml", "--seeds", ""], "seeds"),
        (["tiny.yaml", "--set", "data=csv:none.csv"], "none.csv"),
    ],
)
def test_a_mistake_is_named(words, message, folder, monkeypatch):
    monkeypatch.chdir(folder)
    with pytest.raises((ValueError, FileNotFoundError), match=message):
        run("train", *words)


def test_the_ending_of_the_table_is_checked_before_anything_is_trained(folder):
    done = run("train", folder / "tiny.yaml", "--out", folder / "table.npz", "--folder", folder / "runs")
    assert done.exit_code != 0
    assert not (folder / "runs").exists()


def test_a_mistake_is_one_line_in_a_shell(folder):
    done = in_a_shell(folder, ["train", "tiny.yaml", "--set", "epochs=0", "--set", "network=vgg"])
    assert done.returncode == 1
    assert done.stderr.startswith("zeta-geom: the recipe tiny is not valid. epochs: ")
    assert done.stderr.count("\n") == 1


WITHOUT = """
import sys

EXTRA = {"lightning", "medmnist", "optuna", "timm", "torchmetrics", "torchvision"}


class Without:
    def __init__(self, finder):
        self.finder = finder

    def find_spec(self, name, *rest):
        return None if name.partition(".")[0] in EXTRA else self.finder.find_spec(name, *rest)

    def __getattr__(self, name):
        return getattr(self.finder, name)


sys.meta_path[:] = map(Without, sys.meta_path)
"""
MESSAGE = (
    "zeta_geom.training needs lightning, medmnist, optuna, timm, torchmetrics, torchvision: "
    'pip install "zeta-geom[train]".'
)


def without_the_extra(program, *words):
    command = [sys.executable, "-c", WITHOUT + program, *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    "words",
    [
        ("table-7/octmnist/resnet18/mixup", "--set", "epochs=3", "--show"),
        pytest.param(("table-8", "--list"), marks=pytest.mark.slow),
    ],
)
def test_what_trains_nothing_needs_no_extra(words):
    done = without_the_extra("from zeta_geom.cli.main import main\nmain()", "train", *words)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == run("train", *words).stdout


@pytest.mark.slow  # the next test finds the same message
def test_a_training_without_the_extra_says_how_to_get_it(folder):
    words = ["train", folder / "tiny.yaml", "--folder", folder / "runs"]
    done = without_the_extra("from zeta_geom.cli.main import main\nmain()", *words)
    assert done.returncode == 1
    assert done.stderr == f"zeta-geom: {MESSAGE}\n"
    assert not (folder / "runs").exists()


RECIPE_PARTS = """
from zeta_geom import training
from zeta_geom.training import METRICS, NETWORKS, RECIPES, Recipe, compare, load_network, make_network, read_recipe
from zeta_geom.training import run, write_recipe

recipe = read_recipe(sys.argv[1])
write_recipe(recipe, sys.argv[1])
assert read_recipe(sys.argv[1]) == recipe
assert recipe.network in NETWORKS and recipe.metrics[0] in METRICS
uses = {
    "run()": lambda: run(recipe, folder=sys.argv[2]),
    "load_network()": lambda: load_network(recipe, 0, None, folder=sys.argv[2]),
    "make_network()": lambda: make_network("resnet18", 2, (3, 8, 8)),
    "make_metrics()": lambda: training.metrics.make_metrics(["error"], 2),
    **{name: lambda name=name: getattr(training, name) for name in training.__all__},
}
for name, call in uses.items():
    try:
        call()
    except ImportError as error:
        print(name, error)
"""


def test_recipes_work_without_the_extra_and_what_trains_asks_for_it(folder):
    done = without_the_extra(RECIPE_PARTS, folder / "tiny.yaml", folder / "runs")
    assert done.stderr == ""
    refused = dict(line.split(maxsplit=1) for line in done.stdout.splitlines())
    called = {"run()", "load_network()", "make_network()", "make_metrics()"}
    assert set(refused) == called | {"Classifier", "IMAGE_SETS", "ImageData", "load_image_data", "search"}
    assert set(refused.values()) == {MESSAGE}
    assert not (folder / "runs").exists()


def test_nothing_else_imports_the_room():
    program = (
        "import sys, zeta_geom, zeta_geom.cli.main\n"
        "for room in zeta_geom.__all__:\n"
        "    if room != 'training': getattr(zeta_geom, room)\n"
        "extra = {'lightning', 'medmnist', 'optuna', 'timm', 'torchmetrics', 'torchvision'} & set(sys.modules)\n"
        "print(sorted(extra), 'zeta_geom.training' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "[] False\n"
