"""Files, decoding, front matter and ids: what becomes an article, and what an error."""

import codecs
import hashlib
import io
import os
import shutil
import time
from pathlib import Path

import pytest
from cachetools import LRUCache
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from index import content, file_identity
from index.content import (
    Article,
    Content,
    ContentError,
    Note,
    article_id,
    content_digest,
    read_article,
    read_content,
)

BODY = "Der Hafen wurde 1931 gebaut und steht seither leer.\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "content"
    path.mkdir()
    return path


def read(folder: Path, name: str, content: str | bytes) -> Content:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return read_content(folder)


def article(folder: Path, name: str, content: str | bytes) -> Article:
    found = read(folder, name, content)
    assert [str(error) for error in found.errors] == []
    return found.articles[0]


def error(folder: Path, name: str, content: str | bytes) -> str:
    found = read(folder, name, content)
    assert found.articles == ()
    assert len(found.errors) == 1
    return str(found.errors[0])


def head(*lines: str) -> str:
    return "\n".join(["---", *lines, "---", BODY])


# --- files --------------------------------------------------------------------------------------


@pytest.fixture
def files_read(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The files that are opened, now that none counts as just written."""
    paths: list[str] = []
    for name in ("_SETTLED_NS", "_SETTLED_WHOLE_NS"):
        monkeypatch.setattr(file_identity, name, 0)

    def counted(root: Path, path: str) -> int:
        paths.append(path)
        return open_below(root, path)

    open_below = content._open_below
    monkeypatch.setattr(content, "_open_below", counted)
    return paths


def test_a_file_that_was_not_touched_is_not_read_again(folder: Path, files_read: list[str]) -> None:
    first = article(folder, "a.md", "# Titel\n\nEins ist ein Satz.")
    (folder / "b.md").write_text("# Anderer Titel\n\nDrei ist ein Satz.")
    before = read_content(folder)
    assert files_read == ["a.md", "b.md"]
    assert read_content(folder) == before
    assert read_content(folder).articles[0] is first
    assert content_digest(folder) == before.digest
    assert files_read == ["a.md", "b.md"]
    time.sleep(0.02)  # the clock of a file system may tick every hundredth of a second
    (folder / "a.md").write_text("# Titel\n\nZwei ist ein Satz.")
    os.utime(folder / "a.md", ns=(1, 1))
    assert read_content(folder).articles[0].text == "# Titel\n\nZwei ist ein Satz."
    assert files_read == ["a.md", "b.md", "a.md"]
    # The same bytes under another name are another article.
    (folder / "a.md").rename(folder / "c.md")
    assert [found.id for found in read_content(folder).articles] == ["b", "c"]


def test_a_digest_alone_parses_nothing_and_what_is_parsed_has_it(
    folder: Path, files_read: list[str]
) -> None:
    (folder / "a.md").write_text(BODY)
    digest = content_digest(folder)
    assert content_digest(folder) == digest
    assert files_read == ["a.md"]
    assert read_content(folder).digest == digest
    assert [found.text for found in read_content(folder).articles] == [BODY]
    assert files_read == ["a.md", "a.md"]


def test_a_file_with_a_mistake_names_the_folder_it_was_asked_for_in(
    folder: Path, files_read: list[str]
) -> None:
    (folder / "a.md").write_text(" ")
    (folder.parent / "other").symlink_to(folder)
    [here], [there] = read_content(folder).errors, read_content(folder.parent / "other").errors
    assert (here.path, there.path) == ("content/a.md", "other/a.md")


def test_a_file_that_was_just_written_is_read_again(
    folder: Path, files_read: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(file_identity, "_SETTLED_NS", 10**12)
    monkeypatch.setattr(file_identity, "_SETTLED_WHOLE_NS", 10**12)
    (folder / "a.md").write_text(BODY)
    assert read_content(folder).digest == content_digest(folder)
    assert files_read == ["a.md", "a.md"]


def test_what_a_link_leads_to_is_read_again(folder: Path, files_read: list[str]) -> None:
    (folder / "a.txt").write_text(BODY)
    (folder / "b.txt").symlink_to("a.txt")
    read_content(folder)
    read_content(folder)
    assert files_read == ["a.txt", "a.txt", "a.txt"]  # the second of them as b.txt, and the third
    assert len([key for key in content._remembered if key[0] == str(folder)]) == 1


def test_a_file_that_settles_while_it_is_read_is_read_again(
    folder: Path, files_read: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It may have been written again after that, in the same tick of the clock."""
    (folder / "a.md").write_text(BODY)
    now = (folder / "a.md").stat().st_mtime_ns
    monkeypatch.setattr(file_identity, "_SETTLED_NS", 100)
    monkeypatch.setattr(file_identity, "_SETTLED_WHOLE_NS", 100)
    monkeypatch.setattr(file_identity.time, "time_ns", lambda: now)

    class Slow(io.FileIO):
        def read(self, size: int | None = -1) -> bytes:
            nonlocal now
            now += 1000
            return super().read(size)

    monkeypatch.setattr(content, "open", Slow, raising=False)
    read_content(folder)
    assert files_read == ["a.md"]
    read_content(folder)
    assert files_read == ["a.md", "a.md"]
    read_content(folder)
    assert files_read == ["a.md", "a.md"]


def test_mistakes_hold_nothing_of_where_they_were_found(folder: Path) -> None:
    (folder / "a.md").write_bytes(b"\xff\xfe\x00")
    (folder / "b.md").symlink_to(folder)
    (folder / "c.md").symlink_to("nowhere")
    (folder / "d.md").write_text("---\n- a\n---\n" + BODY)
    errors = read_content(folder).errors
    assert [one.path for one in errors] == ["content/a.md", "content/c.md", "content/d.md"]
    for one in errors:
        assert (one.__traceback__, one.__context__, one.__cause__) == (None, None, None)


def test_what_is_remembered_is_bounded(folder: Path) -> None:
    """By memory, not by letters: of a million short lines each is an object."""
    lines = article(folder, "a.md", "\n\n".join(f"Satz {n} steht hier." for n in range(500)))
    assert len(lines.paragraphs) == 500
    assert lines.weight == len(lines.text) + 300 * 501
    known = content._remembered
    assert known.getsizeof(content._File(b"", "", lines)) == lines.weight + 300
    assert known.maxsize == content.REMEMBERED


def test_what_is_too_large_to_remember_is_read_all_the_same(
    folder: Path, files_read: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(content, "_remembered", LRUCache(100, lambda file: file.weight))
    assert article(folder, "a.md", BODY).text == BODY
    assert article(folder, "a.md", BODY).text == BODY
    assert files_read == ["a.md", "a.md"]


def test_what_somebody_knows_is_not_parsed(
    folder: Path, files_read: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("a.md", "b.md", "c.md"):
        (folder / name).write_text(f"# Titel\n\nSatz in {name}.")
    known = {found.origin: found.id for found in read_content(folder).articles if found.id != "b"}
    parsed: list[str] = []

    def counted(folder: Path, path: str, bytes_: bytes) -> Article:
        parsed.append(path)
        return read_article(folder, path, bytes_)

    monkeypatch.setattr(content, "read_article", counted)
    monkeypatch.setattr(content, "_remembered", LRUCache(10**6))
    found = read_content(folder, known)
    assert parsed == ["b.md"]
    assert [one.id for one in found.articles] == ["b"]
    assert found.known == tuple(known)
    # Nor told again, where it was parsed for somebody else.
    assert len(read_content(folder).articles) == 3
    assert read_content(folder, known) == found
    assert parsed == ["b.md", "a.md", "c.md"]
    assert files_read.count("b.md") == 2  # the second time after all was forgotten
    assert found.errors == ()
    assert found.digest == content_digest(folder)


@pytest.mark.parametrize("known", ["a.md", "b.md"])
def test_one_id_in_two_files_of_which_somebody_knows_one(folder: Path, known: str) -> None:
    (folder / known).write_text("---\nid: same\n---\nEin Satz steht hier.")
    [first] = read_content(folder).articles
    (folder / ({"a.md", "b.md"} - {known}).pop()).write_text("---\nid: same\n---\nNoch einer.")
    found = read_content(folder, {first.origin: first.id})
    assert [str(error) for error in found.errors] == [
        str(error) for error in read_content(folder).errors
    ]
    assert [error.path for error in found.errors] == ["content/b.md"]
    assert (len(found.articles), len(found.known)) == ((0, 1) if known == "a.md" else (1, 0))


def test_the_origin_follows_from_path_bytes_and_the_way_they_are_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def origin(path: str, text: str) -> str:
        return read_article(Path("content"), path, text.encode()).origin

    same = origin("a.md", BODY)
    assert origin("a.md", BODY) == same
    assert len({same, origin("b.md", BODY), origin("a.md", f"{BODY} ")}) == 3
    monkeypatch.setattr(content, "READING", content.READING + 1)
    assert origin("a.md", BODY) != same


READ_ALIKE = {
    "a.md": b"---\ntitle: Harbour\nexclude: [Old news]\n---\n# Harbour\n\nThe quay is *long* and\n"
    b"[old](https://example.org).\n\n## Cranes\n\n- One crane is green.\n- Two are red.\n\n"
    b"| crane | height |\n| --- | --- |\n| green | 40 m |\n\n> It tilts.\n\nOld news: none.\n",
    "b.txt": "HAFEN\n\nDer Kai ist lang\nund alt. Er steht leer.\n\nLesen Sie auch: Mehr davon\n\n"
    "Zwei Kräne stehen dort.  Einer ist grün.\r\n\r\n* * *\n\nFoto: A. Muster\n".encode("cp1252"),
    "c/d.md": "---\nid: kai\nlanguage: es\nauthor: A. Muestra\npublisher: El Muelle\n"
    "date: 2020-02-03\nurl: https://example.org/kai\nsource: Archivo\n"
    "questions:\n  - ¿Qué es?\n---\nEl muelle está vacío.\n".encode("utf-16"),
    "e.md": b"9. April 1931 was the day.\n\n- One.\n",
    "f.md": b"The quay and\nreceive the newsletter, it\nsaid. Recommended: 8 GB.\n\n"
    b"Old prose.\n---\n\n(c) the quay of 1931\n\n## Nothing\n",
    "g.txt": b"T\n\nAda Berg\nRead also: x\nQuay\nThe quay is long.\n",
}


def test_files_are_read_as_the_number_says() -> None:
    """If this fails, files are read differently: raise `READING`, or indexes keep their articles
    as they were read before; then put both here."""
    articles = [read_article(Path("content"), path, text) for path, text in READ_ALIKE.items()]
    told = [
        (
            *(one.id, one.title, one.author, one.publisher, one.url, one.date, one.language),
            *(one.source, one.questions),
            *((one.text[p.start : p.end], p.heading) for p in one.paragraphs),
        )
        for one in articles
    ]
    digest = hashlib.sha256(repr(told).encode()).hexdigest()
    assert (content.READING, digest[:16]) == (4, "703e4129ba8e5e67")


def test_files_in_order(folder: Path) -> None:
    (folder / "b").mkdir()
    (folder / ".hidden").mkdir()
    for name in ("b/two.MD", "a.txt", "README.md", "b-one.markdown", ".hidden/x.md", ".y.md"):
        (folder / name).write_text(f"Titel\n\n{BODY}")
    (folder / "notes.pdf").write_bytes(b"\x00")
    content = read_content(folder)
    assert [found.path for found in content.articles] == [
        "README.md",
        "a.txt",
        "b-one.markdown",
        "b/two.MD",
    ]
    assert [found.id for found in content.articles] == ["readme", "a", "b-one", "b-two"]
    assert content.errors == ()


def test_missing_folder(tmp_path: Path) -> None:
    for function in (read_content, content_digest):
        with pytest.raises(ContentError, match="there is no such folder; create it"):
            function(tmp_path / "content")


def test_empty_folder(folder: Path) -> None:
    assert read_content(folder).articles == ()


def test_error_tells_path_and_line() -> None:
    problem = ContentError("content/a.md", 3, "this is wrong; mend it")
    assert str(problem) == "content/a.md, line 3: this is wrong; mend it."
    assert str(ContentError("content/a.md", None, "x")) == "content/a.md: x."


def test_links(folder: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret.md").write_text(BODY)
    (folder / "kept.md").write_text(BODY)
    (folder / "alias.md").symlink_to(folder / "kept.md")
    (folder / "out.md").symlink_to(outside / "secret.md")
    (folder / "broken.md").symlink_to(folder / "nothing.md")
    (folder / "loop.md").symlink_to(folder / "loop.md")
    (folder / "directory").symlink_to(outside)
    (folder / "again").symlink_to(folder)
    (folder / "out.pdf").symlink_to(outside / "secret.md")
    content = read_content(folder)
    assert [found.path for found in content.articles] == ["alias.md", "kept.md"]
    assert [(problem.path, problem.reason.split(";")[0]) for problem in content.errors] == [
        ("content/broken.md", "it cannot be read"),
        ("content/directory", "it is a link that leads out of the content folder"),
        ("content/loop.md", "it cannot be read"),
        ("content/out.md", "it is a link that leads out of the content folder"),
    ]


def test_folder_that_is_a_link_itself(folder: Path, tmp_path: Path) -> None:
    (folder / "a.md").write_text(BODY)
    (tmp_path / "link").symlink_to(folder)
    assert len(read_content(tmp_path / "link").articles) == 1


def test_named_pipe_and_odd_names(folder: Path) -> None:
    os.mkfifo(folder / "pipe.md")
    (folder / "line\nbreak.md").write_text(BODY)
    Path(os.fsdecode(os.fsencode(folder) + b"/\xff.md")).write_text(BODY)
    content = read_content(folder)
    assert [str(problem) for problem in content.errors] == [
        "content/line�break.md: its name holds signs that cannot be shown; rename it.",
        "content/pipe.md: it is not an ordinary file; remove it.",
        "content/�.md: its name holds signs that cannot be shown; rename it.",
    ]
    assert content.digest == content_digest(folder)


def test_folder_that_cannot_be_looked_into(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "a.md").write_text(BODY)
    (folder / "inner").mkdir()
    scandir = os.scandir

    def denied(path: str) -> object:  # root may look into everything
        if path.endswith("/inner"):
            raise PermissionError
        return scandir(path)

    monkeypatch.setattr(os, "scandir", denied)
    found = read_content(folder)
    assert [article.id for article in found.articles] == ["a"]
    [error] = found.errors
    assert str(error) == "content/inner: the folder cannot be read; check its permissions."


@pytest.mark.parametrize("place", ["a.md", "inner/a.md"])
def test_link_that_comes_after_the_path_was_looked_at(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "a.md").write_text("A secret.")
    file = folder / place
    file.parent.mkdir(exist_ok=True)
    file.write_text("An article.")
    open_below = content._open_below

    def replaced(root: Path, path: str) -> int:
        if place == "a.md":
            file.unlink()
            file.symlink_to(outside / "a.md")
        else:
            shutil.rmtree(file.parent)
            file.parent.symlink_to(outside)
        return open_below(root, path)

    monkeypatch.setattr(content, "_open_below", replaced)
    found = read_content(folder)
    assert found.articles == ()
    assert [str(error) for error in found.errors] == [
        f"content/{place}: it cannot be read; check its permissions, or what the link leads to."
    ]


def test_pipe_that_comes_after_the_path_was_looked_at(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = folder / "a.md"
    os.mkfifo(file)
    monkeypatch.setattr(Path, "is_file", lambda _: True)
    [error] = read_content(folder).errors
    assert str(error) == "content/a.md: it is not an ordinary file; remove it."


def test_folders_a_thousand_deep(folder: Path) -> None:
    place = folder
    for _ in range(1_100):
        place /= "d"
        place.mkdir()
    (place / "a.md").write_text("Deep words.")
    try:
        [article] = read_content(folder).articles
    finally:
        while place != folder:  # shutil.rmtree is recursive too
            (place / "a.md").unlink(missing_ok=True)
            place.rmdir()
            place = place.parent
    assert article.path == "d/" * 1_100 + "a.md"


def test_long_chain_of_links(folder: Path) -> None:
    (folder / "0").write_text("Some words.")
    for number in range(1, 1_100):
        (folder / str(number)).symlink_to(str(number - 1))
    (folder / "a.md").symlink_to("1099")
    [error] = read_content(folder).errors
    assert str(error) == (
        "content/a.md: it cannot be read; check its permissions, or what the link leads to."
    )


def test_large_file(folder: Path) -> None:
    assert error(folder, "a.txt", b"a" * 5_000_001) == (
        "content/a.txt: it is larger than 5 MB; split it into several articles."
    )


@pytest.mark.parametrize("end", ["\n", "\r", "\r\n"])
def test_file_of_many_lines(folder: Path, end: str) -> None:
    assert article(folder, "a.md", "word" + end * 99_999).paragraphs
    message = error(folder, "a.md", "word" + end * 100_000)
    assert message == (
        "content/a.md: it has more than 100000 lines; split it into several articles."
    )


def test_one_bad_file_does_not_stop_the_others(folder: Path) -> None:
    (folder / "a.md").write_bytes(b"\x00")
    content = read(folder, "b.md", BODY)
    assert [found.id for found in content.articles] == ["b"]
    assert [problem.path for problem in content.errors] == ["content/a.md"]


def test_digest(folder: Path) -> None:
    content = read(folder, "a.md", BODY)
    assert content.digest == content_digest(folder)
    (folder / "notes.pdf").write_bytes(b"1")
    assert content_digest(folder) == content.digest
    (folder / "a.md").rename(folder / "b.md")
    renamed = content_digest(folder)
    (folder / "b.md").write_text(BODY + " ")
    assert len({content.digest, renamed, content_digest(folder)}) == 3


@pytest.mark.parametrize("content", ["", " \n\t\r\n", "\ufeff"])
def test_empty_file(folder: Path, content: str) -> None:
    assert error(folder, "a.md", content) == (
        "content/a.md: it is empty; write the article into it or remove it."
    )


@pytest.mark.parametrize(
    ("name", "content"),
    [("a.md", "# T\n"), ("a.txt", "T"), ("a.md", head("title: T")[: -len(BODY)])],
)
def test_file_without_paragraphs(folder: Path, name: str, content: str) -> None:
    assert error(folder, name, content) == (
        f"content/{name}: it holds no paragraph that could be quoted; add text or remove it."
    )


def test_file_of_which_everything_is_excluded(folder: Path) -> None:
    assert error(folder, "a.md", head("exclude: [Hafen]")) == (
        "content/a.md: every paragraph holds something that its front matter excludes; "
        "exclude less."
    )


# --- decoding -----------------------------------------------------------------------------------

SAMPLE = "Grüße\r\n\r\nDie „Brücke“ über den Fluß wurde für 3 € gebaut.\r\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_utf8(folder: Path, encoding: str) -> None:
    found = article(folder, "a.txt", SAMPLE.encode(encoding))
    assert found.text == SAMPLE
    assert found.notes == ()


def test_utf16(folder: Path) -> None:
    for mark, encoding in ((b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be")):
        found = article(folder, "a.txt", mark + SAMPLE.encode(encoding))
        assert found.text == SAMPLE
        assert found.notes == (Note(1, "read as UTF-16; save it as UTF-8"),)


def test_windows_1252(folder: Path) -> None:
    found = article(folder, "a.txt", ("\n" + SAMPLE).encode("cp1252"))
    assert found.text == "\n" + SAMPLE
    assert found.notes == (Note(2, "read as Windows-1252; save it as UTF-8"),)


def test_windows_1252_that_holds_utf8_by_accident(folder: Path) -> None:
    text = "Titel\nDas war „ein Spaß“ für alle, schrieb das CAFÉ’.\n"
    assert article(folder, "a.txt", text.encode("cp1252")).text == text


@pytest.mark.parametrize(
    ("text", "encoding", "line"),
    [
        ("Мост\n\nМост построили в 1931 году, и с тех пор он пуст.\n", "cp1251", 1),
        ("Γέφυρα\n\nΗ γέφυρα χτίστηκε το 1931 και είναι άδεια.\n", "cp1253", 1),
        ("Most\n\nZażółć gęślą jaźń, a most zbudowano w 1931 roku.\n", "iso8859-2", 3),
        ("Most\n\nMost był żółty, a wieś mała i pusta; łódź stała.\n", "cp1250", 3),
    ],
)
def test_other_encodings_are_not_taken_for_windows_1252(
    folder: Path, text: str, encoding: str, line: int
) -> None:
    assert error(folder, "a.txt", text.encode(encoding)) == (
        f"content/a.txt, line {line}: it is neither UTF-8 nor Windows-1252; save it as UTF-8."
    )


def test_signs_of_windows_1252_in_words(folder: Path) -> None:
    text = "Größe\n\nDie Fläche hat 12 m², das Tor ¾ davon. «Oui»; ¿qué? Açaí, œuf, Ýmir, ŠKODA.\n"
    assert article(folder, "a.txt", text.encode("cp1252")).text == text


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"T\n\nGr\xc3\xbc\xc3\x9fe\r\nund \xfc.\n", "line 4: its UTF-8 is damaged"),
        (b"\xef\xbb\xbfT\n\n\xfc.\n", "line 3: its UTF-8 is damaged"),
        (b"T\n\na\x81b\n", "line 3: it is neither UTF-8 nor Windows-1252"),
        (b"T\n\na\x00b\n", "line 3: it holds a control character"),
        (b"\x89PNG\r\n\x1a\n", "line 2: it holds a control character"),
        (b"\xff\xfea", "content/a.txt: it is damaged UTF-16"),
        (b"\xff\xfe\x00\x00a\x00\x00\x00", "line 1: it holds a control character"),
    ],
)
def test_undecodable(folder: Path, content: bytes, message: str) -> None:
    assert message in error(folder, "a.txt", content)


def test_replacement_sign_is_noted(folder: Path) -> None:
    notes = article(folder, "a.md", "Fine.\n\nBr\ufffdcke.\n").notes
    assert notes == (Note(3, "holds the replacement sign U+FFFD: the text was damaged before"),)


# --- front matter -------------------------------------------------------------------------------


def test_front_matter(folder: Path) -> None:
    text = head(
        "title: 'Der Hafen: leer'",
        "author: [Anna Feld, Ben Au]",
        "publisher: Küstenpost",
        "url: https://example.org/hafen",
        "date: 2024-02-29",
        "language: DE",
        "id: hafen.1",
        "source: Nach einem Bericht der Küstenpost",
        "exclude:",
        "  - Foto Feld",
        "questions: [Wem gehört der Hafen?, 'Seit wann:  gibt es ihn?']",
    )
    found = article(folder, "a.md", text + "\nFoto Feld zeigt das.\n")
    assert found.title == "Der Hafen: leer"
    assert found.author == "Anna Feld, Ben Au"
    assert found.publisher == "Küstenpost"
    assert found.url == "https://example.org/hafen"
    assert found.date == "2024-02-29"
    assert found.language == "de"
    assert found.id == "hafen.1"
    assert found.source == "Nach einem Bericht der Küstenpost"
    assert found.questions == ("Wem gehört der Hafen?", "Seit wann: gibt es ihn?")
    assert [found.text[p.start : p.end] for p in found.paragraphs] == [BODY.strip()]
    assert [omission.line for omission in found.omissions] == [16]
    assert found.notes == ()


def test_defaults(folder: Path) -> None:
    found = article(folder, "Mein Hafen.md", BODY)
    assert (found.id, found.title, found.language) == ("mein-hafen", "Mein Hafen", "de")
    assert (found.author, found.publisher, found.url, found.date, found.source) == (None,) * 5


def test_front_matter_in_plain_text_with_crlf(folder: Path) -> None:
    text = head("title: T", "language: no", "author:", "exclude:", "questions:").replace(
        "\n", "\r\n"
    )
    found = article(folder, "a.txt", text)
    assert (found.title, found.language, found.author) == ("T", "no", None)
    assert [found.text[p.start : p.end] for p in found.paragraphs] == [BODY.strip()]


def test_text_that_is_no_front_matter(folder: Path) -> None:
    assert article(folder, "a.md", "----\n\n" + BODY).title == "a"
    assert article(folder, "a.md", head()).title == "a"


@pytest.mark.parametrize(
    ("lines", "line", "reason"),
    [
        (["author: x", "title: 1984"], 3, "“title” is not text to YAML; put 1984 in quotes"),
        (["title: [a]"], 2, "“title” is not text"),
        (["author:", "  - x", "  - 3"], 2, "“author” holds something that is not text"),
        (["author: {a: b}"], 2, "“author” is not text"),
        (["exclude: x"], 2, "“exclude” is not a list"),
        (["exclude: ['']"], 2, "“exclude” holds something that is not text"),
        (["id: x", "questions: Why?"], 3, "“questions” is not a list; write - and the text on"),
        (["questions: [Why?, 3]"], 2, "“questions” holds something that is not text"),
        (["questions:", "  - a: b"], 2, "“questions” holds something that is not text"),
        (["url: example.org"], 2, "“url” is not a web address"),
        (["url: ftp://example.org"], 2, "“url” is not a web address"),
        (["url: 'http://[x'"], 2, "“url” is not a web address"),
        (["url: http://"], 2, "“url” is not a web address"),
        (["date: 2023-02-29"], 2, "“date” is not a day"),
        (["date: 29.2.2024"], 2, "“date” is not a day"),
        (["date: 20240229"], 2, "“date” is not a day"),
        (["language: deu"], 2, "“language” is not a two-letter code"),
        (["language: german"], 2, "“language” is not a two-letter code"),
        (["id: Großer Hafen"], 2, "“id” is not a short name"),
        (["id: ../x"], 2, "“id” is not a short name"),
        ([f"id: {'a' * 65}"], 2, "“id” is not a short name"),
        (["title: a", "title: b"], 3, "“title” is given twice"),
        (["title: a: b"], 2, "the front matter is not valid YAML"),
        (["title: 'open", "author: x"], 2, "the front matter is not valid YAML"),
        (["title: a\u0085\u0000".replace("\u0000", "\ufffe")], 1, "the front matter is not valid"),
        (["- a", "- b"], 2, "the front matter is not a list of “key: value” lines"),
        (["? [a]", ": b"], 2, "a front matter key is not a word"),
        (["title: &x a", "author: *x"], 2, "the front matter uses a YAML anchor or alias"),
        (["author: x", "title: *x"], 3, "the front matter uses a YAML anchor or alias"),
        (["title: !!python/object:os.system x"], 2, "“title” is not text"),
        (["title: " + "[" * 5000 + "]" * 5000], 2, "the front matter is nested too deeply"),
        (["--- x"], 2, "the front matter is not"),
    ],
)  # fmt: skip
def test_bad_front_matter(folder: Path, lines: list[str], line: int, reason: str) -> None:
    message = error(folder, "a.md", head(*lines))
    assert message.startswith(f"content/a.md, line {line}: {reason}")


@pytest.mark.parametrize("start", ["---\njust words\n---\n", "---\n\n# T\n\n"])
def test_rule_that_may_have_been_meant_as_front_matter(folder: Path, start: str) -> None:
    found = article(folder, "a.md", start + BODY)
    assert found.text[found.paragraphs[-1].start :] == BODY
    said = "the three dashes are read as a rule; for front matter, write “key: value” below them"
    assert Note(1, said) in found.notes


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("\n\n---\ntitle: T\n---\n", "line 3: the front matter does not begin in line 1; remove"),
        ("+++\ntitle = 'T'\n+++\n", "line 1: the front matter is in TOML; write “key: value” in"),
    ],
)
def test_front_matter_that_would_be_quoted(folder: Path, text: str, place: str) -> None:
    assert error(folder, "a.md", text + BODY).startswith(f"content/a.md, {place} ")


def test_rules_at_the_start_of_a_page(folder: Path) -> None:
    for text in ("\n---\n\n" + BODY, "---\n---\n" + BODY, "+++\n\n" + BODY):
        assert article(folder, "a.md", text).notes == ()


def test_two_byte_order_marks(folder: Path) -> None:
    content = codecs.BOM_UTF8 * 2 + b"---\ntitle: T\n---\n" + BODY.encode()
    assert article(folder, "a.md", content).title == "T"


def test_front_matter_without_end(folder: Path) -> None:
    assert error(folder, "a.md", "---\ntitle: x\n\n" + BODY) == (
        "content/a.md, line 1: the front matter has no end; close it with a line of three dashes."
    )


def test_notes(folder: Path) -> None:
    found = article(
        folder, "a.md", head("titel: x", "colour: y", "exclude: [Nirgends]", "keep: [Hafen, Nie]")
    )
    keys = "title, author, publisher, url, date, language, id, exclude, keep, questions, source"
    assert found.notes == (
        Note(2, "unknown front matter key “titel”; did you mean “title”?"),
        Note(3, f"unknown front matter key “colour”; known are {keys}"),
        Note(4, "“Nirgends” (exclude) is in no line that is read"),
        Note(5, "“Nie” (keep) is nowhere in the text"),
    )


# --- ids and languages --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("a.md", "a"),
        ("Deep/Er Name_2.v1.txt", "deep-er-name-2-v1"),
        ("Straße & Café.md", "strasse-cafe"),
        ("Łódź/Smørrebrød.md", "lodz-smorrebrod"),
        ("Война и мир.md", "voina-i-mir"),
        ("Ψυχή.md", "psychi"),
        ("ﬁn 2½.md", "fin-21-2"),
        ("---.md", "article-@"),
        ("日本.md", "article-@"),
        ("日本/tokyo.md", "tokyo-@"),
        (f"{'a' * 70}.md", f"{'a' * 55}-@"),
    ],
)
def test_article_id(path: str, expected: str) -> None:
    mark = hashlib.sha256(path.removesuffix(".md").encode()).hexdigest()[:8]
    assert article_id(path) == expected.replace("@", mark)


