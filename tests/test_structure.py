"""What drifts unless it is tested: who imports whom, how long files are, what the wheel holds, what the docs name."""

import ast
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer.main
from packaging.requirements import Requirement

from earful import connectors
from earful.flows import cli, config
from earful.models.match import compile_expression

ROOT = Path(__file__).parent.parent
FOLDERS = ("connectors", "models", "data", "flows", "dashboard")
MAY_IMPORT = {
    "connectors": {"connectors"},
    "models": {"models"},
    "data": {"data", "connectors.types"},
    "dashboard": {
        "dashboard",
        "data",
        "models.accuracy",
        "models.change",
        "models.condition",
        "models.encoder",
        "models.language",
        "models.relevance",
        "models.sentiment",
        "models.surveys",
        "models.why",
        "flows.preview",
        "flows.relevance",
    },
    "flows": set(FOLDERS),
}
ONLY_HERE = {  # libraries that reach outside, and the files that may use them
    "duckdb": {"data"},
    "httpcore": {"connectors/http.py", "connectors/transport.py"},
    "socket": {"connectors/transport.py", "flows/processes.py"},
    "streamlit": {"dashboard"},
    "prefect": {"flows/scheduled.py"},
    "apprise": {"flows/targets.py"},
    "smtplib": {"flows/smtp.py"},
    "torch": {"models"},
    "huggingface_hub": {"models/hub.py", "flows/trial.py"},  # the first only finds what the second has fetched
    "starlette": {"flows/webhook.py"},
    "uvicorn": {"flows/webhook.py"},
    "websockets": {"connectors/stream.py"},
    "requests": set[str](),
    "urllib.request": set[str](),
}
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
README = (ROOT / "README.md").read_text(encoding="utf-8")


def code(*folders: str) -> Iterator[tuple[str, ast.Module]]:
    """The code of the given folders (all by default): paths from the root, and what they say."""
    for folder in folders or FOLDERS:
        for path in sorted((ROOT / folder).rglob("*.py")):
            name = path.relative_to(ROOT).as_posix()
            if not name.startswith("data/demo/"):  # how the demo's corpus was made, not part of the program
                yield name, ast.parse(path.read_bytes())


