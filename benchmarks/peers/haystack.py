"""Haystack: a pipeline of its sentence-transformers embedder and its retriever in memory."""

from __future__ import annotations

from pathlib import Path

from haystack import Document, Pipeline
from haystack.components.retrievers.in_memory import InMemoryEmbeddingRetriever
from haystack.document_stores.in_memory import InMemoryDocumentStore
from haystack.document_stores.types import DuplicatePolicy
from haystack.utils import ComponentDevice
from haystack_integrations.components.embedders.sentence_transformers import (
    SentenceTransformersDocumentEmbedder,
    SentenceTransformersTextEmbedder,
)

from benchmarks.peers.protocol import Job, Peer, run


class Haystack(Peer):
    def __init__(self, job: Job) -> None:
        super().__init__(job)
        device = ComponentDevice.from_str("cpu")
        self.embedder = SentenceTransformersDocumentEmbedder(
            model=job["model"],
            device=device,
            prefix="passage: ",
            normalize_embeddings=True,
            progress_bar=False,
        )
        self.of_question = SentenceTransformersTextEmbedder(
            model=job["model"],
            device=device,
            prefix="query: ",
            normalize_embeddings=True,
            progress_bar=False,
        )
        self.embedder.warm_up()
        self.of_question.warm_up()

    def build(self, paragraphs: list[str], saved: Path) -> None:
        self.store = InMemoryDocumentStore(embedding_similarity_function="dot_product")
        self._write(dict(enumerate(paragraphs)), saved)
        self._connect()

    def load(self, saved: Path) -> None:
        self.store = InMemoryDocumentStore.load_from_disk(str(saved / "store.json"))
        self._connect()

    def change(self, number: int, text: str, saved: Path) -> None:
        self._write({number: text}, saved)

    def ask(self, question: str) -> str:
        return self._best(self.pipeline.run({"embedder": {"text": question}}))

    async def ask_async(self, question: str) -> str:
        return self._best(await self.pipeline.run_async({"embedder": {"text": question}}))

    def _write(self, paragraphs: dict[int, str], saved: Path) -> None:
        documents = [Document(id=str(number), content=text) for number, text in paragraphs.items()]
        embedded = self.embedder.run(documents=documents)["documents"]
        self.store.write_documents(embedded, policy=DuplicatePolicy.OVERWRITE)
        self.store.save_to_disk(str(saved / "store.json"))

    def _connect(self) -> None:
        self.pipeline = Pipeline()
        self.pipeline.add_component("embedder", self.of_question)
        self.pipeline.add_component("retriever", InMemoryEmbeddingRetriever(self.store, top_k=3))
        self.pipeline.connect("embedder.embedding", "retriever.query_embedding")

    def _best(self, result: dict[str, dict[str, list[Document]]]) -> str:
        return str(result["retriever"]["documents"][0].content)


if __name__ == "__main__":
    run(Haystack)
