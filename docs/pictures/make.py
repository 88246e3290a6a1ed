"""Makes the pictures of the bot's messages: ``.venv/bin/python docs/pictures/make.py``.

    message -> its component JSON -> HTML in Discord's look -> headless Chromium -> PNG

The messages are made by the bot's own code from the articles in ``content/``. No model is loaded:
which passages an answer cites, and how sure it is, stand here as the default model gave them.
Chromium must be installed, and so should be Noto Sans (Debian: fonts-noto-core), in which the
pictures that are kept were taken.
"""

from __future__ import annotations

import asyncio
import re
import shutil
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from html import escape
from itertools import groupby
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import discord
from babel.dates import format_date, format_timedelta
from discord import ComponentType as Kind

from bot.admin.articles import render_draft
from bot.admin.gaps import MergedGap, render_gaps
from bot.admin.settings import render_settings
from bot.answer_view import render_answer
from bot.answering import Shown
from bot.catalogue import Texts, texts_for
from bot.records import Cited, Record
from bot.records import Kind as Asked
from bot.servers import ServerSettings
from index.answer import Citation, Highlight, Status
from index.content import Article, ContentError, read_content
from index.shelf import Shelf

FOLDER = Path(__file__).parent
CONTENT = FOLDER.parent.parent / "content"
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
WIDTH = 720
"""Of a picture, in CSS pixels."""
SCALE = 1.5
"""Pixels of a picture for each of them."""
LOCALE = "en_US"
NOW = datetime(2026, 11, 25, 14, 5, tzinfo=UTC)

STYLE = """
* { box-sizing: border-box; margin: 0; padding: 0 }
body { background: #323339; color: #dfe0e2; font: 16px/22px "Noto Sans", "DejaVu Sans", sans-serif }
main { padding: 16px 20px 20px 16px }
.used { position: relative; margin: 0 0 6px 56px; font-size: 14px; color: #aaabb1 }
.used::before { content: ""; position: absolute; left: -37px; top: 10px; width: 31px; height: 13px;
  border: solid #56575e; border-width: 2px 0 0 2px; border-radius: 6px 0 0 }
.used b { font-weight: normal; color: #fbfbfb }
.used code { padding: 0; background: none; color: #a9b8ff; font: inherit }
.message { display: flex; gap: 16px }
.avatar { flex: none; width: 40px; height: 40px; border-radius: 50%; background: #3f6f5b;
  color: #fff; font: bold 20px/40px "Noto Sans", "DejaVu Sans", sans-serif; text-align: center }
.body { flex: 1; min-width: 0 }
.head { display: flex; align-items: center; gap: 6px; margin-bottom: 4px; font-size: 12px;
  color: #94959c }
.head b { font-size: 16px; font-weight: normal; color: #fbfbfb }
.app { padding: 0 5px; border-radius: 4px; background: #5865f2; color: #fff;
  font: bold 11px/16px "Noto Sans", "DejaVu Sans", sans-serif }
.private { margin-top: 6px; font-size: 12px; color: #94959c }
.private u { color: #7cb8fe; text-decoration: none }
.container, .row { margin-top: 8px; max-width: 600px }
.container { display: flex; flex-direction: column; gap: 10px; padding: 16px; border-radius: 8px;
  border: 1px solid #4a4b53; background: #393a41 }
.container .row { margin: 0 }
.row { display: flex; flex-wrap: wrap; gap: 8px }
.section { display: flex; justify-content: space-between; align-items: flex-start; gap: 16px }
.section .texts { min-width: 0 }
hr { border: 0; border-top: 1px solid #4f5059 }
hr.none { border-color: transparent }
hr.large { margin: 8px 0 }
.text { overflow-wrap: break-word }
.text > :first-child { margin-top: 0 }
small { display: block; font-size: 13px; line-height: 18px; color: #aaabb1 }
blockquote { padding-left: 12px; border-left: 4px solid #65666e; border-radius: 4px }
ul, ol { margin: 4px 0 0 24px }
code { padding: 1px 4px; border-radius: 4px; background: #27282d;
  font: 14px "DejaVu Sans Mono", monospace }
time { padding: 0 2px; border-radius: 3px; background: #484951 }
.mention { padding: 0 2px; border-radius: 3px; background: #3c4270; color: #c9cdfb }
.button { flex: none; padding: 5px 14px; border-radius: 8px; background: #4e4f58; color: #fbfbfb;
  border: 1px solid #585962; font-size: 14px; line-height: 20px }
.button.primary { background: #5865f2 }
.button.success { background: #00863a }
.button.danger { background: #d22d39 }
.button.off { opacity: .5 }
.button svg { width: 14px; height: 14px; margin-left: 8px; vertical-align: -2px; fill: none;
  stroke: currentColor; stroke-width: 1.5 }
.select { flex: 1; position: relative; padding: 8px 40px 8px 12px; border-radius: 8px;
  border: 1px solid #4f5059; background: #2f3035; font-size: 15px; line-height: 22px }
.select::after { content: ""; position: absolute; right: 18px; top: 12px; width: 8px; height: 8px;
  border: solid #aaabb1; border-width: 0 2px 2px 0; transform: rotate(45deg) }
.select i { font-style: normal; color: #94959c }
.select b { margin-right: 6px; padding: 1px 6px; border-radius: 4px; background: #484951;
  font-weight: normal }
"""

