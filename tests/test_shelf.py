"""The shelf: what is added is stored as it was given, under a name of its own."""

import errno
import hashlib
import os
from pathlib import Path
from typing import Any

import pytest
from content_folder import ContentFolder
from hypothesis import example, given
from hypothesis import strategies as st
from shelves import BODY, files, fresh_shelf, refusal

from index import shelf as shelf_module
from index.content import Content, ContentError, Note, read_content
from index.shelf import Draft, Shelf, ShelfError

CONTROL = "it holds a control character and is no text; remove it, or save it as UTF-8 text."


def one_sentence(text: str) -> bool:
    return text.endswith(".") and "\n" not in text and len(text) < 400


def digest(stem: str) -> str:
    return hashlib.sha256(stem.encode()).hexdigest()[:8]


# --- names --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "stored"),
    [
        ("Harbour.md", "harbour.md"),
        ("Der Hafen.MARKDOWN", "der-hafen.md"),
        ("notes.v2.TXT", "notes-v2.txt"),
        ("../../etc/passwd.txt", "passwd.txt"),
        ("/etc/cron.d/x.md", "x.md"),
        ("C:\\Users\\ada\\bridge.md", "bridge.md"),
        ("..\\..\\bridge.md", "bridge.md"),
        ("C:bridge.md", "c-bridge.md"),
        (".hidden.md", "hidden.md"),
        ("...md", f"article-{digest('..')}.md"),
        (".md", f"article-{digest('')}.md"),
        ("CON.txt", "article-con.txt"),
        ("nul .md", "article-nul.md"),
        ("com¹.md", "article-com1.md"),
        ("console.md", "console.md"),
        ("a\x00b\r\n\x1b[2J.md", "ab-2j.md"),
        ("har\u202ebour\u2066.md", "harbour.md"),
        ("harbour.md\u202e \n", "harbour.md"),
        ("\ud800lone.md", "lone.md"),
        ("港.md", f"article-{digest('港')}.md"),
        (f"{'a' * 300}.md", f"{'a' * 55}-{digest('a' * 300)}.md"),
        ("-rf.md", "rf.md"),
        ("$(reboot);.md", "reboot.md"),
    ],
)
def test_stored_name(shelf: Shelf, content: ContentFolder, name: str, stored: str) -> None:
    draft = shelf.draft(name, BODY.encode())
    assert draft.name == stored
    assert draft.article.path == stored
    assert shelf.add(draft) == content.path / stored
    assert files(content.path) == {stored: BODY.encode()}


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("harbour.pdf", "harbour.pdf"),
        ("harbour", "harbour"),
        ("md", "md"),
        ("harbour.md.exe", "harbour.md.exe"),
        ("harbour.md\x00.exe", "harbour.md.exe"),
        ("har\u202ebour\ndm.exe", "harbour dm.exe"),
        ("a \u202e b.exe", "a b.exe"),
        ("a\ud800.exe", "a.exe"),
        ("harbour.md/", "harbour.md/"),
        ("", ""),
        ("é" * 300, "é" * 77 + "…"),
    ],
)
def test_name_of_no_article(shelf: Shelf, name: str, shown: str) -> None:
    assert refusal(lambda: shelf.draft(name, BODY.encode())) == (
        f"“{shown}” is no article; its name must end in .md, .markdown or .txt."
    )


@given(
    st.one_of(
        st.text(st.characters(), max_size=300),
        st.lists(st.sampled_from(["..", "/", "\\", ".", "con", "\x00", "\u202e", "é", " "])).map(
            "".join
        ),
    ),
    st.sampled_from([".md", ".txt", ".Markdown"]),
)
def test_any_name_is_stored_inside_and_once(name: str, suffix: str) -> None:
    with fresh_shelf() as (shelf, content, _):
        (content.parent / "outside.md").write_text("untouched")
        draft = shelf.draft(name + suffix, BODY.encode())
        shelf.add(draft)
        assert [path.name for path in content.iterdir()] == [draft.name]
        assert sorted(path.name for path in content.parent.iterdir()) == [
            "content",
            "data",
            "outside.md",
        ]
        stem = draft.name.rpartition(".")[0]
        assert set(stem) <= set("abcdefghijklmnopqrstuvwxyz0123456789-")
        assert stem.strip("-") == stem
        assert 0 < len(stem) <= 72
        assert read_content(content).articles == (draft.article,)
        assert shelf.draft("z" + draft.name, BODY.encode()).name == "z" + draft.name


def test_draft_of_another_name(shelf: Shelf, content: ContentFolder) -> None:
    found = shelf.draft("a.md", BODY.encode())
    for name in ("../a.md", ".a.md", "A.md", "b/a.md"):
        assert "is no name that a draft has; make a new draft." in refusal(
            lambda name=name: shelf.add(Draft(name, found.content, found.article, ()))
        )
    assert files(content.path.parent) == {}


