"""Content files that mean harm, for ``test_content_attacks.py``."""

from __future__ import annotations

from hypothesis import strategies as st

_HEAD = (
    *("title: x", "title: [", "title: {a: 1}", "author: [a, b]", "date: 2025-07-23", "id: ../../x"),
    *("url: javascript:alert(1)", "url: https://a.b/\\u202e", "language: no", "language: xx"),
    *("exclude:\n- a", "questions:\n- what?", "a: &a [x, x]", "b: *a", "c: [*a, *a, *a, *a]"),
    *("title: !!python/object/apply:os.system ['id']", "x: !!binary aGk=", "<<: *a", "? [a]"),
    *("title: |\n  x\n  y", "title: >\n  x", "%YAML 9", "...", "--- ", "title: '\\x1b[31m'"),
    *('title: "\\e[31mred"', "title: [red]x[/nothing]", "x: " + "[" * 200, "x: " + "{a: " * 50),
    *("title: \u202eevil", "title: \u0430\u0440\u0440le", "id: con", "id: " + "a" * 64, "\t", ""),
)
_BLOCKS = (
    *("Some words. ", "More words here. ", "x", "\n", "\n\n", "\r\n", "\r", " " * 4, "\t", "\x0b"),
    *("# ", "## Title", "> ", ">>> ", "- ", "  - ", "1. ", "999999999. "),
    *("***\n", "===\n", "---\n"),
    *("```\n", "~~~x\n", "| a | b |\n|---|---|\n", "|", "<div>\n", "<!--", "-->", "<script>"),
    *("]]>"),
    *("[a]: /x\n", "[a]: <", "![i](x)", "[l](y)", "[a][a]", "`" * 7, "**", "_", "~~", "\\"),
    *("&amp;", "&lt;"),
    *("&#0;", "&#x110000;", "[red]", "[/red]", "[link=x]", "@everyone", "<@1>", "Aa bb ccDd ee. "),
    *("\u200b", "\u200d", "\u202e", "\u2066", "\u2028", "\x85", "\ufeff", "\ufffd", "\u0301"),
    *("\u00ad"),
    *("\x00", "\x1b[2J", "\x07", "\x7f", "\u0430", "\u03bf", "ﬁ", "Ａ", "漢字。", "עברית. ", "😀"),
    *("¿", "…"),
    *("Read also: x\n", "Newsletter", "a:\n", "Mr. A. B. ", "1.2.3 "),
    *("“quote” ", "'" * 9, "." * 9),
)  # fmt: skip

_heads = st.lists(st.sampled_from(_HEAD), max_size=5).map(lambda lines: "\n".join(lines))
_bodies = st.lists(st.sampled_from(_BLOCKS), max_size=40).map("".join)
_repeated = st.tuples(st.sampled_from(_BLOCKS), st.integers(1, 400)).map(lambda p: p[0] * p[1])
_texts = st.one_of(
    _bodies,
    st.tuples(_bodies, _repeated, _bodies).map("".join),
    st.tuples(_heads, _bodies).map(lambda parts: f"---\n{parts[0]}\n---\n{parts[1]}"),
    st.text(max_size=300),
)
_encoded = st.tuples(
    _texts, st.sampled_from(("utf-8", "utf-8-sig", "utf-16", "cp1252", "utf-16-be"))
).map(lambda pair: pair[0].encode(pair[1], errors="replace"))

files = st.one_of(_encoded, _encoded, _encoded, st.binary(max_size=300))
"""The bytes of one."""
names = st.sampled_from(("a.md", "b.txt", "c.MARKDOWN", "d\u202e.md", "аррle.md", "[red].md"))
