"""Says what is wrong with a match expression, where, and what to write instead.

Whoever writes expressions knows other tools' languages: what is meant there is named here, not looked for as a word.
"""

import difflib
import re
from collections.abc import Iterator

FIELDS = ("author", "site", "lang", "source", "about")
CALLED = {  # what other tools call the fields
    **dict.fromkeys(("user", "from", "by", "username", "writer"), "author"),
    **dict.fromkeys(("domain", "url", "host", "link", "web"), "site"),
    **dict.fromkeys(("language", "locale"), "lang"),
    **dict.fromkeys(("feed", "platform", "network", "connector"), "source"),
    **dict.fromkeys(("topic", "subject", "product"), "about"),
}
MOST_CHARACTERS = 10_000
MOST_TERMS = 1000
MOST_DEPTH = 50  # of parentheses in parentheses
MOST_INSIDE = 2  # wildcards inside a word: each multiplies the ways to read a long one
SHOWN = 100  # characters of an expression around a mistake
TOKEN = re.compile(r'=?"[^"]*"|[()]|[^\s()"]+|"')
REGULAR = re.compile(  # /…/, and what no word holds: )+ (?: \b [a-z]+ a.*b
    r"(?<![^\s(])/[^/\n]+/[a-z]{0,5}(?![^\s)])|\)[*+?{]|\(\?|\\[bdswBDSW]|\[[^\]\s]+\][*+?{]|(?<![:\w])\w+\.[*+]\w"
)
OPERATORS = {"&&": "AND", "&": "AND", "+": "AND", "||": "OR", "|": "OR", "!": "NOT", "-": "NOT"}


