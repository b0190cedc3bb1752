"""Asks every source once and shows what would match, without keeping anything."""

from dataclasses import asdict, dataclass, field
from typing import Any

from earful import connectors
from earful.connectors import columns
from earful.connectors.http import Client
from earful.connectors.sessions import Sessions
from earful.connectors.types import ConnectorError, Mention
from earful.data import database
from earful.flows import files, show, watch
from earful.flows.config import Config, Source
from earful.flows.report import Progress, utc_now
from earful.models import encoder, language
from earful.models.match import Matchable, Test, compile_expression

EXAMPLES = 3


@dataclass
class Result:
    """What one source answered: how much, from when to when, and what would match each brand."""

    source: str
    read: int = 0
    oldest: str = ""
    newest: str = ""
    matched: dict[str, int] = field(default_factory=dict)
    examples: list[str] = field(default_factory=list)
    columns: str = ""
    error: str = ""

    def as_json(self) -> dict[str, Any]:
        """Gives the result as JSON values."""
        return asdict(self)


def check(config: Config, client: Client, progress: Progress) -> list[Result]:
    """Asks the first page of every source and matches it; errors become part of the result."""
    tests = {brand.name: compile_expression(brand.match) for brand in config.brands}
    results, reader = [], files.Reader(client, config.folder, utc_now)
    for place, source in enumerate(config.sources, 1):
        results.append(_check(source, reader, tests))
        progress("check", place, len(config.sources))
    return results


def idle_rules(config: Config) -> list[tuple[str, str]]:
    """Says of which rules, by name, nothing can come, by what was kept so far."""
    if not database.current(config.store_folder):
        return watch.idle(None, config)
    with database.snapshot(config.store_folder) as con:
        return watch.idle(con, config)


def _check(source: Source, asker: Sessions, tests: dict[str, Test]) -> Result:
    result = Result(source.name)
    connector = connectors.find(source.connector)
    try:
        response = asker.fetch(connector, connector.request(source.question, {}))
        page = connector.parse(response, {})
        if response.request.url.scheme == "file":  # a folder's list came; the first file shows how it is read
            if not page.more:
                raise ConnectorError("there is no file to read in it; CSV and JSON lines are")
            response = asker.fetch(connector, connector.request(source.question, page.cursor))
            page = connector.parse(response, page.cursor)
            if page.refused and not page.mentions:
                raise ConnectorError(page.refused[0])
        elif page.more and not page.mentions:  # it only said that we may go on, as a robots.txt does
            response = asker.fetch(connector, connector.request(source.question, page.cursor))
            page = connector.parse(response, page.cursor)
        if source.connector == "files":
            result.columns = columns.told(response)
        mentions = page.mentions
    except ConnectorError as error:
        result.error = str(error)
        return result
    result.read = len(mentions)
    if mentions:
        times = sorted(mention.published for mention in mentions)
        result.oldest, result.newest = times[0].isoformat(), times[-1].isoformat()
    for name, test in tests.items():
        matching = [one for one in mentions if name == source.brand or test(matchable(source, one))]
        result.matched[name] = len(matching)
        result.examples += [f"{name}: {' '.join(one.text.split())[:120]}" for one in matching[:EXAMPLES]]
    return result


def matchable(source: Source, mention: Mention) -> Matchable:
    """Gives what an expression looks at."""
    whole = encoder.joined(mention.title, mention.text)
    spoken = language.detect(whole) or mention.language
    return Matchable(whole, mention.author, mention.url, spoken, source.name, mention.about)


def print_results(results: list[Result]) -> None:
    """Prints a table of the sources and, below, examples of what would match."""
    rows = [
        (
            one.source,
            one.read,
            one.oldest[:16],
            one.newest[:16],
            ", ".join(f"{b} {n}" for b, n in one.matched.items()),
            one.error,
        )
        for one in results
    ]
    show.table(("source", "read", "oldest", "newest", "would match", "problem"), rows)
    for one in results:
        if one.columns:
            show.say(f"  {one.source}  reads {one.columns}")
        for example in one.examples:
            show.say(f"  {one.source}  {example}")
