"""The default model as an ordinary sentence-transformers folder, as other programs read it.

Other programs get it as it comes, without what it was taught for this one. Beleg itself needs no
such folder (`index.bundled_model`).
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any, Literal

import numpy as np
import tokenizers
import torch
from safetensors.torch import save_file
from tokenizers import decoders, models, normalizers, pre_tokenizers, processors

from index.adapter import NOTHING_LEARNED, Adapter, corrected
from index.bundled_model import (
    PASSAGE_PROMPT,
    QUERY_PROMPT,
    find_bundled_file,
)
from index.bundled_tokenizer import build_charsmap, special_ids
from index.model_file import (
    ModelFile,
    Sizes,
    Vocabulary,
    dequantise,
    parse_model_file,
    tensor_shapes,
)

Dtype = Literal["float32", "bfloat16"]

_MODULES = "sentence_transformers.models"
_EMBEDDINGS = {
    "emb.word": "word_embeddings.weight",
    "emb.pos": "position_embeddings.weight",
    "emb.type": "token_type_embeddings.weight",
    "emb.ln.w": "LayerNorm.weight",
    "emb.ln.b": "LayerNorm.bias",
}
_PARTS = {
    "q": "attention.self.query",
    "k": "attention.self.key",
    "v": "attention.self.value",
    "ao": "attention.output.dense",
    "aln": "attention.output.LayerNorm",
    "fi": "intermediate.dense",
    "fo": "output.dense",
    "oln": "output.LayerNorm",
}
_KINDS = {"w": "weight", "b": "bias"}


def library_folder(cache: Path, dtype: Dtype) -> Path:
    """The folder of the default model in ``cache``, written now if it is not there."""
    folder = cache / f"model-{dtype}"
    if not folder.exists():
        bundled = find_bundled_file()
        assert bundled is not None, "the default model's package is not installed"
        partial = cache / f"model-{dtype}.partial"
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(parents=True)
        write_library_folder(partial, parse_model_file(bundled.read_bytes()), dtype)
        partial.rename(folder)
    return folder


def write_library_folder(
    folder: Path, model: ModelFile, dtype: Dtype, adapter: Adapter = NOTHING_LEARNED
) -> None:
    """Write the model into the empty ``folder``, its weights as ``dtype``, with what it has learned
    besides."""
    sizes, vocabulary = model.sizes, model.vocabulary
    names = {
        token: vocabulary.pieces[index][0]
        for token, index in (
            ("bos_token", vocabulary.bos),
            ("cls_token", vocabulary.bos),
            ("eos_token", vocabulary.eos),
            ("sep_token", vocabulary.eos),
            ("pad_token", vocabulary.pad),
            ("unk_token", vocabulary.unknown),
        )
    }
    documents: dict[str, Any] = {
        "config.json": _model_config(sizes, vocabulary, dtype),
        "tokenizer_config.json": {
            "tokenizer_class": "PreTrainedTokenizerFast",
            "model_max_length": sizes.positions,
            "model_input_names": ["input_ids", "attention_mask"],
            **names,
        },
        "special_tokens_map.json": names,
        "modules.json": [
            {"idx": index, "name": str(index), "path": path, "type": f"{_MODULES}.{kind}"}
            for index, (path, kind) in enumerate(
                [("", "Transformer"), ("1_Pooling", "Pooling"), ("2_Normalize", "Normalize")]
            )
        ],
        # The model's pooler is not in the file, and mean pooling has no use for it.
        "sentence_bert_config.json": {
            "max_seq_length": sizes.positions,
            "do_lower_case": False,
            "model_args": {"add_pooling_layer": False},
        },
        "config_sentence_transformers.json": {
            "prompts": {"query": QUERY_PROMPT, "passage": PASSAGE_PROMPT},
            "default_prompt_name": None,
            "similarity_fn_name": "cosine",
        },
        "1_Pooling/config.json": {
            "word_embedding_dimension": sizes.hidden,
            "pooling_mode_mean_tokens": True,
        },
        "2_Normalize/config.json": {},
    }
    for name, document in documents.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(json.dumps(document, indent=2), encoding="utf-8")
    build_tokenizer(vocabulary).save(str(folder / "tokenizer.json"), pretty=False)
    tensors = {
        name: np.concatenate(list(dequantise(model.tensors[name]))).reshape(shape)
        for name, shape in tensor_shapes(sizes).items()
    }
    weights = {
        library_name(name): torch.from_numpy(values).to(getattr(torch, dtype))
        for name, values in corrected(tensors, adapter).items()
    }
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})


def library_name(name: str) -> str:
    """What a tensor of the model's file is called in a BERT model of transformers."""
    if name in _EMBEDDINGS:
        return f"embeddings.{_EMBEDDINGS[name]}"
    layer, part, kind = name.split(".")
    return f"encoder.layer.{layer[1:]}.{_PARTS[part]}.{_KINDS[kind]}"


def build_tokenizer(vocabulary: Vocabulary) -> tokenizers.Tokenizer:
    """The tokenizer of XLM-RoBERTa: normalise, mark spaces with ``▁``, cut, ``<s> text </s>``."""
    pieces = list(vocabulary.pieces)
    specials = sorted(special_ids(vocabulary))
    # In the file they score 0, better than any piece: "</s>" in a text would become the end mark.
    # At twice the worst score (-40.7) they lose to their characters' own pieces (-27 to -39.6).
    worst = min(score for _, score in pieces)
    for index in specials:
        pieces[index] = (pieces[index][0], 2 * worst)

    tokenizer = tokenizers.Tokenizer(models.Unigram(pieces, vocabulary.unknown, False))
    tokenizer.normalizer = normalizers.Sequence(
        [
            normalizers.Precompiled(build_charsmap(vocabulary.normalisation)),
            normalizers.Replace(tokenizers.Regex(" {2,}"), " "),
        ]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="always")
    tokenizer.decoder = decoders.Metaspace(prepend_scheme="always")
    bos, eos = pieces[vocabulary.bos][0], pieces[vocabulary.eos][0]
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{bos} $A {eos}",
        pair=f"{bos} $A {eos} {eos} $B {eos}",
        special_tokens=[(bos, vocabulary.bos), (eos, vocabulary.eos)],
    )
    tokenizer.add_special_tokens([pieces[index][0] for index in specials])
    return tokenizer


def _model_config(sizes: Sizes, vocabulary: Vocabulary, dtype: Dtype) -> dict[str, Any]:
    return {
        "model_type": "bert",
        "architectures": ["BertModel"],
        "vocab_size": sizes.vocabulary,
        "hidden_size": sizes.hidden,
        "num_hidden_layers": sizes.layers,
        "num_attention_heads": sizes.heads,
        "intermediate_size": sizes.ffn,
        "max_position_embeddings": sizes.positions,
        "type_vocab_size": sizes.token_types,
        # A double rounded from the file's float: 1e-12, not 9.999999960041972e-13.
        "layer_norm_eps": float(f"{sizes.layer_norm_epsilon:.6g}"),
        "hidden_act": "gelu",
        "hidden_dropout_prob": 0.0,
        "attention_probs_dropout_prob": 0.0,
        "pad_token_id": vocabulary.pad,
        "dtype": dtype,
    }
