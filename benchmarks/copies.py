"""Makes copies of real texts by documented edits, and texts that look like copies and are none.

Each edit is what a publisher, a network or a person does to a text on its way; each takes a random source, so that a
run can be repeated. Nothing of the texts is kept.
"""

import gzip
import json
import random
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

DAY = 86_400.0


@dataclass(frozen=True)
class Made:
    """One mention of the benchmark: the story it tells in truth, and what was done to it."""

    truth: str
    kind: str
    text: str
    title: str = ""
    author: str = ""
    source: str = ""
    published: float = 0.0
    rating: float | None = None
    personal: bool = False


PAPERS = ["The Gazette", "Daily Courier", "Valley Herald", "Metro Wire", "North Star", "Harbor Times", "Ledger Online"]
CITIES = ["LONDON", "NEW YORK", "Berlin", "CHICAGO", "Austin, Texas", "PARIS"]
BOILERPLATE = [
    "Read more at {paper}.",
    "This story was originally published by {paper}. All rights reserved.",
    "Sign up for the {paper} newsletter and get the day's top stories delivered to your inbox every morning.",
    "© 2024 {paper}. This material may not be published, broadcast, rewritten or redistributed without permission.",
    "The post appeared first on {paper}.",
    "Subscribe to {paper} for unlimited access to all our articles, exclusive interviews and the weekend edition. "
    "Already a member? Sign in to continue reading. Follow us on social media for breaking news and updates.",
]
HEADLINES = ["What we know about {}", "{}: customers speak out", "Report: {}", "{} under fire", "Why {} is in the news"]
TAGS = ["#fail", "#customerservice", "#news", "#breaking", "#rt", "#consumer", "#tech", "#money"]


def sentences(text: str) -> list[str]:
    """Splits a text after full stops."""
    return [one for one in re.split(r"(?<=[.!?])\s+", text) if one]


def paragraphs(text: str, words: int = 45) -> list[str]:
    """Groups sentences into paragraphs of at least so many words."""
    found: list[str] = []
    part: list[str] = []
    for one in sentences(text):
        part.append(one)
        if sum(len(each.split()) for each in part) >= words:
            found.append(" ".join(part))
            part = []
    if part:
        found.append(" ".join(part))
    return found


def typos(text: str, chance: random.Random, share: float = 0.04) -> str:
    """Swaps two letters in some of the longer words."""
    words = text.split(" ")
    for place, word in enumerate(words):
        if len(word) > 4 and chance.random() < share:
            at = chance.randrange(1, len(word) - 2)
            words[place] = word[:at] + word[at + 1] + word[at] + word[at + 2 :]
    return " ".join(words)


def boilerplate(chance: random.Random, parts: int) -> str:
    """Gives what publishers put below a text."""
    return " ".join(one.format(paper=chance.choice(PAPERS)) for one in chance.sample(BOILERPLATE, parts))


def cut(text: str, letters: int) -> str:
    """Cuts a text to so many characters, with an ellipsis."""
    return text if len(text) <= letters else text[:letters].rstrip() + "…"


def _headline(made: Made, chance: random.Random) -> Made:
    words = made.text.split()
    title = chance.choice(HEADLINES).format(" ".join(words[:3]))
    return replace(made, title=title, text=f"{title}\n{made.text}" if chance.random() < 0.5 else made.text)


def _lead(made: Made, _: random.Random) -> Made:
    return replace(made, text=paragraphs(made.text)[0])


def _paragraph(made: Made, chance: random.Random) -> Made:
    return replace(made, text=chance.choice([one for one in paragraphs(made.text) if len(one.split()) >= 30]))


def _teaser(made: Made, chance: random.Random) -> Made:
    return replace(made, text=cut(made.text, chance.choice([140, 200, 255, 300])))


def _boilerplate(made: Made, chance: random.Random) -> Made:
    return replace(made, text=f"{made.text}\n\n{boilerplate(chance, chance.choice([1, 2, 3]))}")


def _teaser_and_boilerplate(made: Made, chance: random.Random) -> Made:
    return _boilerplate(replace(made, text=cut(made.text, chance.choice([255, 300, 400]))), chance)


def _dateline(made: Made, chance: random.Random) -> Made:
    return replace(made, text=f"{chance.choice(CITIES)} ({chance.choice(PAPERS)}) - {made.text}")


def _typos(made: Made, chance: random.Random) -> Made:
    return replace(made, text=typos(made.text, chance))


