"""Each mutant of `tests/mutants` still applies, so that the next one who runs them can."""

from pathlib import Path

import pytest

from tests.mutants.faults import HERE, read_mutants

ROOT = Path(__file__).parents[2]
MUTANTS = read_mutants()


@pytest.mark.parametrize("module", sorted({one.module for one in MUTANTS}))
def test_every_mutant_applies(module):
    source = (ROOT / module).read_text()
    for one in (one for one in MUTANTS if one.module == module):
        assert one.apply(source) != source, one
        assert one.lines(source)


def test_numbers_are_given_once():
    assert len({one.number for one in MUTANTS}) == len(MUTANTS)
    assert Path(__file__).name == HERE
