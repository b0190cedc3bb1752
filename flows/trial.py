"""Fetches a model that is not ours, once, and tries it: does it load, what does it say, what does it cost in speed?"""

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from itertools import product
from typing import Any

from earful.flows import score, show
from earful.flows.config import Config
from earful.models import hub, sentiment

BRAND = "Ferrywell"
EXAMPLES = (
    "I love my new Ferrywell, it is the best kettle I ever had",
    "Ferrywell opens a shop in Leeds on Monday",
    "Ferrywell took my money and never answered, what a scam",
)
OPENINGS = (
    *("Ferrywell is fine, but", "My Ferrywell came today and", "Update on the Ferrywell:", "Dear @ferrywell,"),
    *("After two weeks with the Ferrywell", "Has anyone else noticed that", "Support at Ferrywell told me that", "So"),
)
ENDINGS = (
    *("the lid does not close.", "it boils faster than the old one!", "I am still waiting for my refund :(", "wow"),
    *("the app asks me to sign in again every single morning, which nobody needs before the first cup of tea",),
    *("the parcel was left in the rain, the box was soaked, and the form for complaints shows an empty page.",),
    *("it works as described, nothing more and nothing less.", "how do I descale it? https://example.org/help"),
)
TEXTS = [(f"{opening} {ending}", BRAND) for opening, ending in product(OPENINGS, ENDINGS)]


@dataclass(frozen=True)
class Trial:
    """What a model did: its name, its judgement of each example, texts a second beside the shipped weights'."""

    model: str
    languages: tuple[str, ...] = ()
    examples: tuple[tuple[str, sentiment.Judgement], ...] = ()
    speed: float = 0.0
    shipped_speed: float = 0.0
    error: str = ""

    def as_json(self) -> dict[str, Any]:
        """Gives the trial as JSON values."""
        return asdict(self)


def attempt(config: Config, say: Callable[[str], None]) -> Trial | None:
    """Tries the model that the configuration names; None where that is the shipped one. Errors are in the result."""
    if not config.model.hub and not config.model.weights:
        return None
    named = config.model.named(config.folder)
    trouble = fetch(named, say) if named.revision else ""
    try:
        choice = score.choose(config)
        judge = choice.load()
    except sentiment.WeightsError as error:
        return Trial(config.model.hub or config.model.weights, error=trouble or str(error))
    judged = judge.score([(text, BRAND) for text in EXAMPLES])
    return Trial(
        choice.model,
        choice.languages,
        tuple(zip(EXAMPLES, judged, strict=True)),
        _speed(judge),
        _speed(sentiment.load()),
    )


def fetch(named: hub.Named, say: Callable[[str], None]) -> str:
    """Fetches what is missing of a model, saying how much that is; returns what went wrong, or ""."""
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import DryRunError
    from huggingface_hub.utils import logging

    logging.set_verbosity_error()  # type: ignore[no-untyped-call]  # it tries again by itself; what it ends with is told below
    try:
        listed = snapshot_download(named.place, dry_run=True, **hub.files(named))
        if size := sum(file.file_size or 0 for file in listed if file.will_download):
            say(f"fetching {named.place} at {named.revision[:8]}: {size / 1e6:,.1f} MB, kept on this machine")
        snapshot_download(named.place, **hub.files(named))
    except Exception as error:  # noqa: BLE001 - whatever the library and the network have for us, it is told
        reason = error.__cause__ if isinstance(error, DryRunError) and error.__cause__ else error
        return f"{named.place} can't be fetched: {' '.join(str(reason).split())[:300]}"
    return ""


def print_trial(trial: Trial) -> None:
    """Prints what a model says of the examples and how fast it is, or what is wrong with it."""
    if trial.error:
        show.say(f"! model: {trial.error}")
        return
    columns = ("model", "languages", "texts a second", "the shipped one's")
    show.table(
        columns, [(trial.model, ", ".join(trial.languages), f"{trial.speed:,.0f}", f"{trial.shipped_speed:,.0f}")]
    )
    for text, one in trial.examples:
        show.say(f"  {one.negative:.2f} {one.neutral:.2f} {one.positive:.2f} {one.label}: {text}")


def _speed(judge: sentiment.Judge | hub.Judge) -> float:
    judge.score(TEXTS[:8])  # the first texts pay for what the later ones find ready
    began = time.perf_counter()
    judge.score(TEXTS)
    return len(TEXTS) / (time.perf_counter() - began)
