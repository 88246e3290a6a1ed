"""Where the bot's log goes and how its lines look."""

from __future__ import annotations

import logging
import sys
from typing import TextIO

FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"
OURS = ("bot", "index", "discord")


def configure(stream: TextIO | None = None) -> None:
    """Log plain lines to ``stream`` (standard error): our own and discord.py's from INFO, others
    from WARNING."""
    handler = logging.StreamHandler(sys.stderr if stream is None else stream)
    handler.setFormatter(logging.Formatter(FORMAT))
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    for name in OURS:
        logging.getLogger(name).setLevel(logging.INFO)
