"""Connections that say too little for too long are closed; uvicorn by itself waits for ever.

A client has so many seconds for the whole head of a request. A body may take as long as it likes
as long as it moves: in each span of so many seconds at least `LEAST` bytes of it must come. Time in
which we do not read (because disk or database are slow) does not count against the client.
Nor may an answer lie unread: while it waits for the client, as much of it must go in each span.
"""

import asyncio
from typing import Any

import structlog
from uvicorn.protocols.http.auto import AutoHTTPProtocol

LEAST = 1024

log = structlog.get_logger(__name__)


def limited(*, header_seconds: float, body_seconds: float) -> type[asyncio.Protocol]:
    """Uvicorn's HTTP protocol with these limits.

    Args:
        header_seconds: for the head of a request, from the connection or the end of the answer
            before.
        body_seconds: the span in which a body must move, and an answer that waits to be read.
    """

    class Limited(AutoHTTPProtocol):  # type: ignore[misc, valid-type]  # one of two classes
        """One connection."""

        def connection_made(self, transport: Any) -> None:
            super().connection_made(transport)
            self._timer: asyncio.TimerHandle | None = None
            self._came = 0
            self._reader: asyncio.TimerHandle | None = None
            self._await_head()

        def connection_lost(self, exc: Exception | None) -> None:
            self._stop()
            self._stop_reader()
            super().connection_lost(exc)

        def pause_writing(self) -> None:
            super().pause_writing()
            self._await_reader()

        def resume_writing(self) -> None:
            self._stop_reader()
            super().resume_writing()

        def data_received(self, data: bytes) -> None:
            expected = self._in_body()
            super().data_received(data)
            self._came += len(data)
            if self._in_body():
                if not expected:
                    self._await_body()
            elif self._answering():
                self._stop()
            elif self._timer is None:
                self._await_head()

        def _answering(self) -> bool:
            return self.cycle is not None and not self.cycle.response_complete

        def _in_body(self) -> bool:
            return self._answering() and self.cycle.more_body

        def _await_head(self) -> None:
            self._start(header_seconds, self._late_head)

        def _await_body(self) -> None:
            self._came = 0
            self._start(body_seconds, self._late_body)

        def _late_head(self) -> None:
            self._timer = None
            if not self._answering():
                self._close("head")

        def _late_body(self) -> None:
            self._timer = None
            if not self._in_body():
                return
            ours = self.flow.read_paused or self.cycle.waiting_for_100_continue
            if ours or self._came >= LEAST:
                self._await_body()
            else:
                self._close("body")

        def _await_reader(self) -> None:
            self._unread = self.transport.get_write_buffer_size()
            self._reader = self.loop.call_later(body_seconds, self._late_reader)

        def _late_reader(self) -> None:
            if self._unread - self.transport.get_write_buffer_size() >= LEAST:
                self._await_reader()
                return
            log.info("slow_client_closed", part="answer", client=self.client and self.client[0])
            self.transport.abort()  # to close would wait until it is read

        def _stop_reader(self) -> None:
            if self._reader is not None:
                self._reader.cancel()
                self._reader = None

        def _close(self, part: str) -> None:
            log.info("slow_client_closed", part=part, client=self.client and self.client[0])
            self.transport.close()

        def _start(self, seconds: float, late: Any) -> None:
            self._stop()
            self._timer = self.loop.call_later(seconds, late)

        def _stop(self) -> None:
            if self._timer is not None:
                self._timer.cancel()
                self._timer = None

    return Limited
