"""The command line: ``beleg ask``, ``index``, ``check``, ``evaluate``, ``fit`` and ``run``.

Results go to standard output, everything else to standard error. What a person can mend ends with
one sentence and exit status 2.
"""

from __future__ import annotations

import errno
import io
import json
import logging
import os
import signal
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from bot import report
from bot.settings import Settings, SettingsError, load_settings
from index.question_forms import Form

if TYPE_CHECKING:  # the model's libraries take seconds to import, and --help needs none of them
    from index.encoder import Encoder
    from index.library import Library
    from index.update import IndexReport

OnProgress = Callable[[int, int], None]


def _folder(name: str) -> Path:
    """The folder of an option. An empty name, as of a variable that is not set, is no folder."""
    if not name:
        raise typer.BadParameter("the name of the folder is empty")
    return Path(name)


ContentOption = Annotated[
    Path | None,
    typer.Option(
        "--content",
        help="Folder of the articles.",
        show_default="content",
        parser=_folder,
        metavar="FOLDER",
    ),
]
DataOption = Annotated[
    Path | None,
    typer.Option(
        "--data",
        help="Folder of the index.",
        show_default=".data",
        parser=_folder,
        metavar="FOLDER",
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]

app = typer.Typer(
    help="Answers questions with the passage that answers them, word for word, with its source.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


# Typer has a public name for one kind of wrong usage only; this is the kind above it.
_WRONG_USAGE: type[typer.BadParameter] = typer.BadParameter.__bases__[0]


@app.command()
def ask(
    question: Annotated[str, typer.Argument(help="What you want to know, in any language.")],
    top: Annotated[int, typer.Option(min=1, max=50, help="Passages to show at most.")] = 3,
    as_json: JsonOption = False,
    content: ContentOption = None,
    data: DataOption = None,
) -> None:
    """Bring the index up to date with the articles, and answer a question."""
    if not question.strip():
        _note("The question is empty; write one.")
        raise typer.Exit(2)
    try:
        question.encode()
    except UnicodeEncodeError:  # Python carries bytes that it cannot decode as lone surrogates
        _note("The question holds bytes that are not text; check the terminal's encoding.")
        raise typer.Exit(2) from None
    settings = load_settings(content=content, data=data)
    encoder = _encoder(settings)
    library, done = _open(settings, encoder)
    for line in report.notes(done):
        _note(line)
    from index.answer import is_cut
    from index.questions import MOST_QUESTIONS, questions_left_out

    if is_cut(question, encoder):
        _note(
            f"The question is longer than the {encoder.max_tokens} tokens that the model reads; "
            "its end was not looked up: shorten it."
        )
    answer = library.answer(question, top)
    if left_out := questions_left_out(question):
        _note(
            f"Only the first {MOST_QUESTIONS} questions were looked up; ask again from "
            f"“{left_out[0]}” on."
        )
    for left in answer.not_shown:
        _note(f"No room for an answer to “{left}”: ask it alone, or raise --top.")
    if as_json:
        _print_json(report.answer_json(answer))
    else:
        report.print_answer(answer, library, _console())


@app.command()
def index(
    as_json: JsonOption = False, content: ContentOption = None, data: DataOption = None
) -> None:
    """Build the index, or bring it up to date with the articles."""
    settings = load_settings(content=content, data=data)
    _, done = _open(settings, _encoder(settings))
    if as_json:
        _print_json(report.index_json(done))
        return
    report.print_index(done, _console())
    for line in report.left_out(done):
        _note(line)


@app.command()
def check(content: ContentOption = None) -> None:
    """Lint the articles: what cannot be read, what was left out and why, what looks wrong."""
    from index.content import read_content

    folder = load_settings(content=content).content
    found = read_content(folder)
    report.print_check(found, _console())
    if not found.articles and not found.errors:
        _note(f"{folder}: it holds no article; put a Markdown or text file there.")
    if found.errors or not found.articles:
        raise typer.Exit(2)


@app.command()
def evaluate(
    passages: Annotated[Path, typer.Option(help="SQuAD-format file whose passages are indexed.")],
    questions: Annotated[Path, typer.Option(help="SQuAD-format file whose questions are asked.")],
    absent: Annotated[
        Path | None, typer.Option(help="SQuAD-format file of questions on articles not indexed.")
    ] = None,
    form: Annotated[Form, typer.Option(help="How the questions are worded.")] = Form.AS_WRITTEN,
    plots: Annotated[
        Path | None,
        typer.Option(help="Folder for a reliability diagram and a precision-coverage plot."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Measure the answers to questions whose answers are known; questions belong to passages by
    id."""
    from index.evaluate import as_json as figures_json
    from index.evaluate import evaluate as measure
    from index.evaluate import read_squad
    from index.fit import load_fit
    from index.question_forms import reword

    squad = {path: read_squad(path) for path in (passages, questions, absent) if path}
    encoder = _encoder(load_settings())
    with _progress("Questions") as on_progress:
        figures = measure(
            squad[passages],
            reword(squad[questions], form),
            reword(squad[absent], form) if absent else {},
            encoder,
            load_fit(encoder),
            on_progress,
        )
    if as_json:
        _print_json(figures_json(figures))
    else:
        report.print_evaluation(figures, _console())
    if plots:
        from index.plots import write_plots

        for path in write_plots(figures.judged, plots):
            _note(f"Written to {path}.")


@app.command()
def fit(
    files: Annotated[
        list[Path],
        typer.Argument(help="SQuAD-format files: the same articles in one language each."),
    ],
    output: Annotated[
        Path | None, typer.Option(help="Where to write; default: among the program's fits.")
    ] = None,
    held_out: Annotated[
        Path | None,
        typer.Option(
            help="SQuAD-format file of other articles, with questions that they do not answer; "
            "the confidence is learned from them too."
        ),
    ] = None,
) -> None:
    """Learn the numbers of the model in use, and report them cross-fitted: takes minutes."""
    from index.evaluate import EvaluationError, read_squad
    from index.fit import fit_path, load_reader, write_fit
    from index.fitting import (
        by_language,
        check_held_out,
        fit_model,
        provenance,
        read_small_talk,
    )

    datasets = by_language([read_squad(file) for file in files])
    besides = read_squad(held_out) if held_out else None
    if besides:
        check_held_out(besides, datasets)
    encoder = _encoder(load_settings())
    path = output or fit_path(encoder.name)
    # Before the minutes that learning takes.
    if path.is_dir():
        raise EvaluationError(f"{path} is a folder; name a file with --output.")
    if not os.access(path.parent, os.W_OK):
        raise EvaluationError(
            f"The folder {path.parent} cannot be written; name another file with --output."
        )
    with _status("Learning …"):
        reader = load_reader(encoder.name)
        fitted, cells = fit_model(datasets, read_small_talk(), encoder, besides, reader)
    command = " ".join(["beleg fit", *(file.name for file in files)])
    if held_out:
        command += f" --held-out {held_out.name}"
    write_fit(path, fitted, provenance(encoder, datasets, cells, command, besides))
    report.print_cells(cells, _console())
    _note(f"Written to {path}.")


@app.command()
def run(content: ContentOption = None, data: DataOption = None) -> None:
    """Start the Discord bot; the token comes from DISCORD_TOKEN, the file .env, or the file that
    DISCORD_TOKEN_FILE names."""
    # Until there is something to finish, a stop is just an end.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    settings = load_settings(content=content, data=data)
    settings.required_token()  # before the client takes its second to be imported
    for sentence in settings.exposed():
        _note(sentence)
    from bot.start import run as run_bot
    from bot.stop import leave

    log = logging.getLogger("bot.cli")

    def tell(done: IndexReport) -> None:
        for line in report.left_out(done):
            log.warning("%s", line)

    try:
        run_bot(settings, partial(_encoder, settings), on_report=tell)
    except Exception as error:  # noqa: BLE001 - told, or raised again
        # A thread may still be at work, or wait for another process.
        leave(_told(error))
    leave(0)


def main() -> None:
    """Run the command line; errors a person can mend become one sentence and exit status 2."""
    # A stream that was closed before the start is None.
    sys.stdout = sys.stdout or os.fdopen(os.open(os.devnull, os.O_WRONLY), "w")
    sys.stderr = sys.stderr or os.fdopen(os.open(os.devnull, os.O_WRONLY), "w")
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # A letter that the console's encoding lacks is shown as an escape, not as a traceback.
            stream.reconfigure(errors="backslashreplace")
    try:
        status = app(standalone_mode=False)
        sys.stdout.flush()
    except _WRONG_USAGE as error:
        _note(_usage(error))
        sys.exit(2)
    except BrokenPipeError:  # a reader such as head may close the pipe before the end
        _drop_output()
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
    except Exception as error:  # noqa: BLE001 - told, or raised again
        if isinstance(error, OSError) and error.errno == errno.ENOSPC and error.filename is None:
            _drop_output()  # the disks of index and database have errors of their own
            _note("The output cannot be written: its disk is full; make room, or write elsewhere.")
            sys.exit(2)
        sys.exit(_told(error))
    sys.exit(status or 0)


def _drop_output() -> None:
    """Send what is still to be written to standard output nowhere, or Python fails at its end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _told(error: Exception) -> int:
    """The status to end with after ``error``, whose sentence is printed; raises one that is not
    meant for the person at the keyboard."""
    if not isinstance(error, _known_errors()):
        raise error
    _note(str(error))
    status: int = getattr(error, "status", 2)
    return status


def _usage(error: typer.BadParameter) -> str:
    """One sentence for a command line that is not understood; all the help for an empty one."""
    if len(sys.argv) < 2:
        return str(error.format_message())
    what = " ".join(error.format_message().split()).rstrip(".")
    where = error.ctx.command_path if error.ctx else "beleg"
    return f"{what}; {where} --help says what there is."


def _known_errors() -> tuple[type[Exception], ...]:
    """The errors whose ``str()`` is written for the person at the keyboard.

    Looked up only when something went wrong: importing their modules takes time.
    """
    from bot.client import StartError
    from bot.database import DatabaseError
    from index.content import ContentError
    from index.encoder import ModelError
    from index.evaluate import EvaluationError
    from index.storage import StorageError

    return (
        SettingsError,
        StartError,
        DatabaseError,
        ModelError,
        ContentError,
        EvaluationError,
        StorageError,
    )


def _encoder(settings: Settings) -> Encoder:
    from index.byte_products import prepare
    from index.language import load_languages

    # Unpacking the languages takes a second of another core, while this one loads the model.
    with ThreadPoolExecutor(1) as aside:
        languages = aside.submit(load_languages)
        products = aside.submit(prepare)
        with _status("Loading the model …"):
            from index.encoder import load_encoder
        with _progress("Unpacking the model, once") as on_progress:
            encoder = load_encoder(settings.model, cache=settings.cache, on_progress=on_progress)
        languages.result()
        products.result()
    return encoder


def _open(settings: Settings, encoder: Encoder) -> tuple[Library, IndexReport]:
    from index.library import Library
    from index.nearest import Search

    with _progress("Encoding the articles") as on_progress:
        return Library.open(
            settings.content,
            settings.data,
            encoder,
            token_limit=settings.token_limit,
            search=Search(settings.search),
            on_progress=on_progress,
        )


def _console() -> Console:
    if sys.stdout.isatty():
        return Console(highlight=False)
    # Plain and unwrapped, whatever the environment says about colours.
    return Console(highlight=False, soft_wrap=True, force_terminal=False, color_system=None)


def _note(text: str) -> None:
    print(report.harmless(text), file=sys.stderr)


def _print_json(content: dict[str, Any]) -> None:
    # A console of another encoding cannot show every letter; JSON can spell them in ASCII.
    ascii_only = sys.stdout.encoding.lower().replace("-", "") != "utf8"
    print(json.dumps(content, ensure_ascii=ascii_only, indent=2))


@contextmanager
def _status(text: str) -> Iterator[None]:
    """Say on a terminal's standard error what is going on, until it is done."""
    if not sys.stderr.isatty():
        yield
        return
    with Console(stderr=True).status(text):
        yield


def _unseen(_done: int, _total: int) -> None:
    """Progress without a terminal to show it on."""


@contextmanager
def _progress(text: str) -> Iterator[OnProgress]:
    """A progress bar on a terminal's standard error that appears with the first report."""
    if not sys.stderr.isatty():
        yield _unseen
        return
    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
    )
    task = bar.add_task(text, visible=False, total=None)

    def show(done: int, total: int) -> None:
        bar.update(task, completed=done, total=total, visible=True)

    with bar:
        yield show


if __name__ == "__main__":
    main()
