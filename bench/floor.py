"""The events that the benches count: a made-up floor in event time, packed as ingest packs them."""

from collections.abc import Iterator

import numpy as np

from services.contracts.events import (
    Abandoned,
    Answered,
    ContactEvent,
    Ended,
    Heartbeat,
    Offered,
    decode_contacts,
    encode_batch,
)
from services.runtime.kafka import partition_of

START_MS = 1_767_225_600_000  # 2026-01-01T00:00Z
BATCH = 200


def events(
    queues: int, contacts: int, *, per_half_hour: float = 100.0, seed: int = 1, shift_ms: int = 0
) -> Iterator[ContactEvent]:
    """About 2.9 events a contact in time order: 12 % abandon, the others are answered and ended.

    Args:
        queues: how many queues share the contacts evenly.
        contacts: how many contacts in all.
        per_half_hour: contacts of one queue in half an hour.
        seed: of the random numbers.
        shift_ms: later than START_MS by so much.
    """
    rng = np.random.default_rng(seed)
    offered = (
        np.cumsum(rng.exponential(1_800_000 / (per_half_hour * queues), contacts)).astype(np.int64)
        + START_MS
        + shift_ms
    )
    waits = rng.exponential(18_000, contacts).astype(np.int64)
    talks = rng.lognormal(12.0, 0.6, contacts).astype(np.int64)
    abandons = rng.random(contacts) < 0.12
    queue = rng.integers(0, queues, contacts)
    made: list[tuple[int, ContactEvent]] = []
    for i in range(contacts):
        q, c, at = f"site{queue[i] % 8}/q{queue[i]}", f"contact-{i:08d}", int(offered[i])
        left = at + int(waits[i])
        made.append((at, Offered(f"{c}:o", "bench", at, q, c)))
        if abandons[i]:
            made.append((left, Abandoned(f"{c}:x", "bench", left, q, c, at)))
            continue
        made.append((left, Answered(f"{c}:a", "bench", left, q, c, at, "agent")))
        end = left + int(talks[i])
        made.append((end, Ended(f"{c}:e", "bench", end, q, c, at, int(talks[i]))))
    made.sort(key=lambda pair: pair[0])
    return (event for _, event in made)


def records(stream: Iterator[ContactEvent], partitions: int, *, batch: int = BATCH) -> list[tuple[int, bytes, int]]:
    """Pack events by partition: (partition, record value, events in it), each partition with a last heartbeat."""
    waiting: list[list[ContactEvent]] = [[] for _ in range(partitions)]
    packed: list[tuple[int, bytes, int]] = []
    home: dict[str, int] = {}
    at = START_MS
    for event in stream:
        assert not isinstance(event, Heartbeat)
        if event.queue not in home:
            home[event.queue] = partition_of(event.queue, partitions)
        partition = home[event.queue]
        waiting[partition].append(event)
        at = event.at
        if len(waiting[partition]) >= batch:
            packed.append((partition, encode_batch(waiting[partition]), len(waiting[partition])))
            waiting[partition] = []
    for partition, rest in enumerate(waiting):
        rest.extend(Heartbeat("bench", f"site{i}", at) for i in range(8))
        packed.append((partition, encode_batch(rest), len(rest)))
    return packed


def singly(value: bytes) -> Iterator[bytes]:
    """The same events, one a record."""
    return (encode_batch([event]) for event in decode_contacts(value))
