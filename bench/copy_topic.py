"""Copy one topic's records onto another, partition by partition: the load of bench.throughput, as its own process."""

import asyncio
import sys

from bench.throughput import publish
from services.contracts.names import Topic
from services.runtime import kafka
from services.runtime.settings import CommonSettings


async def copy(settings: CommonSettings, source: str, target: str) -> None:
    reader = kafka.reader(settings, source)
    await reader.start()
    ends = {tp: end for tp, end in (await reader.end_offsets(list(reader.assignment()))).items() if end}
    values: list[tuple[int, bytes]] = []
    while any([await reader.position(tp) < end for tp, end in ends.items()]):
        for records in (await reader.getmany(timeout_ms=500)).values():
            values += [(record.partition, record.value) for record in records]
    await reader.stop()
    await publish(settings, Topic(target), iter(values))


if __name__ == "__main__":
    asyncio.run(copy(CommonSettings(), *sys.argv[1:3]))
