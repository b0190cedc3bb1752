"""Writes the demo's corpus, data/demo/*.jsonl, from the sentences in this folder: `python data/demo/source/build.py`.

The same sentences and seed give the same files. Lines hold marks: {a|b} picks one, $words come from words.toml.
"""

import json
import random
import re
import tomllib
from collections import Counter
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
HOUR, DAY, DAYS = 3600, 86400, 90
OWN, OTHERS = "Siskin", ("Nettlebox", "Plenteo")
BRANDS = (OWN, *OTHERS)
APPS = {"Siskin": "6446120017", "Nettlebox": "6446120023", "Plenteo": "6446120038"}
MOODS = {"-": "negative", "+": "positive", "~": "neutral", "?": "neutral", "!": "negative"}
DEAD = (-13 * DAY, -11 * DAY)  # the forum is silent
CRISIS = -7 * HOUR
RECALL = -36 * DAY
COPIES = -21 * DAY

Item = dict[str, Any]
RANDOM = random.Random(20)  # noqa: S311
WORDS: dict[str, list[str]] = tomllib.loads((HERE / "words.toml").read_text("utf-8"))


def sections(name: str) -> dict[str, list[str]]:
    """Reads one file of sentences as its sections, in order."""
    found: dict[str, list[str]] = {"": []}
    here = found[""]
    for line in (HERE / name).read_text("utf-8").splitlines():
        if line.startswith("["):
            here = found.setdefault(line.strip("[]"), [])
        elif line.strip() and not line.startswith("#"):
            here.append(line.strip())
    return found


def say(line: str, brand: str = OWN, other: str = "") -> str:
    """Fills the marks of one line."""
    while "{" in line:
        line = re.sub(r"\{([^{}]*)\}", lambda found: RANDOM.choice(found[1].split("|")), line)
    line = line.replace("$B", brand).replace("$O", other or RANDOM.choice([b for b in BRANDS if b != brand]))
    line = line.replace("$n0", str(RANDOM.choice([20, 30, 40, 60, 80])))
    used: set[str] = set()

    def word(found: re.Match[str]) -> str:
        name = found[1]
        choices = [choice for choice in WORDS[name.lower()] if choice not in used]
        choice = RANDOM.choice(choices)
        used.add(choice)
        return choice.capitalize() if name[0].isupper() else choice

    line = re.sub(r"\$(mass|plural|Plural|dish|place|day|time|amt|fee|pct|n|dev|ver)2?(?![a-z])", word, line)
    line = re.sub(r"  +", " ", line.replace("\\n", "\n")).strip()
    return re.sub(r"(^|[.!?] )([a-z])", lambda found: found[1] + found[2].upper(), line)


TALK, OTHER, WHOLE = sections("talk.txt"), sections("other.txt"), sections("whole.txt")[""]
NEWS, HACKERS, FRAMES = sections("news.txt"), sections("hackernews.txt"), sections("frames.txt")
EVENTS = {name: sections(f"{name}.txt") for name in ("crisis", "recall", "namesake")}

# How often a theme is praised and blamed, brand by brand: theme = (blame, praise).
PROFILE = {
    "Siskin": {"price": (8, 1), "app": (7, 2), "support": (7, 2), "refund": (5, 1), "late": (3, 4)}
    | {"missing": (2, 2), "fresh": (2, 6), "recipes": (2, 9), "driver": (1, 6), "packaging": (2, 3)}
    | {"cancel": (1, 1), "diet": (1, 3)},
    "Nettlebox": {"late": (10, 1), "missing": (7, 1), "packaging": (7, 1), "driver": (3, 2), "support": (3, 2)}
    | {"price": (2, 8), "refund": (3, 2), "fresh": (3, 2), "app": (2, 2), "recipes": (2, 3)}
    | {"cancel": (1, 1), "diet": (1, 1)},
    "Plenteo": {"fresh": (9, 2), "cancel": (6, 1), "recipes": (5, 3), "price": (3, 3), "late": (2, 5)}
    | {"missing": (2, 3), "app": (1, 8), "diet": (1, 7), "support": (2, 4), "packaging": (2, 3)}
    | {"refund": (2, 2), "driver": (1, 2)},
}
SHARES = {"Siskin": (43, 33, 24), "Nettlebox": (50, 27, 23), "Plenteo": (38, 38, 24)}  # -, +, ~
COUNTS = {
    "forum": {"Siskin": 170, "Nettlebox": 114, "Plenteo": 82},
    "appstore": {"Siskin": 235, "Nettlebox": 170, "Plenteo": 120},
    "mastodon": {"Siskin": 150, "Nettlebox": 92, "Plenteo": 66},
    "news": {"Siskin": 52, "Nettlebox": 40, "Plenteo": 32},
    "hackernews": {"Siskin": 74, "Nettlebox": 48, "Plenteo": 40},
}
FOREIGN = {"forum": 0.05, "appstore": 0.04, "mastodon": 0.2}
NAMESAKES = {"forum": 22, "mastodon": 44, "news": 13, "hackernews": 11}
HOURS = [2, 1, 1, 1, 1, 2, 5, 9, 10, 8, 7, 8, 10, 9, 7, 7, 8, 10, 13, 14, 13, 11, 8, 4]  # of a day that starts at 15:00
WEEK = [1.25, 1.0, 0.95, 0.95, 1.0, 0.85, 1.2]
LINKS = {
    "-": ["Also, ", "And another thing: ", "On top of that, ", "Then there's this. ", "Oh, and ", "Last week: "],
    "+": ["Also: ", "And ", "Plus, ", "Best of all: ", "Oh, and ", "Another thing: "],
}

