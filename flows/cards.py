"""Makes an alert's card from the store: the excess and its parts, what is new, who said what, what is not known."""

import math
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from urllib.parse import urlencode

from earful.data import alerting, counting, explained, families, todo
from earful.data.counting import Connection, Counted, Portion, Story
from earful.flows import windows
from earful.flows.config import Config
from earful.flows.windows import Watched
from earful.models import card, gist, language, novelty
from earful.models.alertlife import Life, Line, Window, peak
from earful.models.card import UNKNOWN, Card, Interval, New, Part, Quote, Unknown, tenths

MEMORY = timedelta(days=28)  # a part is expected by what it brought of late: so long ago weighs 1/e
SERIES, DAY = 48, timedelta(days=1)  # intervals in the small chart, or those of a day, up to twice as many
QUOTES, QUOTABLE = 3, 50  # on one card, and of how many they are picked
NEWS = 5  # new things on one card
TEXTS = 500  # texts on either side that are searched for new words
NOTABLE = 3  # stories, from which on a new source, author or theme is worth a word
LETTERS = 400  # of a quote
NONE = {"theme": "no theme"}  # what a part without a name is called
WIDE = 1.96  # standard deviations to either end of 95 in 100


def make(
    con: Connection,
    config: Config,
    watched: Watched,
    line: Line,
    life: Life,
    late: timedelta = timedelta(0),
) -> Card:
    """Describes an alert as far as it has come, for people who hear of it so much `late`.

    What was not heard in its time counts as expected all the same: the excess is rather too small than too large.
    """
    rule, of = watched.rule, windows.counted(watched.rule, watched.brand)
    span = spanned(watched.windows, line, life)
    start, finish = span[0].start, span[-1].finish
    expected = tenths(sum(one.expected for one in span))
    scatter = math.sqrt(sum(((one.high - one.expected) / windows.HIGH) ** 2 for one in span))
    usual = expected + WIDE * scatter
    themes = families.members(con, watched.brand, of.theme)
    link = {
        "brand": watched.brand,
        "from": start.isoformat(),
        "to": finish.isoformat(),
        "sentiment": "negative" if of.negative else "",
        "source": of.source,
        "theme": themes[0] if themes else "",
        "stars": of.stars or "",
    }
    splits, new = _splits(con, of, start, finish, expected)
    observed = sum(part.observed for part in splits["source"])
    told = counting.told(con, of, start, finish, card.MOST, QUOTABLE, TEXTS)
    before = counting.texts(con, of, start - windows.HISTORY, start, TEXTS)
    words = _words(told.texts, before)
    shared = _shared(con, config, of, start, finish, told.texts, before, words)
    splits["story"] = _stories(told.most, observed, expected)
    highest = peak(span)
    drawn = max(SERIES, min(DAY // rule.step, 2 * SERIES))
    return Card(
        alert=name(watched, life),
        brand=watched.brand,
        rule=rule.name,
        counts=rule.counts,
        what=rule.what,
        start=start,
        finish=finish,
        step=rule.step.total_seconds(),
        observed=observed,
        expected=expected,
        excess=tenths(observed - expected),
        low=tenths(observed - usual),
        high=tenths(observed - max(0.0, expected - WIDE * scatter)),
        usual=tenths(usual),
        splits=splits,
        first=_quote(told.first) if told.first else None,
        new=words + shared + new,
        quotes=_quotes(told.quotable, words + shared),
        unknown=_unknown(con, of, start, finish),
        series=tuple(_interval(window) for window in watched.windows if window.finish <= finish)[-drawn:],
        peak=_interval(highest) if highest else None,
        link=f"{config.dashboard}/mentions?{urlencode({key: value for key, value in link.items() if value})}",
        page=f"{config.dashboard}/alerts?{urlencode({'alert': name(watched, life)})}",
        line=line.score,
        budget=rule.allowance,
        late_by=late.total_seconds(),
        duration=(finish - start).total_seconds() if life.state == "resolved" else None,
        why=gist.why(observed, splits, words + shared + new, len(before)) if observed else "",
        query=explained.spike(of, themes, start, finish),
    )


def name(watched: Watched, life: Life) -> str:
    """Names an alert: brand, rule and when it began."""
    return f"{watched.brand}|{watched.rule.name}|{life.started.isoformat()}"


def late_by(config: Config, step: timedelta, life: Life, told: datetime) -> timedelta:
    """Tells how much later than it should an alert is told, zero when that is within two runs."""
    late = told - life.fired if life.fired else timedelta(0)
    return late if late > 2 * config.every + min(step, timedelta(hours=1)) / 2 else timedelta(0)


def spanned(found: Sequence[Window], line: Line, life: Life) -> list[Window]:
    """Lists the windows of an alert: from its first to the last that is known, the calm ones at its end left out.

    A silence begins when somebody was heard last, not when it became too long.
    """
    span = [window for window in found if window.start >= life.started]
    if life.resolved:
        span = [window for window in span if window.finish <= life.resolved]
        while len(span) > 1 and not line.held(span[-1]):
            span.pop()
    if not line.rising:
        before = [window for window in found if window.start < life.started]
        while before and not before[-1].observed:
            span.insert(0, before.pop())
    return span or list(found[-1:])


def _splits(
    con: Connection, of: Counted, start: datetime, finish: datetime, expected: float
) -> tuple[dict[str, tuple[Part, ...]], tuple[New, ...]]:
    """Splits the excess by source, theme, author and language, and names the parts that are new."""
    found = counting.portions(con, of, start - windows.HISTORY, start, finish, MEMORY.total_seconds())
    if not counting.has_themes(con):
        del found["theme"]
    splits: dict[str, tuple[Part, ...]] = {}
    new: list[New] = []
    for dimension, parts in found.items():
        new += [] if dimension == "language" else _unseen(dimension, parts)
        names = [one.name or NONE.get(dimension, UNKNOWN) for one in parts]
        weights = {name: one.weight for name, one in zip(names, parts, strict=True) if one.weight}
        counts = {name: one.observed for name, one in zip(names, parts, strict=True)}
        splits[dimension] = card.split(counts, weights, expected)
    return splits, tuple(new)


def _stories(stories: Sequence[Story], observed: int, expected: float) -> tuple[Part, ...]:
    """Splits the excess by story: each is one, however many copies it has, and no story was expected."""
    counts = {one.story: 1 for one in stories} | {card.OTHERS: observed - len(stories)}
    parts = card.split(counts, {}, expected, [one.story for one in stories])
    told = {one.story: one for one in stories}
    return tuple(
        replace(part, name=_short(one.title or one.text, 80), mentions=one.copies, source=one.source, id=one.id)
        if (one := told.get(part.name))
        else part
        for part in parts
    )


def _unseen(kind: str, parts: Sequence[Portion]) -> list[New]:
    """Lists the parts that the baseline lacks and that say more than once or twice; none where there is no baseline."""
    if not any(one.before for one in parts):
        return []
    fresh = [one for one in parts if one.name and not one.before and one.observed >= NOTABLE]
    return [New(kind, one.name, one.observed, 0) for one in sorted(fresh, key=lambda one: -one.observed)[:NEWS]]


def _words(now: Sequence[str], before: Sequence[str]) -> tuple[New, ...]:
    return tuple(New("words", *found, len(now), len(before)) for found in novelty.words(now, before, NEWS))


def _shared(
    con: Connection,
    config: Config,
    of: Counted,
    start: datetime,
    finish: datetime,
    now: Sequence[str],
    before: Sequence[str],
    known: Sequence[New],
) -> tuple[New, ...]:
    """Lists the words that these stories share and those about other brands in the same weeks do not."""
    others = counting.texts_of_others(con, of, start - MEMORY, finish, TEXTS)
    names = " ".join([of.brand, *(brand.match for brand in config.brands if brand.name == of.brand)])
    said = {word for one in known for word in one.name.split()}
    found = novelty.distinct(now, before, others, names, NEWS)
    return tuple(New("distinct", *one, len(now), len(others)) for one in found if not said & set(one[0].split()))


def _unknown(con: Connection, of: Counted, start: datetime, finish: datetime) -> tuple[Unknown, ...]:
    """Lists what the numbers leave out: gaps, what could not be scored or is unclear, sources that are not heard."""
    speakers = {of.source} if of.source else alerting.speakers(con, of.brand)
    found = [
        Unknown("gap", source, 0, f"{source} could not be read, or not wholly, for a part of this time")
        for source in sorted(
            {
                source
                for source, since, till in alerting.gaps(con, start)
                if source in speakers and since < finish and (till is None or till > start)
            }
        )
    ]
    if of.negative:
        for label, code, count in counting.undecided(con, of, start, finish):
            where = f"in {language.name(code)}" if code else "in an unknown language"
            stories = f"{count} {'story' if count == 1 else 'stories'} {where}"
            said = "could not be scored" if label == "unscored" else "may or may not be negative"
            found.append(Unknown(label, code, count, f"{stories} {said}"))
    for row in todo.sources(con):
        if row.source in speakers and row.state not in ("fine", "new"):
            found.append(Unknown("source", row.source, 0, f"{row.source} is not heard now: {row.state}"))
    return tuple(found)


def _interval(window: Window) -> Interval:
    return Interval(window.start, window.finish, window.observed, round(window.expected, 2), round(window.high, 2))


def _quote(story: Story) -> Quote:
    return Quote(
        story.source, story.id, story.author, story.url, _cut(story.text, LETTERS), story.published, story.story
    )


def _quotes(stories: Sequence[Story], new: Sequence[New]) -> tuple[Quote, ...]:
    """Picks the loudest story and those that say most of what is new, the same words once as far as there are others.

    `stories` are by different authors.
    """
    words = [one.name for one in new]
    order = [*stories[:1], *sorted(stories[1:], key=lambda one: -novelty.held(one.words, words))]
    chosen: list[Story] = []
    for one in order:
        if len(chosen) < QUOTES and not any(novelty.alike(one.text, other.text) for other in chosen):
            chosen.append(one)
    rest = [one for one in order if one not in chosen]
    return tuple(_quote(one) for one in (*chosen, *rest)[:QUOTES])


def _short(text: str, most: int) -> str:
    return _cut(" ".join(text.split()), most)


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"
