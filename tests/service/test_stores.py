"""The store of a partition, in memory and on disk, against a plain dictionary."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from streams.service.partition_store import Backend, MemoryBackend, PartitionStore
from streams.service.rocksdb_backend import RocksDBBackend
from streams.state.rocksdb import PAGE

VINS = st.sampled_from([f"VIN{n}" for n in range(6)])
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("put"), VINS, st.binary(max_size=8)),
        st.tuples(st.just("delete"), VINS),
        st.tuples(st.just("commit")),
        st.tuples(st.just("crash")),
    ),
    max_size=40,
)


@pytest.fixture(params=["memory", "rocksdb"])
def make_backend(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], Backend]:
    number = iter(range(10_000))
    if request.param == "memory":
        return MemoryBackend
    return lambda: RocksDBBackend(tmp_path / str(next(number)))


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(steps=STEPS)
def test_reads_see_every_change_and_a_crash_leaves_what_was_committed(
    make_backend: Callable[[], Backend], steps: list[tuple[object, ...]]
):
    backend = make_backend()
    store, now, committed, position = PartitionStore(backend), {}, {}, 0
    for step in steps:
        match step:
            case ("put", vin, record):
                store.put(vin, record)
                now[vin] = record
            case ("delete", vin):
                store.delete(vin)
                now.pop(vin, None)
            case ("commit",):
                position += 1
                store.begin()
                store.confirm(position)
                committed = dict(now)
            case _:
                store.abandon()
                now = dict(committed)
        assert {vin: store.get(vin) for vin in store.vins()} == now
        assert len(store) == len(now)
        assert len(backend) == len(committed)
        assert backend.position == position
    backend.close()


def test_changes_during_a_transaction_belong_to_the_next(make_backend: Callable[[], Backend]):
    backend = make_backend()
    store = PartitionStore(backend)
    store.put("A", b"1")
    assert dict(store.begin()) == {"A": b"1"}
    store.put("A", b"2")
    store.put("B", b"3")

    assert store.get("A") == b"2"
    store.confirm(5)

    assert backend.get("A") == b"1"
    assert dict(store.begin()) == {"A": b"2", "B": b"3"}
    store.put("C", b"4")
    with pytest.raises(RuntimeError, match="neither confirmed nor abandoned"):
        store.begin()
    backend.close()


def test_a_disk_store_goes_on_where_it_was(tmp_path: Path):
    first = RocksDBBackend(tmp_path / "p")
    first.write({"A": b"1", "B": b"2"}, 7)
    first.write({"B": None}, 9)
    first.close()

    again = RocksDBBackend(tmp_path / "p")

    assert (again.position, len(again), list(again.vins())) == (9, 1, ["A"])
    again.clear()
    assert (again.position, len(again)) == (0, 0)
    again.close()


def _finish(backend: Backend) -> None:
    for _ in backend.restored():
        pass


def test_what_is_restored_is_counted_once_all_is_there(make_backend: Callable[[], Backend]):
    backend = make_backend()
    vins = [f"VIN{n:06d}" for n in range(2 * PAGE + 1)]
    backend.restore({vin.encode(): b"1" for vin in vins}, 10)
    backend.restore({vins[0].encode(): b"2", vins[1].encode(): None}, 12)
    _finish(backend)
    assert (backend.position, len(backend), backend.get(vins[0])) == (12, 2 * PAGE, b"2")

    backend.restore({vins[2].encode(): None}, 13)
    _finish(backend)
    backend.write({vins[3]: None}, 14)
    assert (backend.position, len(backend)) == (14, 2 * PAGE - 2)
    backend.close()


def test_a_restoring_that_was_broken_off_goes_on(tmp_path: Path):
    first = RocksDBBackend(tmp_path / "p")
    first.restore({b"A": b"1", b"B": b"2"}, 7)
    first.close()

    again = RocksDBBackend(tmp_path / "p")
    assert again.position == 7
    again.restore({b"B": None, b"C": b"3"}, 9)
    _finish(again)
    assert (again.position, len(again), list(again.vins())) == (9, 2, ["A", "C"])
    again.close()


WRITER = """
import itertools, sys
from pathlib import Path
from streams.service.rocksdb_backend import RocksDBBackend

backend = RocksDBBackend(Path(sys.argv[1]))
for step in itertools.count(1):
    records = {f"{step}-{n}": bytes(2_000) for n in range(500)} | {"SAME": b"%d" % step}
    if sys.argv[2] == "write":
        backend.write(records, step)
    else:
        backend.restore({vin.encode(): record for vin, record in records.items()}, step)
    print(step, flush=True)
"""


@pytest.mark.parametrize("doing", ["write", "restore"])
def test_a_killed_disk_store_is_as_its_position_says(tmp_path: Path, doing: str):
    writer = subprocess.Popen(  # noqa: S603 - our own program
        [sys.executable, "-c", WRITER, str(tmp_path / "p"), doing], stdout=subprocess.PIPE
    )
    assert writer.stdout is not None
    with writer.stdout as steps:
        next(step for step in steps if step == b"60\n")
        writer.kill()
    writer.wait()

    backend = RocksDBBackend(tmp_path / "p")
    position = backend.position
    assert position >= (60 if doing == "write" else 10), "what was written stays, or most of it"
    expected = {f"{step}-{n}" for step in range(1, position + 1) for n in range(500)} | {"SAME"}
    assert set(backend.vins()) == expected
    assert backend.get("SAME") == b"%d" % position
    _finish(backend)
    assert len(backend) == len(expected)
    backend.close()


KILLED = """
import os, signal, sys
from pathlib import Path
from streams.service.rocksdb_backend import RocksDBBackend

backend = RocksDBBackend(Path(sys.argv[1]))
backend.restore({b"A": b"1", b"B": b"2"}, 7)
for _ in backend.restored():
    pass
backend.write({"C": b"3"}, 9)
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_what_was_restored_outlives_a_kill_like_what_was_written_after_it(tmp_path: Path):
    killed = subprocess.run([sys.executable, "-c", KILLED, str(tmp_path / "p")], check=False)  # noqa: S603 - our own program
    assert killed.returncode < 0
    backend = RocksDBBackend(tmp_path / "p")
    assert (backend.position, len(backend), list(backend.vins())) == (9, 3, ["A", "B", "C"])
    backend.close()


def test_going_through_a_disk_store_outlives_writes_and_its_end(tmp_path: Path):
    backend = RocksDBBackend(tmp_path / "p")
    vins = [f"VIN{n:06d}" for n in range(2 * PAGE + 1)]
    backend.write(dict.fromkeys(vins, b"1"), 1)
    going = backend.vins()
    seen = [next(going) for _ in range(PAGE)]
    backend.write({vins[-1]: None}, 2)
    backend.write({vins[0]: b"2"}, 3)

    assert seen + list(going) == vins[:-1]
    again = backend.vins()
    next(again)
    backend.close()
    # The lock is free although somebody was still going through it.
    RocksDBBackend(tmp_path / "p").close()
