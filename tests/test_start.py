"""What the dashboard's process loads before it answers: what is slow, and nothing that only the pipeline needs."""

import subprocess
import sys

LOOK = """
import sys
from earful.dashboard import start
start.warm()
print(*sys.modules)
"""
SLOW = ("altair", "pandas", "pyarrow", "duckdb", "jsonschema", "scipy.sparse", "earful.data.queries")
NEVER = ("torch", "transformers", "sklearn", "prefect", "matplotlib", "apprise")


def test_it_loads_what_pages_need_and_no_more() -> None:
    found = subprocess.run(
        [sys.executable, "-W", "error", "-c", LOOK], capture_output=True, text=True, check=True, timeout=120
    )
    loaded = found.stdout.split()
    assert [name for name in SLOW if name not in loaded] == []
    assert [name for name in NEVER if name in loaded] == []
    assert found.stderr == ""
