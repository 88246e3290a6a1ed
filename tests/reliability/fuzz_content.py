"""Fuzz the reading of articles, led by coverage: ``pip install atheris``, then

    python tests/reliability/fuzz_content.py -runs=100000 -max_len=4096 [FOLDER OF EXAMPLES]

A crash is anything but an article or a ContentError. Atheris is no dependency: it has wheels for
few Pythons, and nothing but this needs it.
"""

from __future__ import annotations

import sys
from pathlib import Path

import atheris

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

with atheris.instrument_imports(include=["index", "markdown_it", "yaml"]):
    from index.content import ContentError, read_article


def read_one(data: bytes) -> None:
    """Read the bytes as Markdown or plain text, by the first of them."""
    name = "a.txt" if data[:1] < b"\x40" else "a.md"
    try:
        article = read_article(Path("content"), name, data[1:])
    except ContentError as error:
        assert "\n" not in str(error)
        return
    assert article.paragraphs
    end = 0
    for paragraph in article.paragraphs:
        quote = article.text[paragraph.start : paragraph.end]
        assert quote
        assert quote == quote.strip()
        assert end <= paragraph.start
        end = paragraph.end


if __name__ == "__main__":
    atheris.Setup(sys.argv, read_one)
    atheris.Fuzz()