said: Counter[str] = Counter()
seen: set[str] = set()


def least(lines: list[str]) -> str:
    """Picks a line that was used least, so that none is heard too often."""
    fewest = min(said[line] for line in lines)
    line = RANDOM.choice([line for line in lines if said[line] <= fewest])
    said[line] += 1
    return line


def moment(first: float = -DAYS * DAY, last: float = DAY) -> int:
    """Picks a time with the rhythm of days and weeks."""
    while True:
        at = RANDOM.uniform(first, last)
        hour, weekday = int((at / HOUR + 15) % 24), int((at / DAY + 1) % 7)
        if RANDOM.random() < HOURS[hour] / 14 * WEEK[weekday] / 1.25:
            return int(at)


def frame(name: str) -> str:
    """Picks one of a frame's phrases."""
    return RANDOM.choice("|".join(FRAMES[name]).split("|"))


def theme_of(brand: str, mood: str, at: int) -> str:
    """Picks a theme by the brand's profile; blame for Siskin's prices grows threefold over the 90 days."""
    side = 0 if mood != "+" else 1
    weights = {theme: float(pair[side]) for theme, pair in PROFILE[brand].items() if f"{theme} {mood}" in TALK}
    if brand == OWN and mood == "-":
        weights["price"] *= 0.6 + 1.4 * (1 + at / (DAYS * DAY))
    return RANDOM.choices(list(weights), list(weights.values()))[0]


def talk(brand: str, where: str, at: int) -> Item:
    """Composes what one person says of one brand, with a title and what was meant."""
    mood = RANDOM.choices("-+~", SHARES[brand])[0]
    draw = RANDOM.random()
    other = RANDOM.choice([b for b in BRANDS if b != brand])
    if draw < 0.025:
        theme, mood, shown = "sarcasm", "-", {brand: "negative"}
    elif draw < 0.14:
        theme = "switched"
        mood = RANDOM.choice(["+-", "+-", "+-", "+~"])
        shown = {brand: "positive", other: MOODS[mood[1]]}
    elif mood == "~":
        theme, mood = ("plain", "~") if RANDOM.random() < 0.45 else (theme_of(brand, "?", at), "?")
        shown = {brand: "neutral"}
    else:
        theme, shown = theme_of(brand, mood, at), {brand: MOODS[mood]}
    parts = [say(least(TALK[f"{theme} {mood}"]), brand, other)]
    length = RANDOM.choices([1, 2, 3, 5], {"mastodon": (7, 3, 0, 0), "forum": (2, 4, 5, 3)}.get(where, (4, 4, 2, 1)))[0]
    while len(parts) < length and mood in "-+":
        more = theme_of(brand, mood, at)
        parts.append(linked(say(least(TALK[f"{more} {mood}"]), brand, other), mood))
    if mood in "-+" and theme != "sarcasm" and RANDOM.random() < 0.08:
        turned = "+" if mood == "-" else "-"
        line = say(least(TALK[f"{theme_of(brand, turned, at)} {turned}"]), brand, other)
        parts.append(RANDOM.choice(["On the other hand: ", "In fairness: ", "To be fair: ", "But: "]) + line)
        shown = {brand: "neutral"}
    return {"text": around(parts, mood, brand, theme, where), "truth": shown} | titled(theme, mood, brand, other, where)


