"""Says what a whole answer means: usable, or an error named by what to do next."""

from datetime import datetime

import httpx

from earful.connectors import body, limits
from earful.connectors.types import Blocked, ConnectorError, Gone, KeyRefused, RateLimited

_REFUSED_KEYS = {  # what Google's APIs, OAuth and Bluesky call a key that does not fit, with status 400
    *("keyInvalid", "keyExpired", "API_KEY_INVALID"),
    *("invalid_grant", "invalid_client", "unauthorized_client"),
    *("ExpiredToken", "InvalidToken"),
}


def check(response: httpx.Response, now: datetime) -> None:
    """Raises what a whole answer means when it is not usable: by its status, and by what it is with status 200.

    A request with the extension `absent_is_fine` takes "not there", "not for you" and an empty body for answers.
    """
    host, status = response.url.host, response.status_code
    after = limits.pause(response, now)
    spent = status in (400, 403) and after is not None
    if status in (420, 429, 503) or spent:
        wait = limits.DEFAULT if after is None else after
        raise RateLimited(f"{host}: answered {status}, wants to be left alone for {wait:.0f} s", wait)
    absent_is_fine = response.request.extensions.get("absent_is_fine")
    if absent_is_fine and (status == 204 or 400 <= status < 500):
        return
    if status == 410:
        raise Gone(f"{host}: answered 410, the source has ended; remove it or find its new address")
    said = body.reasons(response.content) if status != 200 else ()
    answered = f"{host}: answered {status}" + (f" ({', '.join(said)})" if said else "")
    if response.request.extensions.get("signed") and (status == 401 or not _REFUSED_KEYS.isdisjoint(said)):
        raise KeyRefused(f"{answered}, the key is not accepted (wrong, withdrawn or run out); set a new one")
    if status in (401, 402, 403, 407, 451):
        raise Blocked(f"{answered}, access refused; check the key or whether this host lets programs in")
    if status in (404, 400, 422):
        raise ConnectorError(f"{answered}; it may have moved, or the target is mistyped: check it")
    if status == 304:
        return
    if status != 200:
        raise ConnectorError(f"{host}: answered {status}, which is no content; asked again later")
    found = body.kind(response.content)
    if found == "empty" and not absent_is_fine:
        raise ConnectorError(f"{host}: answered 200 with nothing in it; asked again later")
    if found == "html" and "html" not in response.request.headers.get("accept", ""):
        raise Blocked(f"{host}: answered with a web page (login, consent or bot check); open the address in a browser")
