"""Sentences made up for training: what people write to and about companies, with the label that must follow.

Corpora of tweets and reviews hold few factual complaints ("still no parcel after two weeks"), few turns ("I used to
hate it, now I love it") and few comparisons of brands. All words here are ours; every name is invented on the spot.
The families of behaviour are those of CheckList (Ribeiro et al. 2020, https://aclanthology.org/2020.acl-main.442).
"""

import random
from collections.abc import Callable
from dataclasses import dataclass

from earful.models import variants

NEGATIVE, NEUTRAL, POSITIVE = 0, 1, 2
PROBLEM, WANT, QUESTION, PRAISE, OTHER = range(5)

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
    "time": "two hours, 45 minutes, three days, a week, 14 days, over a month, 6 weeks, 90 min, since Monday, 5 days",
    "bad": "awful, slow, rude, useless, broken, overpriced, unreliable, dirty, a joke, terrible, disappointing, "
    "a mess, frustrating, poor, dreadful, ridiculous, boring, worse every year, cold, noisy, bad, sad, lame, horrible, "
    "tedious, chaotic, sloppy, grim, ugly, messy, shabby, painful, awkward, harsh, stressful, pathetic, mediocre, "
    "unfair, careless, tense, clumsy, tiring, creepy, odd, uncomfortable, confusing, bitter, a pain",
    "good": "great, fast, friendly, helpful, reliable, excellent, brilliant, lovely, superb, a pleasure, fantastic, "
    "easy, wonderful, spotless, cheap and good, amazing, impressive, perfect, well made, fun, exciting, nice, happy, "
    "charming, delightful, smooth, generous, splendid, elegant, stunning, clever, marvellous, outstanding, cosy, "
    "remarkable, thoughtful, magnificent, cute, gorgeous, inspiring, warm, memorable, a joy",
    "plain": "private, commercial, Italian, international, British, new, open on Sundays, blue, made of wood, "
    "on the second floor, number 12, available in May, Australian, digital, in aisle four, small, here, wireless",
    "part": "service, staff, food, crew, app, website, support, delivery, price, seat, coffee, hotline, room, menu, "
    "battery, screen, driver, cabin, store, checkout, newsletter, customer service, company, product, aircraft",
    "feature": "a dark mode, evening delivery, a vegan option, an export to CSV, more colours, paper invoices, "
    "a widget, larger sizes, PayPal, offline maps, a search box, a cancel button, seat selection, a student discount",
    "deed": "change my address, cancel my contract, return a parcel, book a seat, reset my password, track my order, "
    "add a second user, bring a dog, pay by invoice, get a receipt, use a voucher, reach a person",
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

