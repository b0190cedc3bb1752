"""Draws up what a manager reads about a brand and a period: what changed and why, what people criticise, what is known.

Everything comes from one connection, to the writer's store or to a snapshot, and from nothing else: the same snapshot
gives the same page. What is no more than chance is said to be so.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd

from earful.dashboard import figures, period
from earful.dashboard.figures import Totals
from earful.data import board, criticism, digests, events, families, naming, queries
from earful.data.queries import Filters
from earful.models import accuracy, change
from earful.models.accuracy import Share
from earful.models.change import Change, Days

LOUD = 3  # quotes
GREW = 3  # criticisms


@dataclass(frozen=True)
class Figure:
    """A figure of the period and of the one before, with its interval; `clear` says that chance does not explain it.

    Shares go from 0 to 1, net sentiment from -1 to 1, a volume has the ratio to before as its interval.
    """

    name: str  # volume, net, negative or voice
    value: float | None
    low: float | None
    high: float | None
    before: float | None
    clear: bool
    of: int  # stories that it is made of


@dataclass(frozen=True)
class Briefing:
    """What is known of a brand in a period, as JSON values; times are ISO 8601 in UTC.

    `days` are steps of a chart, with negative and other stories (None where nothing is known), and net sentiment with
    its interval. `grew` are themes with stories now and before and a quote, `sources` split the change of the negative
    stories so that the parts sum to it, each with the `name` that readers know. `gaps` are hours by source, `unscored`
    stories by language.
    """

    brand: str
    start: str
    finish: str
    before: str
    sequence: int
    model: str
    figures: tuple[dict[str, Any], ...]
    negative: tuple[int, int]
    days: tuple[dict[str, Any], ...]
    sources: tuple[dict[str, Any], ...]
    themed: bool  # whether themes were ever found
    grew: tuple[dict[str, Any], ...]
    loud: tuple[dict[str, Any], ...]
    resolved: tuple[dict[str, Any], ...]
    events: tuple[dict[str, Any], ...]
    alerts: tuple[dict[str, Any], ...]
    voices: tuple[dict[str, Any], ...]
    gaps: tuple[dict[str, Any], ...]
    unscored: tuple[tuple[str, int], ...]
    unclear: int
    dashboard: str


def draw_up(con: queries.Connection, brand: str, start: datetime, finish: datetime, zone: ZoneInfo) -> Briefing:
    """Reads all about a brand from `start` up to `finish`, both on quarters of an hour, and the equal span before."""
    before = _earlier(start, finish, zone)
    step: period.Step = "hour" if finish - start < timedelta(days=3) else "day"
    edges = period.edges(start.astimezone(zone), finish.astimezone(zone), step)
    earlier = period.edges(before.astimezone(zone), start.astimezone(zone), step)
    filters = Filters(brand, start, finish)
    borders = sorted({at.astimezone(UTC) for at in (*earlier, *edges)})
    counts = queries.counts(con, filters, borders)
    gaps = queries.gaps(con, Filters(brand, before, finish))
    now, was = (figures.totals(counts, brand, *span) for span in ((start, finish), (before, start)))
    series = figures.series(counts, brand, edges, [gap for gap in gaps if figures.touches(gap, start, finish)])
    settings = queries.settings(con)
    naming.use(settings.get(naming.SETTING) or {})
    return Briefing(
        brand=brand,
        start=start.astimezone(UTC).isoformat(),
        finish=finish.astimezone(UTC).isoformat(),
        before=before.astimezone(UTC).isoformat(),
        sequence=digests.sequence(con),
        model=str(settings.get("model") or "none"),
        figures=tuple(
            asdict(one) for one in _figures(counts, brand, (now, was), (before, start, finish), edges, earlier)
        ),
        negative=(now.negative, was.negative),
        days=tuple(_days(series)),
        sources=tuple(
            {"source": source, "name": naming.source(source), "now": one, "before": other}
            for source, one, other in digests.negative_by_source(con, filters, before)
        ),
        themed=criticism.last_round(con, brand) is not None,
        grew=tuple(_grown(con, filters, edges, earlier)),
        loud=tuple(digests.loudest(con, filters, LOUD)),
        resolved=tuple(_resolved(con, brand, start.astimezone(zone), finish.astimezone(zone))),
        events=tuple(
            {"title": one.title, "kind": one.kind, "start": one.start.isoformat()}
            for one in events.between(con, brand, start, finish)
        ),
        alerts=tuple(_alerts(con, filters)),
        voices=tuple(_voices(counts, (before, start, finish), [one.name for one in queries.brands(con)])),
        gaps=tuple(_gap_hours(gaps, start, finish)),
        unscored=tuple(digests.unscored(con, filters)),
        unclear=now.unclear,
        dashboard=str(settings.get("dashboard_url") or ""),
    )


def _earlier(start: datetime, finish: datetime, zone: ZoneInfo) -> datetime:
    """Gives the beginning of the span before: as many days earlier on the team's clock, else equally long."""
    first, end = start.astimezone(zone), finish.astimezone(zone)
    days = (end.date() - first.date()).days
    if days and first.time() == end.time():
        back = (first.replace(tzinfo=None) - timedelta(days=days)).replace(tzinfo=zone)
        return back.astimezone(UTC)
    return start - (finish - start)


