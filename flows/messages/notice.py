"""What is told, before it takes a form: a title, a few sentences, sections of items, links, a chart."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from earful.flows.messages import clean


@dataclass(frozen=True)
class Item:
    """One line of a section: `value` is its figure, `text` what is said, `detail` by whom, where and when.

    `quoted` marks other people's words; `url` leads to them, "" where there is no address, and is called `link`, by
    default by its host.
    """

    text: str
    value: str = ""
    detail: str = ""
    url: str = ""
    quoted: bool = False
    link: str = ""

    @property
    def leads_to(self) -> str:
        """What a reader is told of where the address leads."""
        return self.link or clean.host(self.url)


@dataclass(frozen=True)
class Section:
    """Items under a heading, those that matter most first; `note` says what their figures are.

    Where there is no room for everything, the section of the highest `rank` goes first. `whole` says that its items
    make sense only together, because they add up; of others the last ones go.
    """

    title: str
    items: tuple[Item, ...]
    note: str = ""
    rank: int = 1
    whole: bool = False


@dataclass(frozen=True)
class Link:
    """Where a reader goes from here; our own address, not one of a mention."""

    label: str
    url: str


@dataclass(frozen=True)
class Notice:
    """Something that people are told. All texts are plain; whoever writes them out makes them harmless there.

    `lead` are sentences, the most important first. `tone` is "bad", "good" or "plain". `chart` is a Vega-Lite
    specification, None where there is nothing to draw. `foot` says where the figures come from.
    """

    title: str
    lead: tuple[str, ...] = ()
    sections: tuple[Section, ...] = ()
    links: tuple[Link, ...] = ()
    tone: str = "plain"
    chart: Mapping[str, Any] | None = None
    chart_says: str = ""  # in words, for who does not see it
    foot: str = ""


def fit(notice: Notice, fits: Callable[[Notice], bool]) -> Notice:
    """Leaves out what matters least until the notice fits; title, first sentence and links stay in any case."""
    while not fits(notice):
        if notice.sections:
            notice = replace(notice, sections=_fewer(notice.sections))
        elif len(notice.lead) > 1:
            notice = replace(notice, lead=notice.lead[:-1])
        elif notice.foot:
            notice = replace(notice, foot="")
        else:
            break
    return notice


def _fewer(sections: tuple[Section, ...]) -> tuple[Section, ...]:
    place = max(range(len(sections)), key=lambda place: (sections[place].rank, place))
    worst = sections[place]
    kept = () if worst.whole or len(worst.items) < 2 else (replace(worst, items=worst.items[:-1]),)
    return (*sections[:place], *kept, *sections[place + 1 :])
