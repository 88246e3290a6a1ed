"""Reads Markdown: CommonMark with tables."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import pairwise
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.tree import SyntaxTreeNode

from index.boilerplate import is_boilerplate_line
from index.glued_headings import GluedHeadings
from index.paragraphs import (
    LONGEST_LEAD_IN,
    LONGEST_LIST,
    Draft,
    Note,
    Paragraph,
    Reading,
    Span,
    ends_sentence,
    flat,
    line_spans,
    stripped,
)
from index.remarks import Remark, Said

_SENTENCE_INSIDE = re.compile(r"[^\W\d_]{3}[.!?…][\"”“»)]*\s+[^\W\d_]")
_LONGEST_HEADING = 200  # characters; what is longer above a rule is no heading
_LONGEST_ITEM = 200  # characters; a list whose items are all this short is one paragraph


@dataclass(frozen=True, slots=True)
class _Block:
    """A leaf of the Markdown tree, or a whole short list.

    `outer_end` is past a closing code fence.
    """

    kind: str
    start: int
    end: int
    outer_end: int
    content: str  # without block marks


@cache
def _block_parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"maxNesting": 100}).enable("table")
    # Blocks are all that is needed of most text, and inline parsing is what takes long on odd
    # input.
    parser.core.ruler.disable(["normalize", "inline"])
    return parser


@cache
def _inline_parser() -> MarkdownIt:
    return MarkdownIt("commonmark")


def read_markdown(
    text: str,
    body: int,
    *,
    title: str | None,
    language: str,
    exclude: Sequence[str] = (),
    keep: Sequence[str] = (),
) -> Reading:
    """Reads `text` from offset `body` on as CommonMark with tables.

    Paragraphs are paragraph blocks (in block quotes and list items too), whole tables and code
    blocks (without their fences). A list of items up to 200 characters is one paragraph, markers
    and nested items included (several above 2000 characters); a list with a longer item is read
    item by item, without markers, but for the number of an only item. A short paragraph that ends
    in a colon and the list, table or code right after it are one. HTML blocks, link definitions,
    paragraphs of nothing but images or a link, and those that contain an entry of
    `exclude` or that `boilerplate_reason` knows become omissions. The first level-1 heading is the
    title (the heading of nothing); the heading of a paragraph is the nearest one before it. Whole
    sentences right above a line of dashes or equals signs, which make a heading of them, are a
    paragraph. Nesting deeper than 100 (with what the parser passes over because of it), and
    headings after the last paragraph, become omissions.
    """
    draft = Draft(text, exclude, keep, line_spans(text))
    environment: dict[str, Any] = {}
    tokens = _block_parser().parse(_normalised(text[body:]), environment)
    glued = GluedHeadings(text[body:], language)
    walker = _MarkdownWalker(draft, draft.line(body) - 1, environment, glued)
    walker.walk(SyntaxTreeNode(tokens), title)
    definitions = [
        *environment.get("references", {}).values(),
        *environment.get("duplicate_refs", ()),
    ]
    for definition in definitions:
        draft.omit(walker.lines_span(*definition["map"]), Remark.DEFINES_LINK())
    return draft.finish()


def _normalised(text: str) -> str:
    """What the parser's own rule would make of it, by regular expressions that take ten times as
    long and let no other thread have its turn meanwhile."""
    return text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "\ufffd")


def _lines(node: SyntaxTreeNode) -> Span:
    """The first line of a block (0-based) and the one after its last."""
    return node.map or (0, 1)


def _leads_in(block: _Block) -> bool:
    return block.end - block.start <= LONGEST_LEAD_IN and block.content.rstrip().endswith(":")


def _is_prose(heading: str) -> bool:
    """Whether what stands above a line of dashes was meant as a paragraph, and the line as a rule.

    A heading may end in a question mark, but hardly ever in a full stop.
    """
    return len(heading) > _LONGEST_HEADING or heading.endswith((".", "。", "।", "۔"))


def _stands_alone(lines: Sequence[str], number: int) -> bool:
    """Whether a line of a paragraph neither goes on with a sentence nor leaves one to go on."""
    begins = number == 0 or ends_sentence(lines[number - 1])
    following = lines[number + 1].lstrip() if number + 1 < len(lines) else ""
    return begins and (ends_sentence(lines[number]) or not following[:1].islower())


def _is_pasted(lines: Sequence[str]) -> bool:
    """Whether each line is a paragraph, as in pasted text: whole sentences, often several.

    Wrapped lines break off within sentences, and who writes a sentence a line has one in each.
    """
    several = sum(_SENTENCE_INSIDE.search(line) is not None for line in lines)
    ended = sum(ends_sentence(line) for line in lines)
    long = sum(map(len, lines)) > 120 * len(lines)
    return long and several >= 0.25 * len(lines) and ended >= 0.75 * len(lines)


class _MarkdownWalker:
    """Fills a draft from a Markdown tree; its text begins in the file's line `first` (0-based)."""

    def __init__(
        self, draft: Draft, first: int, environment: dict[str, Any], glued: GluedHeadings
    ) -> None:
        self._draft = draft
        self._first = first
        self._environment = environment
        self._glued = glued
        self._heading: str | None = None

    def walk(self, root: SyntaxTreeNode, title: str | None) -> None:
        unused: list[Span] = []  # headings since the last paragraph
        for block in self._blocks(root):
            span = (block.start, block.end)
            if block.kind in ("heading", "title"):
                unused.append(span)
                if block.kind == "title":
                    self._take_title(self._plain(block.content), title)
                else:
                    self._heading = self._plain(block.content) or self._heading
            elif block.kind == "too_deep":
                self._draft.omit(span, Remark.NESTED_TOO_DEEPLY())
            elif block.kind == "html_block":
                self._draft.omit(span, Remark.IS_HTML())
            elif reason := self._reason(block):
                self._draft.omit(span, reason)
            else:
                self._place(block)
                unused.clear()
        for span in unused if self._draft.paragraphs else ():
            self._draft.omit(span, Remark.HEADING_OF_NOTHING())

    def _place(self, block: _Block) -> None:
        """Adds the paragraph. Glued headings are split off pasted text only; Markdown has marks."""
        draft, start = self._draft, block.start
        split = self._glued.find(draft.text[start : block.end])
        if split is not None:
            heading = flat(draft.text[start : start + split])
            if block.kind == "pasted":
                self._heading = heading
                draft.notes.append(Note(draft.line(start), Remark.HEADING_SPLIT(heading=heading)))
                start += split
            else:
                advice = Remark.HEADING_MAYBE_GLUED(heading=heading)
                draft.notes.append(Note(draft.line(start), advice))
        draft.paragraphs.append(Paragraph(start, block.end, self._heading))

    def _take_title(self, heading: str, title: str | None) -> None:
        if heading and self._draft.title is None:
            self._draft.title = heading
            self._heading = None if title in (None, heading) else heading
        else:
            self._heading = heading or self._heading

    def lines_span(self, first: int, stop: int) -> Span:
        """Offsets of lines `first` up to `stop` (0-based, of the parsed text), blanks stripped."""
        lines = self._draft.lines[self._first + first : self._first + stop]
        return stripped(self._draft.text, lines[0][0], lines[-1][1])

    def _blocks(self, parent: SyntaxTreeNode) -> Iterator[_Block]:
        """The leaves under `parent` in order; a lead-in is joined to what it introduces."""
        lead_in: _Block | None = None
        for node in parent.children:
            blocks = [block for block in self._node_blocks(node) if block.start < block.end]
            joins = len(blocks) == 1 and blocks[0].kind in ("list", "table", "code")
            if lead_in is not None and joins and self._reason(blocks[0]) is None:
                end = blocks[0].outer_end
                content = f"{lead_in.content}\n{blocks[0].content}"
                yield _Block("list", lead_in.start, end, end, content)
                lead_in = None
                continue
            if lead_in is not None:
                yield lead_in
                lead_in = None
            if blocks and node.type == "paragraph" and _leads_in(blocks[-1]):
                lead_in = blocks.pop()
            yield from blocks
        if lead_in is not None:
            yield lead_in

    def _node_blocks(self, node: SyntaxTreeNode) -> Iterator[_Block]:
        if node.type in ("bullet_list", "ordered_list"):
            yield from self._short_list(node) or self._blocks_of_items(node)
        elif node.type == "blockquote":
            yield from self._blocks(node) if node.children else self._too_deep(node)
        elif node.type == "paragraph":
            yield from self._paragraph(_lines(node), node.children[0].content)
        elif node.type == "heading":
            yield from self._heading_or_prose(node)
        elif node.type == "table":
            yield self._leaf("table", _lines(node), None)
        elif node.type in ("fence", "code_block"):
            yield self._code(node)
        elif node.type == "html_block":
            yield self._leaf("html_block", _lines(node), None)

    def _too_deep(self, node: SyntaxTreeNode) -> Iterator[_Block]:
        """What the parser made nothing of; nothing if there is nothing but marks."""
        block = self._leaf("too_deep", _lines(node), None)
        if any(map(str.isalnum, block.content)):
            yield block

    def _heading_or_prose(self, node: SyntaxTreeNode) -> Iterator[_Block]:
        (first, stop), content = _lines(node), node.children[0].content
        if node.markup in ("-", "=") and _is_prose(content):
            note = Note(self._first + stop, Remark.PROSE_ABOVE_RULE())
            self._draft.notes.append(note)
            yield from self._paragraph((first, stop - 1), content)
        else:
            kind = "title" if node.tag == "h1" else "heading"
            yield self._leaf(kind, (first, stop), content)

    def _paragraph(self, span: Span, content: str) -> Iterator[_Block]:
        """The paragraph, cut at line ends if it is pasted text or holds a boilerplate line."""
        first, stop = span
        lines = content.split("\n")
        if len(lines) != stop - first or len(lines) < 2:
            yield self._leaf("paragraph", (first, stop), content)
            return
        kind = "paragraph"
        if _is_pasted(lines):
            kind = "pasted"
            cuts = list(range(len(lines) + 1))
            advice = Remark.LINES_AS_PARAGRAPHS()
            self._draft.notes.append(Note(self._first + first + 1, advice))
        else:
            numbers = [
                number
                for number, line in enumerate(lines)
                if is_boilerplate_line(line)
                and _stands_alone(lines, number)
                and not self._draft.keeps(line)
            ]
            cuts = sorted({0, len(lines), *numbers, *(number + 1 for number in numbers)})
        for start, end in pairwise(cuts):
            part = "\n".join(lines[start:end])
            yield self._leaf(kind, (first + start, first + end), part)

    def _blocks_of_items(self, node: SyntaxTreeNode) -> Iterator[_Block]:
        blocks = [
            block
            for item in node.children
            for block in (self._blocks(item) if item.children else self._too_deep(item))
        ]
        alone = node.type == "ordered_list" and len(node.children) == 1
        if alone and blocks and blocks[0].kind in ("paragraph", "pasted"):
            # "22. Juni 1941 was …" is a list of one item to the parser, and its number part of the
            # sentence.
            start, end = self.lines_span(*_lines(node))
            start = self._after_marks(start, end, items=False)
            blocks[0] = replace(blocks[0], start=start)
        yield from blocks

    def _short_list(self, node: SyntaxTreeNode) -> list[_Block]:
        """A list of two and more short items as one block, or as few as the longest list allows.

        Empty if the list must be read item by item.
        """
        if len(node.children) < 2:
            return []
        items: list[Span] = []  # first line and the one after the last
        reasons: list[Said | None] = []
        for item in node.children:
            size, (first, last) = 0, (_lines(item)[0], _lines(item)[0] + 1)
            for part in item.walk():
                if part.type == "paragraph":
                    leaf = self._leaf("paragraph", _lines(part), part.children[0].content)
                    reasons.append(self._reason(leaf))
                    size += len(leaf.content)
                    last = max(last, _lines(part)[1])
                elif part.type not in ("list_item", "bullet_list", "ordered_list", "inline"):
                    return []
            if size > _LONGEST_ITEM:
                return []
            items.append((first, last))
        # A list may hold a link or two; links alone, or a line to be left out, are read by item.
        harmless = {Remark.ONLY_LINK(), Remark.ONLY_IMAGE(), Remark.NO_WORDS()}
        if all(reasons) or not harmless.issuperset(filter(None, reasons)):
            return []
        blocks: list[_Block] = []
        for first, last in items:
            start, end = self.lines_span(first, last)
            start = self._after_marks(start, end, items=False)
            if blocks and end - blocks[-1].start <= LONGEST_LIST:
                start = blocks.pop().start
            blocks.append(_Block("list", start, end, end, self._draft.text[start:end]))
        return blocks

    def _leaf(self, kind: str, lines: Span, content: str | None) -> _Block:
        start, end = self.lines_span(*lines)
        start = self._after_marks(start, end, items=True, content=content)
        return _Block(
            kind, start, end, end, self._draft.text[start:end] if content is None else content
        )

    def _after_marks(self, start: int, end: int, *, items: bool, content: str | None = None) -> int:
        """`start` moved past the marks of block quotes (and list `items`) in the first line."""
        text = self._draft.text
        if content is not None:
            # What the parser kept of the first line is an ending of that line.
            line_end = self._draft.lines[self._draft.line(start) - 1][1]
            line = text[start : min(end, line_end)].rstrip()
            kept = content.split("\n", maxsplit=1)[0].strip()
            if kept and line.endswith(kept):
                return start + len(line) - len(kept)
        marks = r"(?:>[ \t]*|[-*+][ \t]+|[0-9]{1,9}[.)][ \t]+)*" if items else r"(?:>[ \t]*)*"
        match = re.compile(marks).match(text, start, end)
        return stripped(text, match.end(), end)[0] if match else start

    def _code(self, node: SyntaxTreeNode) -> _Block:
        """The code without its fences; empty (and so left out) if there is none."""
        first, stop = _lines(node)
        outer_end = self.lines_span(first, stop)[1]
        if node.type == "code_block":
            start, end = self.lines_span(first, stop)
            start = self._after_marks(start, end, items=False)
            return _Block("code", start, end, end, node.content)
        if stop - first < 2 or not node.content.strip():
            return _Block("code", outer_end, outer_end, outer_end, "")
        lines = node.content.removesuffix("\n").split("\n")
        stop = min(stop, first + 1 + len(lines))  # without the closing fence, if there is one
        start, end = self.lines_span(first + 1, stop)
        blank = next(number for number, line in enumerate(lines) if line.strip())
        if self._draft.text[start] == ">":  # the mark of a quote, or the code's own
            start, end = self.lines_span(first + 1 + blank, stop)
            start = self._after_marks(start, end, items=False, content="\n".join(lines[blank:]))
        return _Block("code", start, end, outer_end, node.content)

    def _reason(self, block: _Block) -> Said | None:
        span = (block.start, block.end)
        if block.kind == "code":  # a command is quoted whatever it looks like
            return None if any(map(str.isalnum, block.content)) else Remark.NO_WORDS()
        reason = self._draft.reason_to_omit(span, block.content)
        words = block.kind in ("paragraph", "pasted") and len(block.content) <= 2000
        if reason is None and words and not self._draft.keeps(block.content):
            reason = self._only_marks(block.content)
        return reason

    def _inline(self, content: str) -> list[Any]:
        tokens = _inline_parser().parseInline(content, self._environment)
        return tokens[0].children or []

    def _only_marks(self, content: str) -> Said | None:
        """The reason to omit a paragraph of nothing but images or links."""
        if not any(mark in content for mark in ("](", "][", "![", "<", "]")):
            return None
        outside, inside, depth, images = "", "", 0, False
        for token in self._inline(content):
            depth += (token.type == "link_open") - (token.type == "link_close")
            images = images or token.type == "image"
            if token.type in ("text", "code_inline"):
                if depth:
                    inside += token.content
                else:
                    outside += token.content
        if any(character.isalnum() for character in outside):
            return None
        if any(character.isalnum() for character in inside):
            return Remark.ONLY_LINK() if len(inside) <= 160 else None
        return Remark.ONLY_IMAGE() if images else Remark.NO_WORDS()

    def _plain(self, content: str) -> str:
        """A heading's words without emphasis, link and code marks."""
        words = []
        for token in self._inline(content):
            if token.type in ("softbreak", "hardbreak"):
                words.append(" ")
            elif token.type in ("text", "code_inline", "image"):
                words.append(token.content)
        return flat("".join(words))