class MatchError(ValueError):
    """An expression can't be read; `column` (from 1) is the place and the text says how to mend it."""

    def __init__(self, message: str, expression: str, column: int) -> None:
        start = max(0, column - 1 - SHOWN // 2) if len(expression) > SHOWN else 0
        part = re.sub(r"[\x00-\x1f\x7f]", " ", expression[start : start + SHOWN])
        before, after = "…" * (start > 0), "…" * (start + SHOWN < len(expression))
        place = " " * (len(before) + column - 1 - start)
        super().__init__(f"{message}\n  {before}{part}{after}\n  {place}^")
        self.column = column


def check(expression: str) -> None:
    """Raises MatchError for what is too large, and for what can be read but is surely meant otherwise."""
    if len(expression) > MOST_CHARACTERS:
        text = f"this is longer than {MOST_CHARACTERS:,} characters; split it between several brands"
        raise MatchError(text, expression, MOST_CHARACTERS + 1)
    if found := REGULAR.search(re.sub(r'"[^"]*"', lambda phrase: "_" * len(phrase[0]), expression)):
        text = "regular expressions are not offered: some would run for ever. Write words, wild* or NEAR/5 instead"
        raise MatchError(text, expression, found.start() + 1)
    terms = depth = 0
    last = ""
    for word, column in tokens(expression):
        depth += (word == "(") - (word == ")")
        if depth > MOST_DEPTH:
            raise MatchError(f"parentheses stand in more than {MOST_DEPTH} others; take some away", expression, column)
        if word == last == "NOT":
            raise MatchError("one NOT undoes the other; take both away", expression, column)
        if said := _meant(word, last):
            raise MatchError(said, expression, column)
        terms += not (word in {"(", ")"} or _joins(word))
        if terms > MOST_TERMS:
            text = f"these are more than {MOST_TERMS:,} words; split it between several brands"
            raise MatchError(text, expression, column)
        last = word


def unreadable(expression: str, column: int) -> MatchError:
    """Gives the error for an expression that the grammar can't read from a column on."""
    if quote := _unclosed_quote(expression):
        return MatchError('a quotation mark is not closed; add the second "', expression, quote)
    open_at: list[int] = []
    for word, at in tokens(expression):
        if word == "(":
            open_at.append(at)
        elif word == ")" and not open_at:
            return MatchError("a parenthesis closes nothing; take ) away, or open it with (", expression, at)
        elif word == ")":
            open_at.pop()
    before = expression[: column - 1].split()
    if open_at and column > len(expression.rstrip()) and (not before or not _joins(before[-1])):
        return MatchError("a parenthesis is not closed; add )", expression, open_at[-1])
    here = next((word for word, at in tokens(expression) if at >= column), "")
    if before and _joins(before[-1].lstrip("(")):
        joint = before[-1].lstrip("(")
        if joint in {"AND", "OR"} and here == "NOT":
            return MatchError(
                f"after {joint} NOT needs a word; write one, as in acme {joint} NOT fruit", expression, column
            )
        return MatchError(f"after {joint} a word is missing; add it, or take {joint} away", expression, column)
    if here == ")":
        return MatchError("( ) holds nothing; put words between, or take both away", expression, column)
    if _joins(here):
        return MatchError(f"{here} stands between two words; put one before it", expression, column)
    if before and before[-1].rstrip(":") in FIELDS and before[-1].endswith(":"):
        return MatchError(f'after {before[-1]} a word or "phrase" is missing', expression, column)
    if here == '""':
        return MatchError('"" holds nothing; put words between, or take it away', expression, column)
    if here.startswith("="):
        return MatchError("after = the word is missing, as in =Acme", expression, column)
    return MatchError("a word, a phrase or ( is expected here", expression, column)


def tokens(expression: str) -> Iterator[tuple[str, int]]:
    """Gives the words, phrases and parentheses of an expression, each with its column."""
    for found in TOKEN.finditer(expression):
        yield found[0], found.start() + 1


def _joins(word: str) -> bool:
    return word in {"AND", "OR", "NOT"} or word.startswith("NEAR/")


def _unclosed_quote(expression: str) -> int:
    return next((at for word, at in tokens(expression) if word == '"'), 0)


def _meant(word: str, last: str) -> str:
    """Says what a word means in other tools and how that is written here; "" where it may well be a word."""
    if word[0] in '"()' or word.startswith('="'):
        return ""
    if word in {"and", "or", "not", "And", "Or", "Not"} and not last.endswith(":"):
        return f'{word} is written {word.upper()}; as a word to look for, put it in quotation marks: "{word}"'
    if set(word) & set("“”„«»"):
        return 'these quotation marks are not known; write " on either side'
    if re.search(r"\w\|\w", word):
        return (
            f"{word[:40]} is written {word[:40].replace('|', ' OR ')}; as a word to look for, put it in quotation marks"
        )
    if word in OPERATORS:
        return f"{word} is written {OPERATORS[word]}"
    if word[0] in "-!+" and len(word) > 1 and word[1].isalpha():
        said = word[1:40]
        meant = said if word[0] == "+" else f"NOT {said}"
        return f'{word[0]}{said} is written {meant}; as a word to look for, put it in quotation marks: "{word[:40]}"'
    if near := re.fullmatch(r"NEAR(?:/(.*))?|near/(\d*)", word):
        number = near[1] if near[1] is not None else near[2]
        if number and number.isdecimal() and word.startswith("NEAR") and len(number) <= 2:
            return ""
        if number and number.isdecimal() and len(number) > 2:
            return f"{word[:40]} reaches too far: the number of words between is 99 at most; write NEAR/99, or AND"
        return f"{word[:40]} is written NEAR/5, with the number of words that may stand between"
    if field := re.match(r"([^\W\d_]{2,}):(?!//)(.*)", word):
        return _field(field[1], field[2])
    if word.strip("*").count("*") > MOST_INSIDE:
        return f"a word may hold {MOST_INSIDE} * at most between its ends; write the words out, or NEAR/5"
    if not word.strip("*="):
        return "* alone would match everything; put letters beside it, as in acme*" if "*" in word else ""
    return ""


def _field(name: str, value: str) -> str:
    if name == "lang" and value and not re.fullmatch(r"[a-zA-Z]{2,3}", value):
        return "lang: takes the code of a language, of two letters or three and without a region, as in lang:en"
    if name in FIELDS:
        return ""
    known = CALLED.get(name.lower()) or next(iter(difflib.get_close_matches(name.lower(), FIELDS, 1, 0.7)), "")
    there = " ".join(f"{field}:" for field in FIELDS)
    if known:
        return f"there is no field {name[:40]}:, did you mean {known}: ? Fields are {there}"
    return f'there is no field {name[:40]}:, fields are {there}; as words to look for, put it in quotation marks: "…"'
