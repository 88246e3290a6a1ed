"""A small Discord on 127.0.0.1: REST and gateway on real sockets, for a bot in its own process.

It knows one server with one text channel, and direct messages. Everything the bot sends is recorded
in `LoopbackDiscord.requests`; `wait_for` waits until something has happened, so no test sleeps.
What Discord would refuse (a wrong token, a message over its limits) is refused here too, and an
endpoint that is missing here is recorded in `unknown` and answered with 404.
"""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Self, TypeVar

from aiohttp import WSMsgType, web

T = TypeVar("T")
Json = dict[str, Any]

EPOCH = 1_420_070_400_000
EPHEMERAL = 1 << 6
COMPONENTS_V2 = 1 << 15
MANAGE_GUILD = 1 << 5
VIEW_CHANNEL = 1 << 10
SEND_MESSAGES = 1 << 11
MODAL = 9
WAIT_SECONDS = 120.0

# Opcodes of the gateway.
DISPATCH, HEARTBEAT, IDENTIFY, RESUME, RECONNECT, INVALID, HELLO, ACKNOWLEDGED = (
    0,
    1,
    2,
    6,
    7,
    9,
    10,
    11,
)


def _walk(components: list[Json]) -> Iterator[Json]:
    for component in components:
        yield component
        yield from _walk(component.get("components", []))


def texts(message: Json) -> list[str]:
    """What a message shows: its content, or its text displays from top to bottom."""
    shown = [
        component["content"]
        for component in _walk(message.get("components", []))
        if component["type"] == 10
    ]
    return [message["content"], *shown] if message.get("content") else shown


def _count(components: list[Json]) -> int:
    return sum(
        1 + _count(component.get("components", [])) + ("accessory" in component)
        for component in components
    )


@dataclass(frozen=True, slots=True)
class Request:
    """One REST call of the bot's; ``path`` is without the API's prefix and the query."""

    method: str
    path: str
    body: Any


@dataclass(slots=True)
class Interaction:
    """A command that somebody used, and how the bot has responded so far."""

    server: LoopbackDiscord
    id: str
    token: str
    callbacks: list[Json] = field(default_factory=list)
    message: Json | None = None
    versions: list[Json] = field(default_factory=list)
    followups: list[Json] = field(default_factory=list)
    deleted: bool = False

    @property
    def ephemeral(self) -> bool:
        return bool(self.callbacks[0].get("data", {}).get("flags", 0) & EPHEMERAL)

    async def acknowledged(self, timeout: float = WAIT_SECONDS) -> Json:
        """The first response."""
        return await self.server.wait_for(
            lambda: self.callbacks[0] if self.callbacks else None, "a callback", timeout
        )

    async def outcome(self, timeout: float = WAIT_SECONDS) -> Json:
        """What a press has led to: a new version of the message, or a private one."""

        def found() -> Json | None:
            new = self.followups or self.versions
            if new:
                return new[-1]
            return self.message if self.callbacks and self.callbacks[0]["type"] == 4 else None

        return await self.server.wait_for(found, "the outcome of a press", timeout)

    async def answer(
        self,
        until: Callable[[str], bool] = bool,
        timeout: float = WAIT_SECONDS,
    ) -> list[str]:
        """The texts of the response, once their joined form satisfies ``until``."""

        def found() -> list[str] | None:
            shown = [] if self.message is None else texts(self.message)
            return shown if shown and until("\n".join(shown)) else None

        return await self.server.wait_for(found, "an answer to a command", timeout)


@dataclass(slots=True)
class Fault:
    """The next ``times`` requests that match are answered with this instead."""

    method: str
    path: re.Pattern[str]
    status: int
    body: Json
    headers: dict[str, str]
    times: int


