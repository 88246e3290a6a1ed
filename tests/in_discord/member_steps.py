"""What members do and see in the simulated Discord."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from typing import Any, cast

from discord_world import QUESTION, SHOWN, SOURCE, Found, World, components, mentioned, shown
from simcord import Env

FOOT = "-# How sure: almost certain"
CHANGED = "This paragraph has changed or is gone since I showed it. Please ask again."
FORGOTTEN = "I no longer have this answer: questions are erased after a while. Please ask again."
PREPARING = "The library is being prepared. Please ask again in a minute or two."
STOPPING = "I am being restarted. Please try again in a minute."

PUBLIC = ["Context", "Read the article", "Helpful", "Not helpful", "Remove"]
PRIVATE = ["Context", "Read the article", "Helpful", "Not helpful", "Share"]

LAST = "Nobody lives there now."
SHOWN_LAST = f"> Since 1931 the light has been electric. **{LAST}**"
SOURCE_LAST = "**The old lighthouse**\n-# Ada Quill · <t:1709985600:D> · paragraph 3 · English"
TWO = [Found(), Found(paragraph=3, sentence=LAST)]
FIRST_PAGE = [f"**Question:** {QUESTION}", SHOWN, SOURCE, f"{FOOT} · Passage 1 of 2"]
SECOND_PAGE = [f"**Question:** {QUESTION}", SHOWN_LAST, SOURCE_LAST, "-# Passage 2 of 2"]


def answered(question: str = QUESTION) -> list[str]:
    return [f"**Question:** {question}", SHOWN, SOURCE, FOOT]


def whispered(result: Any) -> Any:
    """The one message that only the user of an interaction sees: the response, or, where that was
    only acknowledged, what followed."""
    [message] = result.followups or [result.response]
    assert message.ephemeral
    return message


def told(result: Any) -> str:
    """The one sentence that only the user of an interaction sees."""
    [text] = shown(whispered(result))
    return text


def identifier_in(sentence: str) -> str:
    found = re.fullmatch(
        "Sorry, something went wrong on my side. Please try again later; whoever runs me finds it "
        "in the log under `([0-9a-f]{8})`.",
        sentence,
    )
    assert found is not None
    return found[1]


def mention(env: Env) -> str:
    assert env.bot.user is not None
    return f"<@{env.bot.user.id}>"


def private_messages(user: Any) -> list[list[str]]:
    return [shown(message) for message in user.dm_channel.history()]


async def stored(world: World, member: Any) -> dict[str, Any]:
    """All that is stored about somebody."""
    services = world.services
    return cast(Any, await services.records.export_member(services.members.hash(member.id)))


async def votes(world: World, member: Any) -> list[tuple[bool, str | None]]:
    return [(vote["helpful"], vote["reason"]) for vote in (await stored(world, member))["ratings"]]


def press(env: Env, member: Any, message: Any, custom_id: str) -> Awaitable[Any]:
    """Press a button of an older version: the first one under the message gets its custom id."""
    kept = env.backend.get_message(message.channel_id, message.id)
    found = [part for part in components(kept) if part["type"] == 2 and "custom_id" in part]
    found[0].update(custom_id=custom_id, disabled=False)
    return cast(Awaitable[Any], member.click(message, custom_id=custom_id))


def on_disk(world: World) -> bytes:
    """All bytes of the database's files."""
    return b"".join(path.read_bytes() for path in world.data.glob("beleg.sqlite3*"))


def hello(world: World) -> str:
    """What whoever asks nothing is told."""
    return (
        "Ask me a question, and I will look for the passage that answers it: with "
        f"{mentioned(world, 'ask')}, in a direct message, or by mentioning me together with your "
        "question."
    )


async def until(true: Callable[[], bool]) -> None:
    """Let other tasks go on until something is so."""
    async with asyncio.timeout(30):
        while not true():
            await asyncio.sleep(0)
