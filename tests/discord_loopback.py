"""A small Discord on 127.0.0.1: REST and gateway on real sockets, for a bot in its own process.

It knows one server with one text channel, and direct messages. Everything the bot sends is recorded
in `LoopbackDiscord.requests`; `wait_for` waits until something has happened, so no test sleeps.
What Discord would refuse (a wrong token, a message over its limits) is refused here too, and an
endpoint that is missing here is recorded in `unknown` and answered with 404.

It can be unwell: with `fail` and `weather`, requests are answered with errors, late or never, and
carried out or not; `drop`, `abort`, `go_silent`, `invalidate` and `expire_session` end connections
and sessions; `replay` delivers twice, and `hold` in another order.
"""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, suppress
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
MOST_EVENTS = 2_000
"""How many events a session keeps for a RESUME."""

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
    began: float = field(default_factory=time.monotonic)
    delivered: bool = True
    """False if there was no session to deliver it to."""

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


@dataclass(frozen=True, slots=True)
class Trouble:
    """How a request fares: after ``delay`` seconds it is carried out or not, and then answered with
    ``status``, if there is one. With ``lost`` the connection breaks instead."""

    status: int | None = None
    body: Json = field(default_factory=lambda: {"message": "refused by the test", "code": 0})
    headers: dict[str, str] = field(default_factory=dict)
    carried_out: bool = False
    delay: float = 0.0
    lost: bool = False


def limited(seconds: float, *, globally: bool = False) -> Trouble:
    """Discord's answer to too many requests."""
    body = {"message": "You are being rate limited.", "retry_after": seconds, "global": globally}
    return Trouble(429, body, {"Via": "1.1 loopback"})


@dataclass(slots=True)
class Fault:
    """The next ``times`` requests that match fare like this."""

    method: str
    path: re.Pattern[str]
    trouble: Trouble
    times: int


class RefusedError(Exception):
    """A request that Discord does not carry out, with its code for that."""

    def __init__(self, status: int, code: int, message: str) -> None:
        super().__init__(message)
        self.status, self.code = status, code


