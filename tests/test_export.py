"""What is exported carries what the team made of it, and the names of themes that count."""

import csv
import io
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import themed_store
from invented_store import NOON

from earful.data import board, database, export, triage
from earful.data.queries import Filters


def test_an_export_tells_status_note_intent_and_theme(tmp_path: Path) -> None:
    kept = themed_store.fill(tmp_path, NOON)
    with kept.transaction() as con:
        ((courier,), (app,)) = (
            con.execute("SELECT min(id) FROM theme_members WHERE theme = ?", [theme]).fetchone()
            for theme in ("courier", "app")
        )
        for field, value, minutes in (
            ("status", "seen", 1),
            ("status", "done", 2),
            ("note", "=1+1", 3),
            ("intent", "want", 4),
        ):
            made = NOON + timedelta(minutes=minutes)
            triage.change(con, ("shop", courier), "Acme", field, value, "eva", made)
        board.decide(con, "Acme", "courier", "rename", {"name": "The courier"}, "eva", NOON)
        board.decide(con, "Acme", "app", "merge", {"into": "courier"}, "eva", NOON)
    with database.snapshot(tmp_path) as con:
        ((at,),) = con.execute("SELECT published FROM mentions WHERE id = ?", [courier]).fetchall()
        table = export.everything(con)
        chosen = export.chosen(con, Filters("Acme", NOON - timedelta(days=400), NOON, stories=False), 10_000)
        assert table.num_rows == con.execute("SELECT count(*) FROM facts").fetchone()[0]
        assert chosen.num_rows == con.execute("SELECT count(*) FROM facts WHERE brand = 'Acme'").fetchone()[0]
    for made in (table, chosen):
        file = io.StringIO(newline="")
        export.write_csv(made, file)
        (row,) = [row for row in csv.DictReader(io.StringIO(file.getvalue())) if row["id"] == courier]
        assert row["published"] == str(at.astimezone(ZoneInfo("Europe/Berlin"))), "on the team's clock"
    rows = {row["id"]: row for row in table.to_pylist() if row["brand"] == "Acme"}
    one = rows[courier]
    assert [one[name] for name in ("theme", "status", "note", "intent", "assignee")] == (
        ["The courier", "done", "=1+1", "want", ""]
    )
    other = rows[app]
    assert [other[name] for name in ("theme", "status", "note", "intent")] == [
        "The courier",
        "new",
        "",
        other["intent"],
    ]
