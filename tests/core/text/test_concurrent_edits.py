"""Concurrent edits: what each changed is kept, and what both changed is shown to the later one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import EditedMeanwhile
from core.text.concurrent_edits import merge_edit, require_seen, require_version, version_of

NAMES = ("options", "reality", "title")
TEXTS = st.fixed_dictionaries({name: st.sampled_from(["", "a", "b", "c"]) for name in NAMES})


@given(TEXTS, TEXTS, TEXTS)
def test_an_edit_keeps_what_either_changed_or_is_refused(
    before: dict[str, str], now: dict[str, str], mine: dict[str, str]
) -> None:
    clash = {name for name in NAMES if before[name] != now[name] != mine[name] != before[name]}
    if clash:
        with pytest.raises(EditedMeanwhile) as refused:
            merge_edit(version_of(before), now, mine)
        assert set(refused.value.fields) == clash
        return
    merged = merge_edit(version_of(before), now, mine)
    for name in NAMES:
        assert merged[name] == (mine[name] if mine[name] != before[name] else now[name])


def test_the_refusal_says_what_stands_there_now() -> None:
    with pytest.raises(EditedMeanwhile, match="It now says: “Count to five”"):
        merge_edit(version_of({"what": "Wait"}), {"what": "Count to five"}, {"what": "Wait longer"})
    with pytest.raises(EditedMeanwhile, match="It now says: “nothing”"):
        merge_edit(version_of({"what": "Wait"}), {"what": ""}, {"what": "Wait longer"})


def test_ends_of_lines_are_no_change() -> None:
    merged = merge_edit(version_of({"will": "a\nb"}), {"will": "c"}, {"will": "a\r\nb"})
    assert merged == {"will": "c"}


@pytest.mark.parametrize("seen", ["", "not.a.version.of.this", "...", "x"])
def test_without_a_version_of_these_fields_what_is_sent_replaces_all(seen: str) -> None:
    assert merge_edit(seen, {"a": "1", "b": "2"}, {"a": "3", "b": "4"}) == {"a": "3", "b": "4"}


TEXT = st.sampled_from(["", "a", "b", "c", "d"])


@given(st.lists(TEXT, min_size=1), TEXT, TEXT)
def test_a_text_is_changed_where_its_writer_knows_what_it_says_or_wants_the_same(
    seen: list[str], now: str, mine: str
) -> None:
    if now in (*seen, mine):
        require_seen(seen, now, mine)
        return
    with pytest.raises(EditedMeanwhile, match="nothing" if now == "" else f"“{now}”"):
        require_seen(seen, now, mine)


def test_a_program_that_has_seen_nothing_replaces_what_is_there() -> None:
    require_seen([], "a", "b")


@given(TEXT, TEXT, TEXT)
def test_a_text_of_another_version_is_refused_unless_it_says_the_same(before: str, now: str, mine: str) -> None:
    require_version("", now, mine)
    if now in (before, mine):
        require_version(version_of({"text": before}), now, mine)
        return
    with pytest.raises(EditedMeanwhile):
        require_version(version_of({"text": before}), now, mine)