@dataclass(slots=True)
class Session:
    """The bot's session at the gateway: its newest events, and those of its sockets."""

    id: str
    sent: int = 0
    events: deque[Json] = field(default_factory=lambda: deque(maxlen=MOST_EVENTS))
    socket: web.WebSocketResponse | None = None


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
        self.replies: dict[str, list[Json]] = {}
        """The bot's messages by the id of that which they reply to."""
        self.interactions: dict[str, Interaction] = {}
        self.commands: list[Json] = []
        self.identified = 0
        self.resumed = 0
        self.weather: Callable[[Request], Trouble | None] = lambda _: None
        """How a request fares that no `fail` is meant for."""
        self.heartbeat_seconds = 41.25
        self.first_response_seconds: float | None = None
        """How long a first response is taken; three seconds at Discord, None for ever."""
        self.token_seconds: float | None = None
        """How long an interaction can be responded to; fifteen minutes at Discord."""
        self.undelivered: set[str] = set()
        """Ids of messages and interactions that the bot can never have got."""
        self._faults: list[Fault] = []
        self._session: Session | None = None
        self._expired: Session | None = None
        self._sessions = 0
        self._held: list[tuple[str, Json]] | None = None
        self._sockets: dict[web.WebSocketResponse, web.Request] = {}
        self._silent: set[web.WebSocketResponse] = set()
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
        await self.drop()
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
        status: int | None = None,
        body: Json | None = None,
        headers: dict[str, str] | None = None,
        times: int = 1,
        *,
        trouble: Trouble | None = None,
    ) -> None:
        """Answer the next ``times`` requests whose path matches ``path`` with an error, or let them
        fare as ``trouble`` says."""
        if trouble is None:
            said = Trouble().body if body is None else body
            trouble = Trouble(status, said, headers or {})
        self._faults.append(Fault(method, re.compile(path), trouble, times))

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
        options: dict[str, str | bool] | None = None,
        *,
        user: Json,
        permissions: int | None = SEND_MESSAGES,
        locale: str = "en-US",
    ) -> Interaction:
        """``user`` runs ``command`` ("ask", "admin reindex") with options.

        With ``permissions`` in the server; with None in a direct message.
        """
        name, *subcommands = command.split()
        leaves: list[Json] = [
            {"type": 5 if isinstance(value, bool) else 3, "name": key, "value": value}
            for key, value in (options or {}).items()
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

        replies = await self.wait_for(lambda: self.replies.get(identifier), "a reply", timeout)
        return replies[0]

    # Gateway ----------------------------------------------------------------------------------

    async def dispatch(self, event: str, data: Json) -> None:
        """Send an event to the bot; it is kept, and sent again after a RESUME that missed it.

        Without a session it reaches nobody.
        """
        session = self._session
        if self._held is not None:
            self._held.append((event, data))
            return
        if session is None:
            self._not_delivered(data)
            return
        session.sent += 1
        frame = {"op": DISPATCH, "t": event, "s": session.sent, "d": data}
        session.events.append(frame)
        await self._send(session.socket, frame)

    async def replay(self, count: int) -> None:
        """Send the newest ``count`` events once more, as may happen after a RESUME."""
        if self._session is not None:
            for frame in [*self._session.events][-count:]:
                if frame["t"] not in ("READY", "RESUMED"):
                    await self._send(self._session.socket, frame)

    @asynccontextmanager
    async def hold(self, order: Callable[[list[tuple[str, Json]]], object]) -> AsyncIterator[None]:
        """Keep back the events that would be dispatched meanwhile, and dispatch them afterwards in
        the order that ``order`` brings them into."""
        self._held = held = []
        yield
        self._held = None
        order(held)
        for event, data in held:
            await self.dispatch(event, data)

    async def _send(self, socket: web.WebSocketResponse | None, frame: Json) -> None:
        if socket is not None and not socket.closed and socket not in self._silent:
            with suppress(ConnectionError):
                await socket.send_json(frame)

    def _not_delivered(self, data: Json) -> None:
        if "id" in data:
            self.undelivered.add(str(data["id"]))
        if data.get("token") in self.interactions:
            self.interactions[data["token"]].delivered = False

    async def send_operation(self, operation: int, data: object = None) -> None:
        """Send a bare frame, such as RECONNECT or INVALID, to the bot."""
        for socket in list(self._sockets):
            await self._send(socket, {"op": operation, "d": data})

    async def drop(self, code: int = 1001) -> None:
        """Close the bot's connections."""
        for socket in list(self._sockets):
            await socket.close(code=code)

    async def abort(self) -> None:
        """Break the bot's connections without a word of farewell."""
        for request in self._sockets.values():
            if request.transport is not None:
                request.transport.abort()

    async def go_silent(self) -> None:
        """Neither send nor hear anything on the bot's connections, which stay open."""
        self._silent |= set(self._sockets)

    async def invalidate(self) -> None:
        """Tell the bot that its session has ended for good."""
        await self.send_operation(INVALID, data=False)
        await self.expire_session()

    async def expire_session(self) -> None:
        """Forget the session: the next RESUME finds none."""
        self._expired, self._session = self._session, None

    async def _gateway(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        interval = int(self.heartbeat_seconds * 1000)
        await socket.send_json({"op": HELLO, "d": {"heartbeat_interval": interval}})
        self._sockets[socket] = request
        try:
            async for frame in socket:
                if frame.type is not WSMsgType.TEXT:
                    break
                if socket not in self._silent:
                    await self._hear(socket, json.loads(frame.data))
        except ConnectionError:
            pass  # the bot has gone while it was being written to
        finally:
            del self._sockets[socket]
            self._silent.discard(socket)
        return socket

    async def _hear(self, socket: web.WebSocketResponse, received: Json) -> None:
        operation, data = received["op"], received["d"]
        if operation == HEARTBEAT:
            await socket.send_json({"op": ACKNOWLEDGED})
        elif operation in (IDENTIFY, RESUME) and data["token"] != self.token:
            await socket.close(code=4004)
        elif operation == IDENTIFY:
            self._sessions += 1
            self._session = Session(f"session{self._sessions}", socket=socket)
            await self._greet()
            self.identified += 1
            await self._notify()
        elif operation == RESUME:
            await self._resume(socket, data)

    async def _resume(self, socket: web.WebSocketResponse, data: Json) -> None:
        session = self._session
        if session is None or session.id != data["session_id"]:
            if self._expired is not None and self._expired.id == data["session_id"]:
                # What it had not got by then it will not get any more.
                for missed in self._expired.events:
                    if missed["s"] > data["seq"]:
                        self._not_delivered(missed["d"])
                self._expired = None
            await socket.send_json({"op": INVALID, "d": False})
            return
        session.socket = socket
        for missed in [*session.events]:
            if missed["s"] > data["seq"]:
                await socket.send_json(missed)
        await self.dispatch("RESUMED", {})
        self.resumed += 1
        await self._notify()

    async def _greet(self) -> None:
        await self.dispatch(
            "READY",
            {
                "v": 10,
                "user": self.bot_user,
                "guilds": [{"id": self.guild_id, "unavailable": True}],
                "session_id": f"session{self._sessions}",
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
        trouble = self._trouble(record) or Trouble(carried_out=True)
        await asyncio.sleep(trouble.delay)
        response = None
        if trouble.carried_out:
            response = self._respond(record, request.headers.get("Authorization"))
        if trouble.status is not None:
            response = _reply(trouble.body, trouble.status, trouble.headers)
        await self._notify()
        if trouble.lost or response is None:
            if request.transport is not None:
                request.transport.abort()
            return web.Response(status=500)  # nobody will see it
        return response

    def _trouble(self, request: Request) -> Trouble | None:
        for fault in self._faults:
            if (
                fault.times
                and fault.method == request.method
                and fault.path.fullmatch(request.path)
            ):
                fault.times -= 1
                return fault.trouble
        return self.weather(request)

    def _respond(self, request: Request, authorization: str | None) -> web.Response:
        open_to_all = request.path.startswith(("/interactions/", "/webhooks/"))
        if not open_to_all and authorization != f"Bot {self.token}":
            return _reply({"message": "401: Unauthorized", "code": 0}, 401)
        if problem := _problem(request):
            return _reply({"message": problem, "code": 50035}, 400)
        for method, pattern, handler in self._routes:
            if method == request.method and (found := pattern.fullmatch(request.path)):
                try:
                    answer = handler(request.body, *found.groups())
                except RefusedError as error:
                    return _reply({"message": str(error), "code": error.code}, error.status)
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
        replied_to = message.get("message_reference", {}).get("message_id")
        self.replies.setdefault(str(replied_to), []).append(message)
        return message

    def _open_direct_messages(self, body: Json) -> Json:
        user = self.user("somebody", identifier=str(body["recipient_id"]))
        return {"id": self._direct_channel(user), "type": 1, "recipients": [user]}

    def _callback(self, body: Json, identifier: str, token: str) -> Json:
        interaction = self.interactions[token]
        if interaction.callbacks:
            raise RefusedError(400, 40060, "Interaction has already been acknowledged.")
        if _over(interaction, self.first_response_seconds):
            raise RefusedError(404, 10062, "Unknown interaction")
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
        interaction = self._responded(token)
        message = self._message(self.channel_id, self.bot_user, body)
        interaction.followups.append(message)
        return message

    def _responded(self, token: str) -> Interaction:
        """An interaction that can be responded to further."""
        interaction = self.interactions[token]
        if _over(interaction, self.token_seconds):
            raise RefusedError(401, 50027, "Invalid Webhook Token")
        if not interaction.callbacks:
            raise RefusedError(404, 10015, "Unknown Webhook")
        return interaction

    def _original(self, _: Any, __: str, token: str) -> Json | None:
        return self._responded(token).message

    def _edit(self, body: Json, _: str, token: str) -> Json:
        interaction = self._responded(token)
        message = self._message(self.channel_id, self.bot_user, body)
        message["flags"] |= EPHEMERAL if interaction.ephemeral else 0
        interaction.message = message
        interaction.versions.append(message)
        return message

    def _delete(self, _: Any, __: str, token: str) -> None:
        self._responded(token).deleted = True

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


def _over(interaction: Interaction, seconds: float | None) -> bool:
    return seconds is not None and time.monotonic() - interaction.began > seconds


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