def linked(line: str, mood: str) -> str:
    """Hangs a sentence on the one before, sometimes with a word in between."""
    if RANDOM.random() < 0.65:
        return line
    link = RANDOM.choice(LINKS[mood])
    keeps = link.endswith((". ", ": ")) or re.match(r"I\b|I'|[A-Z]{2}|[^A-Za-z]", line) or line.startswith(BRANDS)
    return link + (line if keeps else line[0].lower() + line[1:])


def around(parts: list[str], mood: str, brand: str, theme: str, where: str) -> str:
    """Puts an opening and a closing around the sentences, sometimes."""
    tone = mood if mood in "-+" else "~"
    if theme not in ("switched", "sarcasm", "plain"):
        if RANDOM.random() < 0.4:
            parts.insert(0, say(frame(f"open {tone}"), brand))
        if RANDOM.random() < 0.3:
            parts.append(frame(f"close {tone}"))
    parts = [part if part[-1] in '.!?")…' else part + "." for part in parts]
    gap = "\n\n" if where in ("forum", "hackernews") and len(parts) > 4 else " "
    text = " ".join(parts[:3]) + (gap + " ".join(parts[3:]) if parts[3:] else "")
    needs_name = where not in ("appstore", "forum") and brand not in text
    if needs_name and where == "hackernews":
        text = f"{brand}: {text}"
    if where == "mastodon":
        text = tagged(text, brand, tone)
    elif RANDOM.random() < 0.08 and where != "hackernews":
        text += " " + frame(f"emoji {tone}")
    return text


def tagged(text: str, brand: str, tone: str) -> str:
    """Turns a brand's name into a tag or adds it, and now and then an emoji."""
    text = re.sub(rf"(?<!#)\b{brand}\b(?!')", f"#{brand}", text, count=1)
    if f"#{brand}" not in text:
        text += f" #{brand}"
    return text + (" " + frame(f"emoji {tone}") if RANDOM.random() < 0.3 else "")


def titled(theme: str, mood: str, brand: str, other: str, where: str) -> Item:
    """Gives the title that a review or a forum post carries, and a review's stars."""
    if where == "appstore":
        name = f"title {theme} {mood}" if f"title {theme} {mood}" in FRAMES else "title ?"
        low, high = {"-": (1, 2), "+": (4, 5), "+-": (4, 5), "+~": (4, 5), "?": (3, 5)}.get(mood, (3, 3))
        return {"title": frame(name), "rating": RANDOM.choice([low, low, high] if mood == "-" else [low, high, high])}
    if where == "forum":
        name = "switched" if theme == "switched" else mood if mood in "-+" else "~"
        return {"title": say(FRAMES[f"topic {name}"][0], brand, other)}
    return {}


def foreign(brand: str, language: str = "") -> Item:
    """Composes a text in another language."""
    weights = {"de": 8, "fr": 7, "es": 5, "pt": 3, "nl": 5, "ja": 4, "it": 2, "sv": 2, "pl": 2}
    language = language or RANDOM.choices(list(weights), list(weights.values()))[0]
    name = RANDOM.choice([name for name in OTHER if name[:2] == language and name[3:] != "!"])
    title, text = halves(say(least(OTHER[name]), brand))
    stars = {"-": (1, 2), "+": (4, 5)}.get(name[3:], (3, 3))
    rating = RANDOM.choice(stars)
    return {"title": title, "text": text, "rating": rating, "language": language, "truth": {brand: MOODS[name[3:]]}}


def halves(line: str) -> tuple[str, str]:
    """Splits "title || text"; a line without a title has none."""
    title, mark, text = line.partition("||")
    return (title.strip(), text.strip()) if mark else ("", line.strip())


def human(text: str) -> str:
    """Types as people type: some never use capitals, some slip, some drop the last full stop."""
    draw = RANDOM.random()
    if draw < 0.09:
        text = text.lower() if "#" not in text else re.sub(r"(?<!#)\b[A-Z]", lambda found: found[0].lower(), text)
    elif draw < 0.14:
        text = text.replace("'", "")
    elif draw < 0.155 and len(text) < 160:
        text = text.upper()
    elif draw < 0.2:
        words = text.split(" ")
        at = RANDOM.randrange(len(words))
        word = words[at]
        if len(word) > 4 and word.isalpha() and word not in BRANDS:
            swap = RANDOM.randrange(1, len(word) - 2)
            words[at] = word[:swap] + word[swap + 1] + word[swap] + word[swap + 2 :]
        text = " ".join(words)
    if RANDOM.random() < 0.25 and text.endswith("."):
        text = text[:-1]
    return text


