from __future__ import annotations

from rag.index.recent import Recent


def test_what_is_kept_is_not_read_again():
    asked = []

    def read(missing):
        asked.append(list(missing))
        return {one: one.upper() for one in missing if one != "unknown"}

    recent = Recent(most=3)
    assert recent.get(["b", "a", "unknown"], read) == {"b": "B", "a": "A"}
    assert recent.get(["a", "c", "b"], read) == {"a": "A", "c": "C", "b": "B"}
    assert recent.get(["a", "unknown"], read) == {"a": "A"}
    assert asked == [["b", "a", "unknown"], ["c"], ["unknown"]]


def test_the_least_recent_go_first_and_more_than_it_keeps_are_still_given():
    recent = Recent(most=2)
    assert list(recent.get(["a", "b", "c", "a"], lambda missing: {one: one for one in missing})) == ["a", "b", "c"]
    again = []
    recent.get(["a"], lambda missing: {})
    recent.get(["d"], lambda missing: {one: one for one in missing})
    recent.get(["a", "d", "b", "c"], lambda missing: again.extend(missing) or {})
    assert again == ["b", "c"]


def test_nothing_is_read_for_nothing():
    assert Recent(most=1).get([], lambda missing: 1 / 0) == {}
