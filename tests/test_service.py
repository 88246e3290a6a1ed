"""The library behind the bot, without Discord: its threads, and what joins or stops a reindex."""

import asyncio
import contextlib
import gc
import threading
import weakref
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from itertools import chain
from pathlib import Path
from typing import Any, cast

import pytest
from content_folder import ContentFolder
from discord_world import QUESTION, QUOTE, FakeLibrary, article, report
from fits import fit_for

import bot.service
from bot import start
from bot.catalogue import LANGUAGES
from bot.database import Database
from bot.service import (
    AT_WORK,
    MOST_AT_ONCE,
    LibraryService,
    PreparingError,
    Progress,
    ReindexStoppedError,
    load_for_threads,
    spare_what_is_there,
)
from bot.services import Services
from bot.settings import Settings
from bot.start import prepare
from index.answer import Answer, Asked
from index.content import ContentError
from index.cores import cores_are_shared
from index.encoder import QuestionEncoding
from index.library import Library
from index.model_file import ModelError
from index.reader import Reader
from index.update import IndexReport
from tests.fake_encoder import FakeEncoder


@dataclass
class Gate:
    """A reindex that waits to be let through, step by step."""

    steps: list[threading.Event]
    runs: int = 0
    began: threading.Event = field(default_factory=threading.Event)

    def reopen(self, on_progress: Callable[[int, int], None]) -> tuple[Library, IndexReport]:
        self.runs += 1
        for number, step in enumerate(self.steps):
            on_progress(number, len(self.steps))
            self.began.set()
            assert step.wait(30)
        return cast(Library, FakeLibrary([article("new", "New")])), report()


async def ignore(progress: Progress) -> None:
    pass


async def test_a_second_reindex_joins_and_questions_are_answered_meanwhile() -> None:
    gate = Gate([threading.Event()])
    library = FakeLibrary()
    service = LibraryService(cast(Library, library), reopen=gate.reopen)
    first = asyncio.create_task(service.reindex(ignore))
    assert await asyncio.to_thread(gate.began.wait, 30)
    second = asyncio.create_task(service.reindex(ignore))
    answer = await service.answer(QUESTION)
    assert answer.citations[0].quote == QUOTE
    assert service.titles == ["The old lighthouse"]
    gate.steps[0].set()
    assert await first == await second == report()
    assert gate.runs == 1
    assert service.titles == ["New"]
    await service.reindex(ignore)
    assert gate.runs == 2
    service.close()


async def test_after_a_change_one_more_reindex_reads_the_articles_anew() -> None:
    """The one that runs may have read them before they were changed."""
    gate = Gate([threading.Event()])
    service = LibraryService(cast(Library, FakeLibrary()), reopen=gate.reopen)
    running = asyncio.create_task(service.reindex(ignore))
    assert await asyncio.to_thread(gate.began.wait, 30)
    changed = [asyncio.create_task(service.reindex(ignore, changed=True)) for _ in range(2)]
    await asyncio.sleep(0)
    assert gate.runs == 1
    gate.steps[0].set()
    assert await asyncio.gather(running, *changed) == [report()] * 3
    # The two changes share it.
    assert gate.runs == 2
    service.close()


@pytest.mark.parametrize("ready", [True, False])
@pytest.mark.parametrize(
    ("error", "words"),
    [
        (ContentError("content", None, "it holds no article"), "content: it holds no article."),
        (RecursionError("too deep"), "the first reindex failed"),
    ],
)
async def test_an_update_that_fails_at_the_start_leaves_the_old_index(
    ready: bool, error: Exception, words: str, caplog: pytest.LogCaptureFixture
) -> None:
    def reopen(_: Callable[[int, int], None]) -> tuple[Library, IndexReport]:
        raise error

    library = cast(Library, FakeLibrary()) if ready else None
    service = LibraryService(library, reopen=reopen)
    reports: list[IndexReport] = []
    if ready:
        await prepare(service, reports.append)
        assert service.titles == ["The old lighthouse"]
        assert words in caplog.text
    else:
        with pytest.raises(type(error)):
            await prepare(service, reports.append)
    assert reports == []
    service.close()


