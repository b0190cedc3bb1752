"""Writes a notice as HTML that every mail client shows: tables, inline styles, no script, nothing from outside.

The same markup is the body of a report. Every text is escaped here, whoever wrote it.
"""

from html import escape

from earful.flows.messages import clean
from earful.flows.messages.notice import Item, Notice, Section

INK, FAINT, LINE = "#22303C", "#5A6572", "#E3E7EB"
TONES = {"bad": "#C4500A", "good": "#1B75BC", "plain": "#6B7683"}
FONT = "font-family:-apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif"
TEXT = f"{FONT};font-size:14px;line-height:1.45;color:{INK}"
SMALL = f"{FONT};font-size:12px;line-height:1.4;color:{FAINT}"


def page(notice: Notice, picture: str) -> str:
    """Writes a whole document; `picture` is the markup of its chart, "" where there is none."""
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<meta name="color-scheme" content="light"><title>{_text(notice.title)}</title>\n'
        "<style>svg{width:100%;height:auto}</style></head>\n"
        f'<body style="margin:0;padding:16px;background:#F4F6F8">\n{body(notice, picture)}\n</body></html>\n'
    )


def body(notice: Notice, picture: str) -> str:
    """Writes the notice as one table of 640 pixels."""
    paragraphs = (" ".join(notice.lead[:1]), " ".join(notice.lead[1:]))
    parts = [
        f'<h1 style="{FONT};font-size:19px;line-height:1.3;color:{INK};margin:0 0 8px">{_text(notice.title)}</h1>',
        *(f'<p style="{TEXT};margin:0 0 6px">{_text(said)}</p>' for said in paragraphs if said),
        _links(notice),
        f'<div style="margin:14px 0 6px">{picture}</div>' if picture else "",
        *map(_section, notice.sections),
        f'<p style="{SMALL};margin:18px 0 0;border-top:1px solid {LINE};padding-top:10px">{_text(notice.foot)}</p>',
    ]
    content = "\n".join(part for part in parts if part)
    edge = f"border-top:4px solid {TONES[notice.tone]}"
    return (
        '<table role="presentation" cellpadding="0" cellspacing="0" border="0" align="center" width="640"'
        f' style="width:100%;max-width:640px;margin:0 auto;background:#FFFFFF;{edge}"><tr>'
        f'<td style="padding:20px 24px">\n{content}\n</td></tr></table>'
    )


def image(address: str, says: str) -> str:
    """Writes a picture as wide as the text; `says` tells in words what it shows."""
    return f'<img src="{escape(address)}" alt="{_text(says)}" width="592" style="width:100%;height:auto;display:block">'


def _section(section: Section) -> str:
    note = f' <span style="{SMALL};font-weight:normal">{_text(section.note)}</span>' if section.note else ""
    heading = f'<h2 style="{FONT};font-size:15px;color:{INK};margin:18px 0 4px">{_text(section.title)}{note}</h2>'
    figures = any(item.value for item in section.items)
    rows = "\n".join(_row(item, figures) for item in section.items)
    return (
        f'{heading}\n<table role="presentation" cellpadding="0" cellspacing="0" border="0" width="100%">\n{rows}\n'
        "</table>"
    )


def _row(item: Item, figures: bool) -> str:
    edge = f"border-top:1px solid {LINE};padding:5px 0;vertical-align:top"
    value = (
        f'<td style="{TEXT};{edge};width:96px;padding-right:12px;white-space:nowrap"><b>{_text(item.value)}</b></td>'
    )
    said = f"<i>“{_text(item.text)}”</i>" if item.quoted else _text(item.text)
    more = [f'<span style="color:{FAINT};font-size:12px">{_text(item.detail)}</span>'] if item.detail else []
    if item.url:
        more.append(_link(item.leads_to, item.url, 12))
    below = f"{'<br>' if item.quoted else ' &nbsp; '}{' · '.join(more)}" if more else ""
    return f"<tr>{value if figures else ''}" + f'<td style="{TEXT};{edge}">{said}{below}</td></tr>'


def _links(notice: Notice) -> str:
    shown = " &nbsp; ".join(_link(link.label, link.url, 14) for link in notice.links)
    return f'<p style="{TEXT};margin:10px 0 0">{shown}</p>' if shown else ""


def _link(label: str, url: str, size: int) -> str:
    looks = f"{FONT};font-size:{size}px;color:#1B5E96"
    return f'<a href="{escape(url)}" style="{looks}" rel="noopener noreferrer nofollow">{_text(label)}</a>'


def _text(text: str) -> str:
    """Escapes a text; the marks of `clean.harmless` keep mail clients from making links of its words."""
    return escape(clean.harmless(text))
