"""Says how to start the dashboard: Streamlit, on this machine's own address, and closed to all else."""

import ipaddress
import sys
from pathlib import Path

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
    "theme.light.textColor": "#22303C",
    "theme.light.borderColor": "#DDE3E9",
    "theme.dark.primaryColor": "#6CB8F0",
    "theme.dark.backgroundColor": "#12181F",
    "theme.dark.secondaryBackgroundColor": "#1C252E",
    "theme.dark.textColor": "#E6EBF0",
    "theme.dark.borderColor": "#313C47",
}


def command(port: int, address: str = "127.0.0.1") -> list[str]:
    """Gives the command that serves the dashboard; the store's folder is in the environment as EARFUL_STORE.

    Raises ValueError for an address that other machines can reach.
    """
    if not _is_own(address):
        raise ValueError(
            f"the dashboard has no sign-in yet and would be open to anyone at {address}; "
            "keep it on 127.0.0.1 and reach it through an SSH tunnel"
        )
    options = {**OPTIONS, "server.address": address, "server.port": str(port)}
    flags = [f"--{key}={value}" for key, value in options.items()]
    flags += [f"--server.allowedHosts={name}" for name in HOSTS]
    return [sys.executable, "-m", "streamlit", "run", str(Path(__file__).with_name("app.py")), *flags]


def _is_own(address: str) -> bool:
    if address == "localhost":
        return True
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False
