import datetime
import gzip
import json
import os
from dataclasses import dataclass
from pathlib import Path

import pytest

from detectors.registry import Catalogue
from streams.backfill.replay import Replay
from streams.report import Sources
from streams.setup.policy import load_policy
from tests.report import chromium
from tests.simulated import record_country

MADE_ON = datetime.date(2026, 11, 21)


@dataclass
class Judged:
    """A stream that the engine has read."""

    path: Path
    engine: object
    firing: list
    readable: list[bytes]
    """Lines without those that the simulator broke on purpose."""

    @property
    def on_vehicles(self):
        """Firing alerts without those on provinces."""
        return [alert for alert in self.firing if alert.subject_type == "vehicle"]


def judge(path, readable=()):
    run = Replay(Catalogue(load_policy(None)))
    replayed = run.run([path])
    return Judged(path, run.engine, list(replayed.firing.values()), list(readable))


@pytest.fixture
def sources():
    return Sources(("country.jsonl.gz",), made_on=MADE_ON, simulated=True)


@pytest.fixture(scope="session")
def country(tmp_path_factory):
    """A small country with every scheme, look-alike, amendment, void and duplicate."""
    out = tmp_path_factory.mktemp("country") / "country.jsonl.gz"
    record_country(out, vehicles=6_000, seed=7)
    records = [json.loads(line) for line in out.with_name("truth.jsonl").read_bytes().splitlines()]
    broken = {record["line"] for record in records if record["record"] == "malformed"}
    lines = gzip.decompress(out.read_bytes()).split(b"\n")
    return judge(out, [line for n, line in enumerate(lines, 1) if line and n not in broken])


@pytest.fixture(scope="session")
def write_stream(tmp_path_factory):
    """Write documents as a stream and let the engine read it."""

    def write(documents):
        path = tmp_path_factory.mktemp("stream") / "stream.jsonl"
        lines = [json.dumps(document).encode() for document in documents]
        path.write_bytes(b"".join(line + b"\n" for line in lines))
        return judge(path, lines)

    return write


@pytest.fixture(scope="session")
def tab(tmp_path_factory):
    """A tab in a real browser; started once, for that takes longer than a test."""
    executable = chromium.find()
    if executable is None:
        message = "no Chromium on this machine: the report was not opened in a browser"
        if os.environ.get("CI") == "true":
            pytest.fail(message)
        pytest.skip(message)
    with chromium.browser(executable, tmp_path_factory.mktemp("profile")) as opened:
        yield opened


@pytest.fixture
def page(tab):
    """The tab, as if it were new."""
    tab.size(1280, 900)
    return tab
