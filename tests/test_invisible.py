"""Characters within words that nobody sees."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.invisible import spans_with_invisible, without_invisible


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("Militär\u00adhilfe", "Militärhilfe"),
        ("Militär\u200bhilfe", "Militärhilfe"),
        ("Mili\u2060tär\ufeffhilfe\u200b\u200bn", "Militärhilfen"),
        ("日\u200b本", "日本"),
        # Between words, and between letters that are joined otherwise, they have a meaning.
        ("สวัสดี\u200bครับ", "สวัสดี\u200bครับ"),
        ("one\u200b two", "one\u200b two"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("plain", "plain"),
    ],
)
def test_without_invisible(text: str, seen: str) -> None:
    assert without_invisible(text) == seen


@given(st.text(st.sampled_from("ab é\u00ad\u200b\u2060ก"), max_size=20))
def test_spans_are_of_the_same_characters(text: str) -> None:
    seen = without_invisible(text)
    every = np.array([[place, place + 1] for place in range(len(seen))], np.int32).reshape(-1, 2)
    found = spans_with_invisible(every, text)
    assert "".join(text[start:end] for start, end in found) == seen
    if len(seen) > 1:
        whole = spans_with_invisible(np.array([[0, len(seen)]], np.int32), text)
        assert without_invisible(text[slice(*whole[0])]) == seen
