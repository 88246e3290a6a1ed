"""What an answer looks like on a terminal, in a pipe and as JSON, whatever it holds."""

import io
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from content_folder import ContentFolder
from fake_encoder import FakeEncoder
from fits import fit_for
from rich.console import Console
from rich.text import Text

from bot import report
from index.answer import Answer, Citation, Highlight, Status
from index.library import Library


def answer_with(quote: str, start: int, end: int, title: str = "T") -> Answer:
    citation = Citation(
        rank=1,
        article="a",
        title=title,
        author=None,
        publisher=None,
        url=None,
        date="0987-01-02",
        language="en",
        paragraph=3,
        quote=quote,
        highlight=Highlight(start, end, quote[start:end]),
        score=1.0,
    )
    return Answer("q", Status.ANSWERED, 0.9, 1.0, (citation,))


@pytest.fixture
def library(content: ContentFolder, data: Path, encoder: FakeEncoder) -> Library:
    content.write("lamps.md", "They burned whale oil.")
    return Library.open(content.path, data, encoder, fit=fit_for(encoder))[0]


def printed(answer: Answer, library: Library, console: Callable[[io.StringIO], Console]) -> str:
    file = io.StringIO()
    report.print_answer(answer, library, console(file))
    return file.getvalue()


def piped(file: io.StringIO) -> Console:
    return Console(file=file, force_terminal=False, width=30, soft_wrap=True, highlight=False)


def terminal(file: io.StringIO) -> Console:
    return Console(
        file=file, force_terminal=True, width=30, color_system="standard", highlight=False
    )


def test_piped_quote_is_uncut_and_exact(library: Library) -> None:
    quote = "One  [bold]two[/bold] :dog:\tthree.\nFour [/] [1] is long, " + "word " * 50 + "end."
    out = printed(
        answer_with(quote, 5, 27, "A [red]title[/red] that is longer than a line"), library, piped
    )
    assert out == (
        "1. A [red]title[/red] that is longer than a line, paragraph 3\n"
        "   2 January 987 · en\n"
        f"{quote[:5]}**{quote[5:27]}**{quote[27:]}\n"
    )


def test_several_questions(library: Library) -> None:
    """Each passage stands below its question, and the rest below the passages."""
    answer = answer_with("It was lit. It burned.", 0, 11)
    [citation] = answer.citations
    answer = replace(
        answer,
        citations=(
            replace(citation, asks="When was it\x9b lit?"),
            replace(citation, rank=2, asks="Did it burn?"),
        ),
        unanswered=("Who\x9b paid?", "Who lit it?"),
    )
    source = "paragraph 3\n   2 January 987 · en\n**It was lit.** It burned.\n"
    assert printed(answer, library, piped) == (
        f"When was it  lit?\n1. T, {source}\nDid it burn?\n2. T, {source}\n"
        "These articles do not answer “Who  paid?”.\n\n"
        "These articles do not answer “Who lit it?”.\n"
    )
    fields = report.answer_json(answer)
    assert [one["asks"] for one in fields["citations"]] == ["When was it\x9b lit?", "Did it burn?"]
    assert fields["unanswered"] == ["Who\x9b paid?", "Who lit it?"]


def test_one_question_has_no_fields_of_several(library: Library) -> None:
    fields = report.answer_json(answer_with("It was lit.", 0, 11))
    assert "unanswered" not in fields
    assert "asks" not in fields["citations"][0]


def test_terminal_wraps_and_marks(library: Library) -> None:
    quote = "Before [it] all. The [bold]sentence[/bold] of the answer is here. After it."
    out = printed(answer_with(quote, 17, 65), library, terminal)
    assert "**" not in out
    marks = "\x1b[1;30;43m"
    marked = "".join(part.split("\x1b[0m")[0] for part in out.split(marks)[1:])
    assert " ".join(marked.split()).replace(" ", "") == quote[17:65].replace(" ", "")
    visible = [strip_codes(line) for line in out.splitlines()]
    assert all(len(line.rstrip()) <= 30 for line in visible)
    assert visible[2].startswith("  Before [it] all. The")
    assert "".join("".join(visible[2:]).split()) == "".join(quote.split())


def strip_codes(line: str) -> str:
    return Text.from_ansi(line).plain


def test_article_cannot_command_the_terminal(library: Library) -> None:
    quote = "Red \x1b[31mtext\x07.\r\nIt\x9b is."
    for console in (piped, terminal):
        out = printed(answer_with(quote, 0, len(quote), "T\x1b]0;x\x07"), library, console)
        visible = out if console is piped else "\n".join(map(strip_codes, out.splitlines()))
        assert "\x1b[31m" not in out
        assert "\x1b]" not in out
        assert not {"\x07", "\x9b", "\r", "\x1b"} & set(visible)


def test_article_cannot_turn_the_terminal_round(library: Library) -> None:
    """Controls of direction are left out for readers, and kept in JSON."""
    turned = "The \u202elamp\u202c was \u2067lit\u2069.\u2028It \u200eburned."
    answer = answer_with(turned, 0, len(turned), "T\u202ett")
    for console in (piped, terminal):
        out = printed(answer, library, console)
        visible = out if console is piped else "\n".join(map(strip_codes, out.splitlines()))
        assert not set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u2028") & set(out)
        assert "Ttt" in visible
        assert "The lamp was lit." in " ".join(visible.replace("*", "").split())
        assert "\u200eburned" in visible
    [citation] = report.answer_json(answer)["citations"]
    assert (citation["quote"], citation["title"]) == (turned, "T\u202ett")
