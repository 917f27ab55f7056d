from __future__ import annotations

import pytest

from nncli.inference.conditions import Condition
from nncli.messages.errors import CheckFailed, NncliError


def holds(text: str, value: float) -> bool:
    condition = Condition.parse(text, ["mse", "loss", "train_mse"])
    try:
        condition.check({"mse": value, "loss": 0.0, "train_mse": value})
    except CheckFailed:
        return True
    return False


@pytest.mark.parametrize(
    ("text", "value", "expected"),
    [
        ("mse > 0.5", 0.6, True),
        ("mse > 0.5", 0.5, False),
        ("mse >= 0.5", 0.5, True),
        (" mse<1e-3 ", 1e-4, True),
        ("train_mse <= 1", 1.5, False),
        ("mse > 0.5", float("nan"), True),
        ("mse < 0.5", float("nan"), True),
        ("mse > inf", 1.0, False),
    ],
)
def test_condition_compares_and_nan_always_fails(text: str, value: float, expected: bool) -> None:
    assert holds(text, value) is expected


@pytest.mark.parametrize("text", ["", "mse", "mse > ", "mse = 1", "mse > x", "> 1", "mse > nan", "mse > 1 2"])
def test_other_forms_are_refused_with_an_example(text: str) -> None:
    with pytest.raises(NncliError, match="NAME OP NUMBER") as caught:
        Condition.parse(text, ["mse"])
    assert str(caught.value.hint).endswith('--fail-if "mse > 0.01" or --fail-if "accuracy < baseline + 0.02"')
    with pytest.raises(NncliError, match="--target") as caught:
        Condition.parse(text, ["mse"], "--target")
    assert str(caught.value.hint).endswith('--target "mse < 0.01" or --target "accuracy > baseline + 0.02"')


def test_unknown_name_is_refused_with_those_known() -> None:
    with pytest.raises(NncliError, match="no metric 'los'") as caught:
        Condition.parse("los > 1", ["loss", "mse"])
    assert caught.value.hint is not None
    assert "did you mean loss?" in caught.value.hint
