"""A small HTTP server on this machine: whether the bot is alive and ready, and its metrics."""

from __future__ import annotations

import asyncio
import logging
import math
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

from aiohttp import web
from prometheus_client.aiohttp import make_aiohttp_handler
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from bot.metrics import Metrics
from bot.services import ServingClient

HOST = "127.0.0.1"
BEAT_SECONDS = 0.25
"""How often the event loop's lag is measured."""


def listen(port: int) -> socket.socket:
    """A socket on ``port`` of this machine; raises OSError if it cannot be had."""
    return socket.create_server((HOST, port))


@asynccontextmanager
async def serving(listener: socket.socket | None, bot: ServingClient) -> AsyncIterator[None]:
    """Serve ``/healthz``, ``/readyz`` and ``/metrics`` on ``listener`` meanwhile; without one, do
    nothing.

    Whoever asks is answered by the event loop itself, so an answer means that it runs.
    """
    if listener is None:
        yield
        return
    metrics = bot.services.metrics
    metrics.registry.register(State(bot))
    counting = _Counting(metrics)
    logging.getLogger().addHandler(counting)
    beat = asyncio.create_task(_measure_lag(metrics), name="lag")
    runner = web.AppRunner(application(bot), access_log=None, shutdown_timeout=0.2)
    await runner.setup()
    try:
        await web.SockSite(runner, listener).start()
        yield
    finally:
        beat.cancel()
        logging.getLogger().removeHandler(counting)
        await runner.cleanup()


def application(bot: ServingClient) -> web.Application:
    """The three addresses."""

    async def healthz(_: web.Request) -> web.Response:
        return web.Response(text="alive\n")

    async def readyz(_: web.Request) -> web.Response:
        missing = [*unready(bot)]
        if missing:
            return web.Response(text="; ".join(missing) + "\n", status=503)
        return web.Response(text="ready\n")

    app = web.Application()
    app.router.add_get("/healthz", healthz)
    app.router.add_get("/readyz", readyz)
    app.router.add_get("/metrics", make_aiohttp_handler(bot.services.metrics.registry))
    return app


def unready(bot: ServingClient) -> Iterator[str]:
    """Why the bot does not answer questions now; nothing if it does."""
    if bot.services.work.stopping:
        yield "the bot is stopping"
    if not bot.connected:
        yield "not connected to Discord"
    if not bot.services.library.ready:
        yield "no index is loaded yet"


async def _measure_lag(metrics: Metrics) -> None:
    loop = asyncio.get_running_loop()
    while True:
        due = loop.time() + BEAT_SECONDS
        await asyncio.sleep(BEAT_SECONDS)
        metrics.loop_lag.observe(max(loop.time() - due, 0.0))


class _Counting(logging.Handler):
    """Counts the lines of the log that tell of trouble."""

    def __init__(self, metrics: Metrics) -> None:
        super().__init__(logging.WARNING)
        self._metrics = metrics

    def emit(self, record: logging.LogRecord) -> None:
        # Its own names only: a library may log at levels of its own.
        level = "error" if record.levelno >= logging.ERROR else "warning"
        self._metrics.troubles.labels(level).inc()


class State(Collector):
    """What can be read off the bot whenever somebody asks."""

    def __init__(self, bot: ServingClient) -> None:
        self._bot = bot

    def collect(self) -> Iterator[Metric]:
        services = self._bot.services
        library = services.library
        gauges = {
            "beleg_ready": ("1 if questions are answered now.", not [*unready(self._bot)]),
            "beleg_connected": ("1 if there is a connection to Discord.", self._bot.connected),
            "beleg_questions_waiting": ("Questions looked up or waiting for it.", library.waiting),
            "beleg_questions_in_hand": (
                "Questions from their receipt to the answer's sending.",
                services.work.questions,
            ),
            "beleg_reindex_running": ("1 while a reindex runs.", library.reindexing),
            "beleg_articles": ("Articles in the index in use.", len(library.titles)),
            "beleg_passages": (
                "Passages in the index in use.",
                library.library.passage_count if library.ready else 0,
            ),
            "beleg_servers": ("Discord servers that the bot is in.", len(self._bot.guilds)),
            "beleg_gateway_latency_seconds": (
                "From a heartbeat to Discord's acknowledgement; NaN without a connection.",
                self._bot.latency if self._bot.connected else math.nan,
            ),
        }
        for name, (about, value) in gauges.items():
            yield GaugeMetricFamily(name, about, value=float(value))
