"""What the README shows runs as it stands."""

import re
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torchvision.models import resnet18

import zeta_geom
from zeta_geom.cli.main import app
from zeta_geom.scale import plan_table

README = Path(zeta_geom.__file__).parents[1] / "README.md"


@pytest.mark.parametrize("n", [160, pytest.param(1000, marks=pytest.mark.slow)])  # images in the audit
def test_python_blocks_run(tmp_path, monkeypatch, n):
    library, auditing, loop, sweeping = re.findall(r"```python\n(.*?)```", README.read_text(), re.DOTALL)
    space = {}
    exec(compile(library, "README.md", "exec"), space)
    assert set(space["table"]["mixer"]) == {"original", "zeta", "mixup"}
    assert space["p"].shape == (1000, 10)
    space["mnist"] = replace(space["mnist"], X_train=space["mnist"].X_train[:n], y_train=space["mnist"].y_train[:n])
    monkeypatch.chdir(tmp_path)
    exec(compile(auditing, "README.md", "exec"), space)
    assert space["audit"].methods == ["<lambda>", "zeta", "mixup"]
    assert Path("audit.html").stat().st_size < 5 * 2**20
    space |= {"x": torch.rand(6, 3, 32, 32), "y": torch.arange(6), "model": resnet18(num_classes=10)}
    exec(compile(loop, "README.md", "exec"), space)
    assert space["logits"].shape == space["y"].shape == (6, 10)
    exec(compile(sweeping, "README.md", "exec"), space)
    assert len(list(Path("runs", "runs").iterdir())) == 3 * (1 + 9 + 1)


def test_commands_exist():
    named = set(re.findall(r"^zeta-geom (\w+)", README.read_text(), re.MULTILINE))
    commands = {command.callback.__name__ for command in app.registered_commands}
    assert named == commands | {group.name for group in app.registered_groups}


def test_linked_files_are_there():
    links = re.findall(r"\]\((?!http)([^)]+)\)", README.read_text())
    assert links
    assert all((README.parent / link).exists() for link in links)


def test_the_plans_of_the_docs_are_what_the_code_prints():
    assert plan_table() in (README.parent / "docs" / "scale.md").read_text()