LINK_SIGN = '<svg viewBox="0 0 14 14"><path d="M6 2H2v10h10V8M8 2h4v4M12 2L6 8"/></svg>'

_INLINE = re.compile(
    r"\\(?P<plain>[^0-9A-Za-z\s])"
    r"|`(?P<code>[^`]+)`"
    r"|\*\*(?P<strong>(?:\\.|[^\\])+?)\*\*(?!\*)"
    r"|\*(?P<em>(?=\S)(?:\\.|[^\\*])+)\*"
    r"|<t:(?P<time>-?\d+):(?P<style>\w)>"
    r"|<(?:\#|@&?)(?P<id>\d+)>"
    r"|<(?P<slash>/[^:>]+):\d+>"
)
_LINE = re.compile(r"(?P<mark>> |-# |[-*] |(?P<number>\d+)\. )?(?P<rest>.*)")


class PictureError(Exception):
    """No picture can be made. ``str(error)`` is one sentence for whoever can mend it."""


@dataclass(frozen=True, slots=True)
class Reader:
    """Who looks at a message: when, and what the ids in it are called in their Discord."""

    now: datetime
    names: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Scene:
    """A message that answers a command; ``private``: only who used it sees it."""

    name: str
    member: str
    command: str
    view: discord.ui.LayoutView
    private: bool = False


# From component JSON to HTML ------------------------------------------------------------------


def page_html(scene: Scene, reader: Reader) -> str:
    """A page that holds the message alone. Its script notes the height, for `photograph`."""
    components = "".join(component_html(one, reader) for one in scene.view.to_components())
    private = (
        '<div class="private">Only you can see this · <u>Dismiss message</u></div>'
        if scene.private
        else ""
    )
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><style>{STYLE}</style><main>'
        f'<div class="used"><b>{escape(scene.member)}</b> used '
        f"<code>{escape(scene.command)}</code></div>"
        '<div class="message"><div class="avatar">B</div><div class="body">'
        '<div class="head"><b>Beleg</b><span class="app">APP</span>'
        f"Today at {reader.now:%H:%M}</div>{components}{private}</div></div></main>"
        "<script>document.documentElement.dataset.height = "
        'document.querySelector("main").offsetHeight</script></html>'
    )


def component_html(component: Mapping[str, Any], reader: Reader) -> str:
    """One of Discord's components (Components V2) with what is in it.

    Raises PictureError for a kind that no message of the bot's has.
    """
    inner = "".join(component_html(one, reader) for one in component.get("components", ()))
    match component["type"]:
        case Kind.container.value:
            return f'<div class="container">{inner}</div>'
        case Kind.action_row.value:
            return f'<div class="row">{inner}</div>'
        case Kind.section.value:
            accessory = component_html(component["accessory"], reader)
            return f'<div class="section"><div class="texts">{inner}</div>{accessory}</div>'
        case Kind.text_display.value:
            return f'<div class="text">{markdown_html(component["content"], reader)}</div>'
        case Kind.separator.value:
            size = "large" if component.get("spacing") == 2 else "small"
            return f'<hr class="{size if component.get("divider", True) else f"{size} none"}">'
        case Kind.button.value:
            return _button(component)
        case Kind.select.value | Kind.role_select.value | Kind.channel_select.value:
            return _select(component, reader)
        case kind:
            raise PictureError(
                f"Components of type {kind} cannot be drawn yet; teach component_html in "
                "docs/pictures/make.py to."
            )


