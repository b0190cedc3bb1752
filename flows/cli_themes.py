"""The command about themes: what each brand's critics criticise, how much, and what is new of it."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import typer

from earful.data import board, criticism, families, themes
from earful.data.board import Standing
from earful.data.database import snapshot
from earful.flows import jobs, run, show
from earful.flows.config import ConfigError, load
from earful.flows.console import DEFAULT, AsJson, ConfigPath
from earful.flows.report import utc_now

SHOWN = timedelta(days=365)


def themes_command(
    config: ConfigPath = DEFAULT,
    as_json: AsJson = False,
    brand: Annotated[str, typer.Option(help="Only this brand; all of them if left out.")] = "",
    anew: Annotated[bool, typer.Option("--anew", help="Find them anew now, not only once a day.")] = False,
) -> None:
    """List the themes of each brand's criticism: stories of a year, what is new, growing, steady or faded."""
    settings = load(config)
    known = [one.name for one in settings.brands]
    if brand and brand not in known:
        raise ConfigError(f"there is no brand {brand!r}; there are {', '.join(known)}")
    if anew:
        _find(config)
    with snapshot(settings.store_folder) as con:
        found = [listed(con, name, utc_now()) for name in ([brand] if brand else known)]
    if as_json:
        show.as_json(found)
        return
    for one in found:
        show.say(": ".join(part for part in (one["brand"], one["note"]) if part))
        rows = [tuple(theme.values())[1:] for theme in one["themes"]]
        if rows:
            show.table(("theme", "stories", "said again", "state", "first seen", "last seen", "by a person"), rows)


def listed(con: criticism.Connection, brand: str, now: datetime) -> dict[str, Any]:
    """Gives a brand's themes, most stories first; what is merged counts where it went, hidden ones are left out."""
    last = criticism.last_round(con, brand)
    note = last.note if last else "no themes so far; 'earful run' finds them once people complain"
    stands = board.standing(con, brand)
    known = {one.theme: one for one in criticism.themes(con, brand)}
    stories = themes.sizes(con, brand, now - SHOWN)
    rows = [
        {
            "theme": one.theme,
            "name": one.name,
            "stories": sum(stories.get(theme, (0, 0))[0] for theme in one.members),
            "said_again": sum(stories.get(theme, (0, 0))[1] for theme in one.members),
            "state": known[one.theme].state,
            "first_seen": f"{known[one.theme].first_seen:%Y-%m-%d}",
            "last_seen": f"{known[one.theme].last_seen:%Y-%m-%d}",
            "by_a_person": "pinned" * stands.get(one.theme, Standing()).pinned,
        }
        for one in families.of(con, brand)
        if not one.hidden
    ]
    return {"brand": brand, "note": note, "themes": sorted(rows, key=lambda row: (-row["stories"], row["theme"]))}


def _find(config: Path) -> None:
    with show.progress() as progress:
        job = jobs.build(config, progress)
        with run.at_work(job):
            run.prepare(job)
            run.run_stage(job, "themes", run.find_themes_anew)
