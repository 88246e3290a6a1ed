"""What the command line prints: answers, index reports, lint findings and figures, for people and
as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import date
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:  # imported by whoever made the objects; --help and check need none of it
    from index.answer import Answer, Citation
    from index.content import Content
    from index.evaluate import Evaluation, Figure
    from index.fitting import Cell
    from index.library import Library
    from index.update import Changes, IndexReport

MOST_TITLES = 5

# C0, DEL and C1: an escape sequence in an article must not reach the terminal.
_CONTROLS = dict.fromkeys((*range(32), *range(127, 160)), " ") | {9: "\t", 10: "\n", 13: "\n"}
# What turns the direction of writing round, for the rest of the line too, shows nothing itself.
# The marks for a single place (U+061C, U+200E, U+200F) do no harm, and texts need them.
_CONTROLS |= dict.fromkeys((*range(0x202A, 0x202F), *range(0x2066, 0x206A)), "")
_CONTROLS |= dict.fromkeys((0x2028, 0x2029), "\n")


def answer_json(answer: Answer) -> dict[str, Any]:
    """The object of ``beleg ask --json``.

    Only a message with several questions has ``asks`` in its citations and ``unanswered``.
    """
    citations = []
    for citation in answer.citations:
        fields = asdict(citation)
        del fields["publisher"]
        if citation.asks is None:
            del fields["asks"]
        citations.append(fields)
    fields = {
        "question": answer.question,
        "status": str(answer.status),
        "confidence": answer.confidence,
        "elapsed_ms": answer.elapsed_ms,
        "citations": citations,
    }
    return {**fields, "unanswered": list(answer.unanswered)} if answer.unanswered else fields


def print_answer(answer: Answer, library: Library, console: Console) -> None:
    """The answer for a reader: the passages with the answering sentence marked, or a no."""
    from index.answer import Status

    if answer.status is Status.NO_ANSWER:
        titles = [article.title for article in library.articles]
        more = f" and {len(titles) - MOST_TITLES} more" if len(titles) > MOST_TITLES else ""
        console.print(Text("These articles do not answer that."))
        shown = harmless("; ".join(titles[:MOST_TITLES]))
        console.print(Text(f"The library holds: {shown}{more}."))
        return
    if answer.status is Status.UNSURE:
        console.print(Text("These passages come closest; they may not answer the question."))
        console.print()
    for number, citation in enumerate(answer.citations):
        if number:
            console.print()
        if citation.asks:
            console.print(Text(harmless(citation.asks), "italic"))
        console.print(_source(citation))
        if console.is_terminal:
            console.print(Padding(_marked(citation, console), (0, 0, 0, 2)))
        else:
            # Nothing of a quote is to be cut, wrapped or expanded on its way into a file.
            console.file.write("".join((*_parts(citation, "**"), "\n")))

    for question in answer.unanswered:
        console.print(Text(f"\nThese articles do not answer “{harmless(question)}”."))


def _source(citation: Citation) -> Text:
    line = Text(f"{citation.rank}. ") + Text(harmless(citation.title), "bold")
    line.append(f", paragraph {citation.paragraph}")
    who = ", ".join(filter(None, dict.fromkeys((citation.author, citation.publisher))))
    day = citation.date and _day(date.fromisoformat(citation.date))
    details = " · ".join(filter(None, (who, day, citation.language, citation.url)))
    return line.append(f"\n   {harmless(details)}", "dim")


def _day(day: date) -> str:
    # Not %-d, which not every system knows.
    return f"{day.day} {day:%B} {day.year}"


def _parts(citation: Citation, mark: str) -> tuple[str, str, str]:
    """The quote before its sentence, the sentence between two ``mark``, and the quote after it."""
    quote, start, end = citation.quote, citation.highlight.start, citation.highlight.end
    before, marked, after = map(harmless, (quote[:start], quote[start:end], quote[end:]))
    return before, f"{mark}{marked}{mark}", after


def _marked(citation: Citation, console: Console) -> Text:
    """The quote for a terminal, its sentence in colour or, if there is none, between asterisks."""
    if console.color_system is None:
        return Text("".join(_parts(citation, "**")))
    before, marked, after = _parts(citation, "")
    return Text.assemble(before, (marked, "bold black on yellow"), after)


def counted(count: int, noun: str) -> str:
    """The count with its noun, as in "1 article" and "0 articles"; ``noun`` takes an s."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def harmless(text: str) -> str:
    """The text without what commands a terminal; any line end becomes a line feed."""
    return text.replace("\r\n", "\n").translate(_CONTROLS)


def index_json(report: IndexReport) -> dict[str, Any]:
    """The object of ``beleg index --json``."""
    return {
        "articles": asdict(report.articles),
        "passages": asdict(report.passages),
        "encoded": report.encoded,
        "left_out": [str(error) for error in report.errors],
        "rebuilt": report.rebuilt,
        "token_vectors": {"stored": report.tokens_stored, "bytes": report.token_bytes},
        "seconds": round(report.seconds, 3),
    }