def _button(button: Mapping[str, Any]) -> str:
    style = discord.ButtonStyle(button["style"])
    classes = f"button {style.name} off" if button.get("disabled") else f"button {style.name}"
    sign = LINK_SIGN if style is discord.ButtonStyle.link else ""
    return f'<span class="{classes}">{escape(button["label"])}{sign}</span>'


def _select(select: Mapping[str, Any], reader: Reader) -> str:
    options = select.get("options", ())
    chosen = [escape(one["label"]) for one in options if one.get("default")]
    named = [_name(one["id"], reader) for one in select.get("default_values", ())]
    chosen += [f"<b>{escape(name)}</b>" for name in named]
    hint = escape(select.get("placeholder") or "Make a selection")
    return f'<div class="select">{"".join(chosen) or f"<i>{hint}</i>"}</div>'


def markdown_html(text: str, reader: Reader) -> str:
    """Discord's Markdown, as far as the bot writes it.

    It is not CommonMark: every line break counts, each line of a quote has its own mark, a list
    ends with the first line that is no item, any sign can be escaped, and two asterisks are bold
    whatever stands beside them. So no reader of CommonMark can stand in for Discord's.
    """
    lines = [found for line in text.split("\n") if (found := _LINE.fullmatch(line))]
    blocks = groupby(lines, key=lambda line: "1. " if line["number"] else line["mark"])
    return "".join(_block(mark, list(block), reader) for mark, block in blocks)


def _block(mark: str | None, lines: Sequence[re.Match[str]], reader: Reader) -> str:
    """Lines of one kind, one after the other."""
    inside = [_inline(line["rest"], reader) for line in lines]
    match mark:
        case "> ":
            return f"<blockquote>{'<br>'.join(inside)}</blockquote>"
        case "-# ":
            return "".join(f"<small>{line}</small>" for line in inside)
        case "- " | "* ":
            return f"<ul>{''.join(f'<li>{line}</li>' for line in inside)}</ul>"
        case "1. ":
            items = "".join(f"<li>{line}</li>" for line in inside)
            return f'<ol start="{lines[0]["number"]}">{items}</ol>'
        case _:
            return "".join(f"<div>{line or '<br>'}</div>" for line in inside)


def _inline(text: str, reader: Reader) -> str:
    html, position = "", 0
    for found in _INLINE.finditer(text):
        html += escape(text[position : found.start()], quote=False)
        html += _span(found, reader)
        position = found.end()
    return html + escape(text[position:], quote=False)


def _span(found: re.Match[str], reader: Reader) -> str:
    match found.lastgroup:
        case "plain":
            return escape(found["plain"], quote=False)
        case "code":
            return f"<code>{escape(found['code'], quote=False)}</code>"
        case "strong" | "em" as tag:
            return f"<{tag}>{_inline(found[tag], reader)}</{tag}>"
        case "style":
            return f"<time>{_time(int(found['time']), found['style'], reader)}</time>"
        case "slash":
            return f'<span class="mention">{escape(found["slash"])}</span>'
        case _:
            return f'<span class="mention">{escape(_name(found["id"], reader))}</span>'


def _time(seconds: int, style: str, reader: Reader) -> str:
    moment = datetime.fromtimestamp(seconds, UTC)
    match style:
        case "D":
            return str(format_date(moment, "long", locale=LOCALE))
        case "R":
            delta = moment - reader.now
            return str(format_timedelta(delta, threshold=1, add_direction=True, locale=LOCALE))
        case _:
            raise PictureError(
                f"Times in the style {style} cannot be drawn yet; teach _time in "
                "docs/pictures/make.py to."
            )


def _name(identifier: str | int, reader: Reader) -> str:
    return reader.names.get(str(identifier), "unknown")


# The messages ---------------------------------------------------------------------------------


