"""Asks a process of its own: what a draft of the configuration would do (`earful.flows.draft`), or for a command."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import streamlit as st

PATIENCE = 120  # seconds
Answer = dict[str, Any]


def ask(path: Path, do: str, text: str, **question: Any) -> Answer:
    """Gives the answer to a question about a draft; "mistakes" lists what keeps it from being used.

    Whatever goes wrong while asking stands in "error"; it is asked anew the next time.
    """
    answer: Answer = _answer(path, do, text, **question)
    if answer.get("error"):
        _answer.clear(path, do, text, **question)
    return answer


@st.cache_data(show_spinner=False, max_entries=64, ttl="10m")
def _answer(path: Path, do: str, text: str, **question: Any) -> Answer:
    asked = json.dumps({"do": do, "text": text, **question})
    command = [sys.executable, "-m", "earful.flows.draft", str(path)]
    try:
        found = subprocess.run(command, input=asked, capture_output=True, text=True, timeout=PATIENCE, check=True)
    except subprocess.TimeoutExpired:
        return {"mistakes": [], "error": f"no answer after {PATIENCE} seconds; try again"}
    except subprocess.CalledProcessError as error:
        return {"mistakes": [], "error": f"it could not be tried: {error.stderr.strip().splitlines()[-1:]}"}
    answer: Answer = json.loads(found.stdout)
    return answer


def command(*words: str) -> str:
    """Runs a command of `earful` and gives "" or what it said of its failure."""
    start = "from earful.flows.cli import main; main()"
    try:
        subprocess.run(
            [sys.executable, "-c", start, *words], capture_output=True, text=True, timeout=PATIENCE, check=True
        )
    except subprocess.TimeoutExpired:
        return f"not done after {PATIENCE} seconds; try again"
    except subprocess.CalledProcessError as error:
        return str(error.stderr).strip() or f"it ended with {error.returncode}"
    return ""