def _figures(
    counts: pd.DataFrame,
    brand: str,
    totals: tuple[Totals, Totals],
    span: tuple[datetime, datetime, datetime],
    edges: Sequence[datetime],
    earlier: Sequence[datetime],
) -> list[Figure]:
    now, was = totals
    moved = _moved(_volumes(counts, brand, edges), _volumes(counts, brand, earlier))
    volume = Figure("volume", now.volume, moved.low, moved.high, was.volume, bool(moved.clear), now.volume)
    negative, negative_was = (accuracy.share(one.negative, one.judged) for one in totals)
    voices = [figures.volume_by_brand(counts, *times) for times in ((span[1], span[2]), (span[0], span[1]))]
    voice, voice_was = (accuracy.share(one.get(brand, 0), sum(one.values())) for one in voices)
    found = [
        volume,
        _share("net", figures.net_sentiment(now), figures.net_sentiment(was), now.opinionated),
        _share("negative", negative, negative_was, now.judged),
    ]
    several = counts.brand.nunique() > 1
    return [*found, *([_share("voice", voice, voice_was, sum(voices[0].values()))] if several else [])]


def _share(name: str, now: Share | None, was: Share | None, of: int) -> Figure:
    before = was.value if was else None
    if now is None:
        return Figure(name, None, None, None, before, False, of)
    return Figure(name, now.value, now.low, now.high, before, figures.differ(now, was), of)


def _volumes(counts: pd.DataFrame, brand: str, edges: Sequence[datetime]) -> list[int]:
    return [figures.totals(counts, brand, *step).volume for step in pairwise(edges)]


def _moved(now: Sequence[int], before: Sequence[int]) -> Change:
    """Compares two rows of counts; that stories come in bursts makes the interval wider."""
    spans = [Days(tuple(counts), (1.0,) * len(counts)) for counts in (before, now)]
    return change.change(*spans)


def _days(series: pd.DataFrame) -> list[dict[str, Any]]:
    return [
        {
            "start": row.start.astimezone(UTC).isoformat(),
            "finish": row.finish.astimezone(UTC).isoformat(),
            "negative": int(row.negative) if row.known else None,
            "rest": int(row.volume - row.negative) if row.known else None,
            **{name: None if pd.isna(row[name]) else round(float(row[name]), 4) for name in ("net", "low", "high")},
        }
        for _, row in series.iterrows()
    ]


