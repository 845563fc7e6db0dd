"""Records: reused under the same key alone, never half-written, the same whether computed or read."""

import json
import logging
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from zeta_geom import records
from zeta_geom.records import keys

ARRAYS = {"x": np.arange(6.0).reshape(2, 3), "name": np.array(["a", "ζ"]), "flag": np.array(True)}
TABLE = pd.DataFrame({"gamma": [1.0, np.inf], "method": ["zeta", "mixup"]})


class Work:
    """A computation that counts its calls."""

    def __init__(self, values=None):
        self.calls = 0
        self.values = ARRAYS if values is None else values

    def __call__(self):
        self.calls += 1
        return self.values


def ask(folder, work, **changes):
    options = {"settings": {"seed": 0}, "data": "d", "folder": folder} | changes
    return records.record(options.pop("name", "room/demo"), work, **options)


def leftovers(folder):
    return sorted(path.name for path in (folder / "room").glob(".*"))


@pytest.mark.parametrize("values", [ARRAYS, TABLE], ids=["arrays", "table"])
def test_second_call_reuses_and_reads_the_same(tmp_path, values):
    work = Work(values)
    first, second = ask(tmp_path, work), ask(tmp_path, work)
    third = records.read(tmp_path / "room" / "demo")
    assert work.calls == 1
    assert leftovers(tmp_path) == []
    for other in (second, third):
        assert other.manifest == first.manifest
        if values is TABLE:
            pd.testing.assert_frame_equal(other.table, first.table)
            pd.testing.assert_frame_equal(other.table, TABLE)
        else:
            assert list(other.values) == list(ARRAYS)
            for key in ARRAYS:
                np.testing.assert_array_equal(other[key], ARRAYS[key])
                assert first[key].dtype == other[key].dtype


def test_an_index_is_treated_alike_on_both_calls(tmp_path):
    work = Work(TABLE.set_index("method"))
    pd.testing.assert_frame_equal(ask(tmp_path, work).table, ask(tmp_path, work).table)


def test_manifest_says_what_determined_the_result(tmp_path):
    result = ask(tmp_path, Work(), settings={"seed": 0, "k": (8, 128)})
    manifest = json.loads((tmp_path / "room" / "demo.json").read_text())
    assert manifest == result.manifest
    assert result.settings == {"seed": 0, "k": [8, 128]}
    assert manifest["code"] == records.code_fingerprint(__file__)
    assert manifest["versions"]["numpy"] == np.__version__


@pytest.mark.parametrize(
    "changes",
    [
        {"settings": {"seed": 1}},
        {"settings": {"seed": 0, "k": 8}},
        {"data": "e"},
        {"force": True},
        {"name": "room/b"},
    ],
)
def test_any_difference_is_computed_again(tmp_path, changes):
    work = Work()
    ask(tmp_path, work)
    ask(tmp_path, work, **changes)
    assert work.calls == 2


def test_order_of_settings_is_no_difference(tmp_path):
    work = Work()
    ask(tmp_path, work, settings={"a": 1, "b": [1, 2]})
    ask(tmp_path, work, settings={"b": (1, 2), "a": 1})
    assert work.calls == 1


def test_other_code_is_computed_again_unless_stale(tmp_path, monkeypatch, caplog):
    work = Work()
    ask(tmp_path, work)
    monkeypatch.setattr(keys, "code_fingerprint", lambda _: "f" * 64)
    with caplog.at_level(logging.WARNING):
        ask(tmp_path, work, stale=True)
    assert work.calls == 1
    assert "reusing the result of older code" in caplog.text
    ask(tmp_path, work, stale=True, settings={"seed": 1})
    assert work.calls == 2
    monkeypatch.setattr(keys, "code_fingerprint", lambda _: "e" * 64)
    ask(tmp_path, work, settings={"seed": 1})
    assert work.calls == 3


def test_another_version_is_computed_again_even_if_stale(tmp_path, monkeypatch):
    work = Work()
    ask(tmp_path, work)
    monkeypatch.setattr(keys, "library_versions", lambda: {"numpy": "0.0"})
    ask(tmp_path, work, stale=True)
    assert work.calls == 2


@pytest.mark.parametrize("stale", [False, True])
@pytest.mark.parametrize("damage", ["truncated", "garbage", "absent"])
def test_damaged_values_are_computed_again(tmp_path, caplog, damage, stale):
    work = Work()
    ask(tmp_path, work)
    values = tmp_path / "room" / "demo.npz"
    if damage == "absent":
        values.unlink()
    else:
        values.write_bytes(values.read_bytes()[:-7] if damage == "truncated" else b"garbage")
    with pytest.raises(ValueError, match=r"demo.npz does not match its checksum; delete it"):
        records.read(tmp_path / "room" / "demo")
    with caplog.at_level(logging.WARNING):
        again = ask(tmp_path, work, stale=stale)
    assert work.calls == 2
    assert "room/demo: computing it again" in caplog.text
    np.testing.assert_array_equal(again["x"], ARRAYS["x"])


@pytest.mark.parametrize("text", [b"", b"{", b"null", b"[]", b"3", b'{"key": "k"}', b"\xff\xfe"])
def test_a_manifest_that_is_not_whole_does_not_count(tmp_path, text):
    work = Work()
    ask(tmp_path, work)
    (tmp_path / "room" / "demo.json").write_bytes(text)
    with pytest.raises(FileNotFoundError, match="there is no whole record at"):
        records.read(tmp_path / "room" / "demo")
    ask(tmp_path, work, stale=True)
    assert work.calls == 2


