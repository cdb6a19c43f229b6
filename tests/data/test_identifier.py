import pytest

from likely.data.identifier import code_pattern, named_like_id


@pytest.mark.parametrize(
    ("codes", "pattern"),
    [
        (["N1A1", "N12A1", "N103A1"], "N{}A1"),
        (["C00017", "C00018", "C90000"], "C{:05d}"),
        (["a-1-x7", "a-2-x7", "a-13-x7"], "a-{}-x7"),
        ([f"{i:08x}-1234-4abc-8def-{i:012x}" for i in range(9)], "{:08x}-0000-4000-8000-000000000000"),
        (["deadbee1", "00ff1e2a", "12345abc"], "{:08x}"),
        (["{1}", "{2}", "{3}"], "{{{}}}"),
        (["red", "green", "blue"], ""),
        (["12 Main Street", "14 Main Street"], ""),
        (["A1", "B2", "C-3", "4D"], ""),
    ],
)
def test_the_pattern_of_codes(codes: list[str], pattern: str) -> None:
    assert code_pattern(codes) == pattern


def test_a_pattern_makes_codes_of_its_own_kind() -> None:
    codes = [f"C{i:05d}" for i in range(7, 30)]
    made = [code_pattern(codes).format(i) for i in range(40, 50)]
    assert code_pattern(made) == code_pattern(codes)
    assert not set(made) & set(codes)


@pytest.mark.parametrize("name", ["id", "ID", "customer_id", "userId", "PassengerId", "Unnamed: 0", "uuid", "row key"])
def test_names_of_identifiers(name: str) -> None:
    assert named_like_id(name)


@pytest.mark.parametrize("name", ["width", "paid", "humidity", "solid", "monkey", "annotation"])
def test_names_that_only_look_alike(name: str) -> None:
    assert not named_like_id(name)
