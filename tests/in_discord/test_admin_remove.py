"""``/admin remove`` and ``/admin restore``."""

from admin_steps import (
    LIGHTHOUSE,
    PREPARING,
    UP_TO_DATE,
    files,
    furnish,
    hand_over,
    owned_by,
    put,
    still_preparing,
    told,
    workshop,
)
from discord_world import World, admin, buttons, mentioned, shown
from simcord import Env


async def test_an_article_is_removed_after_a_confirmation_and_restored(
    simcord_env: Env, world: World
) -> None:
    _, channel, editor = workshop(simcord_env)
    put(world, "lighthouse.md", LIGHTHOUSE)
    choices = await editor.autocomplete(channel, "admin remove", "article", "OLD")
    assert choices == [{"name": "The old lighthouse", "value": "lighthouse"}]
    assert await editor.autocomplete(channel, "admin remove", "article", "x") == []
    result = await editor.slash(channel, "admin remove", article="lighthouse")
    assert told(result) == [
        "Take **The old lighthouse** out of the library, for all servers? It can be restored later."
    ]
    assert buttons(result.response) == {"Yes, remove it": True, "Cancel": True}
    assert files(world) == {"lighthouse.md": LIGHTHOUSE.encode()}
    await editor.click(result.response, label="Yes, remove it")
    assert shown(result.response) == [
        f"**The article was removed.** {mentioned(world, 'admin restore')} brings it back.\n"
        f"{UP_TO_DATE}"
    ]
    assert buttons(result.response) == {}
    assert files(world) == {}
    assert world.reindexes == 1

    [removed] = world.services.shelf.removed()
    day = f"{removed.when:%Y-%m-%d}"
    choices = await editor.autocomplete(channel, "admin restore", "article", "LIGHT")
    assert choices == [{"name": f"{day} The old lighthouse", "value": removed.key}]
    assert await editor.autocomplete(channel, "admin restore", "article", "x") == []
    restored = await editor.slash(channel, "admin restore", article=removed.key)
    assert told(restored) == [f"**The article was brought back.**\n{UP_TO_DATE}"]
    assert files(world) == {"lighthouse.md": LIGHTHOUSE.encode()}
    assert world.reindexes == 2
    assert await editor.autocomplete(channel, "admin restore", "article", "") == []


async def test_the_question_whether_to_remove_survives_a_restart(
    simcord_env: Env, world: World
) -> None:
    guild, channel, editor = workshop(simcord_env)
    put(world, "lighthouse.md", LIGHTHOUSE)
    result = await editor.slash(channel, "admin remove", article="lighthouse")
    await simcord_env.restart_bot(world.new_client())
    owned_by(simcord_env, guild.owner)
    await editor.click(result.response, label="Yes, remove it")
    assert files(world) == {}


async def test_removing_is_cancelled(simcord_env: Env, world: World) -> None:
    _, channel, editor = workshop(simcord_env)
    put(world, "lighthouse.md", LIGHTHOUSE)
    result = await editor.slash(channel, "admin remove", article="lighthouse")
    await editor.click(result.response, label="Cancel")
    assert shown(result.response) == ["Nothing was changed."]
    assert files(world) == {"lighthouse.md": LIGHTHOUSE.encode()}
    assert world.reindexes == 0


async def test_an_article_that_is_gone_already_cannot_be_removed(
    simcord_env: Env, world: World
) -> None:
    _, channel, editor = workshop(simcord_env)
    unknown = await editor.slash(channel, "admin remove", article="The old lighthouse")
    assert told(unknown) == [
        "There is no such article in my library. Pick one from the list while you type."
    ]
    result = await editor.slash(channel, "admin remove", article="lighthouse")
    await editor.click(result.response, label="Yes, remove it")
    assert shown(result.response) == [
        "There is no article with the id “lighthouse”; choose one that is in the library."
    ]
    assert world.reindexes == 0


async def test_while_the_library_is_prepared_nothing_can_be_removed(
    simcord_env: Env, world: World
) -> None:
    world.ready = False
    await simcord_env.restart_bot(world.new_client())
    _, channel, editor = workshop(simcord_env)
    assert await editor.autocomplete(channel, "admin remove", "article", "") == []
    result = await editor.slash(channel, "admin remove", article="lighthouse")
    assert told(result) == [PREPARING]
    assert still_preparing(simcord_env)


async def test_what_was_not_removed_cannot_be_restored(simcord_env: Env, world: World) -> None:
    _, channel, editor = workshop(simcord_env)
    result = await editor.slash(channel, "admin restore", article="lighthouse")
    assert told(result) == [
        "There is no removed article “lighthouse”; it was put back already, or its record is "
        "damaged."
    ]
    assert world.reindexes == 0


async def test_what_was_removed_is_listed_only_to_those_who_may_restore_it(
    simcord_env: Env, world: World
) -> None:
    guild, channel, editor = workshop(simcord_env)
    furnish(world)
    member = guild.add_member(simcord_env.create_user("mo"))
    await hand_over(world, guild, member)
    elsewhere = simcord_env.create_guild("elsewhere")
    square = elsewhere.create_text_channel("square")
    listed = [
        [choice["name"][11:] for choice in await found]
        for found in (
            editor.autocomplete(channel, "admin restore", "article", ""),
            member.autocomplete(channel, "admin restore", "article", ""),
            admin(simcord_env, elsewhere).autocomplete(square, "admin restore", "article", ""),
            simcord_env.create_user("stan").autocomplete("admin restore", "article", ""),
            guild.owner.autocomplete("admin restore", "article", ""),
        )
    ]
    assert listed == [["Buoys and bells"], [], [], [], ["Buoys and bells"]]


async def test_of_many_removed_articles_the_newest_are_listed(
    simcord_env: Env, world: World
) -> None:
    _, channel, editor = workshop(simcord_env)
    for number in range(27):
        title = f"Article {number} " + "and so on " * 20
        put(world, f"a{number}.md", f"---\ntitle: {title}\nlanguage: en\n---\n\nText.\n")
        world.services.shelf.remove(f"a{number}")
    choices = await editor.autocomplete(channel, "admin restore", "article", "")
    assert [choice["name"].split()[2] for choice in choices] == [
        str(number) for number in range(26, 1, -1)
    ]
    assert all(len(choice["name"]) <= 100 for choice in choices)
