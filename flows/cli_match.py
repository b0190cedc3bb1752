"""The command that tries a match expression on what is kept."""

from typing import Annotated

import typer

from earful.data.database import snapshot
from earful.flows import preview, show
from earful.flows.config import ConfigError, load
from earful.flows.console import DEFAULT, AsJson, ConfigPath
from earful.flows.preview import Example, Number, Preview, Removal
from earful.flows.report import utc_now
from earful.models.match import MatchError

BY = {
    "marks": "as people marked them",
    "model": "by the relevance model of the brand",
    "likeness": "by how near they are to what matches: an estimate",
}


def match(
    expression: Annotated[str, typer.Argument(help="As under `match` in earful.toml, in quotation marks.")],
    brand: Annotated[str, typer.Option(help="Judge exclusions by what people said of this brand's mentions.")] = "",
    days: Annotated[int, typer.Option(min=1, max=3650, help="How far to look back.")] = 30,
    config: ConfigPath = DEFAULT,
    as_json: AsJson = False,
) -> None:
    """Show what a match expression would find among what is kept, and what its exclusions remove."""
    settings = load(config)
    if brand and brand not in {one.name for one in settings.brands}:
        raise ConfigError(
            f"--brand: there is no brand {brand}; there are {', '.join(one.name for one in settings.brands)}"
        )
    with snapshot(settings.store_folder) as con:
        try:
            found = preview.preview(con, settings.store_folder, expression, brand, utc_now(), days)
        except MatchError as error:
            raise ConfigError(str(error)) from None
    if as_json:
        show.as_json(found.as_json())
    else:
        print_preview(found)


def print_preview(found: Preview) -> None:
    """Prints how much matches, examples, what each exclusion does, and words that might be excluded."""
    if not found.kept:
        show.say(f"nothing was kept in the last {found.days} days; 'earful run' collects")
        return
    show.line(
        f"In the last {found.days} days this would have matched {_number(found.matches)} of {found.kept:,} mentions."
    )
    if found.tried < found.kept:
        show.line(f"An estimate: {found.tried:,} of them, drawn by lot, were tried.")
    _print_examples(found.examples)
    for one in found.removals:
        show.line()
        show.line(removed(one))
        for name, examples in (("wrong", one.wrong_examples), ("right", one.right_examples)):
            if examples:
                show.line(f"  looks {name}, for example:")
                _print_examples(examples)
    if found.suggestions:
        show.line()
        show.line("Words of what was marked as not about the brand, as candidates for NOT:")
        rows = [(one.word, one.wrong, one.right) for one in found.suggestions]
        show.table(("word", "in marked as wrong", "in others"), rows)


def removed(one: Removal) -> str:
    """Says in a line what an exclusion does."""
    said = f"NOT {one.term} removes {_number(one.removes)}"
    if not one.removes.value:
        return f"{said}: it can be left out"
    if one.alone.value < one.removes.value:
        said += f", {_number(one.alone)} of them alone"
    if one.wrong is None or one.right is None:
        return f"{said}; too little is known to say whether rightly"
    judged = f", {one.judged} judged" if one.judged < one.removes.value else ""
    return f"{said}: {_number(one.wrong)} wrong and {_number(one.right)} that look right ({BY[one.by]}{judged})"


def _number(number: Number) -> str:
    return f"{number.value:,}" if number.exact else f"about {number.value:,} ({number.low:,} to {number.high:,})"


def _print_examples(examples: tuple[Example, ...]) -> None:
    for one in examples:
        show.line(f"  {one.published:%Y-%m-%d} {one.source}: {one.said[:160]}")
