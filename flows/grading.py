"""Says how the model in use does on the team's own corrections, and draws mentions for people to judge."""

from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from earful.dashboard import period
from earful.data import judgements, queries
from earful.data import relevance as kept
from earful.data.judgements import Drawn
from earful.data.store import LABELS
from earful.flows import relevance, show
from earful.models import accuracy
from earful.models.accuracy import Count, Pair, Share

LOT = timedelta(days=90)
NOTHING = "nobody has corrected or confirmed a mention yet; 'earful eval --sample 50' draws some to judge"
NOT_FAIR = (
    "This is a sample of what people looked at, and where they correct only what is wrong, the model looks worse than "
    "it is. To press the model's own label counts as agreement; 'earful eval --sample 50' draws mentions by lot."
)


def evaluate(con: judgements.Connection, now: datetime, zone: ZoneInfo) -> dict[str, Any]:
    """Compares every label that people gave with the model's; shares are in [0, 1], with 95% intervals.

    `negative_share` counts the stories of the last 30 days, as the dashboard does in the team's zone; `less_errors`
    is null where `refusal` says why.
    """
    since = period.last("30d", now, zone).start
    pairs = [Pair(row.source, row.judged, row.person) for row in judgements.judged(con)]
    found, skill = accuracy.agreement(pairs), accuracy.skill(pairs)
    confused = accuracy.confusion(pairs)
    return {
        "model": queries.settings(con).get("model", ""),
        "corrections": len(pairs),
        "accuracy": _counted(found.right),
        "unclear": _counted(found.unclear),
        "unscored": found.unscored,
        "sources": [{"source": source, **_counted(one.right)} for source, one in accuracy.by_source(pairs)],
        "confusion": {
            person: {judged: confused.get((person, judged), 0) for judged in (*LABELS, "unscored")} for person in LABELS
        },
        "negative_found": _counted(skill.found),
        "others_spared": _counted(skill.spared),
        "negative_share": [_negative(row, skill) for row in judgements.negatives(con, since)],
        "refusal": skill.refusal,
        "relevance": relevance_skills(con),
    }


def print_evaluation(result: dict[str, Any]) -> None:
    """Prints tables: how often the model is right, where, what it takes for what, and what that means."""
    print_relevance(result["relevance"])
    if not result["corrections"]:
        show.say(NOTHING)
        return
    named = [
        ("right", result["accuracy"]),
        ("left unclear", result["unclear"]),
        ("negative ones found", result["negative_found"]),
        ("others spared", result["others_spared"]),
    ]
    show.table(("on your corrections", "share", "95%", "count", "of"), [(name, *_cells(one)) for name, one in named])
    show.line()
    show.table(
        ("source, worst first", "right", "95%", "count", "of"),
        [(one["source"], *_cells(one)) for one in result["sources"]],
    )
    show.line()
    show.table(
        ("people say, model says", *LABELS, "unscored"),
        [(person, *counts.values()) for person, counts in result["confusion"].items()],
    )
    show.line()
    show.table(
        ("negative share, 30 days", "share", "95%", "count", "of", "less errors", "95%"),
        [(one["brand"], *_cells(one), *_cells(one["less_errors"])[:2]) for one in result["negative_share"]],
    )
    if result["refusal"]:
        show.say(f"The model's errors are not taken out of the negative share: {result['refusal']}.")
    if result["accuracy"]["of"] < accuracy.LEAST:
        show.say(f"Fewer than {accuracy.LEAST} labels to compare say little.")
    show.say(NOT_FAIR)


def relevance_skills(con: judgements.Connection) -> list[dict[str, Any]]:
    """Tells how each brand's relevance model does on clicks it has not seen; null figures are not known yet."""
    found = []
    for brand, made in kept.models(con).items():
        skill = relevance.skill(made)
        figures = {"hidden_rightly": skill.rightly, "others_found": skill.found, "about_spared": skill.spared}
        shares = {name: _counted(count) if skill.known else None for name, count in figures.items()}
        clicks = {"about": skill.about, "not_about": skill.others}
        found.append({"brand": brand, **clicks, "threshold": skill.threshold, **shares, "refusal": skill.refusal})
    return found


def print_relevance(rows: list[dict[str, Any]]) -> None:
    """Prints how the relevance models do, nothing where nobody said that a mention is not about a brand."""
    if not rows:
        return
    cells = [
        (
            row["brand"], row["not_about"], row["about"],
            *(_brief(row[name]) for name in ("hidden_rightly", "others_found", "about_spared")),
            f"below {row['threshold']:.0%}" if row["threshold"] is not None else "only what people marked",
        )
        for row in rows
    ]  # fmt: skip
    show.table(
        ("about the brand or not", "not", "about", "hidden rightly", "wrong ones found", "right ones spared", "hides"),
        cells,
    )
    for row in rows:
        if row["refusal"]:
            show.say(f"{row['brand']}: {row['refusal']}.")
    show.line()


def _brief(one: dict[str, Any] | None) -> str:
    if one is None or one["share"] is None:
        return "not known yet"
    return f"{one['share']:.0%} ({one['low']:.0%} to {one['high']:.0%})"


def draw(con: judgements.Connection, now: datetime, most: int, port: int) -> list[dict[str, Any]]:
    """Draws stories of the last 90 days that nobody judged, the same ones all day, with where to judge them."""
    rows = judgements.draw(con, now - LOT, now.date().isoformat(), most)
    return [
        {
            "brand": row.brand,
            "source": row.source,
            "id": row.id,
            "published": row.published.isoformat(),
            "text": row.snippet if row.snippet.startswith(row.title) else f"{row.title}\n{row.snippet}",
            "address": _address(row, port),
        }
        for row in rows
    ]


def print_drawn(drawn: list[dict[str, Any]]) -> None:
    """Prints each mention and its address on the dashboard; not what the model made of it."""
    if not drawn:
        show.say("nothing to judge: no story of the last 90 days was scored and left unjudged; 'earful run' gets more")
    for row in drawn:
        show.line(f"{row['brand']} · {row['source']} · {row['published'][:10]}")
        show.line(f"  {' '.join(row['text'].split())}")
        show.line(f"  {row['address']}\n")


def _address(row: Drawn, port: int) -> str:
    chosen = {"brand": row.brand, "period": "90d", "at": row.source, "mention": row.id}
    return f"http://localhost:{port}/mentions?{urlencode(chosen)}"


def _counted(count: Count) -> dict[str, Any]:
    return {"count": count.part, "of": count.whole, **_share(accuracy.share(count.part, count.whole))}


def _negative(row: judgements.Negatives, skill: accuracy.Skill) -> dict[str, Any]:
    by_model = Count(row.model_negative, row.model_clear)
    by_people = Count(row.people_negative, row.people_clear)
    seen = Count(by_model.part + by_people.part, by_model.whole + by_people.whole)
    less_errors = accuracy.corrected(by_model, by_people, skill)
    return {"brand": row.brand, **_counted(seen), "less_errors": _share(less_errors) if less_errors else None}


def _share(share: Share | None) -> dict[str, float | None]:
    values = (share.value, share.low, share.high) if share else (None, None, None)
    return dict(zip(("share", "low", "high"), (None if one is None else round(one, 4) for one in values), strict=True))


def _cells(one: dict[str, Any] | None) -> tuple[object, ...]:
    """Gives the cells of a table: share, interval, count, whole."""
    if one is None or one["share"] is None:
        return ("–", "", (one or {}).get("count"), (one or {}).get("of"))
    return (f"{one['share']:.0%}", f"{one['low']:.0%} to {one['high']:.0%}", one.get("count"), one.get("of"))
