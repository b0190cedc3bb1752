"""What all commands share: the application, its options and its exit codes."""

import getpass
import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from earful.flows import show

HELP = """Hears what people say about a brand and tells when criticism breaks out.

Exit codes: 0 done; 1 done, but something failed (see the report); 2 the configuration or the call is wrong;
3 another run is at work; 4 the store can't be used.
"""
FAILED, WRONG, BUSY, BROKEN = 1, 2, 3, 4

app = typer.Typer(help=HELP, no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)

ConfigPath = Annotated[
    Path, typer.Option("--config", "-c", envvar="EARFUL_CONFIG", help="The configuration file.", show_default=True)
]
AsJson = Annotated[bool, typer.Option("--json", help="Print the report as JSON on standard output.")]
Port = Annotated[int, typer.Option(min=1, max=65535, help="Port of the dashboard.")]
PrefectPort = Annotated[int, typer.Option(min=1, max=65535, help="Port of the Prefect server.")]
DEFAULT = Path("earful.toml")


def fail(message: str, code: int) -> None:
    """Ends with a message on standard error and an exit code."""
    show.say(f"earful: {message}")
    sys.exit(code)


def user() -> str:
    """Names the user of this machine; a container may have none by name."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return f"user {os.getuid()}"
