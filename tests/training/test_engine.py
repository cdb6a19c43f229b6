import pytest

from likely.errors import FieldError
from likely.training.engine import Engine
from likely.training.recipe import Precision


def test_precision_by_name_or_value() -> None:
    assert Engine(precision="bf16").precision is Precision.BF16  # type: ignore[arg-type]
    assert Engine().precision is Precision.AUTO
    assert Engine(device="cpu").place() == "cpu"


@pytest.mark.parametrize("wrong", [{"precision": "fp8"}, {"threads": 0}, {"devices": 0}, {"nodes": -1}])
def test_unusable_choices(wrong) -> None:
    with pytest.raises(FieldError):
        Engine(**wrong)
