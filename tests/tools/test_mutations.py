"""Test the changes by which the tests themselves are tested."""

from __future__ import annotations

import pytest

from tools.mutations import of_c, of_python


def changed(source: str) -> set[str]:
    return {mutation.apply(source) for mutation in of_python("a.py", source)}


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("a = b < c\n", {"a = (b <= c)\n"}),
        ("a = b == c\n", {"a = (b != c)\n"}),
        ("a = b and c\n", {"a = (b or c)\n"}),
        ("a = b + c\n", {"a = (b - c)\n"}),
        ("a = not b\n", {"a = (b)\n"}),
        ("a = 5\n", {"a = (6)\n"}),
        ("a = True\n", {"a = (False)\n"}),
        ("f(a)\n", {"pass\n"}),
        ("if a:\n    b = c\n", {"if (not a):\n    b = c\n"}),
        ("def f():\n    return a\n", {"def f():\n    return None\n"}),
        ("def f():\n    raise A\n", {"def f():\n    pass\n"}),
    ],
)
def test_a_python_change_is_one_place(source: str, expected: set[str]) -> None:
    assert changed(source) == expected


@pytest.mark.parametrize(
    "source",
    [
        "def f(a: 'x[5]') -> int: ...\n",
        "if TYPE_CHECKING:\n    f(1)\n",
        'a = f"{b + c}"\n',
        "a = b\n",
    ],
)
def test_what_no_test_can_notice_is_left_alone(source: str) -> None:
    assert changed(source) == set()


def test_a_place_behind_other_letters_than_ascii_is_found() -> None:
    assert changed('a = "ä→"; b = c < d\n') == {'a = "ä→"; b = (c <= d)\n'}


def test_a_guard_in_c_is_left_out_and_each_of_its_bounds_moved() -> None:
    source = "if (a < 1 || b >> 2 > c) {\n    return 0;\n}\nif (a < 2) {\n    b = 3;\n}\n"
    assert {mutation.text for mutation in of_c("a.c", source)} == {
        "0",
        "a <= 1 || b >> 2 > c",
        "a < 1 || b >> 2 >= c",
    }


def test_a_name_stays_where_the_line_moves_but_for_its_number() -> None:
    (first,) = of_python("a.py", "a = b < c\n")
    (second,) = of_python("a.py", "\n\na = b < c\n")
    assert first.name.split(":")[2] == second.name.split(":")[2]
    assert first.line + 2 == second.line
