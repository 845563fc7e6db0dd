"""What the README and the pages of the documentation show runs as it stands."""

import re
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import pytest
import torch
from torchvision.models import resnet18

import zeta_geom
from zeta_geom import datasets
from zeta_geom.cli.main import app
from zeta_geom.scale import plan_table

README = Path(zeta_geom.__file__).parents[1] / "README.md"
DOCS = README.parent / "docs"


def python_blocks(path):
    return re.findall(r"```python\n(.*?)```", path.read_text(), re.DOTALL)


def run(code, name, space):
    exec(compile(code, name, "exec"), space)


@pytest.mark.parametrize("n", [160, pytest.param(1000, marks=pytest.mark.slow)])  # images in the audit
def test_python_blocks_run(tmp_path, monkeypatch, n):
    library, auditing = python_blocks(README)
    space = {}
    run(library, "README.md", space)
    assert set(space["table"]["mixer"]) == {"original", "zeta", "mixup"}
    assert space["p"].shape == (1000, 10)
    space["mnist"] = replace(space["mnist"], X_train=space["mnist"].X_train[:n], y_train=space["mnist"].y_train[:n])
    monkeypatch.chdir(tmp_path)
    run(auditing, "README.md", space)
    assert space["audit"].methods == ["<lambda>", "zeta", "mixup"]
    assert Path("audit.html").stat().st_size < 5 * 2**20


def test_the_loop_of_the_docs_runs():
    (loop,) = python_blocks(DOCS / "mixing.md")
    space = {"x": torch.rand(6, 3, 32, 32), "y": torch.arange(6), "model": resnet18(num_classes=10)}
    run(loop, "mixing.md", space)
    assert space["logits"].shape == space["y"].shape == (6, 10)


@pytest.mark.parametrize("n", [160, pytest.param(1000, marks=pytest.mark.slow)])  # images in each run
def test_the_sweep_of_the_docs_runs(tmp_path, monkeypatch, n):
    sweep, *_ = python_blocks(DOCS / "scale.md")  # the others need a cluster
    sample = datasets.load("mnist-sample")
    few = replace(sample, X_train=sample.X_train[:n], y_train=sample.y_train[:n])
    monkeypatch.setattr(datasets, "load", lambda name: few)
    monkeypatch.chdir(tmp_path)
    run(sweep, "scale.md", {})
    assert len(list(Path("runs", "runs").iterdir())) == 3 * (1 + 9 + 1)


def test_the_readme_is_read_in_minutes():
    assert len(README.read_text().splitlines()) <= 130


def test_commands_exist():
    named = set(re.findall(r"^zeta-geom (\w+)", README.read_text(), re.MULTILINE))
    commands = {command.callback.__name__ for command in app.registered_commands}
    assert named == commands | {group.name for group in app.registered_groups}


@pytest.mark.parametrize("page", [README, *sorted(DOCS.glob("*.md"))], ids=lambda page: page.name)
def test_linked_files_are_there(page):
    links = re.findall(r"\]\((?!http|#|generated/|tutorials/)([^)#]+)", page.read_text())  # those are built
    assert links or page != README
    assert [link for link in links if not (page.parent / link).exists()] == []


def test_modules_that_pages_run_exist():
    pages = "".join(page.read_text() for page in (README, *DOCS.glob("*.md"), README.with_name("CONTRIBUTING.md")))
    modules = set(re.findall(r"python -m ((?:analyses|benchmarks|figures|examples)[\w.]*)", pages))
    assert {"benchmarks.scale", "analyses.study.gamma_search"} <= modules
    assert [module for module in sorted(modules) if find_spec(module.rstrip(".")) is None] == []


def test_the_plans_of_the_docs_are_what_the_code_prints():
    assert plan_table() in (README.parent / "docs" / "scale.md").read_text()
