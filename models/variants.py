"""Changes to a training text that must not change its label: other names and places, a slip of the finger, a link."""

import random
import re

_PEOPLE = (
    "maria john fatima wei olu anna pedro yuki sam ingrid tariq chloe dmitri aisha tom james mary robert michael "
    "linda david susan sarah karen lisa nancy daniel mark paul steven andrew kevin brian george anthony laura emily "
    "amanda jessica ashley jennifer elizabeth michelle kimberly rachel hannah olivia sophia isabella mia charlotte "
    "amelia lucas liam noah ethan jacob logan mason oliver elijah william benjamin henry alexander sebastian carlos "
    "juan luis jorge miguel sofia lucia valentina camila mohammed ahmed omar ali yusuf ibrahim zainab khadija amina "
    "priya rahul arjun ananya rohan sanjay deepika vikram mei jing hiroshi kenji sakura haruto min jun soo jin kwame "
    "ama chidi ngozi thabo lerato sven lars astrid erik matteo giulia luca francesca pierre camille antoine hans "
    "greta klaus heidi ivan olga natasha sergei piotr agnieszka janos eszter"
)
_PLACES = (
    "leeds berlin dallas nairobi osaka lyon chicago madrid austin perth mumbai toronto london paris houston phoenix "
    "seattle miami atlanta portland detroit baltimore vienna prague warsaw budapest athens lisbon dublin oslo "
    "stockholm helsinki copenhagen amsterdam brussels zurich geneva milan rome venice florence barcelona valencia "
    "seville porto marseille munich cologne frankfurt sydney melbourne brisbane auckland wellington tokyo beijing "
    "shanghai bangkok singapore jakarta manila delhi bangalore chennai karachi lahore dubai istanbul ankara lagos "
    "accra kampala johannesburg durban montreal ottawa vancouver calgary bogota santiago manchester liverpool bristol "
    "birmingham edinburgh cardiff belfast england scotland wales ireland france germany spain italy portugal greece "
    "turkey egypt kenya nigeria india china japan brazil argentina chile mexico canada australia"
)
PEOPLE, PLACES = sorted(_PEOPLE.split()), sorted(_PLACES.split())
WORD = re.compile(r"[A-Za-z]+")
OTHERS = dict.fromkeys(PEOPLE, PEOPLE) | dict.fromkeys(PLACES, PLACES)
ENDS = ("https://t.example/{0}", "@{0}", "@user https://t.example/{0}")


def elsewhere(text: str, kept: str, chance: random.Random) -> str:
    """Puts other people and other places into a text; the words of `kept` stay."""
    names = set(kept.lower().split())
    drawn: dict[str, str] = {}

    def other(found: re.Match[str]) -> str:
        word = found[0].lower()
        if word not in OTHERS or word in names or found[0].islower():  # mark, may and turkey are also words
            return found[0]
        new = drawn.setdefault(word, chance.choice(OTHERS[word]))
        return new.upper() if found[0].isupper() else new.title()

    return WORD.sub(other, text)


def misspelt(text: str, chance: random.Random) -> str:
    """Swaps two letters that stand side by side; in one text of four one is left out or written twice instead."""
    at = chance.randrange(max(1, len(text) - 1))
    draw = chance.random()
    if draw < 0.125:
        return text[:at] + text[at + 1 :]
    if draw < 0.25:
        return text[: at + 1] + text[at:]
    return text[:at] + text[at + 1 : at + 2] + text[at : at + 1] + text[at + 2 :]


def linked(text: str, chance: random.Random) -> str:
    """Puts a link, a handle or both behind a text."""
    number = f"{chance.randrange(10**8):x}"
    return f"{text} {chance.choice(ENDS).format(number)}"