class LoopbackDiscord:
    """Start it with ``async with``; point the bot at `api_url` and `gateway_url`."""

    def __init__(self, *, token: str = "loopback.token") -> None:
        self.token = token
        self.bot_user = self.user("beleg", bot=True)
        self.application_id = self.bot_user["id"]
        self.owner = self.user("owner")
        self.guild_id, self.channel_id = self._new_id(), self._new_id()
        self.requests: list[Request] = []
        self.unknown: list[Request] = []
        self.messages: list[Json] = []
        self.interactions: dict[str, Interaction] = {}
        self.commands: list[Json] = []
        self.identified = 0
        self.resumed = 0
        self._faults: list[Fault] = []
        self._events: list[Json] = []
        self._sockets: list[web.WebSocketResponse] = []
        self._session = "session"
        self._changed = asyncio.Condition()
        self._runner: web.AppRunner | None = None
        self._port = 0
        self._routes: list[tuple[str, re.Pattern[str], Callable[..., Any]]] = [
            ("GET", re.compile("/users/@me"), lambda _: self.bot_user),
            ("GET", re.compile("/oauth2/applications/@me"), self._application),
            ("PUT", re.compile(r"/applications/(\d+)/commands"), self._put_commands),
            ("POST", re.compile(r"/channels/(\d+)/messages"), self._post_message),
            ("POST", re.compile(r"/channels/(\d+)/typing"), lambda *_: None),
            ("POST", re.compile("/users/@me/channels"), self._open_direct_messages),
            ("POST", re.compile(r"/interactions/(\d+)/(\w+)/callback"), self._callback),
            ("POST", re.compile(r"/webhooks/(\d+)/(\w+)"), self._follow_up),
            ("GET", re.compile(r"/webhooks/(\d+)/(\w+)/messages/@original"), self._original),
            ("PATCH", re.compile(r"/webhooks/(\d+)/(\w+)/messages/@original"), self._edit),
            ("DELETE", re.compile(r"/webhooks/(\d+)/(\w+)/messages/@original"), self._delete),
        ]

    # Life -------------------------------------------------------------------------------------

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def start(self) -> None:
        app = web.Application()
        app.router.add_route("*", "/api/{path:.*}", self._rest)
        app.router.add_get("/gateway/", self._gateway)
        self._runner = web.AppRunner(app, shutdown_timeout=1.0)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self._port)
        await site.start()
        self._port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        for socket in self._sockets:
            await socket.close()
        if self._runner is not None:
            await self._runner.cleanup()

    @property
    def api_url(self) -> str:
        return f"http://127.0.0.1:{self._port}/api"

    @property
    def gateway_url(self) -> str:
        return f"ws://127.0.0.1:{self._port}/gateway/"

    async def wait_for(
        self,
        probe: Callable[[], T | None],
        what: str,
        timeout: float = WAIT_SECONDS,
    ) -> T:
        """The first value of ``probe`` that is not false; looked at after every request."""
        try:
            async with asyncio.timeout(timeout), self._changed:
                while not (found := probe()):
                    await self._changed.wait()
                return found
        except TimeoutError:
            recent = "\n".join(f"  {r.method} {r.path}" for r in self.requests[-10:])
            raise AssertionError(
                f"there was not {what} within {timeout} s; the last requests:\n{recent}"
            ) from None

    async def connected(self, timeout: float = WAIT_SECONDS) -> None:
        """Until the bot has identified itself at the gateway."""
        await self.wait_for(lambda: self.identified, "IDENTIFY", timeout)

    def fail(
        self,
        method: str,
        path: str,
        status: int,
        body: Json | None = None,
        headers: dict[str, str] | None = None,
        times: int = 1,
    ) -> None:
        """Answer the next ``times`` requests whose path matches ``path`` with an error."""
        body = {"message": "refused by the test", "code": 0} if body is None else body
        self._faults.append(Fault(method, re.compile(path), status, body, headers or {}, times))

    # What people do ---------------------------------------------------------------------------

    def user(self, name: str, *, identifier: str | None = None, bot: bool = False) -> Json:
        return {
            "id": identifier or self._new_id(),
            "username": name,
            "global_name": None,
            "discriminator": "0",
            "avatar": None,
            "bot": bot,
        }

    async def interaction(
        self,
        command: str,
        options: dict[str, str] | None = None,
        *,
        user: Json,
        permissions: int | None = SEND_MESSAGES,
        locale: str = "en-US",
    ) -> Interaction:
        """``user`` runs ``command`` ("ask", "admin reindex") with string options.

        With ``permissions`` in the server; with None in a direct message.
        """
        name, *subcommands = command.split()
        leaves: list[Json] = [
            {"type": 3, "name": key, "value": value} for key, value in (options or {}).items()
        ]
        for subcommand in reversed(subcommands):
            leaves = [{"type": 1, "name": subcommand, "options": leaves}]
        [identifier] = [known["id"] for known in self.commands if known["name"] == name]
        command_data = {"id": identifier, "name": name, "type": 1, "options": leaves}
        return await self._interact(2, command_data, user, permissions, locale)

    async def press(
        self,
        message: Json,
        label: str,
        *,
        user: Json,
        permissions: int | None = SEND_MESSAGES,
        locale: str = "en-US",
    ) -> Interaction:
        """``user`` presses the button ``label`` under a message of the bot's."""
        [button] = [
            component
            for component in _walk(message["components"])
            if component["type"] == 2 and component.get("label") == label
        ]
        assert not button.get("disabled")
        data = {"component_type": 2, "custom_id": button["custom_id"]}
        return await self._interact(3, data, user, permissions, locale, message=message)

    async def submit(
        self,
        form: Interaction,
        values: dict[str, str],
        *,
        user: Json,
        permissions: int | None = SEND_MESSAGES,
    ) -> Interaction:
        """``user`` fills in the form that an interaction was answered with, and sends it."""
        modal = form.callbacks[0]["data"]
        components = [
            {
                "type": 18,
                "id": number,
                "component": {"type": 4, "id": 100 + number, "custom_id": name, "value": value},
            }
            for number, (name, value) in enumerate(values.items(), 1)
        ]
        data = {"custom_id": modal["custom_id"], "components": components}
        return await self._interact(5, data, user, permissions, "en-US", message=form.message)

    async def _interact(
        self,
        kind: int,
        content: Json,
        user: Json,
        permissions: int | None,
        locale: str,
        *,
        message: Json | None = None,
    ) -> Interaction:
        found = Interaction(self, self._new_id(), f"token{self._new_id()}", message=message)
        self.interactions[found.token] = found
        data: Json = {
            "id": found.id,
            "application_id": self.application_id,
            "type": kind,
            "token": found.token,
            "version": 1,
            "attachment_size_limit": 10_000_000,
            "locale": locale,
            "entitlements": [],
            "app_permissions": "0" if permissions is None else str(VIEW_CHANNEL | SEND_MESSAGES),
            "authorizing_integration_owners": {"0": "0" if permissions is None else self.guild_id},
            "data": content,
        }
        if message is not None:
            data["message"] = message
        if permissions is None:
            data |= {
                "user": user,
                "context": 1,
                "channel": {"id": self._direct_channel(user), "type": 1, "recipients": [user]},
            }
        else:
            data |= {
                "guild_id": self.guild_id,
                "context": 0,
                "member": {**self._member(), "user": user, "permissions": str(permissions)},
                "channel": self._channel(),
            }
        await self.dispatch("INTERACTION_CREATE", data)
        return found

    async def direct_message(
        self, content: str, *, user: Json, replies_to: Json | None = None
    ) -> str:
        """``user`` writes to the bot, in reply to one of its messages or not; the message's id."""
        message = self._message(self._direct_channel(user), user, {"content": content})
        message |= self._reference(replies_to)
        await self.dispatch("MESSAGE_CREATE", message)
        return str(message["id"])

    async def message(self, content: str, *, user: Json, replies_to: Json | None = None) -> str:
        """``user`` writes in the server's channel; the message's id. A reply pings."""
        message = self._message(self.channel_id, user, {"content": content})
        message |= {"guild_id": self.guild_id, "member": self._member()}
        message |= self._reference(replies_to)
        if replies_to or f"<@{self.bot_user['id']}>" in content:
            message["mentions"] = [{**self.bot_user, "member": self._member()}]
        await self.dispatch("MESSAGE_CREATE", message)
        return str(message["id"])

    def _reference(self, message: Json | None) -> Json:
        if message is None:
            return {}
        reference = {"message_id": message["id"], "channel_id": message["channel_id"]}
        return {"type": 19, "message_reference": reference, "referenced_message": message}

    async def reply_to(self, identifier: str, timeout: float = WAIT_SECONDS) -> Json:
        """The bot's reply to the message with this id."""

        def found() -> Json | None:
            for message in self.messages:
                if str(message.get("message_reference", {}).get("message_id")) == identifier:
                    return message
            return None

        return await self.wait_for(found, "a reply", timeout)

    # Gateway ----------------------------------------------------------------------------------

    async def dispatch(self, event: str, data: Json) -> None:
        """Send an event to the bot; it is kept, and sent again after a RESUME that missed it."""
        frame = {"op": DISPATCH, "t": event, "s": len(self._events) + 1, "d": data}
        self._events.append(frame)
        for socket in self._sockets:
            if not socket.closed:
                await socket.send_json(frame)

    async def send_operation(self, operation: int, data: object = None) -> None:
        """Send a bare frame, such as RECONNECT or INVALID, to the bot."""
        for socket in self._sockets:
            await socket.send_json({"op": operation, "d": data})

    async def drop(self, code: int = 1001) -> None:
        """Close the bot's connections."""
        for socket in list(self._sockets):
            await socket.close(code=code)

    async def _gateway(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        await socket.send_json({"op": HELLO, "d": {"heartbeat_interval": 41_250}})
        async for frame in socket:
            if frame.type is not WSMsgType.TEXT:
                break
            received = json.loads(frame.data)
            if received["op"] == HEARTBEAT:
                await socket.send_json({"op": ACKNOWLEDGED})
            elif received["op"] in (IDENTIFY, RESUME) and received["d"]["token"] != self.token:
                await socket.close(code=4004)
            elif received["op"] == IDENTIFY:
                self._sockets.append(socket)
                await self._greet()
                self.identified += 1
                await self._notify()
            elif received["op"] == RESUME:
                for missed in self._events[received["d"]["seq"] :]:
                    await socket.send_json(missed)
                self._sockets.append(socket)
                await self.dispatch("RESUMED", {})
                self.resumed += 1
                await self._notify()
        if socket in self._sockets:
            self._sockets.remove(socket)
        return socket

    async def _greet(self) -> None:
        await self.dispatch(
            "READY",
            {
                "v": 10,
                "user": self.bot_user,
                "guilds": [{"id": self.guild_id, "unavailable": True}],
                "session_id": self._session,
                "resume_gateway_url": self.gateway_url,
                "application": {"id": self.application_id, "flags": 0},
            },
        )
        everyone = {
            "id": self.guild_id,
            "name": "@everyone",
            "permissions": str(SEND_MESSAGES),
            "position": 0,
            "color": 0,
            "colors": {"primary_color": 0, "secondary_color": None, "tertiary_color": None},
            "hoist": False,
            "managed": False,
            "mentionable": False,
        }
        await self.dispatch(
            "GUILD_CREATE",
            {
                "id": self.guild_id,
                "unavailable": False,
                "name": "Newsroom",
                "owner_id": self.owner["id"],
                "member_count": 2,
                "roles": [everyone],
                "channels": [self._channel()],
                "members": [],
                "threads": [],
            },
        )

    # REST -------------------------------------------------------------------------------------

    async def _rest(self, request: web.Request) -> web.Response:
        path = "/" + request.match_info["path"]
        body = await request.json() if request.can_read_body else None
        record = Request(request.method, path, body)
        self.requests.append(record)
        response = self._respond(record, request.headers.get("Authorization"))
        await self._notify()
        return response

    def _respond(self, request: Request, authorization: str | None) -> web.Response:
        for fault in self._faults:
            if (
                fault.times
                and fault.method == request.method
                and fault.path.fullmatch(request.path)
            ):
                fault.times -= 1
                return _reply(fault.body, fault.status, fault.headers)
        open_to_all = request.path.startswith(("/interactions/", "/webhooks/"))
        if not open_to_all and authorization != f"Bot {self.token}":
            return _reply({"message": "401: Unauthorized", "code": 0}, 401)
        if problem := _problem(request):
            return _reply({"message": problem, "code": 50035}, 400)
        for method, pattern, handler in self._routes:
            if method == request.method and (found := pattern.fullmatch(request.path)):
                answer = handler(request.body, *found.groups())
                return web.Response(status=204) if answer is None else _reply(answer)
        self.unknown.append(request)
        return _reply({"message": "404: Not Found", "code": 0}, 404)

    def _application(self, _: Any) -> Json:
        return {
            "id": self.application_id,
            "name": "Beleg",
            "description": "",
            "icon": None,
            "bot_public": True,
            "bot_require_code_grant": False,
            "verify_key": "",
            "owner": self.owner,
        }

    def _put_commands(self, body: list[Json], application: str) -> list[Json]:
        self.commands = [
            {
                **command,
                "id": self._new_id(),
                "application_id": application,
                "version": "1",
                "description": command.get("description", ""),
                "default_member_permissions": command.get("default_member_permissions"),
            }
            for command in body
        ]
        return self.commands

    def _post_message(self, body: Json, channel: str) -> Json:
        for message in self.messages:
            if body.get("enforce_nonce") and message.get("nonce") == body.get("nonce"):
                return message
        message = self._message(channel, self.bot_user, body)
        self.messages.append(message)
        return message

    def _open_direct_messages(self, body: Json) -> Json:
        user = self.user("somebody", identifier=str(body["recipient_id"]))
        return {"id": self._direct_channel(user), "type": 1, "recipients": [user]}

    def _callback(self, body: Json, identifier: str, token: str) -> Json:
        interaction = self.interactions[token]
        interaction.callbacks.append(body)
        message = self._message(self.channel_id, self.bot_user, body.get("data") or {})
        if body["type"] == 4:
            interaction.message = message
        elif body["type"] == 7 and interaction.message is not None:
            # The message stays what it is: its id, and whether only one person sees it.
            kept = {name: interaction.message[name] for name in ("id", "channel_id", "flags")}
            interaction.message = message = {**message, **kept}
            interaction.versions.append(message)
        return {
            "interaction": {"id": identifier, "type": 2, "response_message_id": message["id"]},
            "resource": {"type": body["type"], "message": message},
        }

    def _follow_up(self, body: Json, _: str, token: str) -> Json:
        message = self._message(self.channel_id, self.bot_user, body)
        self.interactions[token].followups.append(message)
        return message

    def _original(self, _: Any, __: str, token: str) -> Json | None:
        return self.interactions[token].message

    def _edit(self, body: Json, _: str, token: str) -> Json:
        interaction = self.interactions[token]
        message = self._message(self.channel_id, self.bot_user, body)
        message["flags"] |= EPHEMERAL if interaction.ephemeral else 0
        interaction.message = message
        interaction.versions.append(message)
        return message

    def _delete(self, _: Any, __: str, token: str) -> None:
        self.interactions[token].deleted = True

    # Payloads ---------------------------------------------------------------------------------

    def _message(self, channel: str, author: Json, body: Json) -> Json:
        message: Json = {
            "id": self._new_id(),
            "channel_id": channel,
            "author": author,
            "content": body.get("content") or "",
            "components": body.get("components", []),
            "flags": body.get("flags", 0),
            "timestamp": time.strftime("%Y-%m-%dT%H:%M:%S+00:00", time.gmtime()),
            "edited_timestamp": None,
            "tts": False,
            "mention_everyone": False,
            "mentions": [],
            "mention_roles": [],
            "attachments": [],
            "embeds": [],
            "pinned": False,
            "type": 0,
        }
        for optional in ("message_reference", "nonce"):
            if optional in body:
                message[optional] = body[optional]
        return message

    def _channel(self) -> Json:
        return {
            "id": self.channel_id,
            "type": 0,
            "name": "general",
            "position": 0,
            "guild_id": self.guild_id,
            "permission_overwrites": [],
        }

    def _member(self) -> Json:
        return {"roles": [], "joined_at": None, "deaf": False, "mute": False, "flags": 0}

    def _direct_channel(self, user: Json) -> str:
        return str(int(user["id"]) + 1)

    def _new_id(self) -> str:
        """An id whose time is now; ids that differ by one stay free for direct message channels."""
        self._issued = getattr(self, "_issued", 0) + 2
        return str((int(time.time() * 1000) - EPOCH << 22) + self._issued)

    async def _notify(self) -> None:
        async with self._changed:
            self._changed.notify_all()


def _reply(body: object, status: int = 200, headers: dict[str, str] | None = None) -> web.Response:
    # discord.py reads a body as JSON only if the type is exactly this, without a charset.
    every = {"Content-Type": "application/json", **(headers or {})}
    return web.Response(body=json.dumps(body).encode(), status=status, headers=every)


def _problem(request: Request) -> str | None:
    """What Discord would refuse about a message."""
    body = request.body
    if not isinstance(body, dict):
        return None
    message = body.get("data", body) if request.path.endswith("/callback") else body
    if not isinstance(message, dict) or body.get("type") == MODAL:
        return None
    components = message.get("components") or []
    if len(message.get("content") or "") > 2000:
        return "the content is over 2,000 characters"
    if components and not message.get("flags", 0) & COMPONENTS_V2:
        return "components of the second version without their flag"
    if _count(components) > 40 or sum(map(len, texts({"components": components}))) > 4000:
        return "the components are over 40, or their text is over 4,000 characters"
    return None
