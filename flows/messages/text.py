"""Writes a notice as plain text, which any service takes and none takes for markup."""

from earful.flows.messages import clean
from earful.flows.messages.notice import Item, Notice, Section, fit


def write(notice: Notice, room: int) -> tuple[str, str]:
    """Writes title and body, together at most `room` UTF-16 units where that leaves room for title and links."""
    title = clean.harmless(notice.title)
    left = room - clean.size(title) - 1
    body = _body(fit(notice, lambda one: clean.size(_body(one)) <= left))
    if clean.size(body) <= left:
        return title, body
    foot = _links(notice)  # too narrow for more, a text message of a telephone, say
    return clean.line(title, max(room - clean.size(foot) - 1, 20)), foot


def _body(notice: Notice) -> str:
    lead = clean.harmless(" ".join(notice.lead))
    foot = clean.harmless(notice.foot)
    return "\n\n".join(part for part in (lead, *map(_section, notice.sections), foot, _links(notice)) if part)


def _links(notice: Notice) -> str:
    return "\n".join(f"{link.label}: {link.url}" for link in notice.links)


def _section(section: Section) -> str:
    note = f" ({section.note})" if section.note else ""
    return clean.harmless(f"{section.title}{note}:") + "\n" + "\n".join(map(_item, section.items))


def _item(item: Item) -> str:
    """Writes one line; of addresses only our own stay as they are, those of mentions passed `clean.web_address`."""
    said = clean.harmless(f"“{item.text}”" if item.quoted else item.text)
    value = clean.harmless(f"{item.value}  ") if item.value else ""
    more = ", ".join(part for part in (clean.harmless(item.detail), item.url) if part)
    return f"- {value}{said}{f' ({more})' if more else ''}"
