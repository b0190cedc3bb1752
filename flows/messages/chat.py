"""Writes a notice as Slack, Teams and Discord take it from an incoming webhook, within their limits.

Slack: rich_text blocks, whose texts are literal (https://docs.slack.dev/reference/block-kit/blocks/rich-text-block);
a header of 150 characters, 50 blocks. Teams: an Adaptive Card of text runs, which know no Markdown, 28 KB at most
(https://learn.microsoft.com/microsoftteams/platform/webhooks-and-connectors/how-to/connectors-using). Discord: one
embed with a title of 256 characters, a description of 4,096, 6,000 in all, in Markdown, all of whose signs are escaped
(https://discord.com/developers/docs/resources/message#embed-object).
"""

import json
import re
from collections.abc import Mapping
from typing import Any

from earful.flows.messages import clean
from earful.flows.messages.notice import Item, Notice, Section, fit

Json = dict[str, Any]
SLACK_ROOM, SLACK_BLOCK, SLACK_HEADER = 12_000, 3_000, 150
TEAMS_ROOM = 24_000  # bytes; the service counts what it wraps around it
DISCORD_TITLE, DISCORD_ROOM = 256, 4_096
COLOURS = {"bad": 0xC4500A, "good": 0x1B75BC, "plain": 0x6B7683}
TEAMS_COLOURS = {"bad": "attention", "good": "good", "plain": "default"}
MARKDOWN = re.compile(r"([\\*_~|`>\[\]()#<:@!&-])")


def slack(notice: Notice) -> Json:
    """Gives the JSON for a Slack incoming webhook."""
    return _slack(fit(notice, lambda one: _slack_fits(_slack(one))))


def _slack(notice: Notice) -> Json:
    title = clean.line(clean.harmless(notice.title), SLACK_HEADER)
    lead = _slack_rich([_slack_text(" ".join(notice.lead))]) if notice.lead else []
    links = [part for link in notice.links for part in (_slack_link(link.label, link.url), _slack_text("   "))]
    foot = _slack_rich([_slack_text(notice.foot)]) if notice.foot else []
    header = {"type": "header", "text": {"type": "plain_text", "text": title, "emoji": False}}
    blocks = [header, *lead, *_slack_rich(links), *map(_slack_section, notice.sections), *foot]
    escaped = title.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return {"text": escaped, "blocks": blocks, "unfurl_links": False, "unfurl_media": False}


def _slack_section(section: Section) -> Json:
    note = [_slack_text(f"  {section.note}")] if section.note else []
    heading = {"type": "rich_text_section", "elements": [_slack_text(section.title, bold=True), *note]}
    rows = [{"type": "rich_text_section", "elements": _slack_item(item)} for item in section.items]
    return {"type": "rich_text", "elements": [heading, {"type": "rich_text_list", "style": "bullet", "elements": rows}]}


def _slack_item(item: Item) -> list[Json]:
    parts = [_slack_text(f"{item.value}  ", bold=True)] if item.value else []
    parts.append(_slack_text(f"“{item.text}”" if item.quoted else item.text))
    if item.detail:
        parts.append(_slack_text(f"  {item.detail}", italic=True))
    if item.url:
        parts += [_slack_text("  "), _slack_link(item.leads_to, item.url)]
    return parts


def _slack_rich(elements: list[Json]) -> list[Json]:
    inner = [{"type": "rich_text_section", "elements": elements}]
    return [{"type": "rich_text", "elements": inner}] if elements else []


def _slack_text(text: str, **style: bool) -> Json:
    return {"type": "text", "text": clean.harmless(text)} | ({"style": style} if style else {})


def _slack_link(label: str, url: str) -> Json:
    return {"type": "link", "url": url, "text": clean.harmless(label)}


def _slack_fits(made: Json) -> bool:
    sizes = [sum(map(clean.size, _texts(block))) for block in made["blocks"]]
    return max(sizes) <= SLACK_BLOCK and sum(sizes) <= SLACK_ROOM and len(sizes) <= 50


