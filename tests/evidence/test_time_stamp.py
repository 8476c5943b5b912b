"""Time stamps of an authority made with `openssl ts` on the loopback: asked for, kept, and checked."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from streams.evidence.time_stamp import (
    TimeStampError,
    check_time_stamp,
    request_time_stamp,
    stamped_at,
)
from tests.evidence.authority import Authority, openssl, serve


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"), "one")


@pytest.fixture
def served(authority: Authority) -> Iterator[str]:
    """URL of the authority."""
    yield from serve(authority.answer)


def test_a_stamp_holds_by_openssl_and_by_us(authority, served, tmp_path):
    answer = request_time_stamp(b"zeromile/test\n5\n", served)
    (tmp_path / "answer").write_bytes(answer)
    (tmp_path / "message").write_bytes(b"zeromile/test\n5\n")
    openssl("ts", "-verify", "-in", tmp_path / "answer", "-data", tmp_path / "message",
            "-CAfile", authority.root)  # fmt: skip
    moment = check_time_stamp(b"zeromile/test\n5\n", answer, authority.root)
    assert moment == stamped_at(answer)


def test_another_message_and_another_authority_are_found(authority, served, tmp_path):
    answer = request_time_stamp(b"what was there", served)
    with pytest.raises(TimeStampError, match="does not hold"):
        check_time_stamp(b"what was not", answer, authority.root)
    other = Authority(tmp_path, "other")
    with pytest.raises(TimeStampError, match=r"does not hold by the certificates in .*root\.pem"):
        check_time_stamp(b"what was there", answer, other.root)
    flipped = bytearray(answer)
    flipped[len(flipped) // 2] ^= 1
    with pytest.raises(TimeStampError):
        check_time_stamp(b"what was there", bytes(flipped), authority.root)


def test_an_authority_that_does_not_stamp_is_named(authority):
    kept: list[bytes] = []

    def replay(query: bytes) -> bytes:
        kept.append(kept[0] if kept else authority.answer(query))
        return kept[-1]

    urls = serve(replay)
    url = next(urls)
    request_time_stamp(b"first", url)
    with pytest.raises(TimeStampError, match="answered another request"):
        request_time_stamp(b"first", url)
    urls.close()
    with pytest.raises(TimeStampError, match=r"127\.0\.0\.1:\d+/ does not answer: .*refused"):
        request_time_stamp(b"first", url)
    for nonsense, said in ((b"<html>", "no answer by RFC 3161"), (b"", "no answer by RFC 3161")):
        urls = serve(lambda _, content=nonsense: content)
        with pytest.raises(TimeStampError, match=said):
            request_time_stamp(b"first", next(urls))
        urls.close()
    with pytest.raises(TimeStampError, match="allowed: a URL"):
        request_time_stamp(b"first", "file:///etc/passwd")


def test_certificates_that_cannot_be_read_are_named(authority, served, tmp_path):
    answer = request_time_stamp(b"first", served)
    with pytest.raises(TimeStampError, match="cannot read the certificates"):
        check_time_stamp(b"first", answer, tmp_path / "nowhere")
    (tmp_path / "empty").write_text("", "utf-8")
    with pytest.raises(TimeStampError, match="holds no certificates"):
        check_time_stamp(b"first", answer, tmp_path / "empty")
