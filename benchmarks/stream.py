"""How fast a stream is caught up with: events like those of Bluesky's network, from a local server that sends at once.

    python benchmarks/stream.py [--events 50000]

One in a thousand has the words; the server's own work is measured apart, by a reader that keeps nothing.
"""

import argparse
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
from websockets.sync.server import ServerConnection, serve

from earful.connectors import jetstream
from earful.connectors.http import Client

BEGIN = 1_700_000_000 * 1_000_000
WORDS = "the kettle I bought last week leaks again and nobody at the shop answers, so I wrote a longer letter to them "


def event(number: int) -> str:
    """Builds a post of usual length."""
    said = f"{WORDS}{number}" + (" acme" if number % 1000 == 0 else "")
    record = {"$type": "app.bsky.feed.post", "text": said, "createdAt": "2026-06-02T10:15:00.120Z", "langs": ["en"]}
    commit = {"rev": "3k", "operation": "create", "collection": "app.bsky.feed.post", "rkey": f"k{number}"}
    whole = {"did": "did:plc:invented00000000000000aa", "time_us": BEGIN + number, "kind": "commit"}
    return json.dumps(whole | {"commit": commit | {"record": record, "cid": "bafyrei" + "a" * 52}})


@contextmanager
def serving(events: list[str]) -> Iterator[str]:
    """Serves the events to whoever connects, and ends."""

    def speak(connection: ServerConnection) -> None:
        for one in events:
            connection.send(one)

    with serve(speak, "127.0.0.1", 0, compression=None) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"ws://127.0.0.1:{server.socket.getsockname()[1]}/"


def read(address: str, keep: object) -> tuple[float, httpx.Response]:
    """Reads all of it; returns the seconds that took, and the answer."""
    asked = httpx.Request("GET", address, extensions={"keep": keep, "seconds": 600})
    began = time.perf_counter()
    answer = Client(allow=["127.0.0.0/8"], spacing=0).fetch(asked)
    return time.perf_counter() - began, answer


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, default=50_000)
    count = parser.parse_args().events
    events = [event(number) for number in range(count)]
    size = sum(map(len, events)) / count
    with serving(events) as address:
        bare, _ = read(address, lambda _: (BEGIN, b""))
        keep = jetstream.request("acme, brimstone", {}).extensions["keep"]
        whole, answer = read(address, keep)
    began = time.perf_counter()
    for one in events:
        keep(one.encode())
    alone = time.perf_counter() - began
    kept = len(answer.content.splitlines()) - 1
    print(
        f"{count:,} events of {size:.0f} bytes, {kept} kept: {count / whole:,.0f} events/s, server and reader on the"
        f" same processors; {count / bare:,.0f} without looking at them; looking alone {count / alone:,.0f} events/s"
    )


if __name__ == "__main__":
    main()