def person(where: str) -> Item:
    """Invents who is speaking; a few people speak more often than others."""
    regular = where != "appstore" and RANDOM.random() < 0.3
    crowd = random.Random(f"{where} {RANDOM.randrange(40)}" if regular else RANDOM.random())  # noqa: S311
    first, last = crowd.choice(WORDS["first"]), crowd.choice(WORDS["last"])
    thing, other, number = crowd.choice(WORDS["thing"]), crowd.choice(WORDS["thing"]), crowd.randrange(2, 99)
    names = [f"{first.lower()}{number}", f"{thing}{number}", f"{first.lower()}_{thing}", f"{thing}{other}"]
    if where == "mastodon":
        home = crowd.choice(["", "", "@tooting.example", "@kitchen.example", "@north.example", "@allotment.example"])
        handle = crowd.choice([*names[2:], f"{first.lower()}{last.lower()}"])
        return {"author": handle + home, "name": crowd.choice([first, f"{first} {last}", f"{first} 🥕", handle])}
    if where == "appstore":
        return {"author": crowd.choice([*names, f"{first} {last[0]}.", f"{first} {last}", f"{first}{last[:2]}"])}
    return {"author": crowd.choice([*names, f"{first[0].lower()}{last.lower()}"])}


def fresh(make: Any) -> Item:
    """Makes items until one does not begin like an earlier one."""
    for _ in range(400):
        item: Item = make()
        start = (item["text"] or item.get("title", "")).lower()[:60]
        if start not in seen:
            seen.add(start)
            return item
    raise ValueError(f"nothing new to say after {start!r}")


def meant(item: Item) -> dict[str, str]:
    """Adds the brands that are only named: what is praised here is better there, what is blamed is worse."""
    shown: dict[str, str] = item.get("truth", {})
    mood = next(iter(shown.values()), "neutral") if "event" not in item else "neutral"
    turned = {"positive": "negative", "negative": "positive"}.get(mood, mood)
    named = [brand for brand in BRANDS if brand.lower() in item["text"].lower()]
    return shown | {brand: turned for brand in named if shown and brand not in shown}


