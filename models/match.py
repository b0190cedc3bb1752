"""Decides whether a text speaks of a brand, by a small language that marketers know from their tools.

Words (any case, whole words), "phrases", =CaseSensitive, wild*, AND OR NOT, parentheses, NEAR/5 (at most five words
between), and the fields author: site: lang: source: about:. Words side by side mean AND. `acme NOT fruit` means acme
and not fruit. The grammar stands in match.lark.
"""

import re
from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from itertools import accumulate
from pathlib import Path
from typing import TypeAlias
from urllib.parse import urlsplit

from lark import Lark, Token, Tree
from lark.exceptions import UnexpectedInput, UnexpectedToken

from earful.models import advice
from earful.models.advice import MatchError as MatchError

# Scripts written without spaces: a word there may stand inside a run of letters.
UNSPACED = r"\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af"
WILD = 50  # letters that a * inside a word may stand for: so that a word of a million is soon read
LONGEST = 300  # characters of an author or a subject that are looked at
LETTER = rf"[^\W{UNSPACED}]"


@dataclass(frozen=True, slots=True)
class Matchable:
    """What an expression can look at: the words, and where they came from."""

    words: str
    author: str = ""
    url: str = ""
    language: str = ""
    source: str = ""
    about: str = ""


Test: TypeAlias = Callable[[Matchable], bool]
Place: TypeAlias = tuple[int, int]  # in a text: the first character, and the one behind the last
Find: TypeAlias = Callable[[str], list[Place]]


def compile_expression(expression: str) -> Test:
    """Turns an expression into a test of one text; raises MatchError that points at the place."""
    return compile_tree(parse(expression), expression)


def parse(expression: str) -> Tree[Token]:
    """Reads an expression into the tree of match.lark; raises MatchError that points at the place."""
    if not expression.strip():
        raise MatchError("an empty expression matches nothing; write the brand's name", expression, 1)
    advice.check(expression)
    try:
        tree = _grammar().parse(expression)
    except UnexpectedInput as error:
        at_end = isinstance(error, UnexpectedToken) and error.token.type == "$END"
        column = len(expression) + 1 if at_end else (error.pos_in_stream or 0) + 1
        raise advice.unreadable(expression, column) from None
    body = tree.children[0]
    assert isinstance(body, Tree)
    if not _demands(body):
        raise MatchError(
            "this would match almost everything: one word must be demanded, not only excluded", expression, 1
        )
    return body


def compile_tree(tree: Tree[Token], expression: str) -> Test:
    """Turns a tree of an expression, or a part of one, into a test; raises MatchError that points at the place."""
    try:
        return _test(tree)
    except _Misplaced as error:
        raise MatchError("NEAR stands between words, phrases or (a OR b)", expression, error.column) from None


class _Misplaced(Exception):
    def __init__(self, column: int) -> None:
        super().__init__(column)
        self.column = column


@cache
def _grammar() -> Lark:
    return Lark(
        Path(__file__).with_name("match.lark").read_text(encoding="utf-8"),
        parser="lalr",
        propagate_positions=True,
    )


def _demands(node: Tree[Token] | Token) -> bool:
    """Tells whether a match needs at least one term to be there."""
    assert isinstance(node, Tree)
    children = [child for child in node.children if isinstance(child, Tree)]
    if node.data == "unless":
        return False
    if node.data == "either":
        return all(_demands(child) for child in children)
    if node.data == "both":
        return any(_demands(child) for child in children)
    return True


def _test(node: Tree[Token] | Token) -> Test:
    assert isinstance(node, Tree)
    children = [child for child in node.children if isinstance(child, Tree)]
    if node.data == "unless":
        inner = _test(children[0])
        return lambda text: not inner(text)
    if node.data == "either":
        some = [_test(child) for child in children]
        return lambda text: any(test(text) for test in some)
    if node.data == "both":
        every = [_test(child) for child in children]
        return lambda text: all(test(text) for test in every)
    if node.data == "near":
        return _near(node)
    if node.data == "field":
        return _field(str(node.children[0]), str(node.children[1]))
    find = _find(node)
    return lambda text: bool(find(text.words))


def _near(node: Tree[Token]) -> Test:
    parts = [_find(child) for child in node.children if isinstance(child, Tree)]
    gaps = [int(str(child).partition("/")[2]) for child in node.children if isinstance(child, Token)]

    def test(text: Matchable) -> bool:
        starts = [found.start() for found in re.finditer(r"\w+", text.words)]
        left = sorted(parts[0](text.words))
        for gap, part in zip(gaps, parts[1:], strict=True):
            near = _neighbours(left)
            left = sorted(
                right for right in part(text.words) if any(_between(starts, one, right) <= gap for one in near(right))
            )
        return bool(left)

    return test


def _neighbours(places: list[Place]) -> Callable[[Place], list[Place]]:
    """Gives a function that finds the places, of those in order, that can be nearest to another on either side."""
    begins = [begin for begin, _ in places]
    reach = list(accumulate(places, _further))

    def near(other: Place) -> list[Place]:
        at = bisect_right(begins, other[0])
        return [*reach[max(0, at - 1) : at], *places[at : at + 1]]

    return near


def _further(one: Place, other: Place) -> Place:
    return other if other[1] > one[1] else one


def _between(starts: list[int], one: Place, other: Place) -> int:
    """Counts the words between two places of a text whose words begin at `starts`."""
    first, second = sorted((one, other))
    return max(0, bisect_right(starts, second[0]) - bisect_right(starts, max(first[0], first[1] - 1)) - 1)


def _find(node: Tree[Token]) -> Find:
    """Gives a function that lists the places of a term, or of any of the terms in parentheses."""
    if node.data == "either":
        finds = [_find(child) for child in node.children if isinstance(child, Tree)]
        return lambda words: sorted(place for find in finds for place in find(words))
    if node.data not in {"word", "phrase", "cased"}:
        raise _Misplaced(getattr(node.meta, "column", 1))
    term = str(node.children[0])
    pattern = _pattern(term.lstrip("=").strip('"'), cased=node.data == "cased")
    return lambda words: [found.span() for found in pattern.finditer(words)]


def _pattern(term: str, cased: bool) -> re.Pattern[str]:
    # Only the letters ignore case: to ignore it in the large classes takes a hundred times as long to compile.
    flag = "-i" if cased else "i"
    words = [
        rf"{LETTER}{{0,{WILD}}}".join(rf"(?{flag}:{re.escape(piece)})" for piece in re.split(r"\*+", word))
        for word in term.strip("*").split()
    ]
    body = r"[\W_]+".join(words)
    before = rf"(?<!{LETTER})" if re.match(LETTER, term) else ""
    after = rf"(?!{LETTER})" if re.match(LETTER, term[-1]) else ""
    return re.compile(before + body + after)


def _field(name: str, value: str) -> Test:
    wanted = value.strip('"').casefold()
    pattern = re.compile(re.escape(wanted).replace(r"\*", ".*"))
    if name == "author:":
        return lambda text: bool(pattern.fullmatch(text.author[:LONGEST].casefold().lstrip("@")))
    if name == "lang:":
        return lambda text: text.language.casefold().partition("-")[0] == wanted
    if name == "source:":
        return lambda text: text.source.casefold().startswith(wanted)
    if name == "about:":
        return lambda text: bool(pattern.fullmatch(text.about[:LONGEST].casefold()))
    return lambda text: _on_site(text.url, wanted)


def _on_site(url: str, site: str) -> bool:
    try:
        host = (urlsplit(url).hostname or "").casefold()
    except ValueError:
        return False
    return host == site or host.endswith("." + site)
