"""Asks a host's robots.txt whether a page may be read by programs: https://www.rfc-editor.org/rfc/rfc9309."""

import re

import httpx
from protego import Protego

from earful.connectors.types import Blocked

NAME = "earful"  # how a robots.txt would call us
LIMIT = 512 * 1024  # characters read, the least that the standard asks for
_ACCEPT = {"Accept": "text/plain, text/html;q=0.5, */*;q=0.1"}  # some hosts answer with a page instead
_AGENT = re.compile(r"\s*user[-\s]*agent\b[\s:]*([\w-]+|\*(?=\s|#|$))?", re.IGNORECASE)


def path(address: str) -> str:
    """Returns the path of an address, "" when it is none."""
    try:
        return httpx.URL(address).path
    except httpx.InvalidURL:
        return ""


def request(address: str) -> httpx.Request:
    """Asks for the robots.txt of a page's host; the page itself is the fragment, which is never sent."""
    page = httpx.URL(address)
    url = page.copy_with(raw_path=b"/robots.txt", fragment=page.raw_path.decode("ascii"))
    return httpx.Request("GET", url, headers=_ACCEPT, extensions={"absent_is_fine": True})


def asked(response: httpx.Response) -> httpx.URL:
    """Returns the address that was asked, before any redirect."""
    return (response.history or [response])[0].request.url


def answers(response: httpx.Response) -> bool:
    """Tells whether this is the answer to a question for robots.txt, redirected or not."""
    return asked(response).path == "/robots.txt"


def obey(response: httpx.Response) -> None:
    """Returns when the page may be read: it is allowed, or there are no rules; raises Blocked when it is not.

    A web page in place of the file, or an answer that there is none, sets no rules.
    """
    address, _, page = str(asked(response)).partition("#")
    if response.status_code != 200:
        return
    content = response.content[:LIMIT].decode("utf-8", "replace").lstrip("\ufeff")
    rules = Protego.parse("\n".join(_ours(line) for line in content.splitlines()))
    if not rules.can_fetch(address.removesuffix("/robots.txt") + page, NAME):
        host = asked(response).host
        raise Blocked(f"{host}: its robots.txt asks programs to leave this page alone; look for a feed or an API")


def _ours(line: str) -> str:
    """Gives all other programs one name: rules for thousands of them would each be kept for each."""
    found = _AGENT.match(line)
    if not found:
        return line
    return f"User-agent: {found[1] if str(found[1]).lower() in ('*', NAME) else 'another'}"
