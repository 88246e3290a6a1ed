"""What the command line prints: answers, index reports, lint findings and figures, for people and
as JSON."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from datetime import date
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from index.answer import Answer, Citation, Status

if TYPE_CHECKING:  # imported by whoever made the objects
    from index.content import Content
    from index.evaluate import Evaluation, Figure
    from index.library import Library
    from index.update import Changes, IndexReport

MOST_TITLES = 5


def answer_json(answer: Answer) -> dict[str, Any]:
    """The object of ``beleg ask --json``."""
    citations = []
    for citation in answer.citations:
        fields = asdict(citation)
        del fields["publisher"]
        citations.append(fields)
    return {
        "question": answer.question,
        "status": str(answer.status),
        "confidence": answer.confidence,
        "elapsed_ms": answer.elapsed_ms,
        "citations": citations,
    }


def print_answer(answer: Answer, library: Library, console: Console) -> None:
    """The answer for a reader: the passages with the answering sentence marked, or a no."""
    if answer.status is Status.NO_ANSWER:
        titles = [article.title for article in library.articles]
        more = f" and {len(titles) - MOST_TITLES} more" if len(titles) > MOST_TITLES else ""
        console.print(Text("These articles do not answer that."))
        console.print(Text(f"The library holds: {'; '.join(titles[:MOST_TITLES])}{more}."))
        return
    if answer.status is Status.UNSURE:
        console.print(Text("These passages come closest; they may not answer the question."))
        console.print()
    for number, citation in enumerate(answer.citations):
        if number:
            console.print()
        console.print(_source(citation))
        console.print(Padding(_quote(citation, console), (0, 0, 0, 2)))


def _source(citation: Citation) -> Text:
    line = Text(f"{citation.rank}. ") + Text(citation.title, "bold")
    line.append(f", paragraph {citation.paragraph}")
    who = ", ".join(filter(None, dict.fromkeys((citation.author, citation.publisher))))
    day = citation.date and f"{date.fromisoformat(citation.date):%-d %B %Y}"
    details = " · ".join(filter(None, (who, day, citation.language, citation.url)))
    return line.append(f"\n   {details}", "dim")


def _quote(citation: Citation, console: Console) -> Text:
    """The passage with its sentence marked: by colour on a terminal, else between asterisks."""
    start, end = citation.highlight.start, citation.highlight.end
    before, marked, after = citation.quote[:start], citation.quote[start:end], citation.quote[end:]
    if console.color_system is None:
        return Text(f"{before}**{marked}**{after}")
    return Text.assemble(before, (marked, "bold black on yellow"), after)


def index_json(report: IndexReport) -> dict[str, Any]:
    """The object of ``beleg index --json``."""
    return {
        "articles": asdict(report.articles),
        "passages": asdict(report.passages),
        "encoded": report.encoded,
        "left_out": [str(error) for error in report.errors],
        "rebuilt": report.rebuilt,
        "seconds": round(report.seconds, 3),
    }


def print_index(report: IndexReport, console: Console) -> None:
    """What an update did, in a table and a line."""
    if report.rebuilt:
        console.print(Text(report.rebuilt))
    table = Table(box=None, padding=(0, 2, 0, 0))
    for heading in ("", "added", "changed", "removed", "unchanged"):
        table.add_column(heading, justify="right" if heading else "left")
    for name, changes in (("articles", report.articles), ("passages", report.passages)):
        table.add_row(name, *_counts(changes))
    console.print(table)
    console.print(f"{report.encoded} passages encoded in {report.seconds:.1f} s.")


def _counts(changes: Changes) -> tuple[str, ...]:
    return tuple(
        str(n) for n in (changes.added, changes.changed, changes.removed, changes.unchanged)
    )


def left_out(report: IndexReport) -> Iterator[str]:
    """A sentence for each file that could not be indexed."""
    for error in report.errors:
        yield f"Left out: {error}"


def print_check(content: Content, console: Console) -> None:
    """What the linter found, file by file, and a line of counts."""
    for error in content.errors:
        console.print(Text.assemble(("error ", "bold red"), str(error)))
    notes = omissions = 0
    for article in content.articles:
        for note in article.notes:
            console.print(
                Text.assemble(
                    ("note ", "bold yellow"), f"{article.path}, line {note.line}: {note.text}."
                )
            )
        for omission in article.omissions:
            shown = " ".join(omission.text.split())
            shown = f"{shown[:77]}…" if len(shown) > 78 else shown
            console.print(
                Text.assemble(
                    ("left out ", "bold cyan"),
                    f"{article.path}, line {omission.line}: “{shown}” {omission.reason}.",
                )
            )
        notes += len(article.notes)
        omissions += len(article.omissions)
    paragraphs = sum(len(article.paragraphs) for article in content.articles)
    console.print(
        f"{len(content.articles)} articles with {paragraphs} paragraphs; "
        f"{len(content.errors)} errors, {notes} notes, {omissions} lines left out."
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
    ]
    for name, figure in rows:
        if figure is not None:
            table.add_row(name, f"{figure.value:.3f}", f"{figure.low:.3f} to {figure.high:.3f}")
    absent = f" and {evaluation.absent} on absent articles" if evaluation.absent else ""
    console.print(f"{evaluation.questions} questions{absent}, {evaluation.passages} passages")
    console.print(table)
    console.print(f"one question: {evaluation.p50:.0f} ms (p50), {evaluation.p95:.0f} ms (p95)")