def test_a_manifest_with_another_key_does_not_count(tmp_path):
    work = Work()
    ask(tmp_path, work)
    path = tmp_path / "room" / "demo.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"key": "0" * 64}))
    ask(tmp_path, work)
    assert work.calls == 2


@pytest.mark.parametrize("stop_at", [1, 2])
@pytest.mark.parametrize("before", [False, True], ids=["first", "again"])
def test_a_crash_while_writing_leaves_no_record(tmp_path, monkeypatch, stop_at, before):
    """The values are the first rename, the manifest the second; with `before`, an older record lies there."""
    work = Work()
    if before:
        ask(tmp_path, work, settings={"seed": 9})
    renames = []

    def replace(path, target):
        renames.append(target)
        if len(renames) == stop_at:
            raise KeyboardInterrupt
        return path.rename(target)

    with monkeypatch.context() as patch:
        patch.setattr("pathlib.Path.replace", replace)
        with pytest.raises(KeyboardInterrupt):
            ask(tmp_path, work)
    assert leftovers(tmp_path) == []
    with pytest.raises(FileNotFoundError):
        records.read(tmp_path / "room" / "demo")
    np.testing.assert_array_equal(ask(tmp_path, work)["x"], ARRAYS["x"])
    assert work.calls == 2 + before


def test_a_failing_computation_leaves_the_old_record(tmp_path):
    work = Work()
    ask(tmp_path, work)

    def fails():
        raise RuntimeError("no memory")

    with pytest.raises(RuntimeError, match="no memory"):
        ask(tmp_path, fails, force=True)
    ask(tmp_path, work)
    assert work.calls == 1


def test_objects_are_refused_and_leave_the_old_record(tmp_path):
    ask(tmp_path, Work())
    with pytest.raises(TypeError, match=r"'room/demo' must hold no Python objects; got them in \['bad'\]"):
        ask(tmp_path, Work({"good": np.zeros(2), "bad": np.array([{}, None])}), force=True)
    np.testing.assert_array_equal(records.read(tmp_path / "room" / "demo")["x"], ARRAYS["x"])


def test_a_record_is_keyed_by_the_modules_that_its_analysis_imports(tmp_path):
    analyses = shutil.copytree(Path(__file__).parents[2] / "analyses", tmp_path / "analyses")
    arguments = "figure_8/digits/seed-0", {"seed": 0}, "none", analyses / "figure_8" / "__init__.py"
    before = keys.make_manifest(*arguments)["key"]
    networks = analyses / "figure_8" / "networks.py"
    networks.write_text(networks.read_text(encoding="utf-8") + "\nMIXED = METHODS[:1]\n", encoding="utf-8")
    assert keys.make_manifest(*arguments)["key"] != before


def test_arrays_are_no_table(tmp_path):
    with pytest.raises(TypeError, match="holds arrays, not a table"):
        _ = ask(tmp_path, Work()).table


def test_atomic_path_keeps_the_old_file_on_failure(tmp_path):
    target = tmp_path / "new" / "a.txt"
    with records.atomic_path(target) as temporary:
        temporary.write_text("old")

    def write_half():
        with records.atomic_path(target) as temporary:
            temporary.write_text("half")
            raise RuntimeError("disk full")

    with pytest.raises(RuntimeError, match="disk full"):
        write_half()
    assert target.read_text() == "old"
    assert [path.name for path in target.parent.iterdir()] == ["a.txt"]


def test_data_fingerprint_sees_values_dtype_shape_and_order():
    base = np.arange(6, dtype=np.int32)
    different = [
        base,
        base + 1,
        base.astype(np.int64),
        base.reshape(2, 3),
        base.reshape(3, 2),
        base.view(np.uint32),
        base[:0],
    ]
    prints = {records.data_fingerprint(array) for array in different}
    assert len(prints) == len(different)
    assert records.data_fingerprint(base, base[:1]) != records.data_fingerprint(base[:1], base)
    strided = np.arange(12, dtype=np.int32).reshape(6, 2)[:, 0] // 2
    assert records.data_fingerprint(strided) == records.data_fingerprint(base)


def test_the_script_that_computes_is_part_of_the_code(tmp_path):
    script, calls = tmp_path / "script.py", []

    def ask(**how):
        records.record(
            "x",
            lambda: calls.append(1) or {"a": np.zeros(1)},
            settings={},
            data="",
            folder=tmp_path,
            source=script,
            **how,
        )

    script.write_text("x = 1")
    ask()
    ask()
    assert len(calls) == 1
    script.write_text("x = 22")
    ask(stale=True)
    assert len(calls) == 1
    ask()
    assert len(calls) == 2


def test_records_of_an_earlier_version_are_computed_again_and_that_is_said_once(tmp_path, caplog):
    work = Work()
    for name in ("room/a", "room/b"):
        ask(tmp_path, work, name=name)
        path = tmp_path / f"{name}.json"
        manifest = json.loads(path.read_text())
        del manifest["modules"]
        path.write_text(json.dumps(manifest | {"package": "0" * 64}))
        with pytest.raises(FileNotFoundError, match="there is no whole record"):
            records.read(tmp_path / name)
        ask(tmp_path, work, name=name, stale=True)
    assert work.calls == 4
    assert caplog.text.count("of an earlier version of zeta_geom") <= 1  # once in a process


def test_reading_a_record_of_other_code_says_so(tmp_path, monkeypatch, caplog):
    ask(tmp_path, Work())
    with caplog.at_level(logging.WARNING):
        records.read(tmp_path / "room" / "demo")
        assert not caplog.text
        monkeypatch.setattr(keys, "code_fingerprint", lambda _: "f" * 64)
        records.read(tmp_path / "room" / "demo")
    assert "other code computed this record" in caplog.text
