"""An answer as a Discord message. Pure: no client, no network, no event loop.

Discord shows at most 4,000 characters and 40 components of one message (Components V2); whatever
the articles hold, the messages made here stay within that. All that a button needs to know stands
in its custom id, so that it works after a restart.
"""

from __future__ import annotations

from collections.abc import Sequence

import discord

from bot.answering import Shown
from bot.catalogue import Texts
from bot.escape import width
from bot.records import Kind, Record
from bot.render import TITLE_WIDTH, link_url, source_line
from bot.shorten import quote, quote_pages, quote_width, share, shorten
from bot.views import Button, Container, Row, View, display, lasting
from index.answer import Citation, Status
from index.library import Context
from index.questions import MOST_QUESTIONS, questions_left_out

TEXT_LIMIT = 4000
MOST_TITLES = 5
# Widths are in UTF-16 units, the most that Discord may count.
QUESTION_WIDTH = 300
ASKS_WIDTH = 100
CONTEXT_WIDTH = 3000


def custom_id(action: str, record: str, *numbers: int) -> str:
    """The custom id of a button under the answer ``record``; at most 100 characters."""
    return ":".join(["answer", action, record, *map(str, numbers)])


def pages(record: Record) -> list[list[int]]:
    """Which citations each page of an answer shows, by their place.

    One a page; before them, if a message held several questions, the best passage for each.
    """
    asks = [citation.asks for citation in record.citations]
    firsts = sorted({asks.index(ask) for ask in asks})
    single = [[place] for place in range(len(asks))]
    return [firsts, *single] if len(firsts) > 1 else single


def render_answer(
    shown: Shown,
    texts: Texts,
    *,
    page: int = 0,
    private: bool,
    own: bool = True,
    titles: Sequence[str] = (),
    examples: Sequence[str] = (),
    note: str | None = None,
) -> View:
    """One page of an answer.

    ``private``: only one person sees the message; ``own``: that is who asked. ``titles`` and
    ``examples``, questions that the library can answer, are shown where there is no answer.
    ``note`` is a sentence of our own to stand above it.
    """
    record = shown.record
    every = pages(record)
    page = max(0, min(page, len(every) - 1))
    container = Container(display(_asked(record, texts)))
    if note is not None:
        container.add_item(display(note))
    if record.cut and page == 0:
        container.add_item(display(texts("claim-cut", count=len(record.question))))
    if page == 0 and (left_out := questions_left_out(record.question)):
        text = shorten(left_out[0], ASKS_WIDTH)
        container.add_item(display(texts("only-first", most=MOST_QUESTIONS, text=text)))
    view = lasting(container)
    if record.status is Status.NO_ANSWER or not record.citations:
        container.add_item(display(_no_answer(record, texts, titles, examples)))
        view.add_item(_opinions(record, texts, private=private))
        return view
    if record.status is Status.UNSURE and page == 0:
        name = "unsure-claim" if _is_claim(record) else "unsure"
        container.add_item(display(texts(name, count=len(every[0]))))
    if page == 0:
        for question in record.unanswered:
            container.add_item(display(texts("unanswered", text=shorten(question, ASKS_WIDTH))))
    foot = _foot(record, texts, page, every)
    room = TEXT_LIMIT - width(foot) - sum(map(width, _texts(container)))
    asks = [record.citations[place].asks for place in every[page]]
    citations = [shown.citations[place] for place in every[page]]
    _add_citations(container, citations, asks, room, texts)
    container.add_item(display(foot))
    turning = _turning(record, texts, page, every)
    if len(citations) == 1 and citations[0] and (url := link_url(citations[0].url)):
        turning.add_item(Button(label=texts("link"), url=url))
    view.add_item(turning)
    opinions = _opinions(record, texts, private=private)
    if private and own:
        opinions.add_item(_button(texts("share"), "share", record, page))
    view.add_item(opinions)
    return view


Sheet = list[tuple[str, bool]]
"""The blocks of one page, and whether each holds the marked sentence."""


def context_sheets(citation: Citation, context: Context) -> list[Sheet]:
    """The paragraphs around a citation, in full, on as many pages as they need.

    Of very long paragraphs this takes a second: not for the event loop.
    """
    here = context.passages[context.at].paragraph
    blocks: list[tuple[str, bool]] = []
    for number in (here - 1, here, here + 1):
        text, offset = _paragraph(context, number)
        if not text:
            continue
        mark = citation.highlight
        start, end = (offset + mark.start, offset + mark.end) if number == here else (0, 0)
        for piece, marked in quote_pages(text, start, end, CONTEXT_WIDTH):
            blocks.append((piece, number == here and marked))
    sheets: list[Sheet] = [[]]
    for block in blocks:
        if sheets[-1] and sum(width(text) for text, _ in [*sheets[-1], block]) > CONTEXT_WIDTH:
            sheets.append([])
        sheets[-1].append(block)
    return sheets


def render_context(
    record: Record,
    place: int,
    citation: Citation,
    sheets: Sequence[Sheet],
    texts: Texts,
    *,
    page: int | None = None,
    private: bool,
) -> View:
    """One of the `context_sheets` of the citation at ``place``.

    Without a ``page`` the one with the marked sentence is shown. ``private`` is as in
    `render_answer`.
    """
    marked_page = next((n for n, sheet in enumerate(sheets) if any(m for _, m in sheet)), 0)
    page = marked_page if page is None else min(page, len(sheets) - 1)
    title = shorten(citation.title, TITLE_WIDTH) or shorten(citation.article, TITLE_WIDTH)
    container = Container(display(texts("context-title", title=title)))
    for text, _ in sheets[page]:
        container.add_item(discord.ui.Separator())
        container.add_item(display(text))
    if len(sheets) > 1:
        container.add_item(display(_small(texts("page-of", number=page + 1, count=len(sheets)))))
    view = lasting(container)
    row = Row()
    if len(sheets) > 1:
        row.add_item(_button(texts("previous"), "context", record, place, page - 1, off=page == 0))
        last = page == len(sheets) - 1
        row.add_item(_button(texts("next"), "context", record, place, page + 1, off=last))
    back = next(n for n, places in enumerate(pages(record)) if places == [place])
    row.add_item(_button(texts("back"), "show", record, back))
    if not private:
        row.add_item(_remove(record, texts))
    view.add_item(row)
    return view


