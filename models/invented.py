"""Sentences made up for training: what people write to and about companies, with the label that must follow.

Corpora of tweets and reviews hold few factual complaints ("still no parcel after two weeks"), few turns ("I used to
hate it, now I love it") and few comparisons of brands. All words here are ours; every name is invented on the spot.
The families of behaviour are those of CheckList (Ribeiro et al. 2020, https://aclanthology.org/2020.acl-main.442).
"""

import random
from collections.abc import Callable
from dataclasses import dataclass

from earful.models import variants
from earful.models.sentences import OTHER, PRAISE, PROBLEM, QUESTION, TO_BRANDS, WANT
from earful.models.turns import COMPARED, TURNS

SYLLABLES = (
    *("ba", "be", "bri", "cor", "da", "dex", "fen", "fi", "gal", "hu", "jo", "ka", "kel", "lo", "lum", "ma", "mir"),
    *(
        "na",
        "nov",
        "o",
        "pex",
        "qui",
        "ra",
        "ril",
        "so",
        "sta",
        "ta",
        "tor",
        "u",
        "ven",
        "vi",
        "wex",
        "xo",
        "yar",
        "za",
    ),
)

SLOTS = {
    "thing": "order, parcel, refund, flight, ticket, account, card, phone, laptop, router, delivery, booking, room, "
    "subscription, bag, seat, invoice, app, password, delivery slot, contract, insurance claim, charger, broadband",
    "failed": "got lost, never arrived, was cancelled without notice, has been delayed by three hours, is missing, "
    "stopped working after a week, arrived broken, was charged twice, keeps crashing, does not load, was closed, "
    "arrived empty, has the wrong address again, disappeared, still is not here, came with a part missing, "
    "has been down since this morning, was sent back, expired without a word, freezes every time, will not start",
    "worked": "arrived a day early, was sorted in five minutes, works perfectly, was upgraded for free, "
    "came well packed, was replaced at once, was refunded the same day, still runs like new after six years, "
    "was easy to set up, loads in a second",
    "wrong": "losing my bag, sending the wrong size, charging me twice, leaving us on the tarmac, an empty box, "
    "selling me expired milk, cancelling my booking the night before, ignoring my emails, making me miss my train, "
    "a cold pizza, hanging up on me, ruining the weekend, a bill for nothing, the longest queue in town, "
    "deleting my photos, closing the counter in front of me, four hours without power, giving my room away, "
    "a broken screen",
    "right": "finding my bag, sending a new one so fast, the refund, a great evening, the upgrade, "
    "sorting this out, answering so quickly, the free coffee, waiting for us, keeping the shop open, the lovely card, "
    "replacing my screen, a smooth flight, being so patient, the discount, looking after my mum, the ride home",
    "money": "loan, car loan, mortgage, credit card, savings account, lease, line of credit, current account",
    "time": "two hours, 45 minutes, three days, a week, 14 days, over a month, 6 weeks, 90 min, since Monday, 5 days",
    "bad": "awful, slow, rude, useless, broken, overpriced, unreliable, dirty, a joke, terrible, disappointing, "
    "a mess, frustrating, poor, dreadful, ridiculous, boring, worse every year, cold, noisy, bad, sad, lame, horrible, "
    "tedious, chaotic, sloppy, grim, ugly, messy, shabby, painful, awkward, harsh, stressful, pathetic, mediocre, "
    "unfair, careless, tense, clumsy, tiring, creepy, odd, uncomfortable, confusing, bitter, a pain, tough, strange, "
    "bumpy, shaky, stiff, sour, bleak, gloomy, gruelling, rocky, coarse, uneven, peculiar, demanding, tricky, "
    "complicated, irritating, wretched, miserable, appalling, abysmal, second-rate, substandard, cramped, stale",
    "good": "great, fast, friendly, helpful, reliable, excellent, brilliant, lovely, superb, a pleasure, fantastic, "
    "easy, wonderful, spotless, cheap and good, amazing, impressive, perfect, well made, fun, exciting, nice, happy, "
    "charming, delightful, smooth, generous, splendid, elegant, stunning, clever, marvellous, outstanding, cosy, "
    "remarkable, thoughtful, magnificent, cute, gorgeous, inspiring, warm, memorable, a joy",
    "plain": "private, commercial, Italian, international, British, new, open on Sundays, blue, made of wood, "
    "on the second floor, number 12, available in May, Australian, digital, in aisle four, small, here, wireless",
    "part": "service, staff, food, crew, app, website, support, delivery, price, seat, coffee, hotline, room, menu, "
    "battery, screen, driver, cabin, store, checkout, newsletter, customer service, company, product, aircraft",
    "feature": "a dark mode, evening delivery, a vegan option, an export to CSV, more colours, paper invoices, "
    "a widget, larger sizes, PayPal, offline maps, a search box, a cancel button, seat selection, a student discount, "
    "landscape mode, a sleep timer, folders, a backup to the cloud, an undo button, a password lock, split screen, "
    "sorting by date, playlists, a calendar view, more languages, a family account, photos in replies, a quiet mode",
    "deed": "change my address, cancel my contract, return a parcel, book a seat, reset my password, track my order, "
    "add a second user, bring a dog, pay by invoice, get a receipt, use a voucher, reach a person",
    "use": "the app, the website, checkout, sync, the widget, search, the camera, the login page, the map, video, the "
    "player, chat, the calendar, the scanner, the keyboard, the new version, backup, the timer, payment, the feed",
    "breaks": "crashes, freezes, shows a blank page, logs me out, drains the battery, gives error {number}, "
    "never loads, deletes my data, eats all my storage, does not open, is stuck at loading, forgets my settings, "
    "has no sound, closes by itself, lags, says no connection, does not save, shows the wrong time, hangs",
    "device": "iPhone, iPad, Android, tablet, laptop, Mac, old phone, smart watch, TV, Windows, Kindle, S7, Nexus",
    "clock": "7.15, 18.40, noon, 9 am, 6 pm, 11.05, half past five, 10 pm",
    "liked": "great app, love it, good so far, works well, nice, awesome app, I use it every day, not bad, "
    "really useful, good app, love this app, very handy, it does what it says, best one I have tried, cool",
    "wished": "|.|!|!!| please| asap| :)| thanks|. otherwise good|?",
    "day": "Monday, Tuesday, Friday, Sunday, tomorrow, next week, 3 May, today, tonight, in June",
    "who": "my brother, my mum, a friend, everyone at work, my neighbour, my boss, some people, reviewers, the paper",
    "loves": "love, adore, really like, enjoy, recommend, appreciate, trust, admire, cannot praise enough",
    "hates": "hate, dislike, regret, am sick of, despise, cannot stand, avoid, am disappointed by, am tired of, dread",
    "sees": "see, find, have, fly with, use, know, took, ate at, visited, bought from, work next to, passed",
    "ended": ".|!|...| 😡| #fail|| please help| https://t.example/{number}| smh|?!",
    "cheered": ".|!|!!| 😍| 👍|| :)| #happy| ❤️| https://t.example/{number}",
    "calm": ".||| https://t.example/{number}| #news|...",
    "told": "no reply|nobody answers|no help at all|still nothing|not even an apology|support keeps hanging up",
}
CHOICES = {
    name: [one.strip(" ") if "|" not in text else one for one in text.split("|" if "|" in text else ",")]
    for name, text in SLOTS.items()
}

