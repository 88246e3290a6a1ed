"""Any sentence-transformers model that gives token vectors: the one importer of that library."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from safetensors import SafetensorError
from sentence_transformers import SentenceTransformer
from transformers.utils import logging as transformers_logging

from index.bundled_model import Dtype
from index.model_file import ModelError
from index.tokenizer import FastTokenizer

if TYPE_CHECKING:
    from tokenizers import Tokenizer
    from torch import Tensor


class AnyModel:
    """A `index.encoder.Transformer` of sentence-transformers, and what it says about itself."""

    def __init__(self, folder: Path, model: str, dtype: Dtype) -> None:
        """Load it from a local ``folder``; ``model`` is what the user calls it.

        Raises ModelError if it does not load, or does not give token vectors.
        """
        # The library does not annotate this. It would draw a bar for a load of under a second.
        silence: Callable[[], None] = transformers_logging.disable_progress_bar
        silence()
        try:
            loaded = SentenceTransformer(
                str(folder),
                device="cpu",
                local_files_only=True,
                trust_remote_code=False,
                model_kwargs={"use_safetensors": True, "dtype": dtype},
                config_kwargs={"output_hidden_states": True},
            )
        except (
            OSError,
            ValueError,
            RuntimeError,
            LookupError,
            ImportError,
            SafetensorError,
        ) as error:
            raise ModelError(
                f"{model} does not load as a sentence-transformers model: it needs weights in "
                "safetensors and no code of its own; set another model."
            ) from error
        backend: Tokenizer | None = getattr(loaded.tokenizer, "backend_tokenizer", None)
        dimension, positions = loaded.get_embedding_dimension(), loaded.max_seq_length
        if backend is None or dimension is None or positions is None:
            raise _no_token_vectors(model)
        self._model = model
        self._modules = list(loaded.eval())
        # Whatever comes after the transformer is cheap, and exact in float32.
        for module in self._modules[1:]:
            module.float()
        self.tokenizer = FastTokenizer(backend, loaded.tokenizer.pad_token_id or 0)
        self.prompts: Mapping[str, str | None] = loaded.prompts
        self.dimension: int = dimension
        self.positions: int = positions

    def __call__(self, ids: Tensor, mask: Tensor, prompt: int, /) -> tuple[Tensor, Tensor, Tensor]:
        """As `index.encoder.Transformer` says."""
        features = {"input_ids": ids, "attention_mask": mask, "prompt_length": prompt}
        first, *rest = self._modules
        features = first(features)
        if not features.keys() >= {"token_embeddings", "all_layer_embeddings"}:
            raise _no_token_vectors(self._model)
        features["token_embeddings"] = features["token_embeddings"].float()
        for module in rest:
            features = module(features)
        last = features["token_embeddings"]
        before = features["all_layer_embeddings"][-2].float()
        if last.shape != before.shape:  # by a module that gives tokens another width
            raise _no_token_vectors(self._model)
        return features["sentence_embedding"], last, before


def _no_token_vectors(model: str) -> ModelError:
    return ModelError(
        f"The model {model} is no transformer for texts that gives token vectors: "
        "set another model."
    )
