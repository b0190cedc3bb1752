"""Numbered changes of the schema: append a function to MIGRATIONS, never change one that was released.

Each runs in a transaction together with its number, and is checkpointed; before the first change of an existing
file `database` copies it aside.
"""

from collections.abc import Callable

import duckdb

from earful.data import failpoint, rollups, waiting


def first_schema(con: duckdb.DuckDBPyConnection) -> None:
    """Sources, mentions, their examination, scores, corrections, spikes, alerts, outbox, gaps and runs."""
    for statement in FIRST_SCHEMA.split(";"):
        if statement.strip():
            con.execute(statement)


FIRST_SCHEMA = """
CREATE TABLE meta (sequence BIGINT NOT NULL);
INSERT INTO meta VALUES (0);
CREATE TABLE settings (key TEXT PRIMARY KEY, value JSON NOT NULL);
CREATE TABLE brands (brand TEXT PRIMARY KEY, role TEXT NOT NULL, expression TEXT NOT NULL, position INTEGER NOT NULL);
CREATE TABLE sources (
    source TEXT PRIMARY KEY, connector TEXT NOT NULL, target TEXT NOT NULL,
    cursor JSON NOT NULL DEFAULT '{}',
    due TIMESTAMPTZ, failures INTEGER NOT NULL DEFAULT 0, state TEXT NOT NULL DEFAULT 'new',
    error TEXT NOT NULL DEFAULT '', since TIMESTAMPTZ, last_success TIMESTAMPTZ, last_new TIMESTAMPTZ,
    moved_to TEXT NOT NULL DEFAULT '', moved_since TIMESTAMPTZ);
CREATE TABLE hosts (host TEXT PRIMARY KEY, paused_until TIMESTAMPTZ NOT NULL);
CREATE TABLE digested (landed TEXT PRIMARY KEY);
CREATE TABLE mentions (
    source TEXT NOT NULL, id TEXT NOT NULL, url TEXT NOT NULL, author TEXT NOT NULL,
    published TIMESTAMPTZ NOT NULL, collected TIMESTAMPTZ NOT NULL, title TEXT NOT NULL, text TEXT NOT NULL,
    language TEXT NOT NULL, rating REAL, engagement INTEGER NOT NULL, parent TEXT NOT NULL, about TEXT NOT NULL,
    dated BOOLEAN NOT NULL, digest TEXT NOT NULL, PRIMARY KEY (source, id));
CREATE TABLE examined (
    source TEXT NOT NULL, id TEXT NOT NULL, digest TEXT NOT NULL, rules TEXT NOT NULL, language TEXT NOT NULL,
    story TEXT NOT NULL, PRIMARY KEY (source, id));
CREATE TABLE matches (
    source TEXT NOT NULL, id TEXT NOT NULL, brand TEXT NOT NULL, PRIMARY KEY (source, id, brand));
CREATE TABLE scores (
    source TEXT NOT NULL, id TEXT NOT NULL, brand TEXT NOT NULL, model TEXT NOT NULL, digest TEXT NOT NULL,
    negative REAL, neutral REAL, positive REAL, label TEXT NOT NULL, reason TEXT NOT NULL DEFAULT '',
    tries INTEGER NOT NULL DEFAULT 1, scored TIMESTAMPTZ NOT NULL, PRIMARY KEY (source, id, brand, model));
CREATE TABLE corrections (
    correction TEXT PRIMARY KEY, source TEXT NOT NULL, id TEXT NOT NULL, brand TEXT NOT NULL, label TEXT NOT NULL,
    author TEXT NOT NULL, made TIMESTAMPTZ NOT NULL);
CREATE TABLE facts (
    brand TEXT NOT NULL, source TEXT NOT NULL, id TEXT NOT NULL, story TEXT NOT NULL, leads BOOLEAN NOT NULL,
    published TIMESTAMPTZ NOT NULL, collected TIMESTAMPTZ NOT NULL, label TEXT NOT NULL, corrected BOOLEAN NOT NULL,
    language TEXT NOT NULL, rating REAL);
CREATE TABLE gaps (
    source TEXT NOT NULL, start TIMESTAMPTZ NOT NULL, finish TIMESTAMPTZ, reason TEXT NOT NULL,
    PRIMARY KEY (source, start));
CREATE TABLE spikes (
    brand TEXT NOT NULL, rule TEXT NOT NULL, start TIMESTAMPTZ NOT NULL, finish TIMESTAMPTZ NOT NULL,
    observed INTEGER NOT NULL, expected REAL NOT NULL, high REAL NOT NULL, score REAL NOT NULL,
    PRIMARY KEY (brand, rule, start));
CREATE TABLE alerts (
    alert TEXT PRIMARY KEY, brand TEXT NOT NULL, rule TEXT NOT NULL, state TEXT NOT NULL, started TIMESTAMPTZ NOT NULL,
    fired TIMESTAMPTZ, resolved TIMESTAMPTZ, latest TIMESTAMPTZ NOT NULL, card JSON NOT NULL);
CREATE TABLE outbox (
    key TEXT PRIMARY KEY, alert TEXT NOT NULL, target TEXT NOT NULL, message JSON NOT NULL,
    created TIMESTAMPTZ NOT NULL, due TIMESTAMPTZ NOT NULL, tries INTEGER NOT NULL DEFAULT 0, sent TIMESTAMPTZ,
    error TEXT NOT NULL DEFAULT '');
CREATE TABLE runs (run TEXT PRIMARY KEY, started TIMESTAMPTZ NOT NULL, finished TIMESTAMPTZ, report JSON NOT NULL)
"""


