"""LangChain: its FAISS vector store with its sentence-transformers embeddings."""

from __future__ import annotations

from pathlib import Path

from langchain_community.vectorstores import FAISS
from langchain_core.documents import Document
from langchain_huggingface import HuggingFaceEmbeddings

from benchmarks.peers.protocol import Job, Peer, run


class LangChain(Peer):
    def __init__(self, job: Job) -> None:
        super().__init__(job)
        self.embeddings = HuggingFaceEmbeddings(
            model_name=job["model"],
            model_kwargs={"device": "cpu"},
            encode_kwargs={"prompt_name": "passage", "normalize_embeddings": True},
            query_encode_kwargs={"prompt_name": "query", "normalize_embeddings": True},
        )

    def build(self, paragraphs: list[str], saved: Path) -> None:
        documents = [Document(text, id=str(number)) for number, text in enumerate(paragraphs)]
        self.store = FAISS.from_documents(documents, self.embeddings)
        self.store.save_local(str(saved))

    def load(self, saved: Path) -> None:
        self.store = FAISS.load_local(
            str(saved), self.embeddings, allow_dangerous_deserialization=True
        )

    def change(self, number: int, text: str, saved: Path) -> None:
        self.store.delete([str(number)])
        self.store.add_documents([Document(text, id=str(number))])
        self.store.save_local(str(saved))

    def ask(self, question: str) -> str:
        return str(self.store.similarity_search(question, k=3)[0].page_content)

    async def ask_async(self, question: str) -> str:
        return str((await self.store.asimilarity_search(question, k=3))[0].page_content)


if __name__ == "__main__":
    run(LangChain)
