"""What the bot starts with, without Discord."""

import gc
import weakref
from contextlib import closing
from pathlib import Path

import pytest
from content_folder import ContentFolder
from fake_encoder import FakeEncoder

from bot import start
from bot.database import Database
from bot.service import Progress
from bot.services import Services
from bot.settings import Settings
from index.library import Library
from index.update import IndexReport


async def ignore(progress: Progress) -> None:
    pass


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