def _texts(value: Any) -> list[str]:
    if isinstance(value, Mapping):
        own = [one for key, one in value.items() if key in ("text", "url") and isinstance(one, str)]
        return own + [text for one in value.values() for text in _texts(one)]
    return [text for one in value for text in _texts(one)] if isinstance(value, list) else []


def teams(notice: Notice) -> Json:
    """Gives the JSON for a Teams workflow that takes webhooks."""
    return _teams(fit(notice, lambda one: len(json.dumps(_teams(one))) <= TEAMS_ROOM))


def _teams(notice: Notice) -> Json:
    heading = _run(notice.title, size="large", weight="bolder", color=TEAMS_COLOURS[notice.tone])
    body = [_rich([heading]), *([_rich([_run(" ".join(notice.lead))])] if notice.lead else [])]
    for section in notice.sections:
        note = [_run(f"  {section.note}", isSubtle=True)] if section.note else []
        body.append({**_rich([_run(section.title, weight="bolder"), *note]), "spacing": "medium", "separator": True})
        body += [{**_rich(_teams_item(item)), "spacing": "small"} for item in section.items]
    if notice.foot:
        body.append({**_rich([_run(notice.foot, isSubtle=True, size="small")]), "spacing": "medium"})
    card = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "body": body,
        "actions": [{"type": "Action.OpenUrl", "title": link.label, "url": link.url} for link in notice.links],
        "fallbackText": clean.harmless(notice.title),
        "msteams": {"width": "Full"},
    }
    attached = {"contentType": "application/vnd.microsoft.card.adaptive", "contentUrl": None, "content": card}
    return {"type": "message", "attachments": [attached]}


def _teams_item(item: Item) -> list[Json]:
    runs = [_run(f"{item.value}  ", weight="bolder")] if item.value else []
    runs.append(_run(f"“{item.text}”" if item.quoted else item.text, italic=item.quoted))
    if item.detail:
        runs.append(_run(f"  {item.detail}", isSubtle=True))
    if item.url:
        opens = {"type": "Action.OpenUrl", "url": item.url}
        runs.append(_run(f"  {item.leads_to}", selectAction=opens))
    return runs


def _rich(runs: list[Json]) -> Json:
    return {"type": "RichTextBlock", "inlines": runs}


def _run(text: str, **looks: Any) -> Json:
    return {"type": "TextRun", "text": clean.harmless(text), **looks}


def discord(notice: Notice) -> Json:
    """Gives the JSON for a Discord webhook."""
    return _discord(fit(notice, lambda one: clean.size(_description(one)) <= DISCORD_ROOM))


def _discord(notice: Notice) -> Json:
    title = clean.line(clean.harmless(notice.title), DISCORD_TITLE // 2)  # each sign may take a backslash
    embed = {
        "title": _literal(title),
        "description": _description(notice),
        "color": COLOURS[notice.tone],
    }
    if notice.links:
        embed["url"] = notice.links[0].url
    return {"embeds": [embed], "allowed_mentions": {"parse": []}}


def _description(notice: Notice) -> str:
    parts = [_literal(" ".join(notice.lead))]
    for section in notice.sections:
        note = f" · {_literal(section.note)}" if section.note else ""
        rows = "\n".join(f"- {_discord_item(item)}" for item in section.items)
        parts.append(f"**{_literal(section.title)}**{note}\n{rows}")
    parts.append(" · ".join(f"[{_literal(link.label)}](<{link.url}>)" for link in notice.links))
    parts.append(f"-# {_literal(notice.foot)}" if notice.foot else "")
    return "\n\n".join(part for part in parts if part)


def _discord_item(item: Item) -> str:
    value = f"**{_literal(item.value)}** " if item.value else ""
    said = _literal(f"“{item.text}”" if item.quoted else item.text)
    more = [_literal(item.detail)] if item.detail else []
    more += [f"[{_literal(item.leads_to)}](<{item.url}>)"] if item.url else []
    return f"{value}{said}" + (f" ({', '.join(more)})" if more else "")


def _literal(text: str) -> str:
    """Escapes every sign of Discord's Markdown."""
    return MARKDOWN.sub(r"\\\1", clean.harmless(text))
