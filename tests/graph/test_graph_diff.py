"""The laws of the diff."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bucketgraph.graph.diff import Changes, diff

States = st.dictionaries(st.sampled_from("abcdefgh"), st.integers(0, 2))
State = dict[str, int]


def _apply(before: State, after: State, changes: Changes[str]) -> State:
    kept = {key: value for key, value in before.items() if key not in changes.deleted}
    return kept | {key: after[key] for key in changes.created | changes.updated}


@given(States, States)
def test_applying_a_whole_diff_gives_the_second_state(before: State, after: State) -> None:
    assert _apply(before, after, diff(before, after, whole=True)) == after


@given(States, States)
def test_applying_a_partial_diff_adds_and_changes_only(before: State, after: State) -> None:
    assert _apply(before, after, diff(before, after, whole=False)) == before | after


@given(States, st.booleans())
def test_nothing_changes_between_a_state_and_itself(state: State, whole: bool) -> None:
    none: frozenset[str] = frozenset()
    assert diff(state, state, whole=whole) == Changes(none, none, none, frozenset(state), none)


@given(States, States)
def test_a_partial_diff_never_deletes_and_a_whole_one_leaves_nothing_unseen(
    before: State, after: State
) -> None:
    assert not diff(before, after, whole=False).deleted
    assert not diff(before, after, whole=True).unseen
    assert diff(before, after, whole=False).unseen == diff(before, after, whole=True).deleted


@given(States, States, st.booleans())
def test_every_key_stands_in_exactly_one_set(before: State, after: State, whole: bool) -> None:
    changes = diff(before, after, whole=whole)
    sets = [changes.created, changes.updated, changes.deleted, changes.unchanged, changes.unseen]
    assert frozenset().union(*sets) == before.keys() | after.keys()
    assert sum(map(len, sets)) == len(before.keys() | after.keys())
