"""Put the digest behind the tag of every image that is pulled: `python3 deploy/pin_images.py`.

It asks the registries through `docker buildx imagetools`, which pulls nothing, and writes
`name:tag@sha256:…` into docker-compose.yml and the Dockerfile: the tag still says what it is, the
digest what is taken. Run again after a change of tags. Standard library only.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

FILES = ("docker-compose.yml", "deploy/Dockerfile")
OWN = "zeromile:"
REFERENCE = re.compile(
    r"^(?P<before>\s*image:\s*|FROM\s+)(?P<image>[\w./-]+:[\w.-]+)(?P<digest>@sha256:[0-9a-f]{64})?",
    re.MULTILINE,
)
DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


class UnpinnedError(Exception):
    """No digest could be had for an image."""


def pinned(text: str, digests: dict[str, str]) -> str:
    """The text of a file with a digest behind every tag.

    Parameters
    ----------
    text
        Of a compose file or a Dockerfile.
    digests
        Those that are known, by image; more are asked for and added.
    """

    def pin(found: re.Match[str]) -> str:
        image = found["image"]
        if image.startswith(OWN):
            return found[0]
        if image not in digests:
            digests[image] = digest_of(image)
        return f"{found['before']}{image}@{digests[image]}"

    return REFERENCE.sub(pin, text)


def digest_of(image: str) -> str:
    """Digest of an image's list of platforms, as its registry tells it."""
    command = ["docker", "buildx", "imagetools", "inspect", "--format", "{{.Manifest.Digest}}", image]
    try:
        done = subprocess.run(command, capture_output=True, check=False, text=True)  # noqa: S603 - fixed words
    except OSError as error:
        raise UnpinnedError(f"docker cannot be run: {error.strerror}") from None
    if done.returncode or not DIGEST.fullmatch(done.stdout.strip()):
        raise UnpinnedError(f"no digest for {image}: {(done.stderr or done.stdout).strip()}")
    return done.stdout.strip()


def main(root: Path) -> int:
    """Pin all files, or none."""
    digests: dict[str, str] = {}
    try:
        texts = {root / name: pinned((root / name).read_text("utf-8"), digests) for name in FILES}
    except UnpinnedError as error:
        sys.stderr.write(f"{error}; nothing was changed\n")
        return 1
    for path, text in texts.items():
        path.write_text(text, "utf-8")
    sys.stdout.writelines(f"{image}@{digest}\n" for image, digest in digests.items())
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(__file__).parents[1]))