# --- content ------------------------------------------------------------------------------------


def test_draft(shelf: Shelf, content: ContentFolder) -> None:
    text = "A ferry\nThe ferry sails six times a day.\nRead also: The bridge\nIt costs nothing.\n"
    draft = shelf.draft("Ferry.txt", text.encode())
    assert draft.content == text.encode()
    assert draft.article.title == "A ferry"
    assert [text[p.start : p.end] for p in draft.article.paragraphs] == [
        "The ferry sails six times a day.",
        "It costs nothing.",
    ]
    assert draft.notes == (Note(3, "left out: “Read also: The bridge” points to another article"),)
    assert files(content.path.parent) == {}


def test_notes_are_in_order_and_short(shelf: Shelf) -> None:
    long = "Read also: " + "the bridge " * 20
    text = f"---\ntitel: x\n---\n\n{long}\n\n{BODY}\nBr\ufffdcke.\n"
    assert shelf.draft("a.md", text.encode()).notes == (
        Note(2, "unknown front matter key “titel”; did you mean “title”?"),
        Note(5, f"left out: “{long[:77]}…” points to another article"),
        Note(9, "holds the replacement sign U+FFFD: the text was damaged before"),
    )


def test_utf8_is_stored_as_it_is(shelf: Shelf, content: ContentFolder) -> None:
    given = b"\xef\xbb\xbfDer Fl\xc3\xbcgel\r\n\r\nEr wurde 1931 gebaut.\r\n"
    draft = shelf.draft("a.txt", given)
    assert draft.content == given
    assert draft.notes == ()
    shelf.add(draft)
    assert files(content.path) == {"a.txt": given}


@pytest.mark.parametrize(
    ("encoding", "line", "guess"), [("cp1252", 3, "Windows-1252"), ("utf-16", 1, "UTF-16")]
)
def test_other_encodings_are_stored_as_utf8(
    shelf: Shelf, content: ContentFolder, encoding: str, line: int, guess: str
) -> None:
    text = "Dock\n\nDas Dock am Fluß wurde 1931 gebaut.\n"
    draft = shelf.draft("a.txt", text.encode(encoding))
    assert draft.content == text.encode()
    assert draft.notes == (
        Note(line, f"read as {guess} and stored as UTF-8; look whether every letter is right"),
    )
    shelf.add(draft)
    found = read_content(content.path).articles
    assert found == (draft.article,)
    assert found[0].notes == ()


def test_a_pasted_title_with_the_sign_of_damage(shelf: Shelf) -> None:
    draft = shelf.draft_pasted("Br\ufffdcke", f"{BODY}\nBr\ufffdcke.\n")
    assert draft.article.title == "Brcke"
    assert [(note.line, note.text.name) for note in draft.notes] == [
        (BODY.count("\n") + 2, "damaged-before")
    ]


def test_size(shelf: Shelf) -> None:
    paragraph = b"The harbour is empty. " * 100 + b"\n\n"
    text = paragraph * 600
    assert shelf.draft("a.md", text[:1_000_000]).content == text[:1_000_000]
    rest = "is larger than 1 MB; split it into several articles."
    assert refusal(lambda: shelf.draft("A.md", text[:1_000_001])) == f"The file “A.md” {rest}"
    wide = ("港" * 400_000).encode("utf-16")
    assert len(wide) < 1_000_000
    assert refusal(lambda: shelf.draft("a.md", wide)) == f"As UTF-8, the file “a.md” {rest}"
    assert refusal(lambda: shelf.draft_pasted("A", "é" * 500_000)) == f"The text {rest}"


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (b"", ": it is empty; write the article into it or remove it."),
        (b"# T\n", ": it holds no paragraph that could be quoted; add text or remove it."),
        (b"T\n\na\x00b\n", f", line 3: {CONTROL}"),
        (
            b"---\ndate: now\n---\nText.\n",
            ", line 2: “date” is not a day; write it as year-month-day, like 2025-07-23.",
        ),
    ],
)
def test_what_is_wrong_in_the_text(
    shelf: Shelf, content: ContentFolder, given: bytes, message: str
) -> None:
    with pytest.raises(ContentError) as caught:
        shelf.draft("A b.md", given)
    assert str(caught.value) == f"content/a-b.md{message}"
    assert files(content.path.parent) == {}


HEADS = [
    *("---\n", "title: x\n", "id: bridge\n", "language: no\n", "exclude: [x]\n", "\n", "\r\n"),
    *(
        "# H\n",
        "- a\n",
        "Read also: x\n",
        "Words of a text.\n",
        "港。",
        "\u2028",
        "\x85",
        "é",
        "\t",
    ),
]


