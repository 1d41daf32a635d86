import redis

from services.cli.parts import kafka, valkey
from services.runtime.kafka import ensure_topics, producer, reader
from services.runtime.settings import CommonSettings


async def test_kafka_takes_a_record_and_gives_it_back(settings: CommonSettings):
    await ensure_topics(settings)
    assert kafka.not_answering(settings.kafka_bootstrap_servers) is None
    async with producer(settings) as sender:
        await sender.send_and_wait(settings.names.alerts.name, b"caller")
    async with reader(settings, settings.names.alerts.name) as log:
        assert (await log.getone()).value == b"caller"


def test_redis_answers(settings: CommonSettings):
    assert valkey.not_answering(settings.redis_url) is None
    with redis.Redis.from_url(settings.redis_url) as client:
        assert client.set(f"{settings.namespace}:x", "1")
        client.delete(f"{settings.namespace}:x")


def test_nobody_there_is_said_in_one_line():
    assert kafka.not_answering("127.0.0.1:1") == "no Kafka answers at 127.0.0.1:1"
    assert (
        valkey.not_answering("redis://127.0.0.1:1/0") == "no Redis answers at redis://127.0.0.1:1/0 (ConnectionError)"
    )
