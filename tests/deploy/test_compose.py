"""The compose file: nothing dangling, nothing loose. `tests/engine` runs it on a real engine."""

from __future__ import annotations

import fcntl
import http.server
import os
import re
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from streams.cli import app
from streams.desk.settings import DeskSettings
from streams.service.settings import Settings
from streams.service.settings import load as load_settings_of
from streams.store.database import open_database
from streams.store.settings import SinkSettings
from tests.deploy.compose_linter import LINTER, installed_linter
from tests.deploy.files import DEPLOY, ROOT, compose, load

CHECK_JSONSCHEMA = "0.39.0"
SERVICES = compose()["services"]
OURS = {name: service for name, service in SERVICES.items() if service["image"].startswith("zeromile:")}
MAY_WRITE_ITS_FILES = {"broker"}


def environment(service: dict[str, Any]) -> dict[str, str]:
    return service.get("environment") or {}


def needed_variables() -> set[str]:
    text = (ROOT / "docker-compose.yml").read_text("utf-8")
    return set(re.findall(r"\$\{(\w+)", text))


@pytest.fixture(scope="session")
def check_jsonschema() -> Path:
    """The schema checker in an environment of its own: it wants another click than ours."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "zeromile"
    cache.mkdir(parents=True, exist_ok=True)
    place = cache / f"check-jsonschema-{CHECK_JSONSCHEMA}"
    program = place / "bin" / "check-jsonschema"
    with (cache / f"{place.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not program.exists():
            shutil.rmtree(place, ignore_errors=True)
            subprocess.run([sys.executable, "-m", "venv", str(place)], check=True, timeout=120)
            subprocess.run(
                [str(place / "bin" / "pip"), "install", "-q", f"check-jsonschema=={CHECK_JSONSCHEMA}"],
                check=True, timeout=300,
            )  # fmt: skip
    return program


def test_the_compose_file_fits_the_compose_schema(check_jsonschema: Path, tmp_path: Path):
    def check(path: Path) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(check_jsonschema), "--builtin-schema", "vendor.compose-spec", str(path)],
            capture_output=True, text=True, check=False, timeout=120,
        )  # fmt: skip

    good = check(ROOT / "docker-compose.yml")
    broken = compose()
    broken["services"]["worker"]["depend_on"] = ["broker"]
    (tmp_path / "broken.yml").write_text(yaml.safe_dump(broken), "utf-8")

    assert good.returncode == 0, good.stdout
    assert check(tmp_path / "broken.yml").returncode == 1, "the check can fail"


def test_the_compose_linter_has_nothing_to_say():
    done = _dclint(ROOT / "docker-compose.yml")
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_compose_linter_would_say_something(tmp_path: Path):
    spoilt = tmp_path / "docker-compose.yml"
    text = (ROOT / "docker-compose.yml").read_text("utf-8")
    spoilt.write_text(text.replace("image: apache/kafka:4.1.1", "image: apache/kafka"), "utf-8")
    done = _dclint(spoilt)
    assert done.returncode != 0
    assert "service-image-require-explicit-tag" in done.stdout


def _dclint(compose_file: Path) -> subprocess.CompletedProcess[str]:
    rules = str(LINTER / "rules.yaml")
    return subprocess.run(
        [str(installed_linter()), "--config", rules, "--max-warnings", "0", str(compose_file)],
        capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip


def test_hadolint_has_nothing_to_say():
    hadolint = Path(sys.executable).parent / "hadolint"
    done = subprocess.run(
        [str(hadolint), str(DEPLOY / "Dockerfile")],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (done.returncode, done.stdout) == (0, "")


@pytest.mark.parametrize("name", SERVICES)
def test_every_service_is_hardened(name: str):
    service = SERVICES[name]
    tag = service["image"].partition("@")[0].rpartition(":")[2]
    limits = service["deploy"]["resources"]["limits"]

    assert re.fullmatch(r"v?\d+\.\d+(\.\d+)?(-\w+)?", tag), "an exact tag"
    assert re.fullmatch(r"\d+:\d+", service["user"])
    assert not service["user"].startswith("0:"), "not root"
    assert service["read_only"] or name in MAY_WRITE_ITS_FILES
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert {"/tmp", "/tmp:exec"} & set(service["tmpfs"])  # noqa: S108 - inside the container
    assert float(limits["cpus"]) > 0
    assert limits["memory"] == service["memswap_limit"], "else it may swap as much again"
    assert limits["pids"] > 0
    assert not service.get("privileged")
    assert all(str(port).startswith("127.0.0.1:") for port in service.get("ports", []))
    assert "docker.sock" not in str(service)


def test_the_image_is_built_for_one_service_and_used_by_the_others():
    """Engines that export in parallel, the default of new ones, refuse a name that is there already."""
    builders = {name for name, service in OURS.items() if "build" in service}
    assert builders == {"topics"}
    assert {OURS[name]["pull_policy"] for name in builders} == {"missing"}
    assert {service["pull_policy"] for name, service in OURS.items() if name not in builders} == {
        "never"
    }


def test_the_broker_may_load_its_compression_library():
    assert "/tmp:exec" in SERVICES["broker"]["tmpfs"]  # noqa: S108 - inside the container


def test_the_broker_is_the_one_of_the_tests():
    pom = (ROOT / "tests" / "broker" / "apache_kafka" / "pom.xml").read_text("utf-8")
    version = re.search(r"<kafka.version>([^<]+)<", pom)
    assert version
    assert SERVICES["broker"]["image"].partition("@")[0] == f"apache/kafka:{version[1]}"


def test_the_health_of_the_broker_needs_no_java_machine():
    assert not any(
        ".sh" in word and "/opt/kafka" in word for word in SERVICES["broker"]["healthcheck"]["test"]
    )


def test_the_dockerfile_fetches_no_other_frontend_and_lets_pip_compile():
    text = (DEPLOY / "Dockerfile").read_text("utf-8")
    assert not text.startswith("# syntax")
    assert "NO_COMPILE" not in text, "pip understands PIP_NO_COMPILE=0 as 1"


def test_the_tools_of_the_build_are_pinned():
    locked = (DEPLOY / "build-requirements.lock").read_text("utf-8")
    backend = re.search(
        r'requires = \["(hatchling==[\d.]+)"\]', (ROOT / "pyproject.toml").read_text("utf-8")
    )
    assert backend
    assert f"{backend[1]} " in locked
    assert re.search(r"^UV := \d+\.\d+\.\d+$", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)


@pytest.mark.parametrize(
    ("answer", "status"), [(b"\0\0\0\4\0\0\0\7", 0), (b"HTTP/1.1 200", 1), (b"", 1), (None, 1)]
)
def test_the_health_check_of_the_broker_wants_kafkas_answer(answer: bytes | None, status: int):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        if answer is None:
            server.close()
        command = ["bash", str(DEPLOY / "kafka" / "healthcheck.sh"), "127.0.0.1", str(port)]
        asking = subprocess.Popen(command, stderr=subprocess.DEVNULL)
        if answer is not None:
            connection, _ = server.accept()
            with connection:
                request = b""
                while len(request) < 14:
                    request += connection.recv(100)
                connection.sendall(answer)
            assert request == bytes.fromhex("0000000a 0012 0000 00000007 ffff")
        assert asking.wait(timeout=10) == status


@pytest.mark.broker
def test_the_health_check_of_the_broker_understands_kafka(bootstrap_servers: str):
    host, _, port = bootstrap_servers.rpartition(":")
    command = ["bash", str(DEPLOY / "kafka" / "healthcheck.sh"), host, port]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=10)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("name", SERVICES)
def test_dependencies_exist_and_can_be_met(name: str):
    for other, how in (SERVICES[name].get("depends_on") or {}).items():
        assert other in SERVICES
        if how["condition"] == "service_healthy":
            assert "test" in SERVICES[other]["healthcheck"]
        else:
            assert how["condition"] == "service_completed_successfully"
            assert SERVICES[other]["restart"] == "no", "a job that ends"
        if "profiles" in SERVICES[other]:
            assert SERVICES[name]["profiles"] == SERVICES[other]["profiles"]


@pytest.mark.parametrize("name", SERVICES)
def test_mounted_files_exist_and_volumes_are_declared(name: str):
    for volume in SERVICES[name].get("volumes", []):
        source = volume.split(":")[0]
        if source.startswith("./"):
            assert (ROOT / source).exists(), f"{source} is not there"
            assert volume.endswith(":ro"), "files of the repository are not written to"
        else:
            assert source in compose()["volumes"]


def test_no_volume_is_declared_for_nothing():
    used = {v.split(":")[0] for s in SERVICES.values() for v in s.get("volumes", [])}
    assert set(compose()["volumes"]) <= used


@pytest.mark.parametrize("name", OURS)
def test_settings_of_our_services_exist(name: str):
    known = {f"ZEROMILE_{field.upper()}" for field in DeskSettings.model_fields}
    assert {v for v in environment(OURS[name]) if v.startswith("ZEROMILE_")} <= known
    worker = {f"ZEROMILE_{field.upper()}" for field in Settings.model_fields}
    sink = {f"ZEROMILE_{field.upper()}" for field in SinkSettings.model_fields}
    if name == "sink":
        assert {v for v in environment(OURS[name]) if v.startswith("ZEROMILE_")} <= sink
    elif name != "desk":
        assert {v for v in environment(OURS[name]) if v.startswith("ZEROMILE_")} <= worker


@pytest.mark.parametrize("name", OURS)
def test_commands_of_our_services_exist(name: str):
    command = OURS[name]["command"]
    words = [
        word
        for word in command
        if not word.startswith("-") and "/" not in word and not word[0].isdigit()
    ]
    options = {word.partition("=")[0] for word in command if word.startswith("--")}
    path = words[:2] if command[0] == "topics" else words[:1]
    shown = CliRunner().invoke(app, [*path, "--help"], env={"COLUMNS": "200", "NO_COLOR": "1"})
    plain = re.sub(r"\x1b\[[0-9;]*m", "", shown.output)
    assert shown.exit_code == 0, plain
    assert all(option in plain for option in options), plain


def addresses() -> Iterator[tuple[str, str, int]]:
    """Every host:port in the configuration that means another service."""
    for name, service in SERVICES.items():
        for value in environment(service).values():
            for host, port in re.findall(r"(?:^|@|//)([a-z][a-z-]*):(\d{4,5})", str(value)):
                yield f"{name}'s environment", host, int(port)
    prometheus = load(DEPLOY / "prometheus" / "prometheus.yml")
    targets = [
        t
        for s in prometheus["scrape_configs"]
        for c in s.get("static_configs", [])
        for t in c["targets"]
    ]
    targets += [
        t
        for a in prometheus["alerting"]["alertmanagers"]
        for c in a["static_configs"]
        for t in c["targets"]
    ]
    looked_up = [c for s in prometheus["scrape_configs"] for c in s.get("dns_sd_configs", [])]
    targets += [f"{name}:{found['port']}" for found in looked_up for name in found["names"]]
    for source in load(DEPLOY / "grafana/provisioning/datasources/zeromile.yml")["datasources"]:
        targets.append(source["url"].removeprefix("http://"))
    for target in targets:
        host, _, port = target.rpartition(":")
        if host != "127.0.0.1":
            yield "Prometheus or Grafana", host, int(port)


LISTENS = {"broker": {19092, 29093}, "postgres": {5432}, "prometheus": {9090}, "alertmanager": {9093}}


@pytest.mark.parametrize(("where", "host", "port"), sorted(set(addresses())))
def test_addresses_lead_to_a_service_that_listens_there(where: str, host: str, port: int):
    assert host in SERVICES, f"{where} names {host}"
    exposed = {int(p) for p in SERVICES[host].get("expose", [])} | LISTENS.get(host, set())
    assert port in exposed, f"{where}: {host} does not listen on {port}"


def test_our_services_listen_where_others_expect_them():
    assert environment(SERVICES["worker"])["ZEROMILE_WEB_PORT"] in SERVICES["worker"]["expose"]
    assert environment(SERVICES["sink"])["ZEROMILE_SINK_METRICS_PORT"] in SERVICES["sink"]["expose"]
    port = environment(SERVICES["desk"])["ZEROMILE_DESK_PORT"]
    assert SERVICES["desk"]["ports"] == [f"127.0.0.1:{port}:{port}"]
    assert f":{port}/livez" in SERVICES["desk"]["healthcheck"]["test"][-1]


def test_health_checks_ask_the_port_that_listens():
    for name in ("worker", "sink"):
        url = SERVICES[name]["healthcheck"]["test"][-1]
        assert f":{SERVICES[name]['expose'][0]}/" in url
    assert '"http://127.0.0.1:6066/readyz"' in (DEPLOY / "Dockerfile").read_text("utf-8")


def test_the_generated_env_file_holds_every_needed_variable_and_is_private(tmp_path: Path):
    target = tmp_path / ".env"
    command = [sys.executable, str(DEPLOY / "make_env.py"), str(target)]
    first = subprocess.run(command, capture_output=True, text=True, check=False)
    made = target.read_text("utf-8")
    second = subprocess.run(command, capture_output=True, text=True, check=False)
    values = dict(line.split("=", 1) for line in made.splitlines() if "=" in line and line[0] != "#")

    assert first.returncode == 0, first.stderr
    assert set(values) == needed_variables()
    secrets = [value for name, value in values.items() if name != "ZEROMILE_WEBHOOK_URL"]
    assert len(set(secrets)) == len(secrets)
    assert all(len(value) >= 48 for value in secrets)
    assert target.stat().st_mode & 0o077 == 0
    assert (second.returncode, target.read_text("utf-8")) == (1, made), "never over an existing one"


def test_passwords_have_no_defaults():
    text = (ROOT / "docker-compose.yml").read_text("utf-8")
    for name, rest in re.findall(r"\$\{(\w+)([^}]*)\}", text):
        if name != "ZEROMILE_WEBHOOK_URL":
            assert rest.startswith(":?"), f"{name} must be given"
    assert ".env" in (ROOT / ".gitignore").read_text("utf-8").split()


def test_the_health_check_tells_well_from_unwell():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), http.server.SimpleHTTPRequestHandler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        url = f"http://127.0.0.1:{server.server_port}"
        results = [
            subprocess.run(
                [sys.executable, str(DEPLOY / "healthcheck.py"), where],
                capture_output=True,
                check=False,
            )
            for where in (f"{url}/", f"{url}/is-not-there", "http://127.0.0.1:1/")
        ]
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
    assert [result.returncode for result in results] == [0, 1, 1]


def test_the_image_gets_exactly_the_locked_versions():
    def pins(path: Path) -> set[tuple[str, str]]:
        text = path.read_text("utf-8")
        return set(re.findall(r"^([a-z0-9._-]+)==([^ ;\\]+)", text, re.MULTILINE))

    whole, image = pins(ROOT / "requirements.lock"), pins(DEPLOY / "requirements.lock")
    assert image
    assert image <= whole, "run `make lock`"
    names = {name for name, _ in image}
    assert "pytest" not in names
    for wanted in ("faust-streaming", "kafka-python", "psycopg-binary", "alembic"):
        assert wanted in names


def test_the_build_context_holds_what_the_dockerfile_copies():
    allowed = {
        line[1:]
        for line in (DEPLOY / "Dockerfile.dockerignore").read_text("utf-8").split()
        if line[0] == "!"
    }
    for line in (DEPLOY / "Dockerfile").read_text("utf-8").splitlines():
        words = line.split()
        if words[:1] == ["COPY"] and not words[1].startswith("--from"):
            for source in words[1:-1]:
                assert source in allowed
                assert (ROOT / source).exists()


@pytest.mark.parametrize("name", OURS)
def test_our_services_accept_their_environment_as_it_stands(name: str, monkeypatch: pytest.MonkeyPatch):
    for variable in [v for v in os.environ if v.startswith("ZEROMILE_")]:
        monkeypatch.delenv(variable)
    for variable, value in environment(OURS[name]).items():
        monkeypatch.setenv(variable, re.sub(r"\$\{\w+[^}]*\}", "0123abcd" * 6, str(value)))
    settings = load_settings_of(SinkSettings)
    assert settings.bootstrap_servers in {"broker:19092", "127.0.0.1:9092"}
    if name == "sink":
        assert open_database(settings.sink_url.get_secret_value()).url.host == "postgres"