@given(
    st.sampled_from(["a.md", "Ä b.txt"]),
    st.one_of(
        st.lists(st.sampled_from(HEADS)).map(lambda parts: "".join(parts).encode()),
        st.text(max_size=200).map(lambda text: f"{text}\n\nSome words here.\n".encode()),
        st.text(max_size=200).map(lambda text: f"Words: {text}".encode("utf-16")),
        st.text(max_size=200).map(lambda text: f"Wörter {text}".encode("cp1252", "replace")),
        st.binary(max_size=100),
    ),
)
def test_a_draft_is_what_is_read_later_and_removal_undoes_it(name: str, given: bytes) -> None:
    with fresh_shelf() as (shelf, content, _):
        (content / "sub").mkdir()
        (content / "sub" / "bridge.md").write_bytes(b"---\nid: bridge\n---\nA bridge.\n")
        before = files(content)
        try:
            draft = shelf.draft(name, given)
        except (ShelfError, ContentError) as error:
            assert one_sentence(str(error))
            assert files(content.parent) == {
                f"content/{path}": stored for path, stored in before.items()
            }
            return
        path = shelf.add(draft)
        after = files(content)
        assert after == before | {draft.name: draft.content}
        found = read_content(content)
        assert found.errors == ()
        assert draft.article in found.articles
        removed = shelf.remove(draft.article.id)
        assert files(content) == before
        assert shelf.removed() == [removed]
        assert (removed.article_id, removed.title) == (draft.article.id, draft.article.title)
        assert shelf.restore(removed.key) == path
        assert files(content) == after
        assert read_content(content).articles == found.articles
        assert shelf.removed() == []


# --- pasted text --------------------------------------------------------------------------------


def test_pasted(shelf: Shelf, content: ContentFolder) -> None:
    text = "It was built in 1931.\n\nRead also: The bridge\n\nIt is *empty*."
    draft = shelf.draft_pasted(
        "Yes: the\n“harbour” # 1",
        text,
        url="https://example.org/a?b=c#d",
        author=" Ada Berg,\tJon Lund ",
        language="EN",
        date="2025-07-23",
    )
    head = (
        "---\n"
        "title: 'Yes: the “harbour” # 1'\n"
        "author: Ada Berg, Jon Lund\n"
        "url: https://example.org/a?b=c#d\n"
        "date: '2025-07-23'\n"
        "language: EN\n"
        "---\n\n"
    )
    assert draft.content.decode() == head + text
    assert draft.name == "yes-the-harbour-1.md"
    article = draft.article
    assert (article.title, article.author) == ("Yes: the “harbour” # 1", "Ada Berg, Jon Lund")
    assert (article.url, article.date, article.language) == (
        "https://example.org/a?b=c#d",
        "2025-07-23",
        "en",
    )
    assert [article.text[p.start : p.end] for p in article.paragraphs] == [
        "It was built in 1931.",
        "It is *empty*.",
    ]
    assert draft.notes == (Note(3, "left out: “Read also: The bridge” points to another article"),)
    shelf.add(draft)
    assert read_content(content.path).articles == (article,)


def test_pasted_values_left_blank(shelf: Shelf) -> None:
    draft = shelf.draft_pasted(
        "1984", "\ufeff" + BODY, url=" ", author="", date="\n", language=None
    )
    assert draft.content.decode() == f"---\ntitle: '1984'\n---\n\n{BODY}"


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"title": " \u202e "}, "The title holds no letter or digit; write one that does."),
        ({"title": "\u200b!"}, "The title holds no letter or digit; write one that does."),
        (
            {"url": "example.org"},
            "“url” is not a web address; write one that begins with https://.",
        ),
        ({"date": "23.7."}, "“date” is not a day; write it as year-month-day, like 2025-07-23."),
        ({"language": "deu"}, "“language” is not a two-letter code; write one like de or en."),
    ],
)
def test_pasted_values_that_are_wrong(shelf: Shelf, values: dict[str, str], message: str) -> None:
    assert refusal(lambda: shelf.draft_pasted(**{"title": "A", "text": BODY, **values})) == message


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("One.\n\nTwo\x07.", f", line 3: {CONTROL}"),
        (
            "One.\nT\ud800wo.\n\nThree.",
            ", line 2: it holds half of a character, which cannot be stored; remove it.",
        ),
        (" \n", ": it holds no paragraph that could be quoted; add text or remove it."),
    ],
)
def test_lines_count_in_the_pasted_text(shelf: Shelf, text: str, message: str) -> None:
    with pytest.raises(ContentError) as caught:
        shelf.draft_pasted("Two", text, author="Ada")
    assert str(caught.value) == f"content/two.md{message}"


