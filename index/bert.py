"""The default model's forward pass: a plain BERT encoder with mean pooling, on ONNX Runtime.

torch and sentence-transformers take several times as long to import as all else that a question
needs, and several times the memory. The default model is known to the last tensor (see
bundled_model.py), so it needs no library that can load any model; `index.bert_graph` writes it out
as a graph. Every other model goes through sentence-transformers.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from index.bundled_model import CONFIG, GRAPH
from index.byte_products import Graph
from index.model_file import Sizes, WordVectors

Float32 = NDArray[np.float32]


class Bert:
    """A BERT encoder in the folder that `bundled_model.write_model_folder` writes."""

    def __init__(self, folder: Path, words: WordVectors) -> None:
        """Load the graph in ``folder``; ``words`` are the vectors of the vocabulary.

        Raises OSError, ValueError or TypeError for a damaged folder.
        """
        sizes = Sizes(**json.loads((folder / CONFIG).read_text(encoding="utf-8")))
        self._words = words
        self._graph = Graph(folder / GRAPH)
        self.dimension = sizes.hidden
        """Length of every vector."""
        self.positions = sizes.positions
        """Tokens that a text may have, prompt and end marks included."""

    def __call__(
        self, texts: Sequence[Sequence[int]], _prompt: int, /
    ) -> tuple[Float32, Float32, Float32]:
        """As `index.encoder.Transformer` says. The prompt's tokens count like the text's own."""
        lengths = np.array([len(text) for text in texts])
        ids = np.concatenate([np.asarray(text, np.int64) for text in texts])
        # Only attention sees texts beside one another; all else is computed for tokens alone:
        # questions of different lengths are a third padding.
        mask = np.arange(lengths.max()) < lengths[:, None]
        places = np.flatnonzero(mask)
        padded = np.zeros(mask.shape, np.int64)
        padded[mask] = np.arange(len(ids))
        last, before = self._graph.run(
            ("last", "before"),
            {
                "words": self._words[ids],
                "positions": places % mask.shape[1],
                "padded": padded,
                "mask": mask.astype(np.int32),
                "places": places,
            },
        )
        pooled: Float32 = np.add.reduceat(last, np.cumsum(lengths) - lengths, axis=0)
        pooled /= lengths[:, None]
        return pooled, last, before
