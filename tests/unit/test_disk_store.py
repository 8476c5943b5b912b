"""Records on disk for one run, against a plain dictionary."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from streams.state import disk_store
from streams.state.disk_store import DiskStore, DiskStoreError

VINS = st.sampled_from([f"VIN{n}" for n in range(9)])
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("put"), VINS, st.binary(max_size=8)),
        st.tuples(st.just("delete"), VINS),
        st.tuples(st.just("look")),
    ),
    max_size=40,
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(steps=STEPS)
def test_it_holds_what_was_put_last(
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
    steps: list[tuple[object, ...]],
):
    monkeypatch.setattr(disk_store, "_AT_ONCE", 4)
    store, expected = DiskStore(tmp_path_factory.mktemp("disk") / "store"), {}
    for step in steps:
        match step:
            case ("put", vin, record):
                store.put(vin, record)
                expected[vin] = record
            case ("delete", vin):
                store.delete(vin)
                expected.pop(vin, None)
            case _:
                assert list(store.vins()) == sorted(expected)
                assert len(store) == len(expected)
        assert {f"VIN{n}": store.get(f"VIN{n}") for n in range(9)} == {
            f"VIN{n}": expected.get(f"VIN{n}") for n in range(9)
        }
    store.close()


FILL = """
import resource, sys
from pathlib import Path
from streams.state.disk_store import DiskStore, DiskStoreError

resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, resource.RLIM_INFINITY))
store = DiskStore(Path(sys.argv[1]))
try:
    for number in range(1_000_000):
        store.put(str(number), bytes(2_000))
except DiskStoreError as error:
    print(error)
store.close()
"""


def test_a_full_disk_is_an_error_that_says_so(tmp_path: Path):
    program = [sys.executable, "-c", FILL, str(tmp_path / "store")]
    ran = subprocess.run(program, capture_output=True, text=True, timeout=120, check=True)  # noqa: S603 - our own
    assert f"records cannot be kept in {tmp_path}/store: " in ran.stdout
    assert "File too large" in ran.stdout


def test_a_directory_that_cannot_be_is_named(tmp_path: Path):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(DiskStoreError, match=r"records cannot be kept in .*file/store: "):
        DiskStore(tmp_path / "file" / "store")
