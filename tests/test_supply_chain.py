"""What is installed and loaded: by hash, with a known licence, and never a pickle."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
LOCKS = ("requirements.lock", "requirements-dev.lock")


def pinned(lock: str) -> dict[str, list[str]]:
    """Every package in a lock file, as ``name==version``, with its hashes."""
    entries = re.split(r"\n(?=\S)", (ROOT / lock).read_text(encoding="utf-8"))
    return {
        entry.split()[0]: re.findall(r"--hash=sha256:([0-9a-f]{64})\b", entry)
        for entry in entries
        if not entry.startswith("#") and entry.strip()
    }


@pytest.mark.parametrize("lock", LOCKS)
def test_every_locked_package_has_its_hashes(lock: str) -> None:
    found = pinned(lock)
    assert len(found) > 50
    assert [name for name in found if not re.fullmatch(r"[a-z0-9.-]+==[0-9][\w.!]*", name)] == []
    assert [name for name, hashes in found.items() if not hashes] == []
    # Its builds with and without CUDA have different hashes: installed alone, by its version.
    assert [name for name in found if name.startswith(("torch==", "nvidia-", "triton"))] == []


def test_development_has_the_same_versions() -> None:
    mine, dev = (pinned(lock) for lock in LOCKS)
    assert mine.items() <= dev.items()


def test_licences_are_those_of_what_is_locked() -> None:
    listed = re.findall(
        r"^\| (\S+) +\| (\S+) +\|", (ROOT / "docs/licences.md").read_text(encoding="utf-8"), re.M
    )
    names = {
        f"{re.sub('[-_.]+', '-', name).lower()}=={version.split('+')[0]}"
        for name, version in listed
        if name not in ("Name", "torch") and not name.startswith("-")
    }
    assert names == pinned("requirements.lock").keys()


def test_onnxruntime_reports_to_nobody() -> None:
    """See pyproject.toml: newer builds do, whatever is asked of them in Python."""
    spec = find_spec("onnxruntime")
    assert spec is not None
    assert spec.origin is not None
    libraries = list((Path(spec.origin).parent / "capi").glob("*pybind11_state*"))
    assert len(libraries) == 1
    assert b"events.data.microsoft.com" not in libraries[0].read_bytes()


# --- no pickle ----------------------------------------------------------------------------------

_PICKLERS = {"pickle", "cPickle", "_pickle", "dill", "cloudpickle", "joblib", "shelve", "marshal"}
_LOADERS = {"torch": {"load"}, "np": {"load", "save", "savez"}, "numpy": {"load", "save", "savez"}}


def uses_of_pickle(source: str) -> list[str]:
    """Imports and calls in a module that read or write pickles, or could."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found += [a.name for a in node.names if a.name.split(".")[0] in _PICKLERS]
        elif isinstance(node, ast.ImportFrom) and node.module:
            found += [node.module] * (node.module.split(".")[0] in _PICKLERS)
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            if node.attr in _LOADERS.get(node.value.id, ()):
                found.append(f"{node.value.id}.{node.attr}")
        elif isinstance(node, ast.keyword) and node.arg == "allow_pickle":
            found.append("allow_pickle")
    return found


def test_uses_of_pickle_are_found() -> None:
    source = "import pickle\nfrom joblib import load\ntorch.load(x)\nnp.load(x, allow_pickle=True)"
    assert sorted(uses_of_pickle(source)) == [
        "allow_pickle",
        "joblib",
        "np.load",
        "pickle",
        "torch.load",
    ]


@pytest.mark.parametrize(
    "path",
    sorted(
        p.relative_to(ROOT).as_posix() for d in ("bot", "index") for p in (ROOT / d).rglob("*.py")
    ),
)
def test_no_module_uses_pickle(path: str) -> None:
    assert uses_of_pickle((ROOT / path).read_text(encoding="utf-8")) == []


WATCHED = """
import sys
unpickled = []
def watch(event, arguments):
    if event == "pickle.find_class":
        unpickled.append(arguments)
sys.addaudithook(watch)
import pickle
pickle.loads(pickle.dumps(print))  # so that a watch that sees nothing is noticed
from bot.cli import app
app(sys.argv[1:], standalone_mode=False)
print("unpickled:", unpickled)
"""


@pytest.mark.process
def test_nothing_is_unpickled_from_a_file_to_an_answer(tmp_path: Path) -> None:
    """With the real model, and all that the libraries do to load it."""
    (tmp_path / "content").mkdir()
    (tmp_path / "content" / "a.md").write_text("The lamps of Quill burn oil.", encoding="utf-8")
    arguments = ["ask", "What do the lamps burn?", "--content", "content", "--data", "data"]
    done = subprocess.run(
        [sys.executable, "-c", WATCHED, *arguments],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert done.returncode == 0, done.stderr
    assert "The lamps of Quill burn oil." in done.stdout.replace("**", "")
    assert done.stdout.splitlines()[-1] == "unpickled: [('builtins', 'print')]"
