"""Beleg and the programs that people use today, measured side by side.

    python -m benchmarks.compare --data xquad.de.dev.json xquad.en.dev.json \
        --questions xquad.en.dev.json --rounds 3 --output docs

Each program runs in an environment of its own, which the first run makes (a gigabyte and some
minutes each), on the folder of Beleg's default model. They compute in float32, as they do when
nothing else is asked of them; ``--dtype bfloat16`` lets them be quicker where the CPU can. A
round runs every program once, each job in a fresh process: load and index and change a paragraph;
start and answer one question with the saved index; answer all questions one by one and then many at
once. Ratios are taken within a round.

With ``--sizes`` the same for several sizes of the library, made larger by shuffled sentences; the
tables are those of ``--table``. Every run is kept in ``--results``; ``--rounds 0`` only writes the
page again.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from platformdirs import user_cache_path

from benchmarks.environments import OWN, InstallError, known_peers, python_of
from benchmarks.figures import (
    Figures,
    Row,
    far_off,
    medians_table,
    ratios_table,
    replace_between,
)
from benchmarks.model_folder import Dtype, library_folder
from benchmarks.processes import run_process
from benchmarks.workload import (
    Workload,
    article_file,
    read_workload,
    write_articles,
)
from index.evaluate import EvaluationError

CLIENTS = (1, 4, 16, 64)
BURST = 128
"""Questions asked for each number of clients."""
CHECKED = 10
"""Paragraphs of the run before all rounds, which shows whether a program works at all."""
MARGIN = 0.1
"""How far a program's recall@1 may be from that of the others."""
INSTRUCTIONS = ("avx2", "avx512_f", "avx512_bf16", "avx512_vnni", "amx_bf16", "amx_int8", "bf16")
"""Those that decide how fast the model is; names as in ``torch.cpu.get_capabilities``."""

ROWS = (
    Row("indexed", "start, load and index, s"),
    Row("indexing", "of which indexing, s"),
    Row("changing", "one paragraph changed, s"),
    Row("start", "start to the first answer, saved index, s"),
    Row("p50", "one question, p50, ms", 1000),
    Row("p95", "one question, p95, ms", 1000),
    Row("p99", "one question, p99, ms", 1000),
    *(Row(f"rate@{n}", f"{n} at once, questions a second", more=True) for n in CLIENTS),
    Row("p50@64", "64 at once, p50 of one, ms", 1000),
    Row("p99@64", "64 at once, p99 of one, ms", 1000),
    Row("blocked@64", "64 at once, event loop blocked at most, ms", 1000),
    Row("batch", f"{BURST} in one call, questions a second", more=True),
    Row("peak_indexing", "peak memory while indexing, MB", 1e-6),
    Row("peak_serving", "peak memory while serving, MB", 1e-6),
    Row("disk", "disk, kB a paragraph", 1e-3),
    Row("recall", "recall@1", more=True),
)


class BrokenError(Exception):
    """A program did not do its job; ``str()`` is one sentence."""


@dataclass(frozen=True, slots=True)
class Run:
    """What one program did in one round; ``broken`` says what it could not do."""

    peer: str
    size: int
    round: int
    figures: dict[str, float]
    latencies: list[float]
    broken: list[str]


def measure(peer: str, python: Path, model: Path, workload: Workload, number: int) -> Run:
    """Do all jobs of one program. Raises BrokenError."""
    questions = [question.text for question in workload.questions]
    place, text = workload.changed
    title, numbers = next(one for one in workload.articles if place in one[1])
    with tempfile.TemporaryDirectory(prefix="beleg-benchmark-") as folder:
        saved, articles = Path(folder, "saved"), Path(folder, "articles")
        saved.mkdir()
        write_articles(workload, articles)
        job: dict[str, Any] = {
            "model": str(model),
            "saved": str(saved),
            "articles": str(articles),
            "paragraphs": workload.paragraphs,
            "changed": {
                "number": place,
                "text": text,
                "file": str(article_file(articles, numbers)),
                "file_text": workload.article_text(title, numbers, {place: text}),
            },
        }
        indexed, changed = _do(peer, python, {**job, "do": "index"})
        if changed["found"] not in text:
            raise BrokenError(f"{peer} does not find the paragraph that changed.")
        disk = sum(file.stat().st_size for file in saved.rglob("*") if file.is_file())
        job |= {"paragraphs": [], "changed": None}
        started = _start(peer, python, {**job, "do": "start", "questions": questions[:1]})
        serve = {**job, "do": "serve", "questions": questions, "clients": CLIENTS, "burst": BURST}
        (asked, *more), failed = _try(peer, python, serve)
    right = [workload.right(at, found) for at, found in enumerate(asked["found"])]
    p50, p95, p99 = np.percentile(asked["latencies"], [50, 95, 99])
    figures = {
        "indexed": indexed["at"],
        "indexing": indexed["indexing"],
        "changing": changed["changing"],
        "start": started,
        "p50": float(p50),
        "p95": float(p95),
        "p99": float(p99),
        "peak_indexing": indexed["peak"],
        "peak_serving": asked["peak"],
        "disk": disk / len(workload.paragraphs),
        "recall": float(np.mean(right)),
    }
    broken = [f"{peer} is ended by questions asked at once: {failed}."] if failed else []
    for one in more:
        match one["stage"]:
            case "together" if "error" in one:
                broken.append(f"{peer} fails with {one['clients']} clients: {one['error']}")
            case "together":
                clients = one["clients"]
                p50, p99 = np.percentile(one["latencies"], [50, 99])
                figures |= {
                    f"rate@{clients}": one["rate"],
                    f"p50@{clients}": float(p50),
                    f"p99@{clients}": float(p99),
                    f"blocked@{clients}": one["blocked"],
                }
            case "batch":
                figures["batch"] = one["rate"]
            case "served":
                figures["peak_serving"] = one["peak"]
    return Run(peer, len(workload.paragraphs), number, figures, asked["latencies"], broken)


