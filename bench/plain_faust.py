"""Plain Faust, one event a record, no state kept: prints events per CPU-second. Run by bench.throughput."""

import os
import sys
import time

import faust

from bench.throughput import PARTITIONS, SINGLES, keeper
from services.contracts.keeping import Record
from services.contracts.names import Names
from services.runtime.worker import tune_garbage_collection

app = faust.App(
    "bench-plain",
    broker=f"kafka://{os.environ.get('KAFKA_BOOTSTRAP_SERVERS', '')}",
    store="memory://",
    web_enabled=False,
    topic_partitions=PARTITIONS,
    datadir=os.environ.get("FLOORWATCH_STATE_DIR", ".floorwatch"),
)
source = app.topic(SINGLES.name, key_type=bytes, value_type=bytes, key_serializer="raw", value_serializer="raw")
contacts = Names("bench").contacts.name
wanted = 0


@app.agent(source)  # type: ignore[untyped-decorator]
async def count(stream: faust.StreamT) -> None:
    tune_garbage_collection()
    counting = keeper()
    began = 0.0
    async for event in stream.events():
        began = began or time.process_time()
        message = event.message
        counting.apply(Record(contacts, message.partition, message.offset, event.value))
        if counting.events >= wanted:
            speed = counting.events / (time.process_time() - began)
            os.write(1, f"\n{speed}\n".encode())  # Faust keeps print() for its log
            os._exit(0)


if __name__ == "__main__":
    wanted = int(sys.argv[1])
    sys.argv[1:] = ["worker", "-l", "error", "--without-web"]
    app.main()
