"""Timing in interleaved rounds: every call once a round, in an order that is drawn anew for each round."""

from functools import partial

from zeta_geom.execution.timing import interleaved, seconds


def test_every_call_is_timed_once_a_round_in_changing_order():
    order = []
    times = interleaved({name: partial(order.append, name) for name in "abc"}, 6, progress=False)
    rounds = [tuple(order[start : start + 3]) for start in range(0, 18, 3)]
    assert all(sorted(each) == list("abc") for each in rounds)
    assert len(set(rounds)) > 1
    assert [len(values) for values in times.values()] == [6, 6, 6]
    first = list(order)
    order.clear()
    interleaved({name: partial(order.append, name) for name in "abc"}, 6, progress=False)
    assert order == first


def test_seconds_are_those_of_the_call():
    assert 0 <= seconds(lambda: None) < 1
