"""Which release of Kafka a broker is: asked by ApiVersions, the one request that every broker answers."""

import socket
import struct
from io import BytesIO

# metadata.version of each release, as `kafka-storage version-mapping` tells it.
RELEASES = {
    7: "3.3", 8: "3.4", 11: "3.5", 14: "3.6", 19: "3.7", 20: "3.8", 21: "3.9", 25: "4.0", 27: "4.1", 29: "4.2",
    30: "4.3",
}  # fmt: skip
FINALIZED_FEATURES = 2
API_VERSIONS, VERSION = 18, 3


def broker_version(bootstrap_servers: str, *, timeout_s: float = 3) -> str | None:
    """Release that the cluster's metadata speaks, such as "4.3"; None where it does not tell (Kafka with ZooKeeper).

    Raises:
        OSError: nobody there, or no Kafka.
    """
    host, port = bootstrap_servers.split(",", maxsplit=1)[0].rsplit(":", 1)
    name = b"floorwatch"
    request = struct.pack(">hhih", API_VERSIONS, VERSION, 1, len(name)) + name
    request += b"\0" + _compact(name) + _compact(b"1") + b"\0"
    with socket.create_connection((host.strip("[]"), int(port)), timeout=timeout_s) as broker:
        broker.sendall(struct.pack(">i", len(request)) + request)
        with broker.makefile("rb") as stream:
            size = struct.unpack(">i", _exactly(stream.read(4), 4))[0]
            answer = BytesIO(_exactly(stream.read(size), size))
    level = _features(answer).get("metadata.version")
    return None if level is None else release(level)


def release(level: int) -> str:
    """The release that speaks this metadata.version."""
    known = [at for at in RELEASES if at <= level]
    if not known:
        return f"before {RELEASES[min(RELEASES)]}"
    return RELEASES[max(known)] if level <= max(RELEASES) else f"after {RELEASES[max(RELEASES)]}"


def _features(answer: BytesIO) -> dict[str, int]:
    answer.read(4 + 2)  # correlation id, error code
    for _ in range(_varint(answer) - 1):
        answer.read(6)  # an API's key, least and highest version
        _skip_tags(answer)
    answer.read(4)  # throttle time
    for _ in range(_varint(answer)):
        tag, size = _varint(answer), _varint(answer)
        value = BytesIO(_exactly(answer.read(size), size))
        if tag == FINALIZED_FEATURES:
            return dict(_feature(value) for _ in range(_varint(value) - 1))
    return {}


def _feature(value: BytesIO) -> tuple[str, int]:
    name = value.read(_varint(value) - 1).decode()
    (level,) = struct.unpack(">h", _exactly(value.read(2), 2))
    value.read(2)  # least level
    _skip_tags(value)
    return name, level


def _skip_tags(stream: BytesIO) -> None:
    for _ in range(_varint(stream)):
        _varint(stream)
        stream.read(_varint(stream))


def _varint(stream: BytesIO) -> int:
    value = shift = 0
    while True:
        (byte,) = _exactly(stream.read(1), 1)
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value
        shift += 7


def _compact(text: bytes) -> bytes:
    return bytes([len(text) + 1]) + text


def _exactly(data: bytes, size: int) -> bytes:
    if len(data) != size:
        raise ConnectionError("the answer broke off")
    return data
