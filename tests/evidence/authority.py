"""A time-stamping authority on the loopback, made with `openssl ts`."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

CONFIGURATION = """
[tsa]
serial = {folder}/serial
signer_cert = {folder}/tsa.pem
signer_key = {folder}/tsa.key
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256, sha384, sha512
accuracy = secs:1
[stamping]
extendedKeyUsage = critical,timeStamping
keyUsage = critical,digitalSignature
basicConstraints = critical,CA:FALSE
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
"""


def openssl(*words: str | Path, given: bytes | None = None) -> bytes:
    done = subprocess.run(["openssl", *map(str, words)], input=given, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


class Authority:
    """A time-stamping authority with a root of its own."""

    def __init__(self, folder: Path, name: str) -> None:
        self.folder = folder / name
        self.folder.mkdir()
        self.root = self.folder / "root.pem"
        self.configuration = self.folder / "tsa.cnf"
        self.configuration.write_text(CONFIGURATION.format(folder=self.folder), "utf-8")
        (self.folder / "serial").write_text("01\n", "ascii")
        at = self.folder
        fresh = ["-newkey", "rsa:2048", "-nodes", "-days", "30"]
        openssl("req", "-x509", *fresh, "-keyout", at / "root.key", "-out", self.root,
                "-subj", f"/CN=Root of {name}")  # fmt: skip
        openssl("req", *fresh[:3], "-keyout", at / "tsa.key", "-out", at / "tsa.csr",
                "-subj", f"/CN=Stamps of {name}")  # fmt: skip
        openssl("x509", "-req", "-in", at / "tsa.csr", "-CA", self.root, "-CAkey", at / "root.key",
                "-CAcreateserial", "-days", "30", "-out", at / "tsa.pem", "-extfile",
                self.configuration, "-extensions", "stamping")  # fmt: skip

    def answer(self, query: bytes) -> bytes:
        """Stamp what a query asks for."""
        asked = self.folder / "query"
        asked.write_bytes(query)
        return openssl(
            "ts", "-reply", "-config", self.configuration, "-section", "tsa", "-queryfile", asked
        )


def serve(answer: Callable[[bytes], bytes]) -> Iterator[str]:
    """URL that answers queries so, until closed."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            query = self.rfile.read(int(self.headers["Content-Length"]))
            content = answer(query)
            self.send_response(200)
            self.send_header("Content-Type", "application/timestamp-reply")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
