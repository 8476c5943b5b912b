"""The same Apache Kafka in a container, where there is a Docker engine: `pytest --kafka container`."""

from __future__ import annotations

import uuid
from base64 import urlsafe_b64encode
from typing import Any

from kafka.errors import KafkaError

from streams.kafka.topic_admin import admin_client
from streams.service.settings import load_settings
from tests.broker.deployment import wait_for
from tests.broker.kafka_broker import HERE, BrokerUnavailableError, KafkaBroker, free_port
from tests.deploy.files import compose

START_SECONDS = 180.0
CONTROLLER_PORT = 29_093
MISSING = "testcontainers is not installed: `uv pip install --group containers`"


def environment(port: int) -> dict[str, str]:
    """Settings of the broker that runs as a process, as the image wants them, on one port."""
    properties = dict(
        line.split("=", 1)
        for line in (HERE / "server.properties").read_text("utf-8").splitlines()
        if line and not line.startswith("#")
    ) | {
        "controller.quorum.voters": f"1@127.0.0.1:{CONTROLLER_PORT}",
        "listeners": f"PLAINTEXT://0.0.0.0:{port},CONTROLLER://127.0.0.1:{CONTROLLER_PORT}",
        "advertised.listeners": f"PLAINTEXT://127.0.0.1:{port}",
        "log.dirs": "/var/lib/kafka/data",
    }
    named = {f"KAFKA_{name.upper().replace('.', '_')}": value for name, value in properties.items()}
    cluster = urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
    return named | {"CLUSTER_ID": cluster}


class ContainerBroker:
    """What `KafkaBroker` is, in the image that the compose file names.

    Raises
    ------
    BrokerUnavailableError
        The library or the engine is missing; the message says which.
    """

    def __init__(self) -> None:
        try:
            from testcontainers.core.container import DockerContainer  # noqa: PLC0415 - optional
        except ImportError as error:
            raise BrokerUnavailableError(MISSING) from error
        self.port = free_port()
        image = compose()["services"]["broker"]["image"]
        try:
            self._container: Any = DockerContainer(image).with_envs(**environment(self.port))
        except Exception as error:  # whatever a client without an engine raises
            raise _no_engine(error) from error
        # The library's own way to bind a port would open it on every interface.
        self._container.ports[f"{self.port}/tcp"] = ("127.0.0.1", self.port)
        self._started = False

    @property
    def bootstrap_servers(self) -> str:
        """Address for clients."""
        return f"127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start the container, for the first time or again with its data, until it answers."""
        try:
            self._inside.start() if self._started else self._container.start()
        except Exception as error:  # as above: the engine, the registry or the image
            raise _no_engine(error) from error
        self._started = True
        wait_for(self._answers, START_SECONDS, "Kafka in its container did not answer")

    @property
    def _inside(self) -> Any:
        return self._container.get_wrapped_container()

    def _answers(self) -> bool:
        try:
            with admin_client(load_settings(bootstrap_servers=self.bootstrap_servers)) as admin:
                admin.list_topics()
        except (OSError, KafkaError):
            return False
        return True

    def stop(self) -> None:
        """Stop in an orderly way; the data stay."""
        self._inside.stop(timeout=30)

    def kill(self) -> None:
        """End at once, as a crash would; the data stay."""
        self._inside.kill()

    def remove(self) -> None:
        """Remove the container with its data."""
        if self._started:
            self._container.stop()


Broker = KafkaBroker | ContainerBroker
"""Either can be stopped, killed and started again with its data."""


def _no_engine(error: Exception) -> BrokerUnavailableError:
    return BrokerUnavailableError(
        f"no Docker engine could run the broker ({type(error).__name__}: {error}); start one, or leave "
        "out `--kafka container` for a broker as a process"
    )
