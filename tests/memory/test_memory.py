"""A million documents of 420,000 vehicles fit into one and a half gibibytes."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.memory.population import DOCUMENTS, VEHICLES, write_population

LIMIT = 3 << 29
ROOT = Path(__file__).parents[2]


@pytest.mark.nightly
@pytest.mark.timeout(1800)  # a minute or two of processor time, but a busy machine stretches it
def test_a_million_documents_fit(tmp_path, capsys):
    stream = tmp_path / "population.jsonl"
    write_population(stream)
    # A process of its own: peak memory is never given back.
    command = [sys.executable, "-m", "tests.memory.measure", str(stream)]
    ran = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, check=True)  # noqa: S603 - our own
    took = json.loads(ran.stdout)
    with capsys.disabled():
        sys.stdout.write(
            f"\n{took['peak'] / 2**20:,.0f} MiB at most, "
            f"{(took['peak'] - took['peak_before']) / took['vehicles']:,.0f} bytes per vehicle, "
            f"{took['read'] / took['seconds']:,.0f} documents/s of processor time, "
            f"{took['firing']:,} alerts firing\n"
        )
    assert took["read"] == took["accepted"] == DOCUMENTS
    assert took["vehicles"] == VEHICLES >= 400_000
    assert took["peak"] < LIMIT