@given(st.text(st.characters(exclude_characters="\x00/", exclude_categories=["Cs"]), min_size=1))
def test_article_id_is_always_valid(name: str) -> None:
    found = article_id(f"{name}.md")
    assert 0 < len(found) <= 64
    assert set(found) <= set("abcdefghijklmnopqrstuvwxyz0123456789-")


def test_two_articles_with_one_id(folder: Path) -> None:
    (folder / "a-b.md").write_text(BODY)
    content = read(folder, "a/b.md", BODY)
    assert [found.path for found in content.articles] == ["a-b.md"]
    assert str(content.errors[0]) == (
        "content/a/b.md: its id “a-b” is that of content/a-b.md too; "
        "give one of them another id in its front matter."
    )


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("The harbour was built in the year 1931 and has been empty ever since.", "en"),
        ("Le port a été construit en 1931 et il est resté vide depuis ce temps.", "fr"),
        ("Этот порт построили в 1931 году, и с тех пор он стоит совсем пустой.", "ru"),
        ("12 + 12 = 24", "en"),
    ],
)
def test_language_is_detected(folder: Path, text: str, language: str) -> None:
    assert article(folder, "a.md", text).language == language


# --- any file -----------------------------------------------------------------------------------


HEAD_PARTS = [
    *(
        "---\n",
        "title",
        ": ",
        "&a ",
        "*a",
        "[",
        "]",
        "{",
        "- ",
        "\n",
        "'",
        '"',
        "date: ",
        "x",
        "\t",
    ),
    *("exclude:\n", "? ", "!!set ", "<<: ", "0b", "|\n ", "%YAML 9\n", "language: no\n"),
]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.one_of(
        st.binary(max_size=200),
        st.text(max_size=200).map(str.encode),
        st.lists(st.sampled_from(HEAD_PARTS)).map(
            lambda parts: f"---\n{''.join(parts)}\n---\nSome words here.\n".encode()
        ),
    ),
    st.sampled_from(["a.md", "a.txt"]),
)
def test_any_file(tmp_path: Path, content: bytes, name: str) -> None:
    folder = tmp_path / "any"
    folder.mkdir(exist_ok=True)
    for old in folder.iterdir():
        old.unlink()
    found = read(folder, name, content)
    assert len(found.articles) + len(found.errors) == 1
    for problem in found.errors:
        assert str(problem).startswith(f"any/{name}")
        assert "\n" not in str(problem)
    for one in found.articles:
        assert one.paragraphs
        assert one.title
        assert len(one.language) == 2
        before = 0
        for paragraph in one.paragraphs:
            quote = one.text[paragraph.start : paragraph.end]
            assert quote
            assert quote == quote.strip()
            assert before <= paragraph.start
            before = paragraph.end
