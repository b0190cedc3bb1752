"""The earful.toml that `earful init` writes."""

TEXT = """# Earful: what to listen for, where, and whom to tell. 'earful check' tries it out and stores nothing.

timezone = "UTC"       # the team's: "Europe/Berlin", "America/New_York"
store = "store"        # the folder that keeps everything, next to this file
every = "15m"          # how often the sources are asked: 15m, 1h, 1d
keep_raw = "90d"       # how long the sources' own answers are kept, to rebuild the store from
dashboard = "http://localhost:8501"

# What is watched. Words in any case, "phrases", =CaseSensitive, wild*, AND OR NOT ( ), NEAR/5,
# and author: site: lang: source: about:

[[brands]]
name = "Acme"
match = 'acme NOT "acme comics"'

[[brands]]
name = "Globex"
match = "globex"
competitor = true

# Where people speak. A source finds candidates; the expressions above decide what is about whom. docs/sources.md
# lists all connectors: Reddit, Bluesky, YouTube, Trustpilot, Google, GitHub, Steam, review pages, news and more.

[[sources]]
connector = "hackernews"     # posts and comments that hold a term
target = "acme"

[[sources]]
connector = "rss"            # any RSS, Atom or JSON feed: a news search, a forum, a blog, Reddit
target = "https://www.reddit.com/search.rss?q=acme&sort=new"
every = "1h"

# [[sources]]
# connector = "appstore"     # reviews of an app in one country
# target = "us/389801252"
# label = "Our app, US"      # what readers see; made of connector and target unless you say so
# brand = "Acme"             # everything there is about Acme, whatever the words
# every = "1h"
# backfill = "365d"          # how far back it is read at first, as far as it goes; 30d unless you say so

# [[sources]]
# connector = "mastodon"     # a hashtag on a server
# target = "mastodon.social/acme"

# [[sources]]
# connector = "files"        # a folder of CSV or JSON lines: exports of review sites, support desks, surveys
# target = "exports/helpdesk"
# columns = { text = "Comment", published = "Created", rating = "Stars" }   # where usual names do not say it
# scale = "nps"              # what the ratings are: "nps" (0 to 10), "csat" (1 to 5) or "stars"

# When to tell. A rule watches your brands against their own history. 'earful alert --rehearse' says how often it would
# have fired in the past; docs/rules.md tells how an alert lives.

[[rules]]
name = "Criticism breaks out"
counts = "negative"          # or "all"; "share" of the negatives; "silence"
step = "15m"                 # the interval that is judged: 5m to 1d
sensitivity = "balanced"     # sensitive, balanced or strict; or instead of it
# budget = "1 per week"      # finds its own line, by which so many would have fired in the past
least = 5                    # stories an hour (an interval, where that is longer), below which nothing is said
# repeat = "6h"              # a reminder while it goes on and nobody has acknowledged it
# quiet = "22:00-07:00"      # in your time zone: what breaks out is told when they end. A second, strict rule without
                             # quiet hours may still wake you

[[rules]]
name = "A bad day"
step = "1d"
least = 5

# [[rules]]
# name = "Bad reviews"
# brands = ["Acme"]          # all that are no competitors, if left out
# stars_at_most = 2          # whatever their words
# source = "appstore:us/389801252"
# theme = "Delivery"         # a theme of the Criticism page, by its name
# targets = ["team"]         # all, if left out

# [[rules]]
# name = "Nobody speaks any more"
# counts = "silence"
# lasting = "2d"             # twice the longest silence so far, if left out

# Whom to tell. The address is a secret: it stands in the environment variable named here. docs/alerts.md has the forms.
# kind "email" (smtps://user:password@host?from=...&to=...), "slack", "teams", "discord" (their webhooks), "webhook"
# (your own, gets JSON), or "apprise" for all others (https://github.com/caronc/apprise); try: 'earful alert --test'.

# [[targets]]
# name = "team"
# kind = "slack"
# url_env = "EARFUL_TEAM_URL"

# [[targets]]
# name = "tickets"
# kind = "webhook"
# url_env = "EARFUL_TICKETS_URL"
# secret_env = "EARFUL_TICKETS_SECRET"   # signs what is sent: openssl rand -base64 32

# A page about each of your brands for who has no time: what changed and why, what people criticise, what is resolved.

# [digest]
# every = "week"               # or "day"
# on = "monday"                # of a weekly one
# at = "08:00"                 # in the team's time zone
# brands = ["Acme"]            # all your own if left out
# targets = ["team"]           # all if left out

# Where programs may send mentions to: POST /mentions, with the secret of EARFUL_WEBHOOK_TOKEN.

# [webhook]
# port = 8502

# What judges the texts. The shipped model reads English, towards each brand. A text classifier of the Hugging Face hub
# may take its place, pinned to a revision, or a folder in that layout ("./models/xlmr", without a revision).
# 'earful check' fetches it once, shows what it says and how fast it is; later runs ask no network for it.

# [model]
# hub = "owner/name"
# revision = "0000000000000000000000000000000000000000"   # the 40 digits of a commit
# labels = { LABEL_0 = "negative", LABEL_1 = "neutral", LABEL_2 = "positive" }   # where their names don't say it
# languages = ["de", "en"]     # those it knows; other texts stay unscored
# threshold = 0.6              # below this probability a label is "unclear"
# towards = false              # true if it takes the brand as a second segment, else it judges the whole text

# Who may see the dashboard. Without this table it is open on this machine only, to whoever works there. The secret
# stands in the environment variable EARFUL_SIGNIN_SECRET; the provider sends people back to <dashboard>/oauth2callback.

# [signin]
# provider = "https://accounts.google.com"       # any OpenID Connect provider: Entra, Okta, Keycloak, Google, ...
# client_id = "0123456789.apps.example.org"
# editors = ["ada@example.org"]                  # may judge, decide and silence
# viewers = ["*@example.org"]                    # may look
# listen = "0.0.0.0"                             # the address of this machine that a proxy with https reaches

[network]
contact = ""                 # an address or a page where a source's owner reaches you
allow = []                   # hosts or networks inside your own network that may be asked: ["10.1.0.0/16"]
"""