def intents(con: duckdb.DuckDBPyConnection) -> None:
    """Adds the intent that the model reads in a mention, "" where it reads none."""
    con.execute("ALTER TABLE scores ADD COLUMN intent TEXT DEFAULT ''")
    con.execute("ALTER TABLE facts ADD COLUMN intent TEXT DEFAULT ''")


def manners_and_health(con: duckdb.DuckDBPyConnection) -> None:
    """Adds how each source answers, when each host may be asked next, and what is spent of each quota."""
    for column in (
        "host TEXT DEFAULT ''",  # that was asked last
        "asked TIMESTAMPTZ",  # last, whatever came of it
        "hint DOUBLE DEFAULT 0",  # seconds the source itself wants between two looks
        "seconds DOUBLE DEFAULT 0",  # that an answer takes of late
        "slow_since TIMESTAMPTZ",
        "fulls INTEGER DEFAULT 0",  # answers in a row that held something, before the present empty ones
        "empties INTEGER DEFAULT 0",
        "silent_since TIMESTAMPTZ",
        "key_mark TEXT DEFAULT ''",  # of the key that was refused
    ):
        con.execute(f"ALTER TABLE sources ADD COLUMN {column}")
    con.execute("CREATE TABLE paces (host TEXT PRIMARY KEY, ready TIMESTAMPTZ NOT NULL)")
    con.execute("CREATE TABLE quotas (connector TEXT PRIMARY KEY, spent JSON NOT NULL)")


def versions(con: duckdb.DuckDBPyConnection) -> None:
    """Adds the earlier wordings of edited mentions, and when a mention was found to be deleted at its source."""
    con.execute("ALTER TABLE mentions ADD COLUMN gone TIMESTAMPTZ")
    con.execute(
        "CREATE TABLE versions (source TEXT NOT NULL, id TEXT NOT NULL, seen TIMESTAMPTZ NOT NULL,"
        " title TEXT NOT NULL, text TEXT NOT NULL, digest TEXT NOT NULL, PRIMARY KEY (source, id, digest))"
    )


def answers(con: duckdb.DuckDBPyConnection) -> None:
    """Adds what was answered to a survey's question, and on which scale."""
    con.execute("ALTER TABLE mentions ADD COLUMN answer REAL")
    con.execute("ALTER TABLE mentions ADD COLUMN scale TEXT DEFAULT ''")


def themes(con: duckdb.DuckDBPyConnection) -> None:
    """Adds the themes of criticism, who belongs to them, when they were last found anew, and what people decided."""
    for statement in THEMES.split(";"):
        con.execute(statement)


# A member's theme "" means: looked at, belongs to none. `again` marks what its author said before in like words.
# Peers are other brands' mentions among the themes of brand `of`. What a decision's value holds: rename {"name"},
# merge {"into": theme}, split {} or {"members": [[source, id], ...]}, move {"source", "id"} (to the row's theme, ""
# for none); hide, show, pin, unpin {}.
THEMES = """
CREATE TABLE themes (
    theme TEXT PRIMARY KEY, brand TEXT NOT NULL, name TEXT NOT NULL, words JSON NOT NULL, sentence TEXT NOT NULL,
    sentence_source TEXT NOT NULL, sentence_id TEXT NOT NULL, centre BLOB NOT NULL, first_seen TIMESTAMPTZ NOT NULL,
    last_seen TIMESTAMPTZ NOT NULL, state TEXT NOT NULL, merged_into TEXT NOT NULL DEFAULT '', model TEXT NOT NULL,
    found TIMESTAMPTZ NOT NULL, updated TIMESTAMPTZ NOT NULL);
CREATE TABLE theme_members (
    theme TEXT NOT NULL, brand TEXT NOT NULL, source TEXT NOT NULL, id TEXT NOT NULL, digest TEXT NOT NULL,
    strength REAL NOT NULL, again BOOLEAN NOT NULL, journey TEXT NOT NULL, PRIMARY KEY (brand, source, id));
CREATE TABLE theme_peers (
    of TEXT NOT NULL, theme TEXT NOT NULL, brand TEXT NOT NULL, source TEXT NOT NULL, id TEXT NOT NULL,
    digest TEXT NOT NULL, strength REAL NOT NULL, PRIMARY KEY (of, brand, source, id));
CREATE TABLE theme_rounds (
    brand TEXT PRIMARY KEY, model TEXT NOT NULL, made TIMESTAMPTZ NOT NULL, stories INTEGER NOT NULL,
    note TEXT NOT NULL);
CREATE TABLE theme_decisions (
    decision TEXT PRIMARY KEY, brand TEXT NOT NULL, theme TEXT NOT NULL, kind TEXT NOT NULL, value JSON NOT NULL,
    author TEXT NOT NULL, made TIMESTAMPTZ NOT NULL)
"""


