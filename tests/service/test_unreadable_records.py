"""A record of zeromile's own topics that cannot be read is passed over, counted and said."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import msgspec
import pytest

from detectors.registry import Catalogue
from detectors.spikes.tally import Export
from detectors.watermarks import Watermarks
from streams.service import terms as terms_module
from streams.service.identity_check import IDENTITIES_KEY, IN_CLEAR
from streams.service.metrics import Metrics
from streams.service.province_desk import ProvinceDesk
from streams.service.recovery import Recovery
from streams.service.settings import load_settings
from streams.service.shared_watermarks import (
    FORGET_KEY,
    NEWEST_KEY,
    SharedWatermarks,
    SourceProgress,
    encode_newest,
)
from streams.service.state_ttl import Forgetting
from streams.service.terms import NO_MODEL, TERMS_KEY, OtherTermsError, Terms, check_terms
from streams.setup.policy import load_policy
from tests.service.partitions import make_partition

NEWEST = SourceProgress("registration", "registry", 739_000)
UNREADABLE: list[tuple[bytes | None, bytes | None]] = [
    (None, None), (b"V", b"\xff"), (b"V", b""), (b"\xff\xfe", b"\xc1"), (b"V", b"\x93\x01\x02\x03"),
]  # fmt: skip


def _record(key: bytes | None, value: bytes | None) -> Any:
    return SimpleNamespace(topic="t.of-zeromile.v1", partition=0, offset=7, key=key, value=value)


@pytest.fixture
def metrics() -> Metrics:
    return Metrics()


def test_a_bad_record_among_the_counted_exports_leaves_the_others_counted(metrics: Metrics):
    policy = load_policy()
    desk = ProvinceDesk(
        load_settings(), "t.of-zeromile.v1", policy, Watermarks(policy.watermarks),
        metrics.unreadable_records,
    )  # fmt: skip
    good = msgspec.msgpack.encode(
        Export("CN-GD", 739_000, 739_001, "E", "", "AE", "", False, "customs")
    )
    desk._try_to_take(_record(b"A", good))
    for key, value in UNREADABLE:
        desk._try_to_take(_record(key, value))
    desk._try_to_take(_record(b"B", good))
    assert set(desk._exports) == {b"A", b"B"}
    assert metrics.unreadable == {"t.of-zeromile.v1": len(UNREADABLE) - 1}, (
        "one is a removal of nothing"
    )


@pytest.fixture
def shared(metrics: Metrics) -> SharedWatermarks:
    return SharedWatermarks(
        load_settings(), "t.of-zeromile.v1", Watermarks(load_policy().watermarks),
        gauge=metrics.watermark, unreadable=metrics.unreadable_records, identities=IN_CLEAR,
        forgetting=Forgetting(1096), terms=Terms("me", "p"),
    )  # fmt: skip


def test_a_bad_watermark_leaves_the_others_and_what_workers_say_of_themselves(
    shared: SharedWatermarks, metrics: Metrics
):
    bad = [
        *UNREADABLE, (TERMS_KEY, b"{"), (TERMS_KEY, b"[]"), (FORGET_KEY, b"soon"),
        (IDENTITIES_KEY, None), (b"0/x", encode_newest(NEWEST)[:-1]),
    ]  # fmt: skip
    for key, value in bad:
        shared._take(_record(key, value))
    shared._take(_record(b"0/registration/registry", encode_newest(NEWEST)))
    assert dict(shared.watermarks.newest) == {("registration", "registry"): NEWEST.day}
    assert metrics.unreadable == {"t.of-zeromile.v1": len(bad)}


def test_a_bad_watermark_in_a_changelog_keeps_no_partition_from_its_state():
    partition = make_partition(Catalogue(load_policy()))
    recovery: Recovery = partition._recovery
    good, bad = encode_newest(NEWEST), b"\xc1"
    vehicles = recovery._vehicles(
        [
            _record(NEWEST_KEY + b"/a", bad),
            _record(NEWEST_KEY + b"/b", good),
            _record(b"V", b""),
        ]
    )
    assert vehicles == {b"V": b""}
    assert partition.around.watermarks.newest["registration", "registry"] == NEWEST.day
    assert sum(partition.around.metrics.unreadable.values()) == 1


# -- what keeps a worker away, and what does not

OURS = Terms("", "p", model="m1", partitions=8)


@pytest.mark.parametrize(
    ("said", "running", "why"),
    [
        (None, 3, None),
        (b"\xff{", 3, None),
        (OURS.encode(), 3, None),
        (b'{"owner": "an older program", "policy": "p"}', 3, None),
        (Terms("o", "q", model="m1", partitions=8).encode(), 3, "policy q; this worker has policy p"),
        (Terms("o", "q", model="m1", partitions=8).encode(), 0, None),
        (Terms("o", "p", model="m2", partitions=8).encode(), 1, "model m2; this worker has model m1"),
        (Terms("o", "p", model=NO_MODEL, partitions=8).encode(), 1, "model none"),
        (Terms("o", "p", model="m1", partitions=9).encode(), 0, "the vehicles lie in 9 partitions"),
    ],
)
def test_one_policy_one_model_and_one_number_of_partitions_a_group(
    monkeypatch: pytest.MonkeyPatch, said: bytes | None, running: int, why: str | None
):
    monkeypatch.setattr(terms_module, "_members", lambda _: running)
    records = {} if said is None else {TERMS_KEY: said}
    if why is None:
        check_terms(load_settings(), OURS, records)
    else:
        with pytest.raises(OtherTermsError, match=why):
            check_terms(load_settings(), OURS, records)


def test_running_workers_may_exchange_their_model_one_after_the_other(shared: SharedWatermarks):
    shared.caught_up = True
    shared._take(_record(TERMS_KEY, Terms("other", "p", model="m2").encode()))
    with pytest.raises(OtherTermsError, match="policy q"):
        shared._take(_record(TERMS_KEY, Terms("other", "q").encode()))
