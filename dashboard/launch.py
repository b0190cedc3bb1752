"""Says how to start the dashboard: Streamlit, on this machine's own address, and beyond it only with sign-in."""

import hmac
import json
import sys
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

HOSTS = ("localhost", "127.0.0.1", "[::1]")  # any other name in a request is an attack by DNS rebinding
OPTIONS = {
    "server.headless": "true",
    "server.fileWatcherType": "none",
    "server.enableXsrfProtection": "true",
    "server.enableCORS": "true",
    "server.showEmailPrompt": "false",
    "server.websocketPingInterval": "20",
    "client.showErrorDetails": "none",
    "client.showErrorLinks": "false",
    "client.toolbarMode": "viewer",
    "browser.gatherUsageStats": "false",
    "runner.magicEnabled": "false",
    "theme.baseRadius": "medium",
    "theme.baseFontSize": "15",
    "theme.metricValueFontSize": "1.7rem",
    "theme.paddingTop": "0",
    "theme.light.primaryColor": "#1B5E93",
    "theme.light.backgroundColor": "#FFFFFF",
    "theme.light.secondaryBackgroundColor": "#F3F5F8",
    "theme.light.textColor": "#0E1720",  # captions are this at 60%, and still 4.5 to 1
    "theme.light.codeTextColor": "#0E1720",
    "theme.light.borderColor": "#DDE3E9",
    "theme.dark.primaryColor": "#4A9AD9",
    "theme.dark.backgroundColor": "#12181F",
    "theme.dark.secondaryBackgroundColor": "#1C252E",
    "theme.dark.textColor": "#E6EBF0",
    "theme.dark.codeTextColor": "#E6EBF0",
    "theme.dark.borderColor": "#313C47",
}


@dataclass(frozen=True)
class SignIn:
    """How people sign in: the provider's metadata, our name and secret there, where it sends people back to."""

    provider: str
    client_id: str
    secret: str
    dashboard: str
    listen: str
    hours: int

    def written(self) -> str:
        """Gives what Streamlit reads, secrets included."""
        # Signed with a key of its own, that stays the same over restarts and is told to nobody.
        cookie = hmac.new(self.secret.encode(), b"earful: cookies of the dashboard", "sha256").hexdigest()
        values = {
            "redirect_uri": f"{self.dashboard}/oauth2callback",
            "cookie_secret": cookie,
            "client_id": self.client_id,
            "client_secret": self.secret,
            "server_metadata_url": self.provider,
        }
        return "[auth]\n" + "".join(f"{key} = {json.dumps(value)}\n" for key, value in values.items())


def command(port: int, signin: SignIn | None = None, secrets: Path | None = None) -> list[str]:
    """Gives the command that serves the dashboard; the store's folder is in the environment as EARFUL_STORE.

    Without sign-in it listens on this machine's own address, whatever else is wanted. With it, `secrets` is the file
    that holds what `SignIn.written` gives.
    """
    options = {**OPTIONS, "server.address": signin.listen if signin else "127.0.0.1", "server.port": str(port)}
    hosts = [*HOSTS, *([str(urlsplit(signin.dashboard).hostname)] if signin else [])]
    if secrets:
        options["secrets.files"] = str(secrets)
    flags = [f"--{key}={value}" for key, value in options.items()]
    flags += [f"--server.allowedHosts={name}" for name in dict.fromkeys(hosts)]
    return [sys.executable, "-m", "earful.dashboard.start", "run", str(Path(__file__).with_name("app.py")), *flags]


def environment(signin: SignIn | None) -> dict[str, str]:
    """Gives what the dashboard's process needs in its environment to ask for a sign-in."""
    return {"EARFUL_SIGNIN": str(signin.hours * 3600)} if signin else {}
