"""LlamaIndex: a vector store index over FAISS with its sentence-transformers embeddings."""

from __future__ import annotations

from pathlib import Path

import faiss
from llama_index.core import StorageContext, VectorStoreIndex, load_index_from_storage
from llama_index.core.schema import TextNode
from llama_index.embeddings.huggingface import HuggingFaceEmbedding
from llama_index.vector_stores.faiss import FaissMapVectorStore

from benchmarks.peers.protocol import Job, Peer, run


class LlamaIndex(Peer):
    def __init__(self, job: Job) -> None:
        super().__init__(job)
        self.embedding = HuggingFaceEmbedding(
            model_name=job["model"],
            device="cpu",
            query_instruction="query: ",
            text_instruction="passage: ",
        )

    def build(self, paragraphs: list[str], saved: Path) -> None:
        vectors = faiss.IndexIDMap2(faiss.IndexFlatIP(384))
        storage = StorageContext.from_defaults(
            vector_store=FaissMapVectorStore(faiss_index=vectors)
        )
        nodes = [TextNode(text=text, id_=str(number)) for number, text in enumerate(paragraphs)]
        self._use(VectorStoreIndex(nodes, storage_context=storage, embed_model=self.embedding))
        storage.persist(str(saved))

    def load(self, saved: Path) -> None:
        storage = StorageContext.from_defaults(
            vector_store=FaissMapVectorStore.from_persist_dir(str(saved)), persist_dir=str(saved)
        )
        self._use(load_index_from_storage(storage, embed_model=self.embedding))

    def change(self, number: int, text: str, saved: Path) -> None:
        self.index.delete_nodes([str(number)], delete_from_docstore=True)
        self.index.insert_nodes([TextNode(text=text, id_=str(number))])
        self.index.storage_context.persist(str(saved))

    def ask(self, question: str) -> str:
        return str(self.retriever.retrieve(question)[0].node.get_content())

    async def ask_async(self, question: str) -> str:
        return str((await self.retriever.aretrieve(question))[0].node.get_content())

    def _use(self, index: VectorStoreIndex) -> None:
        self.index = index
        self.retriever = index.as_retriever(similarity_top_k=3)


if __name__ == "__main__":
    run(LlamaIndex)
