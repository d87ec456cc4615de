"""A bad network between the phones and the portal: cuts requests and answers in the middle, holds them up, ends answers early."""

import asyncio
import contextlib
import random
import threading
from collections import Counter
from typing import Final

# Of a hundred connections; the rest get through.
CHANCES: Final = {"request cut": 3, "answer cut": 4, "answer swallowed": 3, "held up": 4, "answer cut short": 3}
_LONGEST: Final = 2.0
_PIECE: Final = 4096


class Wire:
    """A proxy in a thread of its own, from `port` to the portal's."""

    def __init__(self, port: int, to: int, seed: int) -> None:
        self.port, self._to = port, to
        self.faults: Counter[str] = Counter()
        self._random = random.Random(f"wire {seed}")
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, name="wire", daemon=True)
        self.bad = True

    def __enter__(self) -> "Wire":
        self._thread.start()
        assert self._ready.wait(30), "the port is taken"
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.set_exception_handler(lambda _loop, _context: None)
        self._loop.run_until_complete(asyncio.start_server(self._carry, "127.0.0.1", self.port, backlog=512))
        self._ready.set()
        self._loop.run_forever()

    async def _carry(self, phone: asyncio.StreamReader, to_phone: asyncio.StreamWriter) -> None:
        fault = self._dice()
        try:
            portal, to_portal = await asyncio.open_connection("127.0.0.1", self._to)
        except OSError:
            to_phone.close()
            return
        try:
            if fault == "held up":
                await asyncio.sleep(self._random.uniform(0.2, _LONGEST))
            whole = 1 << 30
            there = self._random.randrange(1, 900) if fault == "request cut" else whole
            back = {"answer cut": self._random.randrange(1, 400), "answer swallowed": 0, "answer cut short": self._random.randrange(150, 700)}.get(fault, whole)
            sending = asyncio.create_task(_pass(phone, to_portal, there))
            cut = await _pass(portal, to_phone, back)
            if not cut:
                sending.cancel()
            if fault == "answer cut short" and not to_phone.is_closing():
                # Ended as if it were whole: by its length the phone knows better.
                with contextlib.suppress(OSError):
                    to_phone.write_eof()
        except OSError:
            pass
        finally:
            for writer in (to_portal, to_phone):
                with contextlib.suppress(Exception):
                    if fault in ("request cut", "answer cut", "answer swallowed"):
                        writer.transport.abort()
                    writer.close()

    def _dice(self) -> str:
        if not self.bad:
            return ""
        number = self._random.randrange(100)
        for fault, chance in CHANCES.items():
            number -= chance
            if number < 0:
                self.faults[fault] += 1
                return fault
        return ""


async def _pass(source: asyncio.StreamReader, target: asyncio.StreamWriter, most: int) -> bool:
    """Pass on up to `most` bytes; tell whether it was cut there."""
    with contextlib.suppress(OSError, asyncio.CancelledError):
        while piece := await source.read(_PIECE):
            target.write(piece[:most])
            await target.drain()
            most -= len(piece)
            if most <= 0:
                target.transport.abort()
                return True
    return False
