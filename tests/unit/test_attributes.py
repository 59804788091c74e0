"""Test that our reader of DynamoDB's notation agrees with boto3's."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from boto3.dynamodb.types import TypeDeserializer, TypeSerializer
from hypothesis import given
from hypothesis import strategies as st

from leanpix.adapters.dynamodb.attributes import from_attribute, to_attribute

DECIMALS = st.decimals(allow_nan=False, allow_infinity=False, places=6, max_value=10**12)
SCALARS = st.none() | st.booleans() | st.integers(-(2**60), 2**60) | DECIMALS | st.text()
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(VALUES)
def test_it_is_boto3s_notation_both_ways(value: Any) -> None:
    attribute = to_attribute(value)
    assert attribute == TypeSerializer().serialize(value)
    assert from_attribute(attribute) == TypeDeserializer().deserialize(attribute)


@given(st.floats(allow_nan=False, allow_infinity=False, min_value=-1e30, max_value=1e30))
def test_a_float_comes_back_as_it_was(value: float) -> None:
    assert float(from_attribute(to_attribute(value))) == value


@pytest.mark.parametrize("value", [b"bytes", {1, 2}, float("nan"), float("inf"), object()])
def test_what_has_no_notation_is_refused(value: Any) -> None:
    with pytest.raises(TypeError):
        to_attribute(value)


def test_numbers_come_back_exactly() -> None:
    assert from_attribute({"N": "0.1"}) == Decimal("0.1")
