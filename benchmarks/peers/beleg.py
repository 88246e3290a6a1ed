"""Beleg, as the bot uses it."""

from __future__ import annotations

from pathlib import Path

from benchmarks.peers.protocol import Job, Peer, run
from bot.service import LibraryService, load_for_threads, spare_what_is_there
from index.encoder import load_encoder
from index.library import Library
from index.update import IndexReport


class Beleg(Peer):
    """Reads the articles' files; an update saves the index by itself."""

    def __init__(self, job: Job) -> None:
        super().__init__(job)
        self.encoder = load_encoder()
        if job["do"] == "serve":
            load_for_threads(self.encoder)  # as the bot does at its start

    def build(self, paragraphs: list[str], saved: Path) -> None:  # noqa: ARG002  (it reads files)
        self.load(saved)

    def load(self, saved: Path) -> None:
        self.library, _ = Library.open(Path(self.job["articles"]), saved, self.encoder)
        if self.job["do"] == "serve":
            self.library.prepare()
            spare_what_is_there()  # so does the bot
        self.service = LibraryService(self.library, reopen=lambda _: self._reopen(saved))

    def change(self, number: int, text: str, saved: Path) -> None:  # noqa: ARG002  (the same)
        self.load(saved)

    def ask(self, question: str) -> str:
        return self.library.answer(question).citations[0].quote

    async def ask_async(self, question: str) -> str:
        return (await self.service.answer(question)).citations[0].quote

    def _reopen(self, saved: Path) -> tuple[Library, IndexReport]:
        return Library.open(Path(self.job["articles"]), saved, self.encoder)


if __name__ == "__main__":
    run(Beleg)
