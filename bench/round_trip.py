"""A network of some milliseconds in front of an endpoint: `round_trip.py PORT SECONDS`.

Passes every byte on to the port of this machine, each so much later; answers come back at once. It
prints the port that it listens on, and lives as long as its standard input.
"""

from __future__ import annotations

import asyncio
import contextlib
import subprocess
import sys
from collections.abc import Iterator


@contextlib.contextmanager
def in_front_of(port: int, seconds: float) -> Iterator[str]:
    """The URL of such an endpoint, in a process of its own."""
    command = [sys.executable, __file__, str(port), str(seconds)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout
        yield f"http://127.0.0.1:{int(process.stdout.readline())}"
        # On leaving, Popen closes the standard input and waits.


async def _serve(port: int, seconds: float) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        behind, beyond = await asyncio.open_connection("127.0.0.1", port)
        await asyncio.gather(_pass_on(reader, beyond, seconds), _pass_on(behind, writer, 0))

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.to_thread(sys.stdin.read)


async def _pass_on(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, seconds: float
) -> None:
    loop = asyncio.get_running_loop()
    with contextlib.suppress(OSError):
        while chunk := await reader.read(1 << 16):
            if seconds:
                loop.call_later(seconds, writer.write, chunk)
            else:
                writer.write(chunk)
    loop.call_later(seconds, writer.close)


if __name__ == "__main__":
    asyncio.run(_serve(int(sys.argv[1]), float(sys.argv[2])))