def _grown(
    con: queries.Connection, filters: Filters, edges: Sequence[datetime], earlier: Sequence[datetime]
) -> list[dict[str, Any]]:
    """Lists the themes that grew beyond chance, those that grew most first, each with a quote."""
    told, told_before = (digests.told_in_themes(con, filters.brand, _utc(steps)) for steps in (edges, earlier))
    found: list[dict[str, Any]] = []
    for one in families.of(con, filters.brand):
        if one.hidden:
            continue
        now, before = _summed(told, one.members, len(edges) - 1), _summed(told_before, one.members, len(earlier) - 1)
        moved = _moved(now, before)
        if moved.clear > 0:
            quotes = criticism.quotes(con, filters, one.members, 1)
            found.append(
                {
                    "name": one.name,
                    "now": sum(now),
                    "before": sum(before),
                    "low": moved.low,
                    "quote": _quote(quotes[0]) if quotes else None,
                }
            )
    return sorted(found, key=lambda one: (one["before"] - one["now"], one["name"]))[:GREW]


def _summed(told: Mapping[str, list[int]], themes: Sequence[str], steps: int) -> list[int]:
    return [sum(told[theme][place] for theme in themes if theme in told) for place in range(steps)]


def _utc(edges: Sequence[datetime]) -> list[datetime]:
    return [edge.astimezone(UTC) for edge in edges]


def _quote(one: criticism.Quote) -> dict[str, Any]:
    text = {"text": one.text.strip(), "author": one.author, "url": "", "published": one.published.isoformat()}
    return {"source": one.source, "id": one.id, **text}


def _resolved(con: queries.Connection, brand: str, start: datetime, finish: datetime) -> list[dict[str, Any]]:
    known = {one.theme: one.name for one in criticism.themes(con, brand)}
    stands = board.standing(con, brand)
    return [
        {"name": stands.get(theme, board.Standing()).name or known.get(theme, "a theme"), "on": card.since.isoformat()}
        for theme, card in sorted(board.cards(con, brand).items())
        if card.status == "resolved" and card.since and start.date() <= card.since < finish.date()
    ]


def _alerts(con: queries.Connection, filters: Filters) -> list[dict[str, Any]]:
    return [
        {
            "rule": one.rule,
            "state": one.state,
            "fired": one.fired.isoformat(),
            "resolved": one.resolved.isoformat() if one.resolved else None,
            **{key: one.card.get(key) for key in ("what", "counts", "observed", "expected", "page")},
        }
        for one in digests.told(con, filters)
    ]


def _voices(
    counts: pd.DataFrame, span: tuple[datetime, datetime, datetime], brands: Sequence[str]
) -> list[dict[str, Any]]:
    now, was = (figures.volume_by_brand(counts, *times) for times in ((span[1], span[2]), (span[0], span[1])))
    whole, whole_was = sum(now.values()), sum(was.values())
    found = []
    for brand in brands:
        share, before = accuracy.share(now.get(brand, 0), whole), accuracy.share(was.get(brand, 0), whole_was)
        if share:
            known = {"value": share.value, "low": share.low, "high": share.high}
            moved = {"before": before.value if before else None, "clear": figures.differ(share, before)}
            found.append({"brand": brand, "count": now.get(brand, 0), **known, **moved})
    return sorted(found, key=lambda one: (-one["count"], one["brand"])) if len(brands) > 1 else []


def _gap_hours(gaps: Sequence[queries.Gap], start: datetime, finish: datetime) -> list[dict[str, Any]]:
    counted: dict[str, datetime] = {}  # gaps of a source may overlap
    hours: dict[str, float] = {}
    for gap in sorted(gaps, key=lambda gap: (gap.source, gap.start)):
        since = max(gap.start, start, counted.get(gap.source, start))
        until = min(gap.finish or finish, finish)
        if since < until:
            hours[gap.source] = hours.get(gap.source, 0.0) + (until - since) / timedelta(hours=1)
            counted[gap.source] = until
    return [
        {"source": name, "name": naming.source(name), "hours": round(count, 1)}
        for name, count in sorted(hours.items(), key=lambda one: -one[1])
    ]
