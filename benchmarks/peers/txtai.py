"""txtai: an embeddings database with its content."""

from __future__ import annotations

from pathlib import Path

from txtai import Embeddings

from benchmarks.peers.protocol import Batching, Peer, run


class Txtai(Peer, Batching):
    def build(self, paragraphs: list[str], saved: Path) -> None:
        self.embeddings = Embeddings(
            path=self.job["model"],
            method="sentence-transformers",
            instructions={"query": "query: ", "data": "passage: "},
            content=True,
            gpu=False,
        )
        self.embeddings.index(list(enumerate(paragraphs)))
        self.embeddings.save(str(saved))

    def load(self, saved: Path) -> None:
        # The model too: the saved index names it.
        self.embeddings = Embeddings()
        self.embeddings.load(str(saved))

    def change(self, number: int, text: str, saved: Path) -> None:
        self.embeddings.upsert([(number, text)])
        self.embeddings.save(str(saved))

    def ask(self, question: str) -> str:
        return str(self.embeddings.search(question, 3)[0]["text"])

    def ask_many(self, questions: list[str]) -> list[str]:
        return [str(found[0]["text"]) for found in self.embeddings.batchsearch(questions, 3)]


if __name__ == "__main__":
    run(Txtai)
