"""Makes addresses safe and even: http and https only, unwrapped, without what only tracks, and bare for comparing."""

import re
from urllib.parse import SplitResult, parse_qs, urljoin, urlsplit, urlunsplit

from earful.connectors import signs

LONGEST = 2_000  # characters of an address
_TRACKING = re.compile(
    r"(?:utm_\w+|fbclid|gclid|gbraid|wbraid|dclid|msclkid|yclid|ttclid|twclid|igshid|igsh|srsltid|mibextid|_ga|_gl|"
    r"mc_cid|mc_eid|_hsenc|_hsmi|mkt_tok|ref_src|ref_url|at_medium|at_campaign|at_custom\d|guccounter|guce_\w+|ncid|"
    r"cmpid|ftag|sr_share|oly_enc_id|vero_id|xtor|wt_z?mc|ns_mchannel|ns_source|ns_campaign|ns_linkname|usqp|"
    r"amp_js_v|amp_gsa|__twitter_impression|feedType|feedName)(?:=.*)?|(?:source|src|ref|from)=rss.*|:~:text=.*",
    re.IGNORECASE,
)
_GOOGLE = re.compile(r"(?:www\.|news\.)?google\.[a-z.]{2,6}")
_MOBILE = {"www", "m", "mobile", "amp", "touch"}
_AMP_PATH = re.compile(r"^/amp(?=/.)|\.amp(?=\.html$)|(?<=[^/])(?:/amp(?:\.html)?|\.amp)/?$", re.IGNORECASE)
_AMP_QUERY = re.compile(r"amp(?:=.*)?|output(?:type)?=amp", re.IGNORECASE)


def link(value: object, base: str = "") -> str:
    """Returns an absolute http or https address without tracking parameters, or "".

    A redirect page of a news search (Google Alerts, Bing News) and a copy in an AMP cache are replaced by the address
    they lead to.
    """
    parts = _split(value, base)
    if parts is None:
        return ""
    parts = _unwrapped(parts)
    kept = [piece for piece in parts.query.split("&") if piece and not _TRACKING.fullmatch(piece)]
    place = parts.netloc.rpartition("@")[2].lower()  # a name and password before the host mislead people
    fragment = "" if _TRACKING.fullmatch(parts.fragment) else parts.fragment
    address = urlunsplit((parts.scheme, place, parts.path, "&".join(kept), fragment))
    return address if len(address) <= LONGEST else ""


def bare(address: str) -> str:
    """Returns what stays of a `link` when its page moves: no scheme, "www.", usual port, mobile host or AMP form.

    Parameters are put in order. Only for comparing: what is left may lead nowhere.
    """
    parts = urlsplit(address)
    labels = (parts.hostname or "").split(".")
    host = ".".join([label for label in labels[:-2] if label not in _MOBILE] + labels[-2:])
    port = f":{parts.port}" if parts.port not in (None, 80, 443) else ""
    query = "&".join(sorted(piece for piece in parts.query.split("&") if piece and not _AMP_QUERY.fullmatch(piece)))
    path = _AMP_PATH.sub("", parts.path)
    return urlunsplit(("", "", f"{host}{port}{path.rstrip('/') or path}", query, parts.fragment)).rstrip("/")


def site(address: object) -> str:
    """Returns the host of an address without "www.", "" for none."""
    parts = _split(address, "")
    return (parts.hostname or "").removeprefix("www.") if parts else ""


def _unwrapped(parts: SplitResult) -> SplitResult:
    host, found = parts.hostname or "", ""
    google = _GOOGLE.fullmatch(host)
    if (google and parts.path in ("/url", "/news/url")) or (
        host.endswith("bing.com") and parts.path.endswith("/apiclick.aspx")
    ):
        query = parse_qs(parts.query)
        found = (query.get("url") or query.get("q") or [""])[0]
    elif (google and parts.path.startswith("/amp/")) or host.endswith(".cdn.ampproject.org"):
        inner = parts.path.split("/", 2)[2] if parts.path.count("/") > 1 else ""
        scheme, inner = ("https", inner[2:]) if inner.startswith("s/") else ("http", inner)
        found = urlunsplit(("", "", f"{scheme}://{inner}", parts.query, parts.fragment)) if "." in inner else ""
    return _split(found, "") or parts


def _split(value: object, base: str) -> SplitResult | None:
    if not isinstance(value, str):
        return None
    text = signs.allowed(value[: 2 * LONGEST]).strip()
    for sign, escape in ((" ", "%20"), ("<", "%3C"), (">", "%3E"), ('"', "%22"), ("\u3000", "%20")):
        text = text.replace(sign, escape)
    try:
        parts = urlsplit(urljoin(base, "".join(text.split())))
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return None
    return parts if usable else None
