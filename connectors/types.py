"""What travels between a source and the store: mentions, pages, cursors, and what can go wrong.

ConnectorError            the answer is of no use; try again later, the cursor stays
├── Unreachable           no answer came: the host or the network is down
├── RateLimited           wait at least `after` seconds; the whole host is meant
├── Blocked               a wall (login, bot check, consent page); a person must act
│   └── KeyRefused        the key is missing or not accepted; a person must act
└── Gone                  the source has ended; stop asking and tell the user
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeAlias

Cursor: TypeAlias = dict[str, Any]
"""Where a source was left: a small JSON object that only its connector understands. {} at first."""


@dataclass(frozen=True, slots=True)
class Mention:
    """One post, comment, review or article, in plain text.

    `id` is stable within its source. `text` is never blank (a title alone is repeated there) and, like every
    field, holds no markup, control or direction-override character. `published` is aware, in UTC and not in the
    future. `url` is http or https, or "" where the source has none.
    """

    id: str
    url: str
    author: str
    published: datetime
    title: str
    text: str
    language: str = ""  # BCP 47 as the source says it; "" when it does not
    rating: float | None = None  # stars, 1 to 5
    engagement: int = 0  # likes, shares, votes and replies together
    parent: str = ""  # id or address of what it answers
    about: str = ""  # what the source files it under: the app reviewed, the company complained of
    dated: bool = True  # False: the source gave no usable time, `published` is when we read it
    answer: float | None = None  # to a survey's question, on `scale`: "nps" from 0 to 10, "csat" from 1 to 5
    scale: str = ""


@dataclass(frozen=True, slots=True)
class Page:
    """What one answer says: its mentions, where to go on, and whether to ask again at once.

    `refused` holds a reason for each item that was there but could not become a mention. `rolled` says that a window
    of latest items shares nothing with the window before: some may have gone by unseen. `gone` holds the ids of
    mentions that the source says were deleted: their words are erased, and stay so. `closed` holds how the ids of an
    account's mentions begin that was closed: all of these are erased.
    """

    mentions: tuple[Mention, ...]
    cursor: Cursor
    more: bool = False
    refused: tuple[str, ...] = ()
    rolled: bool = False
    gone: tuple[str, ...] = ()
    closed: tuple[str, ...] = ()


class ConnectorError(Exception):
    """The answer is of no use; the cursor stays and the source is asked again later."""


class Unreachable(ConnectorError):
    """No whole answer came through: the host, or the network on the way there, is down."""


class RateLimited(ConnectorError):
    """The host wants to be left alone for at least `after` seconds."""

    def __init__(self, message: str, after: float) -> None:
        super().__init__(message)
        self.after = after


class Blocked(ConnectorError):
    """A wall stands before the source: a person must act."""


class KeyRefused(Blocked):
    """The key is missing or was not accepted: a person must act."""


class Gone(ConnectorError):
    """The source has ended: stop asking."""
