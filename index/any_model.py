"""Any sentence-transformers model that gives token vectors: the one importer of that
library and of torch."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError
from sentence_transformers import SentenceTransformer
from transformers.utils import logging as transformers_logging

from index.model_file import ModelError
from index.tokenizer import FastTokenizer

if TYPE_CHECKING:
    from tokenizers import Tokenizer

Float32 = NDArray[np.float32]
Dtype = Literal["float32", "bfloat16"]

# Tokens in a batch, prompts included, that one thread computes. One question has too little to do
# for two: they would spend their time waiting for each other, and with another busy process beside
# them many times as long.
_ONE_THREAD_TOKENS = 48


def native_dtype(capabilities: Mapping[str, Any] | None = None) -> Dtype:
    """bfloat16 if the CPU computes with it; ``capabilities`` as torch.cpu.get_capabilities gives
    them, the CPU's own if None.

    The names are those of x86 (AVX512-BF16, AMX) and of ARM (BF16). Measured on a CPU with
    AVX512-BF16 but no AMX: 1.7 to 1.9 times as fast as float32, for one question as in bulk.
    """
    if capabilities is None:
        capabilities = torch.cpu.get_capabilities()
    native = any(capabilities.get(key) for key in ("avx512_bf16", "amx_bf16", "bf16"))
    return "bfloat16" if native else "float32"


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
        self._turn = threading.Lock()
        self._modules = list(loaded.eval())
        self._threads = torch.get_num_threads()
        # Whatever comes after the transformer is cheap, and exact in float32.
        for module in self._modules[1:]:
            module.float()
        self.tokenizer = FastTokenizer(backend, loaded.tokenizer.pad_token_id or 0)
        self.prompts: Mapping[str, str | None] = loaded.prompts
        self.dimension: int = dimension
        self.positions: int = positions

    def __call__(
        self, texts: Sequence[Sequence[int]], prompt: int, /
    ) -> tuple[Float32, Float32, Float32]:
        """As `index.encoder.Transformer` says. Threads that call it wait for one another: each
        computes on all cores."""
        with self._turn:
            return self._computed(texts, prompt)

    def _computed(
        self, texts: Sequence[Sequence[int]], prompt: int
    ) -> tuple[Float32, Float32, Float32]:
        lengths = np.array([len(text) for text in texts])
        torch.set_num_threads(1 if lengths.sum() <= _ONE_THREAD_TOKENS else self._threads)
        mask = torch.from_numpy(np.arange(lengths.max()) < lengths[:, None])
        ids = torch.full(mask.shape, self.tokenizer.pad)
        ids[mask] = torch.from_numpy(np.concatenate(texts, dtype=np.int64))
        first, *rest = self._modules
        with torch.inference_mode():
            features = {"input_ids": ids, "attention_mask": mask.long(), "prompt_length": prompt}
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
            pooled = features["sentence_embedding"].float()
            return pooled.numpy(), last[mask].numpy(), before[mask].numpy()


def _no_token_vectors(model: str) -> ModelError:
    return ModelError(
        f"The model {model} is no transformer for texts that gives token vectors: "
        "set another model."
    )
