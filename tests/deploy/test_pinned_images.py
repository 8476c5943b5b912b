"""Images are named by an exact tag, and `deploy/pin_images.py` puts their digests behind it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.deploy.files import DEPLOY, ROOT

FILES = ("docker-compose.yml", "deploy/Dockerfile")
NAMED = re.compile(r"^\s*image:\s*(\S+)|^FROM (\S+)|^\s*uses: docker://(\S+)", re.MULTILINE)
EXACT = re.compile(r"[\w./-]+:v?\d+\.\d+(\.\d+)?(-[\w.]+)*(@sha256:[0-9a-f]{64})?")
REGISTRY = """#!/bin/sh
case "$6" in
  *kafka*) [ -z "$AWAY" ] || { echo "no such host" >&2; exit 1; } ;;
esac
printf 'sha256:%s\\n' "$(printf %s "$6" | sha256sum | cut -c1-64)"
"""


def _images(root: Path) -> list[str]:
    texts = [(root / name).read_text("utf-8") for name in FILES]
    return [next(filter(None, found)) for text in texts for found in NAMED.findall(text)]


def test_every_image_is_named_by_an_exact_tag():
    images = _images(ROOT)
    assert len(images) >= 7
    assert [image for image in images if not EXACT.fullmatch(image)] == []


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """The files, and a `docker` that knows digests."""
    (tmp_path / "deploy").mkdir()
    for name in (*FILES, "deploy/pin_images.py"):
        shutil.copy(ROOT / name, tmp_path / name)
    program = tmp_path / "bin" / "docker"
    program.parent.mkdir()
    program.write_text(REGISTRY, "utf-8")
    program.chmod(0o755)
    return tmp_path


def _pin(checkout: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    path = f"{checkout / 'bin'}{os.pathsep}{os.environ['PATH']}"
    return subprocess.run(
        [sys.executable, "-I", str(checkout / "deploy" / "pin_images.py")],
        env=os.environ | {"PATH": path} | environment, capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_digests_stand_behind_the_tags_of_all_that_is_pulled(checkout: Path):
    done = _pin(checkout)
    assert (done.returncode, done.stderr) == (0, "")
    before, after = _images(ROOT), _images(checkout)
    assert [image.partition("@")[0] for image in after] == [image.partition("@")[0] for image in before]
    assert {image for image in after if "@sha256:" not in image} == {"zeromile:0.1.0"}
    assert all(EXACT.fullmatch(image) for image in after)
    once = [(checkout / name).read_text("utf-8") for name in FILES]
    assert _pin(checkout).returncode == 0
    assert [(checkout / name).read_text("utf-8") for name in FILES] == once


def test_all_are_pinned_or_none(checkout: Path):
    done = _pin(checkout, AWAY="yes")
    assert done.returncode == 1
    assert "no digest for apache/kafka:" in done.stderr
    assert "no such host; nothing was changed" in done.stderr
    for name in FILES:
        assert (checkout / name).read_bytes() == (ROOT / name).read_bytes()
    assert (DEPLOY / "pin_images.py").exists()
