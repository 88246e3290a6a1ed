"""Characters within words that nobody sees: soft hyphens, and what web pages put between letters.

To the model "Militär\\xadhilfe" is three scraps of a word, and nothing that it knows.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

Int32 = NDArray[np.int32]

# Soft hyphen, word joiner and byte order mark; a zero-width space but where it stands between
# words, as in Thai, Lao, Burmese and Khmer. Joiners of letters (U+200C, U+200D) make another word.
_LETTER = r"[^\W\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff]"
_INVISIBLE = re.compile(
    rf"(?<={_LETTER})[\u00ad\u200b\u2060\ufeff]+(?={_LETTER})|[\u00ad\u2060\ufeff]"
)


def without_invisible(text: str) -> str:
    """``text`` without them."""
    return text if text.isascii() else _INVISIBLE.sub("", text)


def spans_with_invisible(spans: Int32, text: str) -> Int32:
    """Spans ``(n, 2)`` in ``without_invisible(text)``, none of them empty, as spans in ``text``."""
    if text.isascii() or not _INVISIBLE.search(text):
        return spans
    places = np.fromiter(_places(text), np.int32)
    return np.stack([places[spans[:, 0]], places[spans[:, 1] - 1] + 1], axis=1)


def _places(text: str) -> Iterator[int]:
    """Where in ``text`` each character stands that is left."""
    end = 0
    for match in _INVISIBLE.finditer(text):
        yield from range(end, match.start())
        end = match.end()
    yield from range(end, len(text))
