"""Make a library of several languages: of SQuAD-format files that hold the same articles, each in
one language, every article is taken from one file, from each in turn.

    python -m benchmarks.mixed_languages de.json en.json es.json > mixed.json
"""

from __future__ import annotations

import argparse
import json
import sys
from itertools import cycle
from pathlib import Path


def mixed(files: list[Path]) -> dict[str, object]:
    """One file's content. Raises ValueError for files with unequal numbers of articles."""
    read = [json.loads(file.read_text(encoding="utf-8"))["data"] for file in files]
    versions = zip(*read, strict=True)
    chosen = [
        articles[at] for articles, at in zip(versions, cycle(range(len(files))), strict=False)
    ]
    return {"version": "1.1", "data": chosen}


def main() -> None:
    """Read the files and print one."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("files", type=Path, nargs="+")
    json.dump(mixed(parser.parse_args().files), sys.stdout, ensure_ascii=False)


if __name__ == "__main__":
    main()