def _shortened(made: Made, chance: random.Random) -> Made:
    said = sentences(made.text)
    return replace(made, text=" ".join(one for one in said[:1] + [s for s in said[1:] if chance.random() > 0.3]))


def _quoted(made: Made, chance: random.Random) -> Made:
    return replace(made, text=f"“{made.text}” — via {chance.choice(PAPERS)}")


def _all_of_it(made: Made, chance: random.Random) -> Made:
    return _boilerplate(_dateline(_typos(_headline(made, chance), chance), chance), chance)


def _retweet(made: Made, _: random.Random) -> Made:
    return replace(made, text=f"RT @{made.author}: {made.text}")


def _cut_retweet(made: Made, _: random.Random) -> Made:
    return replace(made, text=cut(f"RT @{made.author}: {made.text}", 120))


def _tags(made: Made, chance: random.Random) -> Made:
    return replace(made, text=f"{made.text} {' '.join(chance.sample(TAGS, 3))} https://t.co/{chance.random():.8f}")


def _cross_post(made: Made, _: random.Random) -> Made:
    return replace(made, author=f"{made.author}@social.example", text=made.text)


def _noise(made: Made, chance: random.Random) -> Made:
    return replace(made, text=chance.choice(["👇 ", "This! ", "So true. ", ""]) + made.text.upper() + " 🔥🔥")


LONG: dict[str, Callable[[Made, random.Random], Made]] = {
    "new headline": _headline, "cut to the lead": _lead, "cut to a paragraph": _paragraph, "teaser with …": _teaser,
    "boilerplate": _boilerplate, "teaser and boilerplate": _teaser_and_boilerplate, "dateline": _dateline,
    "typos": _typos, "shortened": _shortened, "in quotes": _quoted,
    "headline, dateline, typos, boilerplate": _all_of_it,
}  # fmt: skip
SHORT: dict[str, Callable[[Made, random.Random], Made]] = {
    "retweet": _retweet, "retweet cut short": _cut_retweet, "tags and link": _tags, "cross-post": _cross_post,
    "capitals and emoji": _noise, "quoted": _quoted, "typos": _typos,
}  # fmt: skip


def rows(path: Path) -> Iterator[dict[str, str]]:
    """Reads gzipped JSON lines."""
    with gzip.open(path, "rt", encoding="utf-8") as file:
        yield from map(json.loads, file)


@dataclass
class Different:
    """Keeps only texts that share no run of eight words with one before: what is told apart must be so in truth."""

    seen: set[tuple[str, ...]] = field(default_factory=set)

    def take(self, text: str) -> bool:
        """Says whether a text shares nothing; then its words are remembered."""
        words = re.findall(r"\w+", text.casefold())
        runs = {tuple(words[at : at + 8]) for at in range(max(1, len(words) - 7))}
        if runs & self.seen:
            return False
        self.seen |= runs
        return True


def make(data: Path, stories: int, seed: int = 1) -> list[Made]:
    """Makes the benchmark's mentions, in random order: so many long texts and as many short ones with their copies."""
    chance = random.Random(seed)
    different = Different()
    complaints = [*rows(data / "complaints/cfpb_consumer_loans_2023.jsonl.gz")]
    complaints += rows(data / "complaints/nhtsa_porsche.jsonl.gz")
    chance.shuffle(complaints)
    long = [one["text"] for one in complaints if len(paragraphs(one["text"])) > 2 and different.take(one["text"])]
    posts = [one for one in rows(data / "datasets/target_train.jsonl.gz") if len(one["text"].split()) >= 13]
    chance.shuffle(posts)
    short = [one["text"] for one in posts if different.take(one["text"])]
    made = [*_copies(long[:stories], "article", LONG, chance), *_copies(short[:stories], "post", SHORT, chance)]
    reviews = [one["text"] for one in rows(data / "datasets/intent_dev.jsonl.gz") if "app_reviews" in one["source"]]
    made += _reviews(reviews, stories, different, chance)
    made += _letters(long[stories : stories + 40], chance)
    made += _comments(short[:stories], short[stories:], chance)
    made += _shared(long[stories + 40 : stories * 2 + 40], chance)
    made += _robots(long[stories * 2 + 40 :], chance)
    chance.shuffle(made)
    return made


