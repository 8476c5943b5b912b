"""Several workers find what one process finds, whatever the stream and wherever batches end.

The workers are the real ones; they answer in this process, so that many streams can be tried.
"""

import tempfile
from collections import deque
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.parallel import coordinator, messages
from streams.parallel.routing import owner_of
from streams.parallel.worker import Worker
from streams.state.store import MemoryStore
from tests.parallel import runs
from tests.parallel.runs import assert_same, on_one, on_several
from tests.property.documents import STREAMS, VINS
from tests.property.runs import CATALOGUE
from tests.property.test_order import COMPLETE

WORKERS = (3, 4)
"""With each, other vehicles of the streams are parted."""


class PoolInThisProcess:
    def __init__(self, workers, judge, directory):
        assert directory is None
        self._workers = [Worker(CATALOGUE, MemoryStore()) for _ in range(workers)]
        self._answers = [deque() for _ in range(workers)]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        assert not any(self._answers), "an answer that nobody took"

    def __len__(self):
        return len(self._workers)

    def tell_all(self, requests):
        for worker, request in enumerate(requests):
            self._answers[worker].append(self._answer(worker, request))
            assert len(self._answers[worker]) < 6, "more on its way than a channel holds"

    def ask(self, worker, request, expected):
        return self._answer(worker, request)

    def answers(self, expected):
        found = [answers.popleft() for answers in self._answers]
        assert all(isinstance(answer, expected) for answer in found)
        return found

    def _answer(self, worker, request):
        request = messages.decode_request(messages.encode(request))
        answer = self._workers[worker].answer(request)
        return messages.decode_response(messages.encode(answer))


def test_the_vehicles_have_several_owners():
    assert all(len({owner_of(vin, workers) for vin in VINS}) > 1 for workers in WORKERS)


@settings(max_examples=settings().max_examples // 10)  # each of them writes files
@given(
    streams=st.lists(STREAMS, min_size=1, max_size=3),
    workers=st.sampled_from(WORKERS),
    batch=st.none() | st.integers(1, 9),
    page=st.integers(1, 4),
    complete=COMPLETE,
)
def test_workers_find_what_one_process_finds(streams, workers, batch, page, complete):
    with tempfile.TemporaryDirectory() as name, pytest.MonkeyPatch.context() as patch:
        patch.setattr(coordinator, "Pool", PoolInThisProcess)
        patch.setattr(runs, "_report", lambda *_: b"")  # a tenth of a second each
        folder, files = Path(name), []
        for number, stream in enumerate(streams):
            files.append(folder / f"stream{number}")
            files[-1].write_bytes(b"\n".join(stream))
        for module in ("backfill.replay", "parallel.coordinator", "parallel.worker"):
            patch.setattr(f"streams.{module}.PAGE", page)
        how = {"batch": batch, "complete_through": complete, "on_the_way": batch is not None}
        one = on_one(folder / "one", files, **how)
        assert_same(on_several(folder / "several", files, workers, **how), one)