def _paragraph(context: Context, number: int) -> tuple[str, int]:
    """A paragraph of the article, put together from its parts, and where in it the citation begins,
    if it is part of it; an empty text if there is no such paragraph."""
    cited = context.passages[context.at]
    parts = [passage for passage in context.passages if passage.paragraph == number]
    # The white space between two parts is not kept in the index.
    break_ = "\n" if any("\n" in part.text for part in parts) else " "
    text, offset, end = "", 0, 0
    for part in parts:
        text += break_ if text and part.start > end else ""
        offset = len(text) if part == cited else offset
        text, end = text + part.text, part.end
    return text, offset


def _asked(record: Record, texts: Texts) -> str:
    text = shorten(record.question, QUESTION_WIDTH)
    return texts("claim" if _is_claim(record) else "question", text=text)


def _is_claim(record: Record) -> bool:
    return record.kind is Kind.CLAIM


def _foot(record: Record, texts: Texts, page: int, every: Sequence[Sequence[int]]) -> str:
    parts = []
    if page == 0:
        parts.append(texts("certainty", level=_level(record)))
    if len(every) > 1:
        parts.append(texts("passage-of", number=page + 1, count=len(every)))
    return _small(" · ".join(parts))


def _level(record: Record) -> str:
    """How sure, in a word of the catalogue; the confidence is a calibrated probability."""
    # Where a server wants looser answers, one that counts as an answer may be less likely than not.
    if record.status is Status.UNSURE or record.confidence < 0.5:
        return "low"
    if record.confidence >= 0.95:
        return "high"
    return "good" if record.confidence >= 0.8 else "fair"


def _add_citations(
    container: Container,
    citations: Sequence[Citation | None],
    asks: Sequence[str | None],
    room: int,
    texts: Texts,
) -> None:
    heads = [
        "" if ask is None else texts("asks", text=shorten(ask, ASKS_WIDTH)) + "\n" for ask in asks
    ]
    sources = [
        texts("changed") if one is None else head + source_line(one, texts)
        for one, head in zip(citations, heads, strict=True)
    ]
    room -= sum(map(width, sources))
    spans = [
        ("", 0, 0) if one is None else (one.quote, one.highlight.start, one.highlight.end)
        for one in citations
    ]
    shares = share([quote_width(*span, TEXT_LIMIT) for span in spans], room)
    for citation, span, source, limit in zip(citations, spans, sources, shares, strict=True):
        container.add_item(discord.ui.Separator())
        if citation is None:
            container.add_item(display(source))
            continue
        container.add_item(display(quote(*span, limit)))
        # Beside a text a button takes a quarter of its width; a passage alone has it below.
        link = link_url(citation.url) if len(citations) > 1 else None
        if link is None:
            container.add_item(display(source))
        else:
            button = Button(label=texts("link"), url=link)
            container.add_item(discord.ui.Section(source, accessory=button))


def _no_answer(record: Record, texts: Texts, titles: Sequence[str], examples: Sequence[str]) -> str:
    if not titles:
        return texts("no-articles")
    no = texts("no-evidence" if _is_claim(record) else "no-answer")
    lines = [no, "", texts("library")]
    lines += [f"- {shorten(title, TITLE_WIDTH)}" for title in titles[:MOST_TITLES]]
    if len(titles) > MOST_TITLES:
        lines.append(f"- {texts('more-titles', count=len(titles) - MOST_TITLES)}")
    if examples:
        lines += ["", texts("examples")]
        lines += [f"- {shorten(example, TITLE_WIDTH)}" for example in examples]
    return "\n".join(lines)


def _turning(record: Record, texts: Texts, page: int, every: Sequence[Sequence[int]]) -> Row:
    row = Row()
    if len(every) > 1:
        row.add_item(_button(texts("previous"), "show", record, page - 1, off=page == 0))
        last = page == len(every) - 1
        row.add_item(_button(texts("next"), "show", record, page + 1, off=last))
    if len(every[page]) == 1:
        row.add_item(_button(texts("context"), "context", record, every[page][0]))
    return row


def _opinions(record: Record, texts: Texts, *, private: bool) -> Row:
    row = Row(
        _button(texts("helpful"), "helpful", record),
        _button(texts("not-helpful"), "unhelpful", record),
    )
    if not private:
        row.add_item(_remove(record, texts))
    return row


def _remove(record: Record, texts: Texts) -> Button:
    return _button(texts("remove"), "remove", record)


def _button(label: str, action: str, record: Record, *numbers: int, off: bool = False) -> Button:
    # A button that is off still needs an id of its own: no two in a message may be the same.
    identifier = custom_id(action, record.id, *(max(0, number) for number in numbers))
    return Button(label=label, custom_id=f"{identifier}:off" if off else identifier, disabled=off)


def _small(text: str) -> str:
    return f"-# {text}"


def _texts(container: Container) -> list[str]:
    return [
        item.content
        for item in container.walk_children()
        if isinstance(item, discord.ui.TextDisplay)
    ]