def relevance(con: duckdb.DuckDBPyConnection) -> None:
    """Adds what people said of mentions being about a brand, the brands' relevance models, and what is hidden."""
    con.execute(
        "CREATE TABLE relevance_marks (mark TEXT PRIMARY KEY, source TEXT NOT NULL, id TEXT NOT NULL,"
        " brand TEXT NOT NULL, about BOOLEAN, author TEXT NOT NULL, made TIMESTAMPTZ NOT NULL)"  # NULL: taken back
    )
    con.execute(
        "CREATE TABLE relevance_models (brand TEXT PRIMARY KEY, version TEXT NOT NULL, made TIMESTAMPTZ NOT NULL,"
        " threshold REAL, skill JSON NOT NULL, weights BLOB NOT NULL)"
    )
    con.execute(
        "CREATE TABLE relevance (source TEXT NOT NULL, id TEXT NOT NULL, brand TEXT NOT NULL, digest TEXT NOT NULL,"
        " version TEXT NOT NULL, chance REAL NOT NULL, PRIMARY KEY (source, id, brand))"
    )
    con.execute("ALTER TABLE facts ADD COLUMN hidden BOOLEAN DEFAULT false")


def board(con: duckdb.DuckDBPyConnection) -> None:
    """Adds what people note on a theme's card, and events, with the withdrawals of these."""
    con.execute(
        "CREATE TABLE board_changes (change TEXT PRIMARY KEY, brand TEXT NOT NULL, theme TEXT NOT NULL,"
        " field TEXT NOT NULL, value JSON NOT NULL, author TEXT NOT NULL, made TIMESTAMPTZ NOT NULL)"
    )
    con.execute(
        "CREATE TABLE events (event TEXT PRIMARY KEY, brand TEXT NOT NULL, kind TEXT NOT NULL,"  # brand "": all of them
        " start TIMESTAMPTZ NOT NULL, finish TIMESTAMPTZ, title TEXT NOT NULL, link TEXT NOT NULL,"
        " author TEXT NOT NULL, made TIMESTAMPTZ NOT NULL)"
    )
    con.execute(
        "CREATE TABLE event_withdrawals (event TEXT PRIMARY KEY, author TEXT NOT NULL, made TIMESTAMPTZ NOT NULL)"
    )


def alert_life(con: duckdb.DuckDBPyConnection) -> None:
    """Adds whom an alert was told to and when, silences and acknowledgements."""
    con.execute(
        "CREATE TABLE tellings (alert TEXT NOT NULL, target TEXT NOT NULL, state TEXT NOT NULL,"
        " told TIMESTAMPTZ NOT NULL, message TEXT NOT NULL, PRIMARY KEY (alert, target, state, told))"
    )
    con.execute(  # what was put out before is not told again
        "INSERT INTO tellings SELECT alert, target, message ->> '$.state', created, key FROM outbox"
        " SEMI JOIN (FROM alerts WHERE rule <> '') USING (alert) WHERE message ->> '$.state' IN ('firing', 'resolved')"
    )
    con.execute(
        "CREATE TABLE silences (id TEXT PRIMARY KEY, brand TEXT NOT NULL, rule TEXT NOT NULL, author TEXT NOT NULL,"
        " reason TEXT NOT NULL, start TIMESTAMPTZ NOT NULL, finish TIMESTAMPTZ NOT NULL, made TIMESTAMPTZ NOT NULL,"
        " ended TIMESTAMPTZ)"  # before its finish, by a person
    )
    con.execute(
        "CREATE TABLE acknowledgements (id TEXT PRIMARY KEY, alert TEXT NOT NULL, author TEXT NOT NULL,"
        " made TIMESTAMPTZ NOT NULL, note TEXT NOT NULL)"
    )


def digests(con: duckdb.DuckDBPyConnection) -> None:
    """Adds the digests that were made, as they were sent."""
    con.execute(
        "CREATE TABLE digests (digest TEXT PRIMARY KEY, brand TEXT NOT NULL, start TIMESTAMPTZ NOT NULL,"
        " finish TIMESTAMPTZ NOT NULL, made TIMESTAMPTZ NOT NULL, sequence BIGINT NOT NULL, content JSON NOT NULL)"
    )


