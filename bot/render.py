"""What several messages show: sources, days, links and the report of a reindex. Pure."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from ipaddress import ip_address
from urllib.parse import urlsplit

import yarl

from bot.catalogue import Texts
from bot.shorten import shorten
from index.answer import Citation
from index.content import ContentError
from index.segments import Source
from index.update import IndexReport

MOST_LEFT_OUT = 8
# Widths are in UTF-16 units, the most that Discord may count.
TITLE_WIDTH = 150
NAME_WIDTH = 80
REASON_WIDTH = 400
"""Of why one file was left out; several share REASONS_ROOM."""
REASONS_ROOM = 800
PATH_WIDTH = 46
URL_LIMIT = 512


def render_report(report: IndexReport, texts: Texts) -> str:
    """The words for a finished reindex, within one message's 2,000 characters."""
    articles, passages = report.articles, report.passages
    lines = [
        texts("reindexed", seconds=round(report.seconds, 1)),
        texts(
            "reindexed-articles",
            added=articles.added,
            changed=articles.changed,
            removed=articles.removed,
            unchanged=articles.unchanged,
        ),
        texts(
            "reindexed-passages",
            encoded=report.encoded,
            passages=passages.added + passages.changed + passages.unchanged,
        ),
    ]
    if report.rebuilt is not None:
        # Why stands in the log: it names folders that are nobody's business here.
        lines.append(texts("reindexed-rebuilt"))
    if report.errors:
        lines.append(texts("left-out"))
        listed = report.errors[:MOST_LEFT_OUT]
        width = min(REASON_WIDTH, REASONS_ROOM // len(listed))
        lines += [f"- {left_out(error, texts, width)}" for error in listed]
    if len(report.errors) > MOST_LEFT_OUT:
        lines.append(f"- {texts('more-left-out', count=len(report.errors) - MOST_LEFT_OUT)}")
    return "\n".join(lines)


def left_out(error: ContentError, texts: Texts, width: int = REASON_WIDTH) -> str:
    """Why a file cannot be read, with the line where it can be named; the reason takes at most
    ``width``."""
    path = shorten(error.path, PATH_WIDTH)
    reason = shorten(texts.said(error.reason), width)
    if error.line is None:
        return texts("left-out-file", path=path, reason=reason)
    return texts("left-out-line", path=path, line=error.line, reason=reason)


def source_line(citation: Citation | Source, texts: Texts) -> str:
    """Title, people, day, paragraph and language of a citation, on two lines; of an article
    likewise."""
    names = [shorten(name or "", NAME_WIDTH) for name in (citation.author, citation.publisher)]
    code = citation.language
    parts = [
        ", ".join(filter(None, names)),
        "" if citation.date is None else timestamp(citation.date),
        texts("paragraph", number=citation.paragraph) if isinstance(citation, Citation) else "",
        texts.language_name(code) or shorten(code, NAME_WIDTH),
    ]
    name = citation.article if isinstance(citation, Citation) else citation.id
    title = shorten(citation.title, TITLE_WIDTH) or shorten(name, TITLE_WIDTH)
    return f"**{title}**\n-# " + " · ".join(part for part in parts if part)


def discord_time(moment: datetime, style: str) -> str:
    """A moment as each reader's Discord shows it: "R" for "in 12 seconds", "d" for the day."""
    return f"<t:{int(moment.timestamp())}:{style}>"


def timestamp(day: str) -> str:
    """An ISO 8601 day as Discord shows dates, in each reader's language.

    It is taken at noon UTC, so that it is the same day nearly everywhere. Anything else is shown as
    it stands.
    """
    try:
        noon = datetime.combine(date.fromisoformat(day), time(12), UTC)
    except ValueError:
        return shorten(day, NAME_WIDTH)
    return discord_time(noon, "D")


def link_url(url: str | None) -> str | None:
    """``url`` as Discord takes it for a button, or None if it is not a web address."""
    if url is None:
        return None
    try:
        parts = urlsplit(url.strip())
        if parts.scheme.lower() not in ("http", "https") or not parts.hostname:
            return None
        if "@" in parts.netloc:  # what stands before it can pass for the host
            return None
        encoded = str(yarl.URL(url.strip()))
    except ValueError:
        return None
    return encoded if len(encoded) <= URL_LIMIT and _is_public_host(parts.hostname) else None


def _is_public_host(host: str) -> bool:
    """Whether Discord takes the host in a link: an address, or a name with a dot.

    One refused link would cost the whole message.
    """
    try:
        ip_address(host)
    except ValueError:
        labels = host.rstrip(".").split(".")
        return len(labels) > 1 and all(label.replace("-", "").isalnum() for label in labels)
    return True