async def test_progress_is_told_when_it_has_changed() -> None:
    gate = Gate([threading.Event(), threading.Event(), threading.Event()])
    service = LibraryService(cast(Library, FakeLibrary()), reopen=gate.reopen)
    told: list[Progress] = []

    async def note(progress: Progress) -> None:
        told.append(progress)
        gate.steps[progress.done].set()

    await service.reindex(note, every=0.01)
    assert told == [Progress(0, 3), Progress(1, 3), Progress(2, 3)]
    service.close()


async def test_a_cancelled_caller_does_not_take_the_reindex_down() -> None:
    gate = Gate([threading.Event()])
    service = LibraryService(cast(Library, FakeLibrary()), reopen=gate.reopen)
    first = asyncio.create_task(service.reindex(ignore))
    assert await asyncio.to_thread(gate.began.wait, 30)
    second = asyncio.create_task(service.reindex(ignore))
    await asyncio.sleep(0)
    first.cancel()
    gate.steps[0].set()
    assert await second == report()
    assert gate.runs == 1
    service.close()


async def test_a_stop_breaks_a_reindex_off_at_its_next_step() -> None:
    gate = Gate([threading.Event(), threading.Event()])
    service = LibraryService(cast(Library, FakeLibrary()), reopen=gate.reopen)
    running = asyncio.create_task(service.reindex(ignore))
    assert await asyncio.to_thread(gate.began.wait, 30)
    service.stop_reindex()
    gate.steps[0].set()
    with pytest.raises(ReindexStoppedError):
        await running
    with pytest.raises(ReindexStoppedError):
        await service.reindex(ignore)
    assert gate.runs == 1
    assert service.titles == ["The old lighthouse"]
    service.close()


async def test_before_the_first_reindex_there_is_nothing_to_ask() -> None:
    gate = Gate([threading.Event(), threading.Event()])
    service = LibraryService(None, reopen=gate.reopen)
    assert (service.ready, service.titles, service.preparing) == (False, [], None)
    with pytest.raises(PreparingError):
        await service.answer(QUESTION)
    first = asyncio.create_task(service.reindex(ignore))
    assert await asyncio.to_thread(gate.began.wait, 30)
    assert (service.ready, service.preparing) == (False, Progress(0, 2))
    for step in gate.steps:
        step.set()
    await first
    assert (service.ready, service.titles, service.preparing) == (True, ["New"], None)
    service.close()