def imported(tree: ast.Module) -> Iterator[str]:
    """Every module that is imported anywhere in a file."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are whole"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def under(name: str, roofs: set[str], between: str) -> bool:
    return any(name == roof or name.startswith(roof + between) for roof in roofs)


@pytest.mark.parametrize("folder", FOLDERS)
def test_imports_go_one_way(folder: str) -> None:
    wrong = [
        f"{path} imports {name}"
        for path, tree in code(folder)
        for name in imported(tree)
        if name.startswith("earful.") and not under(name.removeprefix("earful."), MAY_IMPORT[folder], ".")
    ]
    assert wrong == []


def test_a_folder_is_imported_by_its_whole_name() -> None:
    short = [
        f"{path} imports {name}" for path, tree in code() for name in imported(tree) if name.split(".")[0] in FOLDERS
    ]
    assert short == []


@pytest.mark.parametrize("library", ONLY_HERE)
def test_what_reaches_outside_is_used_in_its_place_only(library: str) -> None:
    users = {path for path, tree in code() for name in imported(tree) if under(name, {library}, ".")}
    assert {path for path in users if not under(path, ONLY_HERE[library], "/")} == set()


def test_only_data_speaks_sql() -> None:
    statement = re.compile(r"\b(SELECT\s.+\sFROM|INSERT INTO|DELETE FROM|UPDATE\s+\w+\s+SET|CREATE (OR|TABLE))\b", re.S)
    found = [
        f"{path}:{node.lineno}"
        for path, tree in code(*(folder for folder in FOLDERS if folder != "data"))
        for node in ast.walk(tree)
        if (isinstance(node, ast.Constant) and isinstance(node.value, str) and statement.search(node.value))
        or (isinstance(node, ast.Attribute) and node.attr in ("execute", "executemany"))
    ]
    assert found == []


def test_files_are_short() -> None:
    lengths = {path: len((ROOT / path).read_text(encoding="utf-8").splitlines()) for path, _ in code()}
    assert {path: lines for path, lines in lengths.items() if lines >= 300} == {}
    asking = {name: lengths[f"connectors/{name}.py"] for name in connectors.names()}
    assert {name: lines for name, lines in asking.items() if lines >= 60} == {}


def test_everything_public_says_what_it_is() -> None:
    silent = [path for path, tree in code() if not ast.get_docstring(tree)]
    for path, tree in code():
        for node in tree.body:
            if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_"):
                first = (ast.get_docstring(node) or "").split("\n\n")[0]
                silent += [] if first.endswith((".", ":")) else [f"{path}: {node.name}"]
    assert silent == []


def test_the_dashboard_lets_no_markup_through() -> None:
    for path, tree in code("dashboard"):
        for node in ast.walk(tree):
            assert not (isinstance(node, ast.keyword) and node.arg == "unsafe_allow_html"), path
            if isinstance(node, ast.Attribute) and node.attr in ("html", "iframe"):
                assert (path, node.attr) == ("dashboard/look.py", "html"), f"{path}: {node.attr}"
    (_, look), *_ = [one for one in code("dashboard") if one[0] == "dashboard/look.py"]
    calls = [ast.unparse(node) for node in ast.walk(look) if isinstance(node, ast.Call) and "html" in ast.unparse(node)]
    assert calls == ["st.html(SHEET)"]  # a file of ours, as it is
    assert re.fullmatch(r"Path\(__file__\)\.with_name\(.look\.css.\)", ast.unparse(look.body[-2].value))
    assert "url(" not in (ROOT / "dashboard" / "look.css").read_text(encoding="utf-8")


def test_the_command_line_starts_without_the_heavy_libraries() -> None:
    script = "import sys; import earful.flows.cli; print(*sorted({name.split('.')[0] for name in sys.modules}))"
    loaded = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout.split()
    assert {"torch", "transformers", "prefect", "streamlit", "lingua"} & set(loaded) == set()
    assert "duckdb" in loaded


def test_every_folder_of_code_is_a_package() -> None:
    folders = {Path(path).parent.as_posix() for path, _ in code()}
    assert {f"earful.{folder.replace('/', '.')}" for folder in folders} == set(
        PROJECT["tool"]["setuptools"]["packages"]
    )
    assert [folder for folder in folders if not (ROOT / folder / "__init__.py").exists()] == []


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """The names of the files in a wheel, built from a copy of the tree with a stand-in for the heavy weights."""
    folder = tmp_path_factory.mktemp("wheel")
    ignored = shutil.ignore_patterns("__pycache__", "*.egg-info", "model.safetensors", ".*")
    for name in FOLDERS:
        shutil.copytree(ROOT / name, folder / name, ignore=ignored)
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, folder / name)
    weights = folder / "models" / "weights"
    weights.mkdir(exist_ok=True)
    (weights / "model.safetensors").write_bytes(b"weights")
    script = "from setuptools import build_meta; print(build_meta.build_wheel('dist'))"
    subprocess.run([sys.executable, "-c", script], cwd=folder, check=True, capture_output=True, text=True)
    (built,) = (folder / "dist").glob("*.whl")
    with zipfile.ZipFile(built) as archive:
        return set(archive.namelist())


def test_the_wheel_holds_what_the_tree_holds(wheel: set[str]) -> None:
    assert {f"earful/{path}" for path, _ in code()} - wheel == set()
    needed = [
        *("dashboard/look.css", "models/match.lark", "models/weights/model.safetensors", "data/demo/earful.toml"),
        *(path.relative_to(ROOT).as_posix() for path in (ROOT / "data" / "demo").iterdir() if path.is_file()),
        *(path.relative_to(ROOT).as_posix() for path in (ROOT / "models" / "weights").glob("*")),
    ]
    assert {f"earful/{path}" for path in needed} - wheel == set()


def test_the_wheel_holds_nothing_else(wheel: set[str]) -> None:
    assert {name.split("/")[0].partition("-")[0] for name in wheel} == {"earful"}
    strange = {name for name in wheel if re.search(r"test|benchmark|\.duckdb|demo/source", name)}
    assert strange == set()


def test_the_version_is_the_newest_in_the_changelog() -> None:
    changes = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    versions = re.findall(r"^## v?(\d+\.\d+\.\d+)", changes, re.MULTILINE)
    assert versions[0] == PROJECT["project"]["version"]
    assert versions == sorted(versions, key=lambda one: [int(part) for part in one.split(".")], reverse=True)


def test_every_dependency_has_an_exact_version_in_its_range() -> None:
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    exact = [Requirement(line) for line in lines if line.strip() and not line.startswith("#")]
    versions = {one.name.lower().replace("_", "-"): str(one.specifier).removeprefix("==") for one in exact}
    extras = PROJECT["project"]["optional-dependencies"]
    for wanted in map(Requirement, [*PROJECT["project"]["dependencies"], *extras["dev"]]):
        name = wanted.name.lower().replace("_", "-")
        assert name in versions, f"{name} has no exact version"
        assert wanted.specifier.contains(versions[name].partition("+")[0], prereleases=True), name


def test_the_readme_names_every_command_and_connector() -> None:
    commands = typer.main.get_command(cli.app).commands  # type: ignore[attr-defined]
    assert {name for name in commands if f"`earful {name}" not in README} == set()
    assert {name for name in connectors.names() if f"`{name}`" not in README} == set()
    assert {name for name in re.findall(r"`earful (\w+)", README) if name not in commands} == set()


def test_the_readme_names_no_file_that_is_not_there() -> None:
    tree = README[README.index("## The tree") : README.index("\n## ", README.index("## The tree") + 1)]
    there = {path.name for folder in (*FOLDERS, "tests", "benchmarks") for path in (ROOT / folder).rglob("*.py")}
    assert set(re.findall(r"\b\w+\.py\b", tree)) - there == set()
    assert [name for name in re.findall(r"^ {4}(\w+)/", tree, re.MULTILINE) if not (ROOT / name).is_dir()] == []
    for page in ("README.md", "CONTRIBUTING.md"):
        text = (ROOT / page).read_text(encoding="utf-8")
        links = [link for link in re.findall(r"\]\(([^)#]+)", text) if "://" not in link]
        assert [link for link in links if not (ROOT / link).exists()] == [], page


def test_the_readmes_configuration_can_be_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    block = re.search(r"((?:^ {8}.*\n|^\n)+)", README[README.index("A minimal file:") :], re.MULTILINE)
    assert block is not None
    monkeypatch.setenv("EARFUL_TEAM_URL", "json://localhost")
    (tmp_path / "earful.toml").write_text(re.sub(r"^ {8}", "", block[1], flags=re.MULTILINE), encoding="utf-8")
    made = config.load(tmp_path / "earful.toml")
    assert len(made.brands) > 1
    assert len(made.sources) > 1
    assert made.rules
    assert made.targets


def test_the_readmes_expressions_can_be_read() -> None:
    language = README[README.index("**The match language**") :].partition("\n\n")[0]
    examples = [" ".join(one.split()) for one in re.findall(r"`([^`]+)`", language) if " " in one]
    assert examples
    for example in examples:
        compile_expression(example)