def scenes(articles: Sequence[Article]) -> list[Scene]:
    """The messages whose pictures are taken, made from ``articles``, those in ``content/``.

    Raises PictureError if a sentence that is cited is no longer in them.
    """
    # Whatever the ids are: a command is shown by its name.
    texts = texts_for("en", {"ask": 1, "admin": 2, "privacy": 3, "sources": 4})
    answered = _shown(
        "when did Patriot deliveries pause?",
        Status.ANSWERED,
        0.921,
        _citations(
            articles,
            "Weniger auffällig, aber ähnlich bezeichnend war ein weiterer Schritt: Im Juli 2025 "
            "unterbrachen die USA vorübergehend die Lieferung von Patriot-Raketen an die Ukraine.",
            "Tatsächlich galt die Unterbrechung der Lieferungen als unausgesprochenes Druckmittel.",
            "Washington entschied im Alleingang und wollte die Regierung in Kiew so dazu drängen, "
            "einer befristeten Feuerpause mit Russland zuzustimmen.",
            "Um jede Lieferung lässt sich feilschen, und wer Beistand annimmt, schließt "
            "stillschweigend einen Vertrag.",
            "Selbst Transporte, die schon angelaufen waren, hielten sie auf.",
        ),
    )
    unsure = _shown(
        "Does the minerals deal guarantee peace?",
        Status.UNSURE,
        0.142,
        _citations(
            articles,
            "Eine förmliche Verpflichtung zu Sicherheitsgarantien für Kiew enthält der Vertrag "
            "nicht.",
            "Die Ukraine sollte bis zu 50 Prozent dessen, was sie mit dem Abbau strategischer "
            "Minerale wie Lithium, Titan und Seltenen Erden verdient, an einen amerikanischen "
            "Fonds abgeben.",
            "Dazu gehören Erdöl, Erdgas und seltene Minerale, nämlich Lithium, Titan, Uran und "
            "Seltene Erden.",
            "Wie die Vorkommen ausgebeutet werden, legt allerdings die Partnerschaft mit den USA "
            "fest.",
            "Der Hilfsstopp zeigt auch, wie Trump über internationale Beziehungen denkt.",
        ),
    )
    refused = _shown("How many people live in Kyiv?", Status.NO_ANSWER, 0.062, ())
    refusal = render_answer(
        refused,
        texts,
        private=False,
        titles=[article.title for article in articles],
        examples=(
            "Why is the bot called Beleg?",
            "How does an admin add an article?",
            "Is a GPU needed?",
        ),
    )
    settings = ServerSettings(channels=frozenset({1, 2}), days_kept=14)
    return [
        Scene("answered", "Mara", "/ask", render_answer(answered, texts, private=False)),
        Scene("unsure", "Jonas", "/ask", render_answer(unsure, texts, private=True), private=True),
        Scene("refused", "Mara", "/ask", refusal),
        Scene("gaps", "Ines", "/admin gaps", render_gaps(_gaps(), texts), private=True),
        Scene("settings", "Ines", "/admin settings", render_settings(settings, texts), True),
        Scene("draft", "Ines", "/admin add", _draft(articles, texts), private=True),
    ]


def _shown(
    question: str, status: Status, confidence: float, citations: tuple[Citation, ...]
) -> Shown:
    record = Record(
        id="A-record_id1",
        server=1,
        asker=b"",
        asked_at=NOW,
        kind=Asked.QUESTION,
        question=question,
        status=status,
        confidence=confidence,
        citations=tuple(
            Cited(one.article, one.passage, one.highlight.start, one.highlight.end, one.asks)
            for one in citations
        ),
        unanswered=(),
        private=False,
    )
    return Shown(record, citations)


def _citations(articles: Sequence[Article], *sentences: str) -> tuple[Citation, ...]:
    """The paragraphs that hold these sentences, best first."""
    return tuple(
        _citation(rank, articles, sentence) for rank, sentence in enumerate(sentences, start=1)
    )


def _citation(rank: int, articles: Iterable[Article], sentence: str) -> Citation:
    for article in articles:
        for number, paragraph in enumerate(article.paragraphs, start=1):
            quote = article.text[paragraph.start : paragraph.end]
            start = quote.find(sentence)
            if start < 0:
                continue
            return Citation(
                rank=rank,
                article=article.id,
                title=article.title,
                author=article.author,
                publisher=article.publisher,
                url=article.url,
                date=article.date,
                language=article.language,
                paragraph=number,
                quote=quote,
                highlight=Highlight(start, start + len(sentence), sentence),
                score=0.0,
            )
    raise PictureError(
        f"No article in {CONTENT.name}/ holds “{sentence}”; choose another sentence in "
        "docs/pictures/make.py."
    )


