"""A compacted topic, such as that of the topology, read to its end and then followed."""

from collections.abc import Awaitable, Callable

from aiokafka import AIOKafkaConsumer

from services.contracts.names import Topic
from services.runtime import kafka
from services.runtime.logs import get_logger
from services.runtime.settings import CommonSettings

log = get_logger()


class CompactedFeed:
    """The newest record of every key of a topic, as they are told."""

    def __init__(self, settings: CommonSettings, topic: Topic, learn: Callable[[str, bytes | None], None]) -> None:
        """Hand each record's key and value to `learn`; ValueError means that it can't be used."""
        self._settings = settings
        self._topic = topic
        self._learn = learn
        self._reader: AIOKafkaConsumer | None = None

    async def read_to_end(self) -> None:
        """Take in what is there now."""
        reader = self._reader = kafka.reader(self._settings, self._topic.name)
        await reader.start()
        ends = {tp: end for tp, end in (await reader.end_offsets(list(reader.assignment()))).items() if end > 0}
        while any([await reader.position(tp) < end for tp, end in ends.items()]):
            await self._take()

    async def follow(self, changed: Callable[[dict[str, bytes | None]], Awaitable[None]]) -> None:
        """Take in what comes, for ever, and tell each batch of it."""
        assert self._reader is not None, "read_to_end() comes first"
        try:
            while True:
                if batch := await self._take():
                    await changed(batch)
        finally:
            await self.stop()

    async def stop(self) -> None:
        """Let go of the broker."""
        if self._reader is not None:
            await self._reader.stop()

    async def _take(self) -> dict[str, bytes | None]:
        assert self._reader is not None
        taken: dict[str, bytes | None] = {}
        for records in (await self._reader.getmany(timeout_ms=1000)).values():
            for record in records:
                key = (record.key or b"").decode("utf-8", "replace")
                try:
                    self._learn(key, record.value)
                except ValueError as error:
                    log.warning(
                        "a record can't be used, the old one stays", topic=self._topic.name, key=key, error=str(error)
                    )
                else:
                    taken[key] = record.value
        return taken


class TopologyFeed(CompactedFeed):
    """What is described, as it is told."""

    def __init__(self, settings: CommonSettings, learn: Callable[[str, bytes | None], None]) -> None:
        """See CompactedFeed."""
        super().__init__(settings, settings.names.topology, learn)
