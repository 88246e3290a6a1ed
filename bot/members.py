"""Who asked, without saying who: user ids are stored only as hashes under a key.

The key lies in a file beside the database, so a copy of the database alone identifies nobody.
"""

from __future__ import annotations

import hashlib
import logging
import os
import secrets
from pathlib import Path

from bot.database import DatabaseError, holding, make_file
from index.storage import flush

log = logging.getLogger(__name__)

KEY_BYTES = 32
HASH_BYTES = 16


class MemberKeys:
    """Hashes user ids under one secret key."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    @classmethod
    def load(cls, path: Path, *, in_use: bool = False) -> MemberKeys:
        """The key in ``path``; made there at random if the file is missing, unless something is
        stored under it (``in_use``).

        Raises DatabaseError if it cannot be read or made, or does not have 32 bytes. It is never
        replaced: with another key nobody's stored questions could be found again.
        """
        path = path.absolute()
        with holding(path):
            if not os.path.lexists(path):
                if in_use:
                    raise DatabaseError(
                        f"The key {path} is missing, without which the questions that are stored "
                        "cannot be found by who asked them; "
                        "put its backup in its place, or remove the database to begin anew."
                    )
                _make(path)
            key = path.read_bytes()
        if len(key) != KEY_BYTES:
            raise DatabaseError(
                f"The key {path} has {len(key)} bytes and should have {KEY_BYTES}; "
                "put its backup in its place, or remove it and the database to begin anew."
            )
        return cls(key)

    def hash(self, user_id: int) -> bytes:
        """16 bytes that stand for a Discord user: keyed BLAKE2b of the id as 8 bytes, big-endian.

        Raises OverflowError for a number that is no id.
        """
        identifier = user_id.to_bytes(8, "big")
        return hashlib.blake2b(identifier, digest_size=HASH_BYTES, key=self._key).digest()


def _make(path: Path) -> None:
    # Renamed when it is whole: a process killed before leaves no key, not half of one.
    draft = path.with_name(f"{path.name}.new")
    draft.unlink(missing_ok=True)
    make_file(draft)
    draft.write_bytes(secrets.token_bytes(KEY_BYTES))
    flush(draft)
    draft.replace(path)
    flush(path.parent)
    log.info("made a new key for user ids: %s", path)
