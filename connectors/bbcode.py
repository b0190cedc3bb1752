"""Takes the square-bracket markup of game sites and forums out of a text: [h1], [b], [list], [url=...]."""

import re

from earful.connectors import text

_BREAKS = re.compile(r"\[(?:\*|/?(?:h[1-6]|list|olist|quote|code|table|tr|td|th|hr|p)(?:=[^\[\]]{0,300})?)\]", re.I)
_STYLES = re.compile(r"\[/?(?:b|i|u|s|strike|spoiler|noparse|url|img|color|size|\*)(?:=[^\[\]]{0,300})?\]", re.I)
_QUOTES = re.compile(r"(\[quote\b[^\[\]\n]{0,300}\]|\[/quote\])", re.I)


def plain(value: object) -> str:
    """Returns the words of a text with BBCode, blocks on lines of their own; "" when it is no text.

    Brackets that are no such markup stay: "[sic]", "[10/10]".
    """
    return _STYLES.sub("", _BREAKS.sub("\n", value[: text.RAW])) if isinstance(value, str) else ""


def unquoted(value: object) -> str:
    """Returns a forum post without what it quotes of others, [quote="name"]...[/quote], also within one another.

    A post whose quotes do not close is returned whole; "" when it is no text.
    """
    pieces = _QUOTES.split(value[: text.RAW]) if isinstance(value, str) else []
    kept, depth = [], 0
    for piece in pieces:
        if _QUOTES.fullmatch(piece):
            depth = max(depth + (-1 if piece.startswith("[/") else 1), 0)
        elif not depth:
            kept.append(piece)
    return "".join(pieces if depth else kept)