# (sentence, sentiment towards {brand}, intent); "{at}" is the brand as name, @handle or #tag.
TO_BRANDS = [
    ("{at} my {thing} {failed}{ended}", NEGATIVE, PROBLEM),
    ("{at} the {thing} {failed}, {told}{ended}", NEGATIVE, PROBLEM),
    ("my {at} {thing} {failed}{ended}", NEGATIVE, PROBLEM),
    ("on hold with {at} for {time}{ended}", NEGATIVE, PROBLEM),
    ("{at} {time} and {told}{ended}", NEGATIVE, PROBLEM),
    ("still waiting for my {thing} from {at}, {time} now{ended}", NEGATIVE, PROBLEM),
    ("{at} why has nobody called me back about my {thing}? {time}{ended}", NEGATIVE, PROBLEM),
    ("third time this month that my {thing} with {at} {failed}{ended}", NEGATIVE, PROBLEM),
    ("{at} you charged me for a {thing} that I never ordered{ended}", NEGATIVE, PROBLEM),
    ("been with {at} for years and now the {part} is {bad}{ended}", NEGATIVE, PROBLEM),
    ("cancelling {at}, my {thing} {failed} and {told}", NEGATIVE, PROBLEM),
    ("{at} app will not let me {deed}{ended}", NEGATIVE, PROBLEM),
    ("tried to {deed} with {at} for {time}, {told}{ended}", NEGATIVE, PROBLEM),
    ("{at} is there anyone there? {time} about a {thing} and {told}", NEGATIVE, PROBLEM),
    ("{at} {part} is {bad}{ended}", NEGATIVE, PROBLEM),
    ("never again {at}{ended}", NEGATIVE, PROBLEM),
    ("great, {at} my {thing} {failed} again. Well done{ended}", NEGATIVE, PROBLEM),
    ("oh I just love waiting {time} for {at} to answer{ended}", NEGATIVE, PROBLEM),
    ("thanks for nothing {at}, my {thing} {failed}", NEGATIVE, PROBLEM),
    ("wow {at}, {time} for a {thing}. impressive. not", NEGATIVE, PROBLEM),
    ("{at} says my {thing} is 'on its way'. for {time}. sure", NEGATIVE, PROBLEM),
    ("thanks {at}, my {thing} {worked}{cheered}", POSITIVE, PRAISE),
    ("shout out to {at}: my {thing} {worked}{cheered}", POSITIVE, PRAISE),
    ("{at} {part} is {good}{cheered}", POSITIVE, PRAISE),
    ("{name} from {at} was {good} today, my {thing} {worked}{cheered}", POSITIVE, PRAISE),
    ("the {thing} from {at} {worked}{cheered}", POSITIVE, PRAISE),
    ("{time} with {at} and nothing to complain about{cheered}", POSITIVE, PRAISE),
    ("I {loves} {at}{cheered}", POSITIVE, PRAISE),
    ("you guys are the best {at}{cheered}", POSITIVE, PRAISE),
    ("finally someone who answers, thank you {at}{cheered}", POSITIVE, PRAISE),
    ("{at} can I {deed}?", NEUTRAL, QUESTION),
    ("{at} how do I {deed}?", NEUTRAL, QUESTION),
    ("does {at} ship to {place}?", NEUTRAL, QUESTION),
    ("{at} what time does the store in {place} open on {day}?", NEUTRAL, QUESTION),
    ("anyone know if {at} lets you {deed}?", NEUTRAL, QUESTION),
    ("{at} is the {thing} available in {place}", NEUTRAL, QUESTION),
    ("what is the difference between the {at} {thing} and the old one?", NEUTRAL, QUESTION),
    ("{at} I sent you a message, can you check?", NEUTRAL, QUESTION),
    ("{at} please add {feature}", NEUTRAL, WANT),
    ("I wish {at} had {feature}", NEUTRAL, WANT),
    ("{at} it would be nice to have {feature}", NEUTRAL, WANT),
    ("could {at} offer {feature} in {place}?", NEUTRAL, WANT),
    ("the {part} of {at} needs {feature}", NEUTRAL, WANT),
    ("I want {feature} from {at}, that is all I ask", NEUTRAL, WANT),
    ("{at} opens a store in {place} {day}{calm}", NEUTRAL, OTHER),
    ("on my way to {place} with {at}{calm}", NEUTRAL, OTHER),
    ("just ordered a {thing} from {at}{calm}", NEUTRAL, OTHER),
    ("{at} announces a new {thing} for {day}{calm}", NEUTRAL, OTHER),
    ("{at} hires {name} as head of {part}{calm}", NEUTRAL, OTHER),
    ("I am at the {at} in {place}{calm}", NEUTRAL, OTHER),
    ("{name} works for {at} in {place}{calm}", NEUTRAL, OTHER),
    ("{at} follow me so that I can send you my {thing} number", NEUTRAL, OTHER),
    ("meeting {name} at {at} {day}{calm}", NEUTRAL, OTHER),
]
# (sentence, sentiment towards {brand}, sentiment towards {rival})
COMPARED = [
    ("{at} is {good}, {rival} is {bad}", POSITIVE, NEGATIVE),
    ("{at} is so much better than {rival}", POSITIVE, NEGATIVE),
    ("switched from {rival} to {at} and my {thing} {worked}", POSITIVE, NEGATIVE),
    ("I left {at} for {rival}, my {thing} {failed}", NEGATIVE, POSITIVE),
    ("with {rival} the {thing} {worked}. With {at} it {failed}", NEGATIVE, POSITIVE),
    ("the {part} at {at} is {bad}, but {rival} is {good}", NEGATIVE, POSITIVE),
    ("{at} is {bad} and {rival} is no better", NEGATIVE, NEGATIVE),
    ("{at} and {rival} are both {good}", POSITIVE, POSITIVE),
    ("{rival} {part} is {bad}. I work for {at} in {place}", NEUTRAL, NEGATIVE),
    ("I {loves} {rival}. {at} is next door", NEUTRAL, POSITIVE),
    ("unlike {rival}, {at} never lost my {thing}", POSITIVE, NEGATIVE),
    ("{at} sued by {rival} over the {thing} patent", NEUTRAL, NEUTRAL),
    ("booked {at} {day} because {rival} {thing} {failed}", NEUTRAL, NEGATIVE),
]
# (sentence, sentiment); the whole text is judged, or "{part}" where it is given as the target.
TURNS = [
    ("this is a {plain} {part}", NEUTRAL),
    ("the {part} is {plain}{calm}", NEUTRAL),
    ("that {part} was {plain}", NEUTRAL),
    ("the {part} is not {plain}", NEUTRAL),
    ("I {sees} the {part}", NEUTRAL),
    ("this is not a {plain} {part}", NEUTRAL),
    ("it is a {good} {part}", POSITIVE),
    ("that was a {bad} {part}", NEGATIVE),
    ("the {part} is not {bad}", POSITIVE),
    ("the {part} is not {good}", NEGATIVE),
    ("it isn't {good}, this {part}", NEGATIVE),
    ("I don't {lovesonly} this {part}", NEGATIVE),
    ("no one {loves3} the {part}", NEGATIVE),
    ("I can't say I {lovesonly} the {part}", NEGATIVE),
    ("I would never say that this {part} is {good}", NEGATIVE),
    ("I don't think, given the time I spent on it, that the {part} is {good}", NEGATIVE),
    ("I thought the {part} would be {bad}, but it was not", POSITIVE),
    ("I thought the {part} would be {good}, but it wasn't", NEGATIVE),
    ("I thought I would {hatesonly} that {part}, but I {lovesonly} it", POSITIVE),
    ("I used to {hatesonly} this {part}, now I {lovesonly} it", POSITIVE),
    ("I used to {lovesonly} this {part}, although now I {hatesonly} it", NEGATIVE),
    ("in the past I thought this {part} was {bad}, now I think it is {good}", POSITIVE),
    ("in the past I thought this {part} was {good}, now I think it is {bad}", NEGATIVE),
    ("the {part} was {good} once, now it is {bad}", NEGATIVE),
    ("it is {good} now, I used to think it was {bad}", POSITIVE),
    ("{who} said the {part} is {good}, but I {hatesonly} it", NEGATIVE),
    ("{who} said the {part} is {bad}, I {lovesonly} it", POSITIVE),
    ("I think the {part} is {good}, but {who} did not like it", POSITIVE),
    ("do I think {that} {part} is {good}? {yes}", POSITIVE),
    ("do I think {that} {part} was {good}? {no}", NEGATIVE),
    ("do I think {that} {part} was {bad}? {yes}", NEGATIVE),
    ("do I think {that} {part} is {bad}? {no}", POSITIVE),
    ("would I call it a {good} {part}? {yes}", POSITIVE),
    ("would I call it a {good} {part}? {no}", NEGATIVE),
    ("would I call it a {bad} {part}? {yes}", NEGATIVE),
    ("did I find {that} {part} {good}? {yes}", POSITIVE),
    ("did I find {that} {part} {bad}? {yes}", NEGATIVE),
    ("is {that} {part} {good}? {no}", NEGATIVE),
    ("is {that} {part} {plain}? {yes}", NEUTRAL),
    ("did I like the {part}? yes, I did", POSITIVE),
    ("was the {part} {bad}? no, it was not", POSITIVE),
    ("was the {part} {bad}? yes", NEGATIVE),
    ("the {part} was {good}, but the rest was {bad}", POSITIVE),
    ("I really {lovesonly} the {part}", POSITIVE),
    ("I {hatesonly} the {part}", NEGATIVE),
    ("it was {bad}. just kidding, the {part} is {good}", POSITIVE),
    ("the {part} could not be {better}", POSITIVE),
    ("the {part} could be {better}", NEGATIVE),
]
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
    text = sentence.format(**slots, **given).replace("{number}", str(chance.randrange(10**6)))
    return text[0].upper() + text[1:] if chance.random() < 0.5 else text


def make(count: int, seed: int) -> list[Invented]:
    """Makes up sentences: half to brands, the rest comparisons and turns; the same for the same seed."""
    chance = random.Random(seed)  # noqa: S311 - not a secret
    kinds: list[Callable[[random.Random], Invented]] = [_to_brand, _to_brand, _to_brand, _compared, _turn, _turn]
    return [chance.choice(kinds)(chance) for _ in range(count)]


def _to_brand(chance: random.Random) -> Invented:
    brand = name(chance)
    sentence, label, intent = chance.choice(TO_BRANDS)
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