def dress(item: Item, where: str, at: int) -> Item:
    """Gives an item what its source's shape asks for."""
    item["truth"] = meant(item)
    brand = next(iter(item["truth"]), OWN)
    language = item.pop("language", "en")
    base = {"at": at, **person(where), **item}
    reach = int(RANDOM.paretovariate(0.9)) - 1
    if where == "appstore":
        version = RANDOM.choice(["6.1", "6.2", "6.3", "6.3.1"]) if at < CRISIS else "6.4"
        country = "de" if language == "de" and brand == OWN else "gb"
        extra = {"app": APPS[brand], "country": country, "version": version, "votes": min(reach // 2, 40)}
        return base | extra | {"title": base["title"] or "👎👍"[base["rating"] > 2]}
    if where == "mastodon":
        base.pop("rating", None), base.pop("title", None)
        tags = [tag.lower() for tag in re.findall(r"#(\w+)", base["text"])]
        count = {"favourites": min(reach, 300), "boosts": min(reach // 3, 90), "replies": min(reach // 4, 30)}
        return base | {"language": language, "tags": tags} | count
    if where == "forum":
        base.pop("rating", None)
        return base | {"category": item.get("category", "Deliveries & boxes")}
    if where == "hackernews":
        base.pop("rating", None)
        base.setdefault("kind", "comment")
        return base | ({"points": reach + 2, "comments": reach // 2} if base["kind"] == "story" else {})
    name = item.get("author") or RANDOM.choice(WORDS["publisher"])
    host = re.sub(r"[^a-z]", "", name.lower()) + ".example"
    return base | {"author": name, "publisher": f"https://{host}"}


def ordinary(where: str, brand: str, at: int) -> Item:
    """Composes one ordinary item of a source."""
    if where == "news":
        mood = RANDOM.choices("-+~", (36, 36, 28))[0]
        title, text = halves(say(least(NEWS[mood]), brand))
        return {"title": title or text, "text": text if title else "", "truth": {brand: MOODS[mood]}}
    if where == "hackernews" and RANDOM.random() < 0.72:
        mood = RANDOM.choices("-+~", SHARES[brand])[0]
        text = say(least(HACKERS[f"comment {mood}"]), brand)
        if RANDOM.random() < 0.4:
            text += "\n\n" + say(least(HACKERS[f"comment {mood}"]), brand)
        return {"text": text, "truth": {brand: MOODS[mood]}}
    if RANDOM.random() < FOREIGN.get(where, 0):
        item = foreign(brand)
        if where == "forum" and brand not in item["title"]:
            item["title"] = f"{brand}: {item['title']}".strip(": ")
        if where == "mastodon":
            item["text"] = tagged(item["text"], brand, "~")
        return item
    item = talk(brand, where, at)
    return item | {"text": human(item["text"]) if where != "hackernews" else item["text"]}


def whole() -> list[tuple[str, Item]]:
    """Reads the posts that were written whole."""
    found = []
    for line in WHOLE:
        where, meant, rest = (part.strip() for part in line.replace("||", "\0").split("|", 2))
        brand, mood = meant.split()
        title, text = halves(rest.replace("\0", "||").replace("\\n", "\n"))
        item: Item = {"text": text, "truth": {brand: MOODS[mood[-1]]}}
        if title:
            item["title"] = title
        if where == "review":
            where, item["rating"] = "appstore", {"-": 1, "+": 5}.get(mood, 3)
        seen.add(text.lower()[:60])
        found.append((where, dress(item, where, moment(last=0))))
    return found


def event(name: str, part: str, at: int, mood: str = "negative", extra: float = 0) -> tuple[str, Item]:
    """Composes one item of an event for the source that `part` names."""
    where = {"review": "appstore", "spark": "forum", "after": "news", "thanks": "forum"}.get(part, part)

    def make() -> Item:
        title, text = halves(say(least(EVENTS[name][part])))
        if RANDOM.random() < extra:
            text += ("" if text[-1] in ".!?" else ".") + " " + say(least(EVENTS["crisis"]["extra"]))
        item: Item = {"text": text, "truth": {OWN: mood} if name != "namesake" else {}, "event": name}
        if where == "news" and not title:
            item |= {"title": text, "text": ""}
        elif title:
            item["title"] = (
                title if where != "forum" or OWN in title + text or name == "namesake" else f"{OWN}: {title}"
            )
        if where in ("appstore", "mastodon") and name != "namesake":
            item["text"] = human(text)
        return item | ({"rating": 1} if where == "appstore" else {})

    item = fresh(make)
    if name == "namesake" and where == "forum":
        item["category"] = "Garden & wildlife"
    return where, dress(item, where, at)


def crisis() -> list[tuple[str, Item]]:
    """Composes the double charges: 7 hours before the start until 90 minutes after it."""
    found = [event("crisis", "spark", CRISIS)]
    rates = [3, 7, 13, 21, 28, 33, 35, 37, 26]  # an hour, from 7 hours before to 2 hours after
    parts = ["mastodon"] * 44 + ["forum"] * 26 + ["review"] * 24 + ["hackernews"] * 6
    for hour, rate in enumerate(rates):
        span = HOUR // 2 if hour == len(rates) - 1 else HOUR
        for _ in range(rate * span // HOUR):
            at = CRISIS + hour * HOUR + RANDOM.randrange(300 if hour == 0 else 0, span)
            part = RANDOM.choice(parts if hour > 1 else parts[:94])
            if part == "review" and RANDOM.random() < 0.2:
                item = fresh(german_anger)
                found.append(("appstore", dress(item, "appstore", at)))
            else:
                found.append(event("crisis", part, at, extra=0.45 if part != "news" else 0))
    for line, _ in enumerate(EVENTS["crisis"]["news"]):
        found.append(event("crisis", "news", int(CRISIS + HOUR * (2.2 + 0.6 * line))))
    return [*found, event("crisis", "after", 4500, "neutral"), event("crisis", "after", 6900, "neutral")]


def german_anger() -> Item:
    """Composes a German review of the double charge."""
    title, text = halves(say(least(OTHER["de !"])))
    return {"title": title, "text": text, "rating": 1, "language": "de", "truth": {OWN: "negative"}, "event": "crisis"}


def recall() -> list[tuple[str, Item]]:
    """Composes the recall of five weeks ago, its apology two days later, and some thanks."""
    found = []
    for part, count in {"forum": 9, "mastodon": 13, "review": 7, "news": 3}.items():
        for number in range(count):
            at = int(RECALL + HOUR * 40 * ((number + RANDOM.random()) / count) ** 1.6)
            found.append(event("recall", part, at))
    found.append(event("recall", "after", RECALL + 50 * HOUR, "neutral"))
    return found + [event("recall", "thanks", RECALL + (55 + 11 * n) * HOUR, "positive") for n in range(4)]


def copies() -> list[tuple[str, Item]]:
    """Sets one agency's story 30 times, with the marks that publishers leave."""
    title, *body = (HERE / "syndicated.txt").read_text("utf-8").strip().split("\n", 1)
    paragraphs = body[0].split("\n\n")
    found = []
    papers = [f"{place} {paper}" for place in WORDS["place"][:15] for paper in ("Gazette", "Evening News")]
    for number, paper in enumerate(papers):
        kept = paragraphs[: RANDOM.choice([4, 4, 4, 3, 2])]
        if len(kept) < 4 and RANDOM.random() < 0.5:
            kept[-1] = kept[-1][: RANDOM.randrange(90, 160)].rsplit(" ", 1)[0] + "..."
        if RANDOM.random() < 0.3:
            kept.append(RANDOM.choice([f"Read more at {paper}.", "This story was supplied by an agency.", "Sign up."]))
        at = int(COPIES + HOUR * 30 * (number / len(papers)) ** 2)
        item = {"author": paper, "title": title, "text": "\n\n".join(kept)}
        found.append(("news", dress(item | {"truth": {OWN: "neutral"}, "event": "copy"}, "news", at)))
    return found


def threads() -> list[tuple[str, Item]]:
    """Sets the Hacker News stories, the first at the beginning, and the crisis's own."""
    found = []
    for number, line in enumerate(HACKERS["story ~"]):
        day = max(number - 4, 0) * 6.3 - 90
        title, text = halves(line)
        shown = {b: "neutral" for b in BRANDS if b in title + text}
        seen.add((text or title).lower()[:60])
        item = {"kind": "story", "title": title, "text": text, "truth": shown}
        if not shown:
            item["event"] = "namesake"
        item["link"] = f"https://blog.example/{re.sub('[^a-z0-9]+', '-', title.lower()).strip('-')}"
        found.append(("hackernews", dress(item, "hackernews", int(day * DAY) + number * HOUR)))
    title = "Siskin app update charged customers two and three times"
    item = {"kind": "story", "title": title, "text": "", "truth": {OWN: "negative"}, "event": "crisis"}
    item["link"] = "https://thenorthernledger.example/siskin-double-charges"
    return [*found, ("hackernews", dress(item, "hackernews", CRISIS + 3 * HOUR // 2) | {"points": 214})]


def everything() -> dict[str, list[Item]]:
    """Composes all sources, each in order of time."""
    rows = threads() + whole() + copies() + recall() + crisis()
    for where, count in NAMESAKES.items():
        rows += [event("namesake", where, moment()) for _ in range(count)]
    for where, brands in COUNTS.items():
        for brand, count in brands.items():
            for _ in range(count):
                at = moment(last=DAY if where != "news" else -DAY)
                rows.append((where, dress(fresh(lambda w=where, b=brand, t=at: ordinary(w, b, t)), where, at)))
    for _ in range(55):
        rows.append(("appstore", dress(fresh(lambda: foreign(OWN, "de")), "appstore", moment(last=0))))
    found: dict[str, list[Item]] = {name: [] for name in COUNTS}
    for where, item in sorted(rows, key=lambda row: row[1]["at"]):
        if where != "forum" or not DEAD[0] <= item["at"] < DEAD[1]:
            found[where].append(item)
    link_threads(found["hackernews"])
    return found


def link_threads(items: list[Item]) -> None:
    """Hangs each comment under the latest story that fits it."""
    for number, item in enumerate(items):
        if item["kind"] == "story":
            continue
        brand = next(iter(item["truth"]), "")
        stories = [n for n in range(number) if items[n]["kind"] == "story"]
        alike = [n for n in stories if item.get("event") == items[n].get("event")]
        fit = [n for n in alike if brand in items[n]["truth"] or not brand]
        item["thread"] = RANDOM.choice(fit or alike or stories)
        item["title"] = items[item["thread"]]["title"]


def main() -> None:
    """Writes the five files."""
    for name, items in everything().items():
        lines = (json.dumps(item, ensure_ascii=False) for item in items)
        (HERE.parent / f"{name}.jsonl").write_text("\n".join(lines) + "\n", "utf-8")


if __name__ == "__main__":
    main()