def _gaps() -> list[MergedGap]:
    return [
        MergedGap(
            questions=(
                "How many people live in Kyiv?",
                "What is the population of Kyiv?",
                "Wie viele Menschen leben in Kiew?",
            ),
            asked=7,
            unanswered=7,
            not_helpful=0,
            reasons=(),
            last_asked=NOW - timedelta(minutes=12),
        ),
        MergedGap(
            questions=("What do the Patriots cost?", "how expensive is one Patriot missile"),
            asked=4,
            unanswered=1,
            not_helpful=2,
            reasons=("It says when they paused, not what they cost.",),
            last_asked=NOW - timedelta(hours=5),
        ),
        MergedGap(
            questions=("Does the minerals deal guarantee peace?",),
            asked=1,
            unanswered=1,
            not_helpful=1,
            reasons=(),
            last_asked=NOW - timedelta(days=3),
        ),
    ]


def _draft(articles: Sequence[Article], texts: Texts) -> discord.ui.LayoutView:
    """An article that could be added: a section of one of ours, and a picture to be left out."""
    paragraphs = [
        article.text[paragraph.start : paragraph.end]
        for article in articles
        for paragraph in article.paragraphs
        if paragraph.heading == "What is stored"
    ][:3]
    text = "\n\n".join(["# What Beleg stores", *paragraphs, "![The data folder](folder.png)"])
    # A draft writes nothing, so the folder for removed articles stays unused.
    draft = Shelf(CONTENT, FOLDER).draft("what-beleg-stores.md", text.encode())
    return render_draft(draft, "key", texts)


# From HTML to a picture -----------------------------------------------------------------------


async def photograph(browser: str, html: str, picture: Path) -> None:
    """Write a picture of the page to ``picture``, just as high as the message.

    Raises PictureError if the browser fails or the picture cannot be written.
    """
    # Chromium may still be writing into its profile when its first process has ended.
    with TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        page = Path(folder, "page.html")
        page.write_text(html, encoding="utf-8")
        shot = Path(folder, "picture.png")
        run = (browser, f"--user-data-dir={folder}/profile", page.as_uri())
        seen = await _run(*run, "--dump-dom", f"--window-size={WIDTH},1000")
        height = re.search(r'data-height="(\d+)"', seen)
        if height is None:
            raise PictureError(f"{browser} did not run the script of the page; try another one.")
        await _run(
            *run,
            f"--screenshot={shot}",
            f"--window-size={WIDTH},{height[1]}",
            f"--force-device-scale-factor={SCALE}",
        )
        if not shot.exists():
            raise PictureError(f"{browser} took no picture; run it by hand to see why.")
        try:
            shutil.copyfile(shot, picture)
        except OSError as error:
            raise PictureError(f"{picture} cannot be written: {error.strerror}.") from error


async def _run(browser: str, *arguments: str) -> str:
    process = await asyncio.create_subprocess_exec(
        browser,
        "--headless",
        "--disable-gpu",
        "--hide-scrollbars",
        # In containers Chromium cannot set up its sandbox; the pages are our own.
        "--no-sandbox",
        *arguments,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    output, _ = await process.communicate()
    if process.returncode:
        raise PictureError(f"{browser} ended with exit status {process.returncode}.")
    return output.decode()


async def make(folder: Path) -> None:
    """Write all pictures into ``folder``.

    Raises PictureError, and ContentError if the articles cannot be read.
    """
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None:
        raise PictureError(
            "The pictures need Chromium, which is not installed: on Debian and Ubuntu, "
            "`apt-get install chromium fonts-noto-core`."
        )
    reader = Reader(NOW, {"1": "#questions", "2": "#history-club"})
    for scene in scenes(read_content(CONTENT).articles):
        await photograph(browser, page_html(scene, reader), folder / f"{scene.name}.png")


def main() -> int:
    """Make the pictures; the exit status."""
    try:
        asyncio.run(make(FOLDER))
    except (PictureError, ContentError) as error:
        print(error, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
