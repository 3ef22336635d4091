"""The nearest word to a mistyped one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml_connector.nearest import nearest


@pytest.mark.parametrize(
    ("word", "known", "expected"),
    [
        ("COMPUTERS", ["CONSUMER_GOODS", "COMPUTER_SOFTWARE", "COMMERCE"], "COMPUTER_SOFTWARE"),
        ("indutry", ["city", "industry", "country"], "industry"),
        ("Phone", ["phone", "phones"], "phone"),
        ("custmerClass.id", ["supplierClass.id", "customerClass.id"], "customerClass.id"),
    ],
)
def test_is_what_was_meant(word: str, known: list[str], expected: str) -> None:
    assert nearest(word, known) == (expected,)


def test_nothing_is_near_where_nothing_is_known() -> None:
    assert nearest("phone", []) == ()


@given(st.lists(st.text(), min_size=1, unique=True), st.data())
def test_a_known_word_is_nearest_to_itself(known: list[str], data: st.DataObject) -> None:
    word = data.draw(st.sampled_from(known))
    assert nearest(word, known)[0].casefold() == word.casefold()
