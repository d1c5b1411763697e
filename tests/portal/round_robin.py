"""A small proxy that sends each connection's next request to the other server."""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import cycle

import httpx

PASSED_ON = frozenset({"transfer-encoding", "connection", "content-length", "content-encoding"})
CHUNK = 64 * 1024


@contextmanager
def proxy(urls: Sequence[str]) -> Iterator[str]:
    """The address of a proxy that goes round over some servers, `Host` passed on as it came.

    Bodies pass as they come, 64 KiB at a time, both ways.
    """
    turns, lock = cycle(urls), threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def pass_on(self) -> None:
            with lock:
                url = next(turns)
            asked = self.command, url + self.path
            body = self.arriving() if "Content-Length" in self.headers else None
            headers = dict(self.headers)
            with httpx.stream(*asked, headers=headers, content=body, timeout=300) as answer:
                self.send_response(answer.status_code)
                for name, value in answer.headers.items():
                    if name.lower() not in PASSED_ON:
                        self.send_header(name, value)
                self.send_header("Transfer-Encoding", "chunked")
                self.end_headers()
                for chunk in answer.iter_bytes(CHUNK):
                    self.wfile.write(b"%x\r\n%b\r\n" % (len(chunk), chunk))
                self.wfile.write(b"0\r\n\r\n")

        def arriving(self) -> Iterator[bytes]:
            """The body that a client sends, as it comes."""
            left = int(self.headers["Content-Length"])
            while left and (chunk := self.rfile.read(min(left, CHUNK))):
                left -= len(chunk)
                yield chunk

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = pass_on  # noqa: N815

        def log_message(self, *_given: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