def _start(peer: str, python: Path, job: dict[str, Any]) -> float:
    """Seconds from the start of a process to its first answer with a saved index."""
    if peer != OWN:
        return float(_do(peer, python, job)[0]["at"])
    # What a user types, with the environment that is active.
    command = [str(python), "-m", "bot.cli", "ask", "--json", job["questions"][0]]
    command += ["--content", job["articles"], "--data", job["saved"]]
    began = time.perf_counter()
    done, failed = run_process(command, None)
    seconds = time.perf_counter() - began
    if failed or not json.loads("".join(line for _, line in done))["citations"]:
        raise BrokenError(f"{peer} gives no answer: {failed or 'no citation'}.")
    return seconds


def _do(peer: str, python: Path, job: dict[str, Any]) -> list[dict[str, Any]]:
    """What the peer's script says of one job; ``at`` is when, in seconds from its start."""
    told, failed = _try(peer, python, job)
    if failed:
        raise BrokenError(f"{peer} fails at the job {job['do']}: {failed}.")
    return told


def _try(peer: str, python: Path, job: dict[str, Any]) -> tuple[list[dict[str, Any]], str | None]:
    """The same, and why it ended before it had done everything, if it has begun to."""
    lines, failed = run_process([str(python), "-m", f"benchmarks.peers.{peer}"], json.dumps(job))
    told = [json.loads(line) | {"at": at} for at, line in lines]
    if not told:
        raise BrokenError(f"{peer} fails at the job {job['do']}: {failed or 'it says nothing'}.")
    return told, failed


def measure_all(
    pythons: dict[str, Path], model: Path, workloads: Sequence[Workload], rounds: int
) -> Iterator[Run]:
    """Every program once in every round, on each workload."""
    for workload in workloads:
        working = dict(pythons)
        for number in range(rounds):
            for peer, python in list(working.items()):
                _say(f"{len(workload.paragraphs)} paragraphs, round {number + 1}: {peer}")
                try:
                    yield measure(peer, python, model, workload, number)
                except BrokenError as error:
                    _say(f"{peer} is left out: {error}")
                    del working[peer]


def page_of(runs: Sequence[Run], size: int, dtype: Dtype, output: Path) -> str:
    """The part of the page that says what was measured, with the others in ``dtype``; draws the
    pictures that it shows."""
    from benchmarks.pictures import draw_latencies, draw_lines

    peers = list(dict.fromkeys(run.peer for run in runs))
    peers.sort(key=lambda peer: peer == OWN)
    of_size = [run for run in runs if run.size == size]
    figures = {peer: [run.figures for run in of_size if run.peer == peer] for peer in peers}
    broken = far_off(figures, OWN, MARGIN)
    figures = {peer: found for peer, found in figures.items() if found and peer not in broken}
    notes = [*broken.values(), *(note for run in of_size for note in run.broken)]
    latencies = {
        peer: [one for run in of_size if run.peer == peer for one in run.latencies]
        for peer in figures
    }
    draw_latencies(latencies, output / "performance-latency.svg")
    throughput = {
        peer: [
            (n, float(np.median(rates)))
            for n in CLIENTS
            if (rates := [one[f"rate@{n}"] for one in found if f"rate@{n}" in one])
        ]
        for peer, found in figures.items()
    }
    draw_lines(
        [("Questions a second", "clients at once", throughput)],
        output / "performance-throughput.svg",
        logarithmic=False,
    )
    rounds = max(map(len, figures.values()))
    parts = [
        f"{machine()}; Beleg multiplies bytes, the others compute in {dtype}. {size} paragraphs; "
        f"{rounds} {'round' if rounds == 1 else 'rounds'}; each figure is the median.",
        medians_table(ROWS, figures),
        *_ratios(figures),
        *dict.fromkeys(notes),
        "![Share of questions answered within a time](performance-latency.svg)",
        "![Questions a second by clients](performance-throughput.svg)",
    ]
    sizes = sorted({run.size for run in runs})
    if len(sizes) > 1:
        drawn = [row for row in ROWS if row.name in ("indexing", "p50", "peak_serving")]
        panels = [
            (
                row.label,
                "paragraphs",
                {peer: _by_size(runs, peer, row) for peer in peers if peer not in broken},
            )
            for row in drawn
        ]
        draw_lines(panels, output / "performance-size.svg", logarithmic=True)
        parts.append("![Time and memory by size](performance-size.svg)")
    return "\n\n".join(parts)