CHOICES |= {
    "name": [one.title() for one in variants.PEOPLE],
    "place": [one.title() for one in variants.PLACES],
    "yes": ["yes", "Yes.", "yes!", "yes, I do", "absolutely", "of course", "sure", "oh yes"],
    "no": ["no", "No.", "no!", "not at all", "hardly", "no way", "of course not", "nope"],
    "that": ["the", "the", "this", "that", "their"],
    "lovesonly": ["love", "like", "enjoy", "recommend", "appreciate", "admire", "welcome", "value"],
    "hatesonly": ["hate", "dislike", "regret", "despise", "dread", "abhor"],
    "loves3": ["loves", "likes", "enjoys", "recommends", "appreciates"],
    "better": ["better", "nicer", "friendlier", "easier", "faster"],
}
# How often each intent is said, of a hundred sentences to brands.
INTENDED = {PROBLEM: 42, WANT: 18, QUESTION: 10, PRAISE: 15, OTHER: 15}


@dataclass(frozen=True, slots=True)
class Invented:
    """A sentence, its target ("" for the whole text), sentiment and intent (None where it says nothing of intent)."""

    text: str
    target: str
    label: int
    intent: int | None


def name(chance: random.Random) -> str:
    """Makes up a brand name of two to four syllables, sometimes with a second word."""
    made = "".join(chance.choices(SYLLABLES, k=chance.choice((2, 2, 3, 3, 4))))
    return f"{made} {chance.choice(SYLLABLES)}{chance.choice(SYLLABLES)}" if chance.random() < 0.2 else made


def written(brand: str, chance: random.Random) -> str:
    """Writes a brand as people do: Name, name, @name or #name."""
    return chance.choice((brand, brand.title(), "@" + brand.replace(" ", ""), "#" + brand.replace(" ", "")))


def fill(sentence: str, chance: random.Random, **given: str) -> str:
    """Fills every slot of a sentence with a word of its own."""
    slots = {slot: chance.choice(words) for slot, words in CHOICES.items()}
    text = sentence.format(**slots, **given, number="{number}").replace("{number}", str(chance.randrange(10**6)))
    return text[0].upper() + text[1:] if chance.random() < 0.5 else text


def make(count: int, seed: int) -> list[Invented]:
    """Makes up sentences: half to brands, the rest comparisons and turns; the same for the same seed."""
    chance = random.Random(seed)  # noqa: S311 - not a secret
    kinds: list[Callable[[random.Random], Invented]] = [_to_brand, _to_brand, _to_brand, _compared, _turn, _turn]
    return [chance.choice(kinds)(chance) for _ in range(count)]


def _to_brand(chance: random.Random) -> Invented:
    brand = name(chance)
    wanted = chance.choices(list(INTENDED), weights=list(INTENDED.values()))[0]
    sentence, label, intent = chance.choice([one for one in TO_BRANDS if one[2] == wanted])
    text = fill(sentence, chance, at=written(brand, chance))
    if chance.random() < 0.25:  # a second sentence that agrees
        more, _, _ = chance.choice([one for one in TO_BRANDS if one[1:] == (label, intent)])
        text = f"{text} {fill(more, chance, at=written(brand, chance))}"
    return Invented(text, brand if chance.random() < 0.85 else "", label, intent)


def _compared(chance: random.Random) -> Invented:
    brand, rival = name(chance), name(chance)
    sentence, ours, theirs = chance.choice(COMPARED)
    text = fill(sentence, chance, at=written(brand, chance), rival=written(rival, chance))
    target, label = (brand, ours) if chance.random() < 0.5 else (rival, theirs)
    return Invented(text, target, label, None)


def _turn(chance: random.Random) -> Invented:
    sentence, label = chance.choice(TURNS)
    brand = name(chance)
    part = chance.choice(CHOICES["part"])
    text = fill(sentence.replace("{part}", part), chance)
    draw = chance.random()
    if draw < 0.5:
        return Invented(text, "", label, None)
    if draw < 0.75:
        return Invented(text, part, label, None)
    return Invented(f"{written(brand, chance)} {text}", brand, label, None)