def checks(con: duckdb.DuckDBPyConnection) -> None:
    """Adds when kept mentions were looked at again at their source, to see whether they are still there."""
    con.execute(
        "CREATE TABLE checks (source TEXT NOT NULL, id TEXT NOT NULL, checked TIMESTAMPTZ NOT NULL,"
        " PRIMARY KEY (source, id))"
    )


def story_history(con: duckdb.DuckDBPyConnection) -> None:
    """Adds in which words each mention was put into its story, and which stories became one."""
    con.execute(
        "CREATE TABLE grouped (source TEXT NOT NULL, id TEXT NOT NULL, digest TEXT NOT NULL, PRIMARY KEY (source, id))"
    )
    con.execute("CREATE TABLE story_merges (old TEXT PRIMARY KEY, new TEXT NOT NULL, merged TIMESTAMPTZ NOT NULL)")


def theme_spaces(con: duckdb.DuckDBPyConnection) -> None:
    """Adds the space in which a brand's themes were found, and how near to its centre each takes its members."""
    con.execute("ALTER TABLE theme_rounds ADD COLUMN space BLOB")
    con.execute("ALTER TABLE themes ADD COLUMN line REAL DEFAULT 0")
    con.execute("ALTER TABLE themes ADD COLUMN narrow BOOLEAN DEFAULT false")


def configuration_changes(con: duckdb.DuckDBPyConnection) -> None:
    """Adds what people changed in earful.toml from the dashboard."""
    con.execute(
        "CREATE TABLE configuration_changes"
        " (change TEXT PRIMARY KEY, difference TEXT NOT NULL, author TEXT NOT NULL, made TIMESTAMPTZ NOT NULL)"
    )


def triage(con: duckdb.DuckDBPyConnection) -> None:
    """Adds how far a team is with mentions: status, assignee, note, and the intent that people read in them."""
    con.execute(
        "CREATE TABLE triage (change TEXT PRIMARY KEY, source TEXT NOT NULL, id TEXT NOT NULL, brand TEXT NOT NULL,"
        " field TEXT NOT NULL, value TEXT NOT NULL, author TEXT NOT NULL, made TIMESTAMPTZ NOT NULL)"
    )


def steadiness(con: duckdb.DuckDBPyConnection) -> None:
    """Adds how many checks of a source there were of late, how many were lost, and how often it turned bad."""
    for column in ("asks DOUBLE DEFAULT 0", "losses DOUBLE DEFAULT 0", "falls DOUBLE DEFAULT 0", "counted TIMESTAMPTZ"):
        con.execute(f"ALTER TABLE sources ADD COLUMN {column}")


def asked_reports(con: duckdb.DuckDBPyConnection) -> None:
    """Adds the reports that people asked to be sent."""
    con.execute(
        "CREATE TABLE asked_reports (report TEXT PRIMARY KEY, brand TEXT NOT NULL, start TIMESTAMPTZ NOT NULL,"
        " finish TIMESTAMPTZ NOT NULL, author TEXT NOT NULL, made TIMESTAMPTZ NOT NULL)"
    )


MIGRATIONS: list[Callable[[duckdb.DuckDBPyConnection], None]] = [
    first_schema, intents, manners_and_health, versions, answers, themes, relevance, board, alert_life, digests,
    checks, story_history, theme_spaces, configuration_changes, triage, steadiness, rollups.daily, waiting.waiting,
    asked_reports,
]  # fmt: skip


def applied(con: duckdb.DuckDBPyConnection) -> int:
    """Counts the migrations the open database has; 0 for a new file."""
    try:
        row = con.execute("SELECT coalesce(max(number), 0) FROM migrations").fetchone()
    except duckdb.CatalogException:
        return 0
    return int(row[0]) if row else 0


def pending(con: duckdb.DuckDBPyConnection) -> list[int]:
    """Lists the numbers of the migrations that the open database lacks, in order."""
    return list(range(applied(con) + 1, len(MIGRATIONS) + 1))


def run(con: duckdb.DuckDBPyConnection) -> None:
    """Brings the open database up to date, one transaction and one checkpoint a migration."""
    for number in pending(con):
        change = MIGRATIONS[number - 1]
        con.begin()
        try:
            con.execute(
                "CREATE TABLE IF NOT EXISTS migrations"
                " (number INTEGER PRIMARY KEY, name TEXT NOT NULL, applied TIMESTAMPTZ NOT NULL)"
            )
            change(con)
            failpoint.reach(f"migration_{number}")
            con.execute("INSERT INTO migrations VALUES (?, ?, now())", [number, change.__name__])
            con.commit()
        except BaseException:
            con.rollback()
            raise
        con.execute("CHECKPOINT store")
