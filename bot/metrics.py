"""What Prometheus is told. Every label has a few values that stand in the code, so that nothing
that strangers do makes the list longer."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Histogram, ProcessCollector

_STAGE_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 90)
_LAG_SECONDS = (0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5)
_REINDEX_SECONDS = (1, 5, 15, 60, 300, 900, 3600)


class Metrics:
    """Counts what happens, from the start of the bot."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self.questions = Counter(
            "beleg_questions",
            "Questions by where they came from and what became of them.",
            ("source", "status"),
            registry=self.registry,
        )
        self.refusals = Counter(
            "beleg_refusals",
            "Questions that were not looked up, by the reason.",
            ("reason",),
            registry=self.registry,
        )
        self.stages = Histogram(
            "beleg_stage_seconds",
            "How long a question waited, was looked up, and its answer took to be sent.",
            ("stage",),
            buckets=_STAGE_SECONDS,
            registry=self.registry,
        )
        self.troubles = Counter(
            "beleg_log_lines",
            "Lines of the log that are warnings, or errors.",
            ("level",),
            registry=self.registry,
        )
        self.reindexes = Counter(
            "beleg_reindexes",
            "Reindexes by their outcome.",
            ("outcome",),
            registry=self.registry,
        )
        self.reindex_seconds = Histogram(
            "beleg_reindex_seconds",
            "How long a reindex took that was done.",
            buckets=_REINDEX_SECONDS,
            registry=self.registry,
        )
        self.connections = Counter(
            "beleg_gateway_connections",
            "Connections to Discord's gateway: new sessions, and sessions that were resumed.",
            ("kind",),
            registry=self.registry,
        )
        self.disconnections = Counter(
            "beleg_gateway_disconnections",
            "Connections to Discord's gateway that were lost.",
            registry=self.registry,
        )
        self.loop_lag = Histogram(
            "beleg_event_loop_lag_seconds",
            "How late the event loop came back to a task that slept.",
            buckets=_LAG_SECONDS,
            registry=self.registry,
        )
