import dataclasses
import datetime
import json

import pytest

from streams.simulator import load_country, simulate

DEFAULTS = {
    "vehicles": 20_000,
    "days": 1096,
    "seed": 5,
    "start": datetime.date(2023, 10, 1).toordinal(),
    "export_share": 0.25,
}


@dataclasses.dataclass
class Simulated:
    """A written country, read back."""

    lines: list[bytes]
    truth: list[dict]
    summary: object

    def records(self, kind):
        return [record for record in self.truth if record["record"] == kind]

    def readable(self):
        broken = {record["line"] for record in self.records("malformed")}
        return [(n, line) for n, line in enumerate(self.lines, 1) if n not in broken]


def write(directory, **changes):
    """Write a country into a directory and read it back."""
    out, truth = directory / "country.jsonl", directory / "truth.jsonl"
    arguments = DEFAULTS | {"country": load_country(), "out": out, "truth": truth} | changes
    summary = simulate(arguments.pop("country"), **arguments)
    lines = out.read_bytes().split(b"\n")
    assert lines.pop() == b""
    return Simulated(lines, [json.loads(line) for line in truth.read_bytes().splitlines()], summary)


@pytest.fixture(scope="session")
def country(tmp_path_factory):
    """A small country with every scheme and look-alike."""
    return write(tmp_path_factory.mktemp("country"))
