"""A peer: LlamaIndex's starter pipeline, as its documentation shows it, on local parts.

Run as a program of its own, so that its imports are part of its time: `python -m eval.bench.starter CORPUS STORE MODEL`. Writes one
JSON object with what it made. The splitter's 256 tokens with 32 of overlap are those that let the embedder see all of the text.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path


def main(corpus: Path, store: Path, model: Path) -> dict[str, int]:
    """Read, split, embed and store a corpus; return how many documents and chunks there were."""
    import rag.offline  # noqa: F401 - before any vendor

    import chromadb  # isort: skip
    from llama_index.core import SimpleDirectoryReader
    from llama_index.core.ingestion import IngestionPipeline
    from llama_index.core.node_parser import SentenceSplitter
    from llama_index.embeddings.huggingface import HuggingFaceEmbedding
    from llama_index.vector_stores.chroma import ChromaVectorStore

    documents = SimpleDirectoryReader(str(corpus), recursive=True, required_exts=[".md", ".mdx", ".markdown"]).load_data()
    collection = chromadb.PersistentClient(str(store)).get_or_create_collection("starter")
    pipeline = IngestionPipeline(
        transformations=[SentenceSplitter(chunk_size=256, chunk_overlap=32), HuggingFaceEmbedding(model_name=str(model))],
        vector_store=ChromaVectorStore(chroma_collection=collection),
    )
    pipeline.run(documents=documents)
    return {"documents": len(documents), "chunks": collection.count()}


if __name__ == "__main__":
    sys.stdout.write(json.dumps(main(*map(Path, sys.argv[1:4]))) + "\n")