def print_index(report: IndexReport, console: Console) -> None:
    """What an update did, in a table and a line."""
    if report.rebuilt:
        console.print(Text(harmless(report.rebuilt)))
    table = Table(box=None, padding=(0, 2, 0, 0))
    for heading in ("", "added", "changed", "removed", "unchanged"):
        table.add_column(heading, justify="right" if heading else "left")
    for name, changes in (("articles", report.articles), ("passages", report.passages)):
        table.add_row(name, *_counts(changes))
    console.print(table)
    console.print(f"{counted(report.encoded, 'passage')} encoded in {report.seconds:.1f} s.")
    console.print(_token_vectors(report))


def _token_vectors(report: IndexReport) -> str:
    if report.tokens_stored:
        return f"Token vectors: {_size(report.token_bytes)}, stored."
    return (
        f"Token vectors would take {_size(report.token_bytes)} and are not stored "
        "(BELEG_TOKEN_VECTORS_GB sets the limit): each question computes those it needs, "
        "which takes a quarter of a second to two."
    )


def _size(count: int) -> str:
    return f"{count / 1e9:.1f} GB" if count >= 1e9 else f"{count / 1e6:.1f} MB"


def _counts(changes: Changes) -> tuple[str, ...]:
    return tuple(
        str(n) for n in (changes.added, changes.changed, changes.removed, changes.unchanged)
    )


def notes(report: IndexReport) -> Iterator[str]:
    """What a person who asks should know of an update: why all was made anew, what is missing."""
    if report.rebuilt:
        yield report.rebuilt
    yield from left_out(report)


def left_out(report: IndexReport) -> Iterator[str]:
    """A sentence for each file that could not be indexed."""
    for error in report.errors:
        yield f"Left out: {error}"


def print_check(content: Content, console: Console) -> None:
    """What the linter found, file by file, and a line of counts."""
    for error in content.errors:
        console.print(Text.assemble(("error ", "bold red"), harmless(str(error))))
    notes = omissions = 0
    for article in content.articles:
        for note in article.notes:
            finding = f"{article.path}, line {note.line}: {note.text}."
            console.print(Text.assemble(("note ", "bold yellow"), harmless(finding)))
        for omission in article.omissions:
            shown = " ".join(omission.text.split())
            shown = f"{shown[:77]}…" if len(shown) > 78 else shown
            finding = f"{article.path}, line {omission.line}: “{shown}” {omission.reason}."
            console.print(Text.assemble(("left out ", "bold cyan"), harmless(finding)))
        notes += len(article.notes)
        omissions += len(article.omissions)
    paragraphs = sum(len(article.paragraphs) for article in content.articles)
    console.print(
        f"{counted(len(content.articles), 'article')} with {counted(paragraphs, 'paragraph')}; "
        f"{counted(len(content.errors), 'error')}, {counted(notes, 'note')}, "
        f"{counted(omissions, 'line')} left out."
    )


def print_evaluation(evaluation: Evaluation, console: Console) -> None:
    """The figures as a table with their 95 % intervals."""
    table = Table(box=None, padding=(0, 2, 0, 0))
    for heading in ("", "value", "95 % interval"):
        table.add_column(heading, justify="right" if heading else "left")
    rows: list[tuple[str, Figure | None]] = [
        *((f"recall@{k}", figure) for k, figure in evaluation.recall.items()),
        ("mrr@10", evaluation.mrr),
        ("sentence@1", evaluation.sentence),
        ("answered", evaluation.answered),
        ("false answers", evaluation.false_answers),
        ("false at 95 % answered", evaluation.false_at_95),
    ]
    for name, figure in rows:
        if figure is not None:
            table.add_row(name, f"{figure.value:.3f}", f"{figure.low:.3f} to {figure.high:.3f}")
    absent = f" and {evaluation.absent} without an answer there" if evaluation.absent else ""
    questions = counted(evaluation.questions, "question")
    console.print(f"{questions}{absent}, {counted(evaluation.passages, 'passage')}")
    console.print(table)
    console.print(f"one question: {evaluation.p50:.0f} ms (p50), {evaluation.p95:.0f} ms (p95)")


def print_cells(cells: Sequence[Cell], console: Console) -> None:
    """The cross-fitted figures of a fit, a line for each pair of languages, in per cent."""
    table = Table(box=None, padding=(0, 2, 0, 0))
    for heading in (
        "questions",
        "passages",
        "recall@1",
        "sentence@1",
        "false at 95 %",
        "answered",
        "false answers",
        "neighbouring",
    ):
        table.add_column(
            heading, justify="left" if heading in ("questions", "passages") else "right"
        )
    for cell in cells:
        shares = (
            cell.recall,
            cell.sentence,
            cell.false_at_95,
            cell.answered,
            cell.false_answers,
            cell.neighbouring,
        )
        table.add_row(cell.questions, cell.passages, *(f"{100 * share:.1f}" for share in shares))
    console.print(table)
