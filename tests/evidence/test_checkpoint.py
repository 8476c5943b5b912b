"""Checkpoints hold for `ssh-keygen` and for signed notes, and what was changed does not."""

from __future__ import annotations

import subprocess
from base64 import b64decode
from datetime import UTC, datetime

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from streams.evidence.checkpoint import (
    NAMESPACE,
    Checkpoint,
    CheckpointError,
    check_no_fork,
    key_id,
    parse_checkpoint,
    verifier_key,
)
from streams.evidence.ssh_signature import SignatureError, SigningKey, fingerprint, signer_of, verify

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
STATE = Checkpoint.of("zeromile/test", 7, bytes(range(32)), NOW)


@pytest.fixture
def key_file(tmp_path):
    path = tmp_path / "log-key"
    subprocess.run(
        ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "log", "-f", str(path)], check=True
    )
    return path


def keygen_says(message: bytes, signature: str, signers: str, tmp_path, namespace=NAMESPACE) -> bool:
    (tmp_path / "sig").write_text(signature, "utf-8")
    (tmp_path / "signers").write_text(signers, "utf-8")
    done = subprocess.run(
        ["ssh-keygen", "-Y", "verify", "-f", str(tmp_path / "signers"), "-I", STATE.origin,
         "-n", namespace, "-s", str(tmp_path / "sig")],
        input=message, capture_output=True, check=False,
    )  # fmt: skip
    return done.returncode == 0


def test_openssh_takes_our_signature_and_we_take_openssh_s(key_file, tmp_path):
    key = SigningKey.read(key_file)
    note = STATE.signed(key).encode()
    signers = key.allowed_signers(STATE.origin)
    assert keygen_says(note, key.sign(note, NAMESPACE), signers, tmp_path)
    verify(note, key.sign(note, NAMESPACE), NAMESPACE, key.public)

    (tmp_path / "note").write_bytes(note)
    subprocess.run(
        ["ssh-keygen", "-q", "-Y", "sign", "-f", str(key_file), "-n", NAMESPACE,
         str(tmp_path / "note")],
        check=True, capture_output=True,
    )  # fmt: skip
    verify(note, (tmp_path / "note.sig").read_text("utf-8"), NAMESPACE, key.public)
    shown = subprocess.run(["ssh-keygen", "-l", "-f", str(key_file)], capture_output=True, check=True)
    assert fingerprint(key.public) in shown.stdout.decode()
    assert signer_of(signers, STATE.origin) == key.public


def test_a_changed_note_another_key_and_another_purpose_are_found(key_file, tmp_path):
    key = SigningKey.read(key_file)
    note = STATE.signed(key).encode()
    signature, signers = key.sign(note, NAMESPACE), key.allowed_signers(STATE.origin)
    shifted = note.replace(b"03:04:05", b"03:04:06")
    assert not keygen_says(shifted, signature, signers, tmp_path)
    assert not keygen_says(note, signature, signers, tmp_path, namespace="another")
    for message, namespace, public in (
        (shifted, NAMESPACE, key.public), (note, "another", key.public), (note, NAMESPACE, bytes(32)),
    ):  # fmt: skip
        with pytest.raises(SignatureError):
            verify(message, signature, namespace, public)


def test_a_checkpoint_is_a_signed_note(key_file):
    key = SigningKey.read(key_file)
    body, _, tail = STATE.signed(key).partition("\n\n")
    dash, name, encoded = tail.removesuffix("\n").split(" ")
    signature = b64decode(encoded)
    assert (dash, name) == ("\N{EM DASH}", STATE.origin)
    assert signature[:4] == key_id(STATE.origin, key.public)
    Ed25519PublicKey.from_public_bytes(key.public).verify(signature[4:], f"{body}\n".encode())
    with pytest.raises(InvalidSignature):
        Ed25519PublicKey.from_public_bytes(key.public).verify(signature[4:], body.encode())
    assert verifier_key(STATE.origin, key.public).startswith(f"zeromile/test+{signature[:4].hex()}+")
    assert parse_checkpoint(STATE.signed(key)) == STATE


def test_a_fork_and_another_log_are_found():
    check_no_fork(STATE, Checkpoint(STATE.origin, 8, bytes(32), ""))
    with pytest.raises(CheckpointError, match="forked: two roots for its first 7"):
        check_no_fork(STATE, Checkpoint(STATE.origin, 7, bytes(32), ""))
    with pytest.raises(CheckpointError, match="two logs"):
        check_no_fork(STATE, Checkpoint("zeromile/other", 7, STATE.root, ""))


@pytest.mark.parametrize("text", ["", "a\nb\nc\n", "zeromile/x\n1\nAAAA\n", "zeromile/x\n-1\n"])
def test_what_is_no_checkpoint_is_refused(text):
    with pytest.raises(CheckpointError, match="no checkpoint"):
        parse_checkpoint(text)


def test_a_file_that_is_no_key_is_named_with_how_to_make_one(tmp_path):
    (tmp_path / "key").write_text("none", "utf-8")
    with pytest.raises(SignatureError, match="ssh-keygen -t ed25519"):
        SigningKey.read(tmp_path / "key")
    with pytest.raises(SignatureError, match="cannot read the signing key"):
        SigningKey.read(tmp_path / "absent")
