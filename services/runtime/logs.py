"""Structured logs: text for people, JSON for machines, both on standard error."""

import logging
import sys
import time

import structlog

from services.runtime.settings import CommonSettings


def configure(settings: CommonSettings, service: str) -> None:
    """Send every log line of this process, libraries included, through one format."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    renderer: structlog.typing.Processor = (
        structlog.processors.JSONRenderer()
        if settings.log_format == "json"
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                renderer,
            ],
        )
    )
    handler.addFilter(_OnceInAWhile())
    logging.basicConfig(handlers=[handler], level=settings.log_level.upper(), force=True)
    structlog.contextvars.bind_contextvars(service=service)
    # At debug level the HTTP clients write addresses and headers, and with them what is secret in them.
    for chatty in ("aiokafka", "kafka", "faust", "mode", "httpx", "httpcore", "urllib3", "requests", "apprise"):
        logging.getLogger(chatty).setLevel(max(logging.WARNING, logging.getLogger().level))


class _OnceInAWhile(logging.Filter):
    """The Kafka client says many times a second that its broker is away: each such line once in half a minute."""

    def __init__(self, every_s: float = 30.0) -> None:
        super().__init__()
        self._every_s = every_s
        self._said: dict[tuple[str, int], float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        if not record.name.startswith(("aiokafka", "faust", "mode")) or record.levelno < logging.WARNING:
            return True
        line, now = (record.name, record.lineno), time.monotonic()
        if now - self._said.get(line, -self._every_s) < self._every_s:
            return False
        self._said[line] = now
        return True


def get_logger() -> structlog.stdlib.BoundLogger:
    """A logger: `log.info("event name", field=value)`."""
    logger: structlog.stdlib.BoundLogger = structlog.get_logger()
    return logger
