"""Proofs and checkpoints hold for Go's transparency log, and tampered ones do not."""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import warnings
from base64 import b64encode
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from streams.evidence import tree
from streams.evidence.checkpoint import Checkpoint, verifier_key
from streams.evidence.ssh_signature import SigningKey
from streams.evidence.verifier import root_of, roots_of
from tests.evidence.test_tree import Tiles

SOURCE = Path(__file__).parent / "transparency"
SIZE = 700


@pytest.fixture(scope="module")
def checker(tmp_path_factory) -> Path:
    """The other implementation, built from its Go module."""
    if shutil.which("go") is None:
        message = "Go is not installed: the log is not held against another implementation"
        if os.environ.get("CI") == "true":
            pytest.fail(message)
        warnings.warn(pytest.PytestWarning(message), stacklevel=1)
        pytest.skip(message)
    program: Path = tmp_path_factory.mktemp("go") / "check"
    made = subprocess.run(
        ["go", "build", "-o", str(program), "."],
        cwd=SOURCE, capture_output=True, text=True, check=False, timeout=500,
    )  # fmt: skip
    if made.returncode and os.environ.get("CI") != "true":
        warnings.warn(pytest.PytestWarning(made.stderr), stacklevel=1)
        pytest.skip("the Go module cannot be had here")
    assert made.returncode == 0, made.stderr
    return program


def questions(count: int, *, seed: int) -> list[dict[str, object]]:
    dice = random.Random(seed)
    entries = [b"entry %d" % number for number in range(SIZE)]
    log = Tiles(entries, (90, 1, 300))
    key = SigningKey(Ed25519PrivateKey.from_private_bytes(bytes(range(32))))
    asked = []
    for _ in range(count):
        size = dice.randint(2, SIZE)
        index, old = dice.randrange(size), dice.randint(1, size)
        state = Checkpoint.of("zeromile/test", size, tree.root(log.read, size), datetime.now(UTC))
        asked.append({
            "Entry": entries[index], "Index": index, "Size": size, "OldSize": old,
            "Inclusion": tree.inclusion_proof(log.read, index, size), "Root": state.root,
            "OldRoot": tree.root(log.read, old), "Note": state.signed(key).encode(),
            "Consistency": tree.consistency_proof(log.read, old, size),
            "VerifierKey": verifier_key("zeromile/test", key.public),
        })  # fmt: skip
    return asked


def ask(checker: Path, asked: list[dict[str, object]]) -> list[str]:
    def plain(value: object) -> object:
        if isinstance(value, list):
            return [plain(one) for one in value]
        return b64encode(value).decode() if isinstance(value, bytes) else value

    text = json.dumps([{name: plain(value) for name, value in one.items()} for one in asked])
    done = subprocess.run([str(checker)], input=text, capture_output=True, text=True, check=True)
    return done.stdout.splitlines()


def test_it_takes_every_proof_and_note_of_ours(checker: Path):
    assert ask(checker, questions(300, seed=1)) == ["checked 300"]


@pytest.mark.parametrize("field", ["Entry", "Root", "OldRoot", "Note"])
def test_it_refuses_what_was_changed(checker: Path, field: str):
    asked = [one for one in questions(20, seed=2) if one["OldSize"] < one["Size"]]
    for one in asked:
        value = bytearray(one[field])
        value[len(value) // 2] ^= 1
        one[field] = bytes(value)
    assert len(ask(checker, asked)) == len(asked) + 1


def holds(one: dict[str, object], part: str) -> bool:
    """What the small verifier says of an inclusion or consistency proof."""
    try:
        if part == "Inclusion":
            leaf = tree.leaf_hash(one["Entry"])
            return root_of(one["Index"], one["Size"], leaf, one["Inclusion"]) == one["Root"]
        roots = roots_of(one["OldSize"], one["Size"], [one["OldRoot"]], one["Consistency"])
        return roots == (one["OldRoot"], one["Root"])
    except (ValueError, IndexError):
        return False


@pytest.mark.parametrize("part", ["Inclusion", "Consistency"])
def test_the_small_verifier_agrees_with_it(checker: Path, part: str):
    """Both say the same of proofs that hold, and of the same ones with a step changed or left out."""
    asked = []
    for one in questions(60, seed=3):
        path = list(one[part])
        asked += [one, one | {part: path[:-1]}, one | {part: [bytes(32), *path[1:]]}] if path else [one]
    refused = {int(line.split()[0]) for line in ask(checker, asked)[:-1]}
    assert [holds(one, part) for one in asked] == [
        number not in refused for number in range(len(asked))
    ]
    assert len(refused) > 80
