"""What is said about files: each sentence under its name, with its values."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from index import remarks
from index.remarks import Remark, Said

INDEX = Path(remarks.__file__).parent


def uses() -> Iterator[tuple[str, ast.Call, Remark]]:
    """Every call of a Remark in the code, after its file and line."""
    for path in sorted(INDEX.glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            match node:
                case ast.Call(func=ast.Attribute(ast.Name("Remark"), name)):
                    yield f"{path.name}:{node.lineno}", node, Remark[name]


def test_a_sentence_is_english_and_knows_its_name_and_its_values() -> None:
    said = Remark.SAME_ID(id="boat", other="content/b.md")
    assert said == (
        "its id “boat” is that of content/b.md too; give one of them another id in its front matter"
    )
    assert (said.name, said.values) == ("same-id", {"id": "boat", "other": "content/b.md"})


def test_a_sentence_in_a_sentence_stays_one() -> None:
    said = Remark.LEFT_OUT(text="Ad", reason=Remark.ADVERTISES())
    assert said == "left out: “Ad” marks an advertisement"
    inner = said.values["reason"]
    assert isinstance(inner, Said) and inner.name == "advertises"


def test_braces_in_a_value_are_text() -> None:
    assert Remark.KEY_TWICE(key="{a}") == "“{a}” is given twice; keep one"


@pytest.mark.parametrize("values", [{}, {"key": "a", "other": "b"}, {"keys": "a"}])
def test_values_that_are_missing_or_unknown_are_errors(values: dict[str, str]) -> None:
    with pytest.raises(KeyError, match="KEY_TWICE takes"):
        Remark.KEY_TWICE(**values)


def test_the_code_gives_each_sentence_its_values() -> None:
    found = list(uses())
    assert len(found) > 50
    for place, call, remark in found:
        given = {keyword.arg for keyword in call.keywords}
        assert given == remark.wants, place


def test_every_sentence_is_said_somewhere() -> None:
    code = "".join(
        path.read_text(encoding="utf-8") for path in INDEX.glob("*.py") if path.stem != "remarks"
    )
    assert [remark.name for remark in Remark if f"Remark.{remark.name}" not in code] == []


def test_no_two_sentences_are_the_same() -> None:
    # An Enum would take the second for another name of the first.
    assert list(Remark.__members__) == [remark.name for remark in Remark]
