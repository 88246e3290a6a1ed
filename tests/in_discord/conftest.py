"""What all tests against a simulated Discord stand on."""

from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import simcord.interactions
from discord_world import Payloads, World
from simcord import Env

from bot import sending
from bot.client import BelegClient
from bot.service import LibraryService, Progress
from index.update import IndexReport

# How often, in seconds, simcord looks whether the bot has come to rest; its own 0.05 is most of
# what these tests would take.
Env._settle_internal.__kwdefaults__["idle"] = 0.002
# How long it waits for that: its own 5 s are not enough where others keep the machine busy.
Env.__init__.__kwdefaults__["settle_timeout"] = 60.0


@pytest.fixture(autouse=True)
def payloads(monkeypatch: pytest.MonkeyPatch) -> Payloads:
    """Interactions as Discord sends them, in the language that a test chooses."""
    settings = Payloads()
    made = simcord.interactions.base_payload

    def make(*args: Any, **details: Any) -> Any:
        record, payload = made(*args, **details)
        payload["locale"] = settings.locales.get(details["user_id"], settings.locale)
        owner = (
            {"1": str(details["user_id"])}
            if settings.added_by == "user"
            else {"0": str(details["guild_id"] or 0)}
        )
        payload["authorizing_integration_owners"] = owner
        return record, _in_group(payload) if settings.in_group else payload

    monkeypatch.setattr(simcord.interactions, "base_payload", make)
    return settings


def _in_group(payload: dict[str, Any]) -> dict[str, Any]:
    """The payload as it comes from a group's direct messages."""
    channel = {"id": payload["channel_id"], "type": 3, "name": "friends", "icon": None}
    channel |= {"recipients": [], "owner_id": "1"}
    kept = {key: value for key, value in payload.items() if not key.startswith("guild")}
    user = kept.pop("member")["user"]
    return kept | {"user": user, "context": 2, "channel": channel, "app_permissions": "0"}


@pytest.fixture(autouse=True)
def sent_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Simcord's Discord is never unwell: where a test says that it is, it stays so."""
    monkeypatch.setattr(sending, "PAUSES", ())
    monkeypatch.setattr(sending, "FIRST_PAUSES", ())


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


@pytest.fixture
def simcord_bot(world: World) -> BelegClient:
    return world.new_client()


@pytest.fixture(autouse=True)
def nobody_is_pinged(request: pytest.FixtureRequest) -> Iterator[None]:
    """Whatever a test does, no message of the bot's may ping anyone."""
    yield
    env = request.node.funcargs.get("simcord_env")
    if env is None:
        return
    for entry in env.http_requests:
        if entry.method not in ("POST", "PATCH") or not isinstance(entry.json, dict):
            continue
        if entry.path.endswith("/callback") and entry.json["type"] not in (4, 7):
            continue  # deferred, a form, or choices: there is no message
        sent = entry.json.get("data", entry.json)
        if {"content", "components"} & set(sent):
            assert sent["allowed_mentions"]["parse"] == []
            assert not sent["allowed_mentions"].get("replied_user")


@pytest.fixture
def slow_reindex(monkeypatch: pytest.MonkeyPatch) -> None:
    """A reindex that takes long enough to tell of its progress.

    Simcord's clock stands still while a thread works, so the time itself cannot be tested here.
    """
    reindex = LibraryService.reindex

    async def slow(
        service: LibraryService, on_progress: Callable[[Progress], Awaitable[None]], **options: Any
    ) -> IndexReport:
        await on_progress(Progress(1, 4))
        return await reindex(service, on_progress, **options)

    monkeypatch.setattr(LibraryService, "reindex", slow)


@pytest.fixture
def memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """The bot takes 123.6 MB."""
    usage = SimpleNamespace(memory_info=lambda: SimpleNamespace(rss=123_600_000))
    monkeypatch.setattr("bot.admin.overview.psutil.Process", lambda: usage)
