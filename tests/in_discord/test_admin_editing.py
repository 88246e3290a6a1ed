"""From where the library may be changed."""

import pytest
from admin_steps import BUOYS, BUOYS_SHOWN, MAY_NOT_EDIT, files, owned_by, told
from discord_world import World, admin
from simcord import Env


@pytest.mark.parametrize(
    ("editing", "allowed"),
    [
        (None, {"own"}),
        ("own", {"own"}),
        ("none", set()),
        ("700000000000000001", {"other"}),
        ("1,700000000000000001", {"other"}),
        ("70000000000000000,7000000000000000011", set()),  # a part of an id is no id
    ],
)
async def test_where_the_library_may_be_changed(
    simcord_env: Env,
    world: World,
    monkeypatch: pytest.MonkeyPatch,
    editing: str | None,
    allowed: set[str],
) -> None:
    if editing is not None:
        monkeypatch.setenv("BELEG_EDITING", editing)
    await simcord_env.restart_bot(world.new_client())
    own = simcord_env.create_guild("own", id=700000000000000009)
    other = simcord_env.create_guild("other", id=700000000000000001)
    owned_by(simcord_env, own.owner)
    replies = {}
    for guild in (own, other):
        channel = guild.create_text_channel("general")
        result = await admin(simcord_env, guild).slash(
            channel, "admin add", file=("buoys.md", BUOYS.encode())
        )
        replies[guild.name] = told(result)
    assert replies == {
        name: BUOYS_SHOWN if name in allowed else [MAY_NOT_EDIT] for name in ("own", "other")
    }


@pytest.mark.parametrize("editing", ["own", "none", "5"])
async def test_the_owner_changes_the_library_in_a_direct_message(
    simcord_env: Env, world: World, monkeypatch: pytest.MonkeyPatch, editing: str
) -> None:
    monkeypatch.setenv("BELEG_EDITING", editing)
    await simcord_env.restart_bot(world.new_client())
    owner = simcord_env.create_user("olga")
    owned_by(simcord_env, owner)
    result = await owner.slash("admin add", file=("buoys.md", BUOYS.encode()))
    if editing == "none":
        assert told(result) == [MAY_NOT_EDIT]
        return
    assert told(result) == BUOYS_SHOWN
    await owner.click(result.response, label="Add to the library")
    assert files(world) == {"buoys.md": BUOYS.encode()}
