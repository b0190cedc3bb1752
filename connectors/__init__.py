"""Asks one source and reads its answer: values in, values out; knows no store.

A connector is a module of this folder with two public functions, `request(target, cursor)` and
`parse(response, cursor)`. To add one, add the file.
"""

import ast
import importlib
from functools import cache
from pathlib import Path
from types import ModuleType


@cache
def names() -> tuple[str, ...]:
    """Returns the names of all connectors in alphabetical order, without importing them."""
    return tuple(sorted(path.stem for path in Path(__file__).parent.glob("*.py") if _is_connector(path)))


def find(name: str) -> ModuleType:
    """Returns the connector of that name; ValueError names those there are."""
    if name not in names():
        raise ValueError(f"there is no connector {name!r}; there are {', '.join(names())}")
    return importlib.import_module(f"{__name__}.{name}")


def _is_connector(path: Path) -> bool:
    tree = ast.parse(path.read_bytes())
    return {"request", "parse"} <= {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
