"""The smallest Keeper: a total per key, an output per key and checkpoint, keys that end. Run as a worker by the tests.

A record of the source topics is a msgpack list of [key, amount]; the amount 0 ends the key. The key "fault" lets a part
of the worker fall silent, the one that FLOORWATCH_COUNTING_FAULT names.
"""

import asyncio
from collections.abc import Callable, Iterable
from typing import Any, Literal

import msgspec

from services.contracts.keeping import Checkpoint, Output, Record, StateEntry, key_prefix
from services.contracts.names import Topic
from services.runtime import logs
from services.runtime.checkpoints import CheckpointedStream, Outlet, Progress
from services.runtime.redis import client
from services.runtime.settings import Port, StreamSettings, load
from services.runtime.worker import run


class Count(msgspec.Struct, array_like=True):
    offset: int = -1
    total: int = 0


decode = msgspec.msgpack.Decoder(list[tuple[str, int]]).decode
decode_count = msgspec.msgpack.Decoder(Count).decode
encode = msgspec.msgpack.Encoder().encode


class Counting:
    """State key = prefix + source topic + "|" + key."""

    def __init__(self, out: str) -> None:
        self.out = out
        self.fault: Callable[[], None] = lambda: None
        self.counts: dict[bytes, Count] = {}
        self.dirty: dict[bytes, None] = {}
        self.over: dict[bytes, Count] = {}
        self.bad: list[Output] = []

    def apply(self, record: Record) -> None:
        try:
            batch = decode(record.value)
        except msgspec.MsgspecError as error:
            self.bad.append(Output(self.out, str(error).encode(), f"bad|{record.offset}".encode()))
            return
        prefix = key_prefix(record.partition) + record.topic.encode() + b"|"
        touched = {}
        for name, amount in batch:
            if name == "fault":
                self.fault()
            key = prefix + name.encode()
            count = self.counts.setdefault(key, Count())
            if record.offset > count.offset:
                count.total += amount
                touched[key] = count
            if amount == 0:
                self.over[key] = self.counts.pop(key)
                touched.pop(key, None)
                self.dirty.pop(key, None)
        for key, count in touched.items():
            count.offset = record.offset
            self.dirty[key] = None

    def checkpoint(self) -> Checkpoint:
        keys = list(self.dirty)[:10]
        outputs: list[Output] = []
        state: list[StateEntry] = []
        bad, self.bad = self.bad, []
        for key in keys:
            del self.dirty[key]
            value = encode(self.counts[key])
            state.append(StateEntry(int.from_bytes(key[:2], "big"), key, value))
            outputs.append(Output(self.out, str(self.counts[key].total).encode(), key[2:]))
        state += [StateEntry(int.from_bytes(key[:2], "big"), key, None) for key in self.over]
        self.over = {}
        outputs += bad
        return Checkpoint(outputs, state)

    def restore(self, entries: Iterable[StateEntry], partitions: frozenset[int]) -> None:
        self.counts = {entry.key: decode_count(entry.value or b"") for entry in entries}
        assert {entry.partition for entry in entries} <= partitions
        self.dirty, self.over, self.bad = {}, {}, []

    def offset_of(self, value: bytes) -> int:
        return decode_count(value).offset

    def urgent(self) -> bool:
        return False


class Progressing(Outlet):
    """Writes how far all is published, as metrics does."""

    def __init__(self, settings: StreamSettings) -> None:
        self.redis = client(settings)
        self.key = settings.names.progress_key
        self.silent = False

    async def published(self, progress: Progress) -> None:
        if self.silent:
            await asyncio.Event().wait()
        if progress:
            mapping: Any = {f"{topic}|{partition}": offset for (topic, partition), offset in progress.items()}
            await self.redis.hset(self.key, mapping=mapping)


Fault = Literal["none", "fetches", "handing on", "publishing"]


class CountingSettings(StreamSettings):
    counting_port: Port
    counting_fault: Fault = "none"


def fault(kind: Fault, stream: CheckpointedStream, outlet: Progressing) -> None:
    """Let a part fall silent as they do: a task of aiokafka's or Faust's is gone and nobody hears of it."""
    if kind == "publishing":
        outlet.silent = True
    if kind == "fetches":
        thread = stream.app.consumer._thread
        thread.thread_loop.call_soon_threadsafe(thread._consumer._fetcher._fetch_task.cancel)
    if kind == "handing on":
        for task in stream.app._fetcher._futures:
            task.cancel()


def sources(settings: StreamSettings) -> list[Topic]:
    return [settings.names.contacts, settings.names.ivr]


def main() -> None:
    settings = load(CountingSettings)
    logs.configure(settings, "counting")
    keeper = Counting(settings.names.intervals.name)
    outlet = Progressing(settings)
    stream = CheckpointedStream(settings, service="counting", sources=sources(settings), keeper=keeper, outlet=outlet)
    keeper.fault = lambda: fault(settings.counting_fault, stream, outlet)
    run(settings, stream, port=settings.counting_port, port_variable="FLOORWATCH_COUNTING_PORT")


if __name__ == "__main__":
    main()
