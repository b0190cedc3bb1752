"""The stage of a customer's journey, on invented texts labelled by hand: they guard the cues."""

import pytest

from earful.models import journey

LABELLED = {
    "discover": (
        "Their ad promised free coffee for a year and the small print says three cups",
        "Saw the Acme commercial during the match, what a cringe",
        "I was thinking of buying an Acme kettle but the reviews put me off",
        "The Acme website doesn't mention what it costs after the first month",
        "Acme just announced a kettle with a camera in it. Why",
        "So many Acme ads on my feed, make it stop",
        "Looking for a new kettle, is Acme any good or all hype?",
        "Misleading claims everywhere on Acme's page",
    ),
    "buy": (
        "Tried to check out at Acme five times, the cart empties itself",
        "Acme declined my card although there is money on it",
        "The promo code from Acme does nothing",
        "Acme charged me twice for one kettle",
        "Kettle sold out again at Acme, third month running",
        "The salesman at Acme would not let us go without the insurance",
        "Signing up at Acme takes eleven screens",
        "Hidden fees appear on the last page, typical Acme",
    ),
    "receive": (
        "Acme's courier threw the box over the fence",
        "My parcel from Acme never arrived",
        "Acme sent the wrong size, again",
        "Shipping took five weeks, thanks Acme",
        "Tracking says delivered, my porch says otherwise, Acme",
        "The box was crushed and two parts were gone, well done Acme",
        "Acme's installer drilled through our water pipe",
        "Still waiting for delivery of the kettle I ordered in May from Acme",
    ),
    "use": (
        "The Acme app crashes whenever I open the map",
        "Acme kettle stopped working after a week",
        "Since the last update Acme drains my battery",
        "The lid broke off my Acme kettle",
        "Acme is down, can't log in since noon",
        "Water from the Acme kettle tastes of plastic",
        "My Acme scooter leaks oil at every stop",
        "The brakes of the Acme scooter squeal like pigs",
    ),
    "get help": (
        "An hour on hold with Acme, then they hung up",
        "Acme customer service is a bot that tells you to read the manual",
        "Emailed them four times about it, no reply from Acme",
        "Acme refuses a refund for a kettle that burns",
        "Nobody answers at the Acme helpline",
        "Spoke to a supervisor at Acme who laughed at me",
        "Acme says the warranty does not cover lids",
        "My support ticket was closed by Acme without a word",
    ),
    "renew or leave": (
        "Cancelled my Acme subscription today, good riddance",
        "Acme renewed me automatically without asking",
        "After ten years I am switching to Brimstone, bye Acme",
        "Never again Acme",
        "Trying to close my account at Acme is a maze",
        "Another price hike at Acme, I am out",
        "Uninstalled Acme, life is better",
        "Free trial ended and Acme took a whole year's money",
    ),
    journey.UNKNOWN: (
        "Acme is the worst",
        "I hate Acme with a passion",
        "Why does anybody like Acme",
        "Acme treats its workers like dirt",
        "Shame on Acme for what it did to the river",
        "Acme, seriously?",
        "Acme is too expensive for what it is",
        "Acme war früher besser",
    ),
}


def test_most_texts_get_the_stage_that_a_person_gave() -> None:
    pairs = [(stage, journey.stage(text)) for stage, texts in LABELLED.items() for text in texts]
    right = sum(stage == found for stage, found in pairs)
    assert right / len(pairs) >= 0.85
    for name in LABELLED:
        mine = [stage == found for stage, found in pairs if stage == name]
        assert sum(mine) / len(mine) >= 0.6, name


def test_more_cues_win_and_of_equals_the_first() -> None:
    assert journey.stage("The parcel never arrived, the courier lied, and tracking is a joke. Refund!") == "receive"
    assert journey.stage("Cancelled. The app crashes.") == "renew or leave"
    assert journey.stage("The app crashes. Cancelled.") == "use"


@pytest.mark.parametrize("text", ["", "   ", "\x00\u202e", "Preis viel zu hoch", "brand", "1234"])
def test_what_has_no_cue_is_unknown(text: str) -> None:
    assert journey.stage(text) == journey.UNKNOWN


@pytest.mark.timeout(20)
def test_no_text_takes_for_ever() -> None:
    for text in ("a" * 10**6, "not " * 10**5, "no one " * 10**5, "stop stopped " * 10**5):
        assert journey.stage(text) in (*journey.STAGES, journey.UNKNOWN)
