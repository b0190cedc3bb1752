"""What survey answers add up to: by hand, by what was published, by how often the interval holds the truth."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import invented_store
import numpy as np
import pytest
from samples import rows
from streamlit.testing.v1 import AppTest

from earful import dashboard
from earful.connectors.types import Mention
from earful.data import store, surveys
from earful.data.database import Database
from earful.data.queries import Filters
from earful.models import surveys as judged
from earful.models.surveys import Split

NOW = datetime(2026, 5, 20, 12, tzinfo=UTC)


def test_a_net_promoter_score_by_hand() -> None:
    counts = {10.0: 5, 9.0: 1, 8.0: 2, 7.0: 1, 6.0: 1, 3.0: 1, 0.0: 1}
    split = judged.promoters(counts)
    assert split == Split(good=6, middle=3, bad=3)
    score = judged.nps(split)
    assert score is not None and score.value == 0.25
    # (6.75 - 3.75) / 15 = 0.2; variance 0.45 + 0.25 - 0.04 = 0.66; 1.96 * sqrt(0.66 / 15) = 0.4111
    assert (score.low, score.high) == (pytest.approx(-0.2111, abs=1e-4), pytest.approx(0.6111, abs=1e-4))


def test_satisfaction_by_hand() -> None:
    split = judged.satisfied({5.0: 6, 4.0: 2, 3.0: 1, 2.0: 0, 1.0: 1})
    assert split == Split(good=8, middle=1, bad=1)
    share = judged.csat(split)
    assert share is not None and share.value == 0.8
    assert (share.low, share.high) == (pytest.approx(0.4902, abs=1e-4), pytest.approx(0.9433, abs=1e-4))  # Wilson


@pytest.mark.parametrize("split", [Split(1, 0, 0), Split(0, 0, 1), Split(0, 1, 0), Split(500, 0, 0), Split(0, 0, 2)])
def test_an_interval_holds_its_score_and_ends_where_scores_do(split: Split) -> None:
    score = judged.nps(split)
    assert score is not None
    assert -1 <= score.low <= score.value <= score.high <= 1
    assert score.low < score.high, "a few who agree are no certainty"


def test_nobody_answered() -> None:
    assert judged.nps(Split(0, 0, 0)) is None
    assert judged.csat(judged.satisfied({})) is None


@pytest.mark.parametrize("shares", [(0.6, 0.25, 0.15), (0.2, 0.3, 0.5), (0.9, 0.07, 0.03), (0.45, 0.1, 0.45)])
@pytest.mark.parametrize("size", [10, 50, 400])
def test_the_interval_holds_the_truth_about_as_often_as_it_says(shares: tuple[float, float, float], size: int) -> None:
    truth = shares[0] - shares[2]
    drawn = np.random.default_rng(size).multinomial(size, shares, 3000)
    scores = [judged.nps(Split(*map(int, one))) for one in drawn]
    held = np.mean([score is not None and score.low <= truth <= score.high for score in scores])
    assert 0.925 <= held <= 0.985


def said(
    id: str, answer: float | None, scale: str = "nps", days: float = 1, text: str = "Acme", **more: Any
) -> Mention:
    return Mention(id, "", "", NOW - timedelta(days=days), "", text, answer=answer, scale=scale, **more)


def keep(database: Database, mentions: list[Mention], source: str = "files:a", brand: str = "Acme") -> None:
    with database.transaction(publish=True) as con:
        store.set_up(con, [("Acme", "own", "acme"), ("Bolt", "own", "bolt")], [(source, "files", "a")])
        store.save_page(con, source, mentions, NOW)
        examined = [
            store.Examined(source, one.id, store.digest(one), one.language, f"{source} {one.id}", (brand,))
            for one in mentions
        ]
        store.save_examined(con, "rules", examined)


def test_answers_are_kept_changed_and_counted(tmp_path: Path) -> None:
    database = Database(tmp_path)
    wordless = said("4", 10, text="10/10", language="zxx")
    keep(
        database,
        [said("1", 9), said("2", 3), said("3", 5, "csat"), wordless, said("5", None, ""), said("6", 1, days=9)],
    )
    keep(database, [said("1", 0)], source="files:b")
    keep(database, [said("1", 8)], source="files:c", brand="Bolt")
    week = (NOW - timedelta(days=7), NOW)

    def counted(**chosen: Any) -> surveys.Answers:
        with database.look() as con:
            return surveys.answers(con, Filters("Acme", *week, **chosen), *week)

    assert counted() == {"nps": {0.0: 1, 3.0: 1, 9.0: 1, 10.0: 1}, "csat": {5.0: 1}}
    assert counted(sources=("files:b",)) == {"nps": {0.0: 1}}
    assert counted(sources=("rss:x",)) == {}
    assert rows(database, "SELECT count(*) FROM facts WHERE id = '4'") == [(0,)], "what has no words tells nothing"
    assert rows(database, "SELECT count(*) FROM facts WHERE source = 'files:a'") == [(5,)]
    keep(database, [said("2", 9)])
    assert counted()["nps"] == {0.0: 1, 9.0: 2, 10.0: 1}, "an answer that was changed"


def overview(folder: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, tuple[str, str]]:
    """Draws the Overview and gives the figures of its tiles; what the tiles of surveys say stands under ""."""
    monkeypatch.setenv("EARFUL_STORE", str(folder))
    app = AppTest.from_file(str(Path(dashboard.__file__).parent / "app.py"), default_timeout=60).run()
    assert not app.exception
    told = " ".join(str(one.value) for one in [*app.caption, *app.markdown])
    return {metric.label: (metric.value, metric.delta) for metric in app.metric} | {"": (told, "")}


def test_the_overview_shows_what_surveys_say(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    database = invented_store.fill(tmp_path, datetime.now(UTC).replace(microsecond=0))
    assert not {"NPS", "CSAT"} & set(overview(tmp_path, monkeypatch))
    now = datetime.now(UTC)
    answers = [Mention(str(n), "", "", now - timedelta(days=2), "", "Acme", answer=n, scale="nps") for n in (10, 9, 3)]
    answers += [Mention("old", "", "", now - timedelta(days=35), "", "Acme", answer=5.0, scale="nps")]
    answers += [Mention("c", "", "", now - timedelta(days=2), "", "4/5", "zxx", answer=4.0, scale="csat")]
    with database.transaction() as con:
        store.add_source(con, "files:a", "files", "a")
        store.save_page(con, "files:a", answers, now)
        store.save_examined(
            con,
            "rules",
            [store.Examined("files:a", m.id, store.digest(m), m.language, m.id, ("Acme",)) for m in answers],
        )
    shown = overview(tmp_path, monkeypatch)
    assert shown["NPS"] == ("+33", "+133 points"), "2 promoters and a detractor against a detractor"
    assert shown["CSAT"] == ("100%", "")
    assert "3 answers; −51 to +85 (95%)" in shown[""][0]
    assert "1 of 1 answers; 21% to 100% (95%)" in shown[""][0]
    assert "Rocks (2016)" in shown[""][0] and "4 or 5 on a scale from 1 to 5" in shown[""][0]
    assert shown["Volume"][0] == "9", "6 stories before, and the answers with words"
