"""Names the story a mention tells, so that syndicated copies and cross-posts count once.

A first version: two longer texts are copies when they begin with the same words, whatever their headline, publisher,
markup, case or ending. Short texts and rated reviews stand for themselves: "Great app!" by two people is two.
"""

import hashlib
import re

LEAD_WORDS = 24
LEAST_WORDS = 12


def story(source: str, id: str, text: str, rating: float | None) -> str:
    """Gives the identity of a mention's story: 16 hexadecimal digits, the same for all its copies."""
    words = re.findall(r"\w+", text.casefold())
    alone = rating is not None or len(words) < LEAST_WORDS
    name = f"{source}\0{id}" if alone else " ".join(words[:LEAD_WORDS])
    return hashlib.sha256(name.encode()).hexdigest()[:16]
