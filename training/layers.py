"""The default model's layers in torch, with corrections that can be learned.

The same BERT as `index.bert_graph` writes out, but differentiable. The lower layers stay as they
are: what they make of a text is computed once.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from peft import LoraConfig, inject_adapter_in_model
from peft.tuners.lora import LoraLayer
from torch import Tensor, nn
from torch.nn import functional
from transformers import BertConfig, BertModel

from benchmarks.model_folder import library_name
from index.adapter import Adapter, Factors
from index.encoder import BEFORE_SHARE
from index.model_file import Sizes, WordVectors
from training.samples import Text

Float32 = NDArray[np.float32]
SCALING = 2
"""What the product of the factors is multiplied by, as is usual (LoRA's alpha, twice the rank)."""
_CORRECTION = "default"
_BATCH_TOKENS = 2_500


@dataclass(frozen=True, slots=True)
class Encoded:
    """A text's unit-length ``vector`` ``(d,)`` and its tokens' vectors ``(t, d)``, as
    `index.encoder` gives them, those of prompt and end marks among them."""

    vector: Tensor
    tokens: Tensor


class CorrectedLayers(nn.Module):
    """All layers; from ``first`` on with corrections of rank ``rank``, which add nothing yet."""

    def __init__(
        self,
        sizes: Sizes,
        weights: Mapping[str, Float32],
        words: WordVectors,
        *,
        first: int,
        rank: int,
        dtype: torch.dtype,
    ) -> None:
        """``weights`` are those of `index.model_file.tensor_shapes`, without the vectors of
        ``words``; products are computed in ``dtype``."""
        super().__init__()
        self._first, self._words, self._dtype = first, words, dtype
        self._bert = BertModel(
            BertConfig(
                # The words' vectors are looked up elsewhere.
                vocab_size=1,
                hidden_size=sizes.hidden,
                num_hidden_layers=sizes.layers,
                num_attention_heads=sizes.heads,
                intermediate_size=sizes.ffn,
                max_position_embeddings=sizes.positions,
                type_vocab_size=sizes.token_types,
                layer_norm_eps=sizes.layer_norm_epsilon,
                hidden_dropout_prob=0.0,
                attention_probs_dropout_prob=0.0,
            ),
            add_pooling_layer=False,
        )
        named = {library_name(name): torch.from_numpy(values) for name, values in weights.items()}
        missing, unexpected = self._bert.load_state_dict(named, strict=False)
        assert (missing, unexpected) == (["embeddings.word_embeddings.weight"], [])
        inject_adapter_in_model(
            LoraConfig(
                r=rank,
                lora_alpha=SCALING * rank,
                target_modules=["query", "key", "value", "dense"],
                layers_to_transform=list(range(first, sizes.layers)),
            ),
            self._bert,
            _CORRECTION,
        )
        self._names = {library_name(name): name for name in weights}

    @torch.no_grad()
    def lower_states(self, texts: Sequence[Text]) -> list[Tensor]:
        """What the layers below ``first`` make of each text, ``(t, d)`` in sixteen bits."""
        states: dict[int, Tensor] = {}
        for rows in _batches([len(text.ids) for text in texts]):
            words = [torch.from_numpy(self._words[texts[row].ids]) for row in rows]
            embedded, mask = padded(words)
            below = self._bert.embeddings(inputs_embeds=embedded)
            _, below = self._run(below, mask, 0, self._first)
            states |= {
                row: one[: len(texts[row].ids)].half() for row, one in zip(rows, below, strict=True)
            }
        return [states[row] for row in range(len(texts))]

    def forward(self, lower: Sequence[Tensor]) -> list[Encoded]:
        """The encodings of texts of which `lower_states` are known."""
        encoded: dict[int, Encoded] = {}
        for rows in _batches([len(states) for states in lower]):
            states, mask = padded([lower[row].float() for row in rows])
            before, last = self._run(states, mask, self._first, None)
            tokens = unit(last) + BEFORE_SHARE * unit(before)
            pooled = unit((last * mask[..., None]).sum(dim=1) / mask.sum(dim=1)[:, None])
            for place, row in enumerate(rows):
                encoded[row] = Encoded(pooled[place], tokens[place, : len(lower[row])])
        return [encoded[row] for row in range(len(lower))]

    def corrections(self) -> list[nn.Parameter]:
        """All that is learned."""
        return [value for value in self.parameters() if value.requires_grad]

    def adapter(self) -> Adapter:
        """The corrections as they are now."""
        return {
            self._names[f"{name}.weight"]: Factors(
                _factor(module.lora_A), _factor(module.lora_B) * module.scaling[_CORRECTION]
            )
            for name, module in self._bert.named_modules()
            if isinstance(module, LoraLayer)
        }

    def _run(
        self, states: Tensor, mask: Tensor, first: int, end: int | None
    ) -> tuple[Tensor, Tensor]:
        """The states ``(n, t, d)`` before and after the last of the layers."""
        before = states
        with torch.autocast("cpu", self._dtype, enabled=self._dtype != torch.float32):
            for layer in self._bert.encoder.layer[first:end]:
                before, states = states, layer(states, mask[:, None, None, :])
        return before.float(), states.float()


def padded(texts: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
    """Texts ``(t, d)`` below one another ``(n, t, d)``, and which tokens are theirs ``(n, t)``."""
    below = nn.utils.rnn.pad_sequence(list(texts), batch_first=True)
    lengths = torch.tensor([len(text) for text in texts])
    return below, torch.arange(below.shape[1]) < lengths[:, None]


def _factor(matrices: nn.ModuleDict) -> Float32:
    factor: Float32 = matrices[_CORRECTION].get_parameter("weight").detach().numpy().copy()
    return factor


def unit(vectors: Tensor) -> Tensor:
    """The vectors ``(..., d)`` of length 1."""
    return functional.normalize(vectors, dim=-1, eps=1e-9)


def _batches(lengths: Sequence[int]) -> Iterable[list[int]]:
    """Rows in batches of at most `_BATCH_TOKENS` with padding, longest first."""
    rows = sorted(range(len(lengths)), key=lambda row: -lengths[row])
    while rows:
        count = max(1, _BATCH_TOKENS // max(lengths[rows[0]], 1))
        yield rows[:count]
        rows = rows[count:]