async def test_what_is_there_after_the_first_reindex_is_spared_the_search_for_garbage(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    spared: list[bool] = []
    service = LibraryService(None, reopen=Gate([]).reopen)
    monkeypatch.setattr(bot.service, "spare_what_is_there", lambda: spared.append(service.ready))
    await service.reindex(ignore)
    await service.reindex(ignore)
    assert spared == [False]
    service.close()


def test_what_is_there_is_spared_the_search_for_garbage() -> None:
    """Cycles from before stay, and those from after are found."""

    class Cycle:
        def __init__(self) -> None:
            self.itself = self

    garbage, kept = Cycle(), Cycle()
    gone, stays = weakref.ref(garbage), weakref.ref(kept)
    del garbage
    try:
        spare_what_is_there()
        later = Cycle()
        found = weakref.ref(later)
        del kept, later
        gc.collect()
        assert (gone(), found()) == (None, None)
        assert stays() is not None
    finally:
        gc.unfreeze()
    gc.collect()
    assert stays() is None


async def test_a_reindex_that_fails_keeps_the_old_library_and_can_be_tried_again() -> None:
    failures = [OSError("disk full")]

    def reopen(on_progress: Callable[[int, int], None]) -> tuple[Library, IndexReport]:
        if failures:
            raise failures.pop()
        return cast(Library, FakeLibrary([article("new", "New")])), report()

    service = LibraryService(cast(Library, FakeLibrary()), reopen=reopen)
    with pytest.raises(OSError, match="disk full"):
        await service.reindex(ignore)
    assert service.titles == ["The old lighthouse"]
    await service.reindex(ignore)
    assert service.titles == ["New"]
    service.close()


async def test_what_waits_for_an_answer_is_counted() -> None:
    gate = threading.Event()
    library = FakeLibrary(gate=gate)
    service = LibraryService(cast(Library, library), reopen=Gate([]).reopen)
    first, second = (asyncio.create_task(service.answer(QUESTION)) for _ in range(2))
    await asyncio.sleep(0)
    assert service.waiting == 2
    gate.set()
    await asyncio.gather(first, second)
    assert library.asked == [QUESTION, QUESTION]
    assert service.waiting == 0
    service.close()


async def test_the_library_is_asked_with_everything_that_was_said() -> None:
    library = FakeLibrary()
    service = LibraryService(cast(Library, library), reopen=Gate([]).reopen)
    await service.answer(QUESTION, article="lighthouse", before="who?", strictness=1.0)
    assert library.options == [{"article": "lighthouse", "before": "who?", "strictness": 1.0}]
    service.close()


@dataclass
class BatchLibrary(FakeLibrary):
    """Remembers what it was asked together."""

    batches: list[list[str]] = field(default_factory=list)
    shared: list[bool] = field(default_factory=list)
    """Whether it was asked by a thread that leaves cores to others."""

    def answers(self, asked: Sequence[Asked]) -> list[Answer]:
        self.batches.append([one.message for one in asked])
        self.shared.append(cores_are_shared())
        return super().answers(asked)

    def answer(self, question: str, top: int = 3, **options: Any) -> Answer:
        answer = super().answer(question, top, **options)
        if question == "bad":
            raise ValueError(question)
        return answer


async def busy(service: LibraryService, library: BatchLibrary) -> list[asyncio.Task[Answer]]:
    """Questions that every thread that answers is at; ``library`` waits for its gate."""
    asked = []
    for number in range(AT_WORK):
        asked.append(asyncio.create_task(service.answer(f"first {number}")))
        while len(library.batches) <= number:
            await asyncio.sleep(0.001)
    return asked


FIRST = [[f"first {number}"] for number in range(AT_WORK)]


async def waiting_behind(gate: threading.Event, library: BatchLibrary, *questions: str) -> Any:
    """What comes of ``questions`` that are asked while all threads are busy."""
    service = LibraryService(cast(Library, library), reopen=Gate([]).reopen)
    first = await busy(service, library)
    asked = [asyncio.create_task(service.answer(question)) for question in questions]
    await asyncio.sleep(0)
    gate.set()
    outcomes = await asyncio.gather(*asked, return_exceptions=True)
    await asyncio.gather(*first)
    assert service.waiting == 0
    service.close()
    return outcomes


async def sizes_of_batches(count: int) -> list[int]:
    """How many of ``count`` questions that wait for busy threads are looked up together."""
    gate = threading.Event()
    library = BatchLibrary(gate=gate)
    questions = [str(number) for number in range(count)]
    answers = await waiting_behind(gate, library, *questions)
    assert [answer.question for answer in answers] == questions
    assert library.batches[:AT_WORK] == FIRST
    rest = sorted(library.batches[AT_WORK:], key=lambda batch: int(batch[0]))
    assert [*chain(*rest)] == questions
    return [len(batch) for batch in rest]


async def test_questions_that_wait_are_looked_up_together() -> None:
    sizes = await sizes_of_batches(AT_WORK * MOST_AT_ONCE + 1)
    assert sizes[0] == max(sizes) == MOST_AT_ONCE


async def test_no_thread_takes_what_another_could() -> None:
    # When the first thread takes some, the other has one question besides these.
    sizes = await sizes_of_batches(7)
    assert sizes[0] == max(sizes) == 4


async def test_a_lone_question_has_all_cores_and_others_share_them() -> None:
    library = BatchLibrary()
    service = LibraryService(cast(Library, library), reopen=Gate([]).reopen)
    await service.answer("alone")
    assert (library.batches, library.shared) == ([["alone"]], [False])
    await asyncio.gather(service.answer("one"), service.answer("other"))
    assert library.shared[1:] == [True, True]
    assert await service.aside(cores_are_shared)
    service.close()


class SharingEncoder(FakeEncoder):
    """Notes whether questions are encoded by a thread that leaves cores to others."""

    def encode_questions(self, texts: Sequence[str]) -> list[QuestionEncoding]:
        self.shared = cores_are_shared()
        return super().encode_questions(texts)


class SharingReader(Reader):
    """Notes whether it is loaded for threads that leave cores to others."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.shared: list[bool] = []

    def prepare(self) -> None:
        self.shared.append(cores_are_shared())


def read_by(monkeypatch: pytest.MonkeyPatch, reader: Reader) -> None:
    """Let every model have the reader."""
    monkeypatch.setattr(
        bot.service, "load_fit", lambda encoder: replace(fit_for(encoder), reader=reader)
    )


def test_what_threads_need_is_loaded_before_they_begin(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    encoder, reader = SharingEncoder(), SharingReader(tmp_path / "reader.onnx")
    read_by(monkeypatch, reader)
    load_for_threads(encoder)
    assert encoder.shared
    # One that answers the only question there is has all cores.
    assert reader.shared == [False, True]
    assert not cores_are_shared()


def test_a_damaged_reader_is_found_before_they_begin(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "reader.onnx"
    path.write_bytes(b"no graph")
    read_by(monkeypatch, Reader(path))
    with pytest.raises(ModelError, match=r"reader\.onnx is damaged: install Beleg anew"):
        load_for_threads(SharingEncoder())


async def test_a_question_is_looked_up_while_another_is() -> None:
    gate = threading.Event()
    library = BatchLibrary(gate=gate)
    service = LibraryService(cast(Library, library), reopen=Gate([]).reopen)
    asked = await busy(service, library)
    assert library.batches == FIRST
    assert not any(task.done() for task in asked)
    gate.set()
    assert [answer.question for answer in await asyncio.gather(*asked)] == [
        question for [question] in FIRST
    ]
    service.close()


async def test_whoever_asks_just_as_the_others_are_answered_is_answered_too() -> None:
    """Nobody is left in a queue that nobody reads."""
    service = LibraryService(cast(Library, BatchLibrary()), reopen=Gate([]).reopen)

    async def client(number: int) -> None:
        for turn in range(20):
            question = f"{number}.{turn}"
            assert (await service.answer(question)).question == question

    async with asyncio.timeout(30):
        await asyncio.gather(*(client(number) for number in range(2 * AT_WORK + 1)))
    service.close()


async def test_one_question_that_fails_does_not_take_the_others_along() -> None:
    gate = threading.Event()
    library = BatchLibrary(gate=gate)
    one, bad, other = await waiting_behind(gate, library, "one", "bad", "other")
    assert (one.question, other.question) == ("one", "other")
    assert isinstance(bad, ValueError)


async def test_a_library_that_failed_is_gone_once_it_is_replaced() -> None:
    """Without the search for garbage, which spares the library that the bot starts with."""
    library = BatchLibrary()
    gone = weakref.ref(library)
    service = LibraryService(cast(Library, library), reopen=Gate([]).reopen)
    del library

    async def fails() -> None:
        with contextlib.suppress(ValueError):
            await service.answer("bad")

    gc.collect()
    gc.disable()
    try:
        await fails()
        await service.reindex(ignore)
        for _ in range(1000):
            if gone() is None:
                break
            await asyncio.sleep(0.001)
        assert gone() is None
    finally:
        gc.enable()
    service.close()


def test_the_library_that_the_bot_starts_with_is_gone_once_it_is_replaced(
    content: ContentFolder, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Although the search for garbage spares it."""
    encoder = FakeEncoder()
    content.write("a.md", "Ropes are twisted from hemp.")
    Library.open(content.path, data, encoder)
    alive: list[bool] = []

    async def run(services: Services, *_: object) -> None:
        gone = weakref.ref(services.library.library)
        gc.disable()
        for text in ("Pans boil salt.", "Lamps burned whale oil."):
            alive.append(gone() is not None)
            content.write("a.md", text)
            await services.library.reindex(ignore)
        alive.append(gone() is not None)
        services.library.close()

    def on_report(_: IndexReport) -> None:
        pass

    monkeypatch.setattr(start, "_run", run)
    monkeypatch.setenv("BELEG_CONTENT", str(content.path))
    monkeypatch.setenv("BELEG_DATA", str(data))
    settings = Settings()
    try:
        with closing(Database.open(data / "test.sqlite3")) as database:
            start._serve(settings, encoder, database, "token", None, on_report)
    finally:
        gc.enable()
        gc.unfreeze()
    assert alive == [True, False, False]


async def test_a_system_that_gives_no_more_threads_is_no_stop(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    service = LibraryService(cast(Library, BatchLibrary()), reopen=Gate([]).reopen)
    with monkeypatch.context() as patch:

        def refuse(*_: object) -> None:
            raise RuntimeError("can't start new thread")

        patch.setattr(service._answers, "submit", refuse)
        with pytest.raises(RuntimeError, match="can't start new thread"):
            await service.answer("one")
    assert (await service.answer("two")).question == "two"
    service.close()


async def test_who_gives_up_waiting_is_not_looked_up() -> None:
    gate = threading.Event()
    library = BatchLibrary(gate=gate)
    service = LibraryService(cast(Library, library), reopen=Gate([]).reopen)
    first = await busy(service, library)
    gone, stays = (asyncio.create_task(service.answer(text)) for text in ("gone", "stays"))
    await asyncio.sleep(0)
    gone.cancel()
    await asyncio.sleep(0)
    gate.set()
    assert (await stays).question == "stays"
    assert library.batches == [*FIRST, ["stays"]]
    await asyncio.gather(*first)
    service.close()


async def test_a_question_that_waits_when_the_bot_stops_is_cancelled() -> None:
    gate = threading.Event()
    library = BatchLibrary(gate=gate)
    service = LibraryService(cast(Library, library), reopen=Gate([]).reopen)
    first = await busy(service, library)
    waiting = asyncio.create_task(service.answer("waiting"))
    await asyncio.sleep(0)
    service.close()
    gate.set()
    answers = await asyncio.gather(*first)
    assert [answer.question for answer in answers] == [question for [question] in FIRST]
    with pytest.raises(asyncio.CancelledError):
        await waiting


@dataclass
class ExamplesLibrary(FakeLibrary):
    """Notes for which languages examples are looked up, each of which waits for the gate."""

    languages: list[str | None] = field(default_factory=list)
    let: threading.Event = field(default_factory=threading.Event)

    def examples(self, count: int = 3, *, language: str | None = None) -> tuple[str, ...]:
        self.languages.append(language)
        assert self.let.wait(30)
        return super().examples(count, language=language)


async def reindexed_to(*libraries: ExamplesLibrary) -> LibraryService:
    """A service after a reindex for each of ``libraries``; the examples of the first are being
    looked up."""
    left = [*libraries]
    service = LibraryService(None, reopen=lambda _: (cast(Library, left.pop(0)), report()))
    for library in libraries:
        await service.reindex(ignore)
        while not libraries[0].languages:
            await asyncio.sleep(0.001)
        assert service.library is cast(Library, library)
    return service


async def test_examples_are_looked_up_for_no_library_that_was_replaced() -> None:
    first, second, third = ExamplesLibrary(), ExamplesLibrary(), ExamplesLibrary()
    third.let.set()
    gone = weakref.ref(second)
    service = await reindexed_to(first, second, third)
    second_languages = second.languages
    del second
    gc.collect()
    assert gone() is None  # nothing that waits holds it
    first.let.set()
    while len(third.languages) < len(LANGUAGES):
        await asyncio.sleep(0.001)
    assert third.languages[: len(LANGUAGES)] == list(LANGUAGES)
    assert (len(first.languages), second_languages) == (1, [])
    assert first.prepared == 1 <= third.prepared
    service.close()


async def test_what_cannot_be_prepared_is_logged_and_takes_nothing_along(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(_: FakeLibrary) -> None:
        raise MemoryError

    monkeypatch.setattr(FakeLibrary, "prepare", fail)
    library = ExamplesLibrary()
    library.let.set()
    service = await reindexed_to(library)
    service._preparing.shutdown(wait=True)
    assert library.languages == list(LANGUAGES)
    assert caplog.messages.count("the library could not be prepared for its first questions") == 1
    service.close()


async def test_a_refusal_does_not_wait_for_examples_that_are_prepared() -> None:
    library = ExamplesLibrary()
    service = await reindexed_to(library)
    found = await asyncio.wait_for(service.example_questions(lambda: ("Who?",)), 10)
    assert found == ("Who?",)
    assert not library.let.is_set()
    library.let.set()
    service.close()


async def test_a_bot_that_stops_begins_no_examples_and_goes_no_further() -> None:
    library, other = ExamplesLibrary(), ExamplesLibrary()
    running = await reindexed_to(library)
    running.close()
    library.let.set()
    running._preparing.shutdown(wait=True)
    assert len(library.languages) == 1

    def reopen(_: Callable[[int, int], None]) -> tuple[Library, IndexReport]:
        # Closed where the reindex is all but done, it still ends as it should.
        loop.call_soon_threadsafe(service.close)
        return cast(Library, other), report()

    loop = asyncio.get_running_loop()
    service = LibraryService(None, reopen=reopen)
    assert await service.reindex(ignore) == report()
    assert other.languages == []