@given(
    st.text(st.characters(), max_size=300),
    st.text(st.characters(), max_size=100),
    st.text(max_size=200),
)
@example("---", "[a, b]", "---\ntitle: x\n---\n")
@example("no", "~", "")
@example("港\ud800", "\udfff", "")
@example("--- " * 60 + "id: x", ": " * 60 + "' x", "")
@example("x\u2028---\u2028id: y", "!!python/object:os.system x", "")
@example("a\ufffeb\ufeffc", "*x", "")
@example("a\n---\nid: b", "&x y", "\ufeff")
def test_pasted_values_are_read_back(title: str, author: str, text: str) -> None:
    with fresh_shelf() as (shelf, content, _):
        body = f"Some words here.\n\n{text}"
        try:
            draft = shelf.draft_pasted(title, body, author=author)
        except (ShelfError, ContentError) as error:
            assert one_sentence(str(error))
            return
        article = draft.article
        assert draft.content.decode().endswith(f"\n---\n\n{body}")
        visible = "".join(c for c in title if c.isalnum())
        assert "".join(c for c in article.title if c.isalnum()) == visible
        assert "".join(c for c in article.author or "" if c.isalnum()) == "".join(
            c for c in author if c.isalnum()
        )
        shown = article.title + (article.author or "")
        assert not set(shown) & set("\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2069")
        assert shown.isprintable() or all(ord(c) > 159 for c in shown if not c.isprintable())
        assert article.text[article.paragraphs[0].start :].startswith("Some words here.")
        assert (article.url, article.date, article.publisher, article.source) == (None,) * 4
        assert article.id == draft.name.removesuffix(".md")
        shelf.add(draft)
        assert read_content(content) == Content((article,), (), read_content(content).digest)


# --- what is there already ----------------------------------------------------------------------


def test_name_that_is_taken(shelf: Shelf, content: ContentFolder) -> None:
    content.write("harbour.md", "One.", id="old")
    before = files(content.path)
    assert refusal(lambda: shelf.draft("Harbour.md", BODY.encode())) == (
        "content/harbour.md is there already; remove it first, or give one of the two articles "
        "another name."
    )
    assert files(content.path) == before


def test_id_that_is_taken(shelf: Shelf, content: ContentFolder) -> None:
    content.write("old/bridge.md", "One.", id="harbour")
    before = files(content.path)
    for call in (
        lambda: shelf.draft("Harbour.md", BODY.encode()),
        lambda: shelf.draft("x.md", b"---\nid: harbour\n---\n" + BODY.encode()),
        lambda: shelf.draft_pasted("Harbour", BODY),
    ):
        assert refusal(call) == (
            "content/old/bridge.md has the id “harbour” already; remove it first, or give one of "
            "the two articles another id."
        )
    assert files(content.path) == before


def test_taken_since_the_draft(shelf: Shelf, content: ContentFolder) -> None:
    by_name, by_id = shelf.draft("a.md", BODY.encode()), shelf.draft("b.md", BODY.encode())
    content.write_raw("a.md", "Another.\n")
    content.write("c.md", "One.", id="b")
    before = files(content.path)
    assert refusal(lambda: shelf.add(by_name)).startswith("content/a.md is there already;")
    assert refusal(lambda: shelf.add(by_id)).startswith("content/c.md has the id “b” already;")
    assert files(content.path) == before


@pytest.mark.parametrize("links", [True, False])
def test_file_that_comes_at_the_last_moment_is_not_replaced(
    shelf: Shelf, content: ContentFolder, monkeypatch: pytest.MonkeyPatch, links: bool
) -> None:
    draft = shelf.draft("a.md", BODY.encode())
    write, link = shelf_module._write, os.link

    def late(path: Path, stored: bytes) -> None:
        write(path, stored)
        content.write_raw("a.md", "Another.\n")

    def maybe(*paths: Any) -> None:
        if not links:
            raise OSError(errno.EPERM, os.strerror(errno.EPERM))
        link(*paths)

    monkeypatch.setattr(shelf_module, "_write", late)
    monkeypatch.setattr(os, "link", maybe)
    assert refusal(lambda: shelf.add(draft)).startswith("content/a.md is there already;")
    assert files(content.path) == {"a.md": b"Another.\n"}


def test_file_system_without_hard_links(
    shelf: Shelf, content: ContentFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_link(*_: Any) -> None:
        raise OSError(errno.EPERM, os.strerror(errno.EPERM))

    monkeypatch.setattr(os, "link", no_link)
    shelf.add(shelf.draft("a.md", BODY.encode()))
    assert files(content.path) == {"a.md": BODY.encode()}


def test_no_content_folder(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path / "content", tmp_path / "removed")
    for call in (lambda: shelf.draft("a.md", BODY.encode()), lambda: shelf.remove("a")):
        with pytest.raises(ContentError, match="there is no such folder; create it"):
            call()
