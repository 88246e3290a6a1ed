"""sentence-transformers and an exact FAISS index, with nothing around them."""

from __future__ import annotations

import json
from pathlib import Path

import faiss
from sentence_transformers import SentenceTransformer

from benchmarks.peers.protocol import Batching, Job, Peer, run


class Bare(Peer, Batching):
    """A changed paragraph means that everything is encoded again."""

    def __init__(self, job: Job) -> None:
        super().__init__(job)
        self.model = SentenceTransformer(job["model"], device="cpu")

    def build(self, paragraphs: list[str], saved: Path) -> None:
        self.paragraphs = list(paragraphs)
        vectors = self.model.encode(
            self.paragraphs, prompt_name="passage", normalize_embeddings=True
        )
        self.index: faiss.Index = faiss.IndexFlatIP(vectors.shape[1])
        self.index.add(vectors)
        faiss.write_index(self.index, str(saved / "index.faiss"))
        (saved / "paragraphs.json").write_text(json.dumps(self.paragraphs), encoding="utf-8")

    def load(self, saved: Path) -> None:
        self.index = faiss.read_index(str(saved / "index.faiss"))
        self.paragraphs = json.loads((saved / "paragraphs.json").read_text(encoding="utf-8"))

    def change(self, number: int, text: str, saved: Path) -> None:
        self.paragraphs[number] = text
        self.build(self.paragraphs, saved)

    def ask(self, question: str) -> str:
        return self.ask_many([question])[0]

    def ask_many(self, questions: list[str]) -> list[str]:
        vectors = self.model.encode(
            questions, prompt_name="query", normalize_embeddings=True, batch_size=64
        )
        _, rows = self.index.search(vectors, 1)
        return [self.paragraphs[row] for row in rows[:, 0]]


if __name__ == "__main__":
    run(Bare)