def _copies(
    texts: list[str], name: str, edits: dict[str, Callable[[Made, random.Random], Made]], chance: random.Random
) -> Iterator[Made]:
    for number, text in enumerate(texts):
        begun = chance.uniform(0, 300 * DAY)
        author = f"{name}{number}"
        original = Made(f"{name} {number}", f"{name}: original", text, "", author, f"rss:{name}", begun)
        yield original
        for kind in chance.sample(sorted(edits), chance.randint(0, 6)):
            copy = replace(
                original, author=f"other{chance.random()}", published=begun + chance.expovariate(1 / (2 * DAY))
            )
            if kind in ("retweet", "retweet cut short", "cross-post"):
                copy = replace(copy, author=original.author)
            edited = edits[kind](copy, chance)
            if kind.startswith("retweet"):
                edited = replace(edited, author=f"other{chance.random()}")
            yield replace(edited, kind=f"{name}: {kind}", source=f"rss:paper{chance.randrange(50)}")


def _reviews(texts: list[str], stories: int, different: Different, chance: random.Random) -> Iterator[Made]:
    """Short reviews that are alike by different people, and longer ones that stand on two sites."""
    brief = [one for one in texts if 1 <= len(one.split()) <= 6]
    for number, text in enumerate(chance.choices(brief, k=stories)):
        site, author = chance.choice(["appstore:us/1", "googleplay:com.acme", "trustpilot:acme"]), f"r{number}"
        yield Made(f"brief {number}", "two short reviews alike", text, "", author, site, chance.uniform(0, 60 * DAY),
                   chance.choice([1.0, 5.0]), True)  # fmt: skip
    longer = [one for one in texts if 12 <= len(one.split()) <= 120 and different.take(one)]
    for number, text in enumerate(longer[: stories // 2]):
        begun, rating, author = chance.uniform(0, 300 * DAY), float(chance.randint(1, 5)), f"Jane{number} Doe"
        first = Made(f"review {number}", "review: original", text, "", author, "trustpilot:acme", begun, rating, True)
        yield first
        yield replace(first, kind="review: on a second site", source="reviewpage:acme", author=f"jane{number}",
                      published=begun + chance.uniform(0, 3 * DAY))  # fmt: skip


def _letters(texts: list[str], chance: random.Random) -> Iterator[Made]:
    """Letters of one template, sent to an authority by many."""
    for number, text in enumerate(texts):
        for sender in range(chance.randint(2, 12)):
            amount, begun = chance.randint(100, 9000), chance.uniform(0, 20 * DAY)
            said = f"{text} The amount is {amount} dollars."
            yield Made(f"letter {number} {sender}", "letters of one template", said, "", "", "cfpb:acme", begun,
                       None, True)  # fmt: skip


def _comments(texts: list[str], others: list[str], chance: random.Random) -> Iterator[Made]:
    """Posts that quote one of the short texts and say something of their own: words of a post on something else."""
    for number, text in enumerate(chance.sample(texts, len(texts) // 3)):
        own = others[number]
        whole = chance.choice([f"{own} RT @x{number}: {text}", f"{text} {own}"])
        yield Made(f"comment {number}", "quote with a comment", whole, "", f"c{number}", "rss:post",
                   chance.uniform(0, 300 * DAY))  # fmt: skip


def _shared(texts: list[str], chance: random.Random) -> Iterator[Made]:
    """Different texts with a passage or the publisher's boilerplate in common."""
    passages = [paragraphs(text)[0] for text in texts[:10]]
    footers = [boilerplate(chance, 3) for _ in range(5)]
    for number, text in enumerate(texts[10:]):
        begun = chance.uniform(0, 20 * DAY)
        if number % 2:
            yield Made(f"shared {number}", "one footer, other texts", f"{cut(text, 255)}\n\n{chance.choice(footers)}",
                       "", "", "rss:paper1", begun)  # fmt: skip
        else:
            yield Made(f"shared {number}", "one quotation, other texts", f"{text} {chance.choice(passages)}", "", "",
                       f"rss:paper{number}", begun)  # fmt: skip


def _robots(texts: list[str], chance: random.Random) -> Iterator[Made]:
    """Reports that a program writes every day, with other figures."""
    full = [cut(text, 600) for text in texts if len(re.findall(r"\d+", cut(text, 600))) >= 5][:20]
    for number, text in enumerate(full):
        for day in range(6):
            said = re.sub(r"\d+", lambda _: str(chance.randint(1, 9999)), text)
            yield Made(f"robot {number} {day}", "a report with other figures", said, "", "", "rss:robot", day * DAY)