def _by_size(runs: Sequence[Run], peer: str, row: Row) -> list[tuple[float, float]]:
    found: dict[int, list[float]] = {}
    for run in runs:
        if run.peer == peer and row.name in run.figures:
            found.setdefault(run.size, []).append(run.figures[row.name] * row.factor)
    return [(size, float(np.median(values))) for size, values in sorted(found.items())]


def machine() -> str:
    """The cores and the instruction sets of this machine."""
    capabilities = torch.cpu.get_capabilities()
    sets = [name.replace("_", "-") for name in INSTRUCTIONS if capabilities.get(name)]
    return f"{os.cpu_count()} cores with {', '.join(sets) or 'none of the sets named'}"


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _ratios(figures: Mapping[str, Sequence[Figures]]) -> list[str]:
    """Beleg beside the others; nothing where it was left out, or there are none."""
    if OWN not in figures or len(figures) == 1:
        return []
    return [
        f"{OWN} divided by each of the others: the median of the rounds, and in brackets the "
        "least and the most.",
        ratios_table(ROWS, figures, OWN),
    ]


def main() -> None:
    """Read the options, measure, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, nargs="+", required=True, help="SQuAD-format files")
    parser.add_argument("--questions", type=Path, nargs="+", required=True, help="SQuAD files")
    parser.add_argument("--peers", default=",".join(known_peers()), help="names with commas")
    parser.add_argument("--sizes", type=int, nargs="+", help="paragraphs; all if left out")
    parser.add_argument("--table", type=int, help="the size of the tables; else the largest")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument(
        "--dtype",
        choices=["float32", "bfloat16"],
        default="float32",
        help="what the others compute in",
    )
    parser.add_argument("--keep", action="store_true", help="keep the runs of other sizes")
    parser.add_argument("--cache", type=Path, default=user_cache_path("beleg") / "benchmarks")
    parser.add_argument("--results", type=Path, help="file of all runs; else in the cache")
    parser.add_argument("--output", type=Path, help="folder with performance.md")
    options = parser.parse_args()
    results = options.results or options.cache / "compare.json"
    try:
        sizes = options.sizes or [None]
        workloads = [read_workload(options.data, options.questions, size) for size in sizes]
    except EvaluationError as error:
        sys.exit(str(error))
    measured = {len(workload.paragraphs) for workload in workloads} if options.rounds else set()
    runs: list[Run] = []
    if results.exists() and (options.keep or not options.rounds):
        kept = [Run(**one) for one in json.loads(results.read_text(encoding="utf-8"))]
        runs = [run for run in kept if run.size not in measured]
    if options.rounds:
        pythons = _working(options.peers.split(","), options)
        model = library_folder(options.cache, options.dtype)
        for run in measure_all(pythons, model, workloads, options.rounds):
            runs.append(run)
            _store(runs, results)
    if not runs:
        sys.exit("There is nothing to write: no program has been measured.")
    size = options.table or max(run.size for run in runs)
    output = options.output or options.cache
    body = page_of(runs, size, options.dtype, output)
    if options.output is None:
        print(body)
        return
    page = options.output / "performance.md"
    page.write_text(
        replace_between(page.read_text(encoding="utf-8"), "compare", body), encoding="utf-8"
    )


def _working(names: Sequence[str], options: argparse.Namespace) -> dict[str, Path]:
    """The Pythons of those programs that can be installed and do a small job rightly."""
    model = library_folder(options.cache, options.dtype)
    small = read_workload(options.data, options.questions, CHECKED)
    pythons = {}
    for name in [*(name for name in names if name != OWN), OWN]:
        try:
            python = python_of(name, options.cache)
            _say(f"Checking {name}")
            measure(name, python, model, small, 0)
        except (InstallError, BrokenError) as error:
            _say(str(error))
            continue
        pythons[name] = python
    return pythons


def _store(runs: Sequence[Run], path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_suffix(".new")
    fields = Run.__dataclass_fields__
    content = [{name: getattr(run, name) for name in fields} for run in runs]
    temporary.write_text(json.dumps(content), encoding="utf-8")
    shutil.move(temporary, path)


if __name__ == "__main__":
    main()
