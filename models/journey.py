"""Tells at which stage of a customer's journey something was said, by the words that only this stage has.

A complaint is acted on where it arises: by those who sell, deliver, build, help or bill. Each stage has cues; the stage
with most different ones wins, and of two with equally many the one whose cue comes first. Without a cue the stage is
unknown, and so it is for texts in other languages than English.
"""

import re

STAGES = ("discover", "buy", "receive", "use", "get help", "renew or leave")
UNKNOWN = "unknown"
READ = 2000  # characters of a text

_CUES = {
    "discover": (
        r"advert\w*|\bads?\b|commercials?|billboard|sponsored|influencers?",
        r"(?:false|misleading|deceptive) (?:claims?|marketing|promises?)",
        r"(?:saw|seen|heard|read|reading) (?:about|of|on)\b",
        r"thinking (?:of|about) (?:buying|getting|trying|switching to|joining)",
        r"(?:considering|comparing|compared (?:it )?(?:to|with)|looking (?:at|into|for))\b",
        r"(?:website|site|page|homepage) (?:does not|doesn't|didn't|never) (?:say|tell|mention|list|explain)",
        r"launch(?:ed|es|ing)?\b|announce[ds]?\b|announcement|newsletter|spam emails?",
    ),
    "buy": (
        r"check ?out\b|\bcart\b|basket|place (?:an?|my|the) order|placed (?:an?|my|the) order",
        r"(?:promo|discount|voucher|coupon) ?(?:code)?s?\b",
        r"(?:payment|card|order) (?:was |is |got |keeps? )?(?:being )?(?:declined|rejected|refused|failed|failing)",
        r"(?:pay|paying|paid) (?:with|by|at)\b|add(?:ed)? to (?:the )?(?:cart|basket)",
        r"out of stock|sold out|pre-?order\w*|sales(?:man|woman|person|people| rep\w*| team)",
        r"sign(?:ed|ing)? up\b|register(?:ed|ing)?\b|appl(?:y|ied|ying) for|application (?:was|is|got)",
        r"(?:double|twice) (?:charged|billed)|(?:charged|billed) (?:me )?twice|hidden (?:fees?|costs?|charges?)",
        r"(?:book|books|booked|booking|reserve[ds]?|reservation)\b|\bquote[ds]?\b",
    ),
    "receive": (
        r"deliver(?:y|ies|ed|s|ing)?\b|courier|postman|driver (?:left|never|did|said|threw)",
        r"ship(?:ped|ping|ment|ments|s)\b|dispatch\w*|tracking|parcels?|packages?\b",
        r"(?:never|not|hasn't|has not|didn't|did not|still hasn't) (?:arrive\w*|come|turn(?:ed)? up|show(?:n|ed)? up)",
        r"arriv(?:ed|es|ing|al)\b|wrong (?:item|size|colou?r|product|address|order)|missing (?:item|part)s?",
        r"unbox\w*|install(?:ed|er|ers|ation|ing)\b|set(?:ting)? (?:it )?up\b|setup",
        r"(?:box|packaging) (?:was |is |were )?(?:\w+ )?(?:open|torn|crushed|damaged|empty|wet)",
    ),
    "use": (
        r"crash(?:es|ed|ing)?\b|freez(?:es|ing)\b|froze\b|bugs?\b|buggy|glitch\w*|lag(?:s|gy|ging)?\b",
        r"(?:stop(?:s|ped)?|quit) (?:working|functioning|charging)",
        r"(?:doesn't|does not|won't|didn't|not) work(?:ing)?\b",
        r"br(?:oke|eaks|oken|eaking)\b|fell apart|worn out|tore\b|leak(?:s|ed|ing)?\b|overheat\w*",
        r"updat(?:e|es|ed|ing)\b|version|settings|features?\b|software|firmware|interface",
        r"battery|screen|noisy|noise|sound|video|photos?\b|pictures?\b|notifications?",
        r"(?:can't|cant|cannot|can not|couldn't|unable to|won't|doesn't|does not|isn't|not)"
        r" (?:even )?(?:open|load|upload|post|play|connect|sync|log|see|view|send|sav|start)\w*",
        r"log(?:ging)? ?in\b|password|outage|offline|is down\b|server",
        r"taste[ds]?\b|smell[st]?\b|stale|engine|brakes?\b|transmission|sensor",
        r"when (?:i|we) use|using (?:it|this|the app)|every time i (?:open|use|start|turn)",
    ),
    "get help": (
        r"customer (?:service|care|support)|support (?:team|line|agent|ticket|chat|staff)|help ?(?:desk|line)",
        r"(?:chat|answering|phone) ?bot|on hold\b|hung up|call cent(?:er|re)|tickets? (?:was|number|open|closed)",
        r"(?:no|never|without an?y?|ignor\w+) (?:one )?(?:repl\w*|respon\w*|answer\w*|my (?:emails?|calls?|messages?))",
        r"(?:nobody|no one|noone) (?:answers|answered|replies|replied|responds|responded|helps|helped|called)",
        r"(?:spoke|speak|talk(?:ed|ing)?) (?:to|with) (?:\w+ ){0,2}(?:agent|rep\w*|manager|supervisor|person|human)",
        r"refund\w*|warranty|guarantee claim|return(?:ed)? (?:it|the|my)|complain(?:ed|t)s? (?:to|with|department)",
        r"(?:emailed|e-mailed|called|phoned|contacted|messaged) (?:them|you|support|the company|\w+ times)",
    ),
    "renew or leave": (
        r"cancel\w*|unsubscrib\w*|uninstall\w*|delet(?:e|ed|ing) (?:my|the) (?:account|app)",
        r"(?:auto(?:matic(?:ally)?)?[- ]?)?renew\w*|price (?:hike|increase|rise)|raised (?:the|their) prices?",
        r"clos(?:e|ed|ing) (?:my|the|our) account|leav(?:e|ing) (?:you|them|for)|switch(?:ed|ing)? (?:to|away|from)",
        r"(?:never|not) (?:again|(?:buy|order|shop|use|going back|coming back)\w*)|lost (?:\w+ ){1,3}customer",
        r"moved to\b|moving to another|going elsewhere|former customer|ex-customer|loyal customer (?:for|since)",
        r"(?:subscription|membership|contract|free trial) (?:end\w*|expire\w*|was renewed|renews|is up|fee)",
    ),
}  # fmt: skip
_PATTERNS = {stage: [re.compile(cue) for cue in cues] for stage, cues in _CUES.items()}
_ANY = re.compile(rf"\b(?={'|'.join(cue for cues in _CUES.values() for cue in cues)})")  # one pass is faster than 44


def stage(text: str) -> str:
    """Names the stage at which a text was said: one of STAGES, or UNKNOWN where no word tells."""
    said = text[:READ].lower().replace("’", "'")
    starts = [match.start() for match in _ANY.finditer(said)]
    found = {
        name: [at for at in (_first(pattern, said, starts) for pattern in patterns) if at is not None]
        for name, patterns in _PATTERNS.items()
    }
    told = {name: places for name, places in found.items() if places}
    if not told:
        return UNKNOWN
    return min(told, key=lambda name: (-len(told[name]), min(told[name])))


def _first(pattern: re.Pattern[str], said: str, starts: list[int]) -> int | None:
    return next((at for at in starts if pattern.match(said, at)), None)
