from likely.suggestion import near, shown


def test_near_names_ignore_case() -> None:
    assert near("AGE", ["age", "wage", "zip"])[0] == "age"
    assert near("nothing", ["age"]) == []


def test_long_lists_are_cut() -> None:
    assert shown(["a", "b", "c"], most=2) == "'a', 'b' and 1 more"
