"""Takes a match expression apart: what it demands, what it excludes, and which letters every match must hold."""

import re
from dataclasses import dataclass

from lark import Token, Tree

from earful.models import match
from earful.models.match import Matchable, Test

MOST_LETTERS = 40  # alternatives of which a text must hold one; more are slower to look for than they spare


@dataclass(frozen=True, slots=True)
class Exclusion:
    """A term that the expression takes away, as it is written, and its test."""

    term: str
    test: Test


@dataclass(frozen=True, slots=True)
class Parts:
    """An expression: the test of what it demands, each NOT at its top level, and the letters that a match must hold.

    `needed` lists alternatives; of each, a matching title or text holds one, written in lower case with ſ and ı as s
    and i. `said` are the expression's own words in lower case.
    """

    demanded: Test
    exclusions: tuple[Exclusion, ...]
    needed: tuple[tuple[str, ...], ...]
    said: frozenset[str]

    def hits(self, text: Matchable) -> list[int] | None:
        """Tells which exclusions a text falls under, None where it lacks what is demanded."""
        if not self.demanded(text):
            return None
        return [place for place, one in enumerate(self.exclusions) if one.test(text)]


def parts(expression: str) -> Parts:
    """Takes an expression apart; raises MatchError that points at the place. NOT (a OR b) is NOT a and NOT b."""
    tree = match.parse(expression)
    children = _children(tree) if tree.data == "both" else [tree]
    demanded = [child for child in children if child.data != "unless"]
    excluded = [term for child in children if child.data == "unless" for term in _terms(_children(child)[0])]
    tests = [match.compile_tree(child, expression) for child in demanded]
    return Parts(
        tests[0] if len(tests) == 1 else lambda text: all(test(text) for test in tests),
        tuple(Exclusion(_written(term, expression), match.compile_tree(term, expression)) for term in excluded),
        tuple(alternatives for child in demanded for alternatives in _needed(child)),
        frozenset(re.findall(r"\w+", expression.lower())),
    )


def _children(node: Tree[Token]) -> list[Tree[Token]]:
    return [child for child in node.children if isinstance(child, Tree)]


def _terms(node: Tree[Token]) -> list[Tree[Token]]:
    return _children(node) if node.data == "either" else [node]


def _written(node: Tree[Token], expression: str) -> str:
    return expression[node.meta.start_pos : node.meta.end_pos]


def _needed(node: Tree[Token]) -> list[tuple[str, ...]]:
    """Lists alternatives of which a match holds one; an empty list where nothing can be told."""
    if node.data in ("both", "near"):
        return [alternatives for child in _children(node) for alternatives in _needed(child)]
    if node.data == "either":
        of_each = [min(_needed(child), key=len, default=()) for child in _children(node)]
        together = tuple(sorted({letters for alternatives in of_each for letters in alternatives}))
        return [together] if all(of_each) and len(together) <= MOST_LETTERS else []
    if node.data in ("word", "phrase", "cased"):
        # Only what is ASCII: how other letters change with the case differs from program to program.
        pieces = re.findall(r"[ -)+-~]+", str(node.children[0]).lstrip("=").strip('"'))
        longest = max((word for piece in pieces for word in piece.split()), key=len, default="")
        return [(longest.lower(),)] if longest else []
    return []
