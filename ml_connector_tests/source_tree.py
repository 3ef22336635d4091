"""What the tests about the tree itself need: where its files are, and what its modules import."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "ml_connector"
CODE_FOLDERS = (PACKAGE, ROOT / "ml_connector_tests", ROOT / "bench")
VISIBLE_DOT_NAMES = {
    ".ci",
    ".github",
    ".env.example",
    ".gitignore",
    ".pre-commit-config.yaml",
    ".dockerignore",
}
LEFT_BY_TOOLS = {"node_modules", "build", "dist", "__pycache__"}


@dataclass(frozen=True, slots=True)
class Import:
    """One imported name: ``module`` is dotted, ``name`` what a from-import takes from it, or None."""

    module: str
    name: str | None
    at_module_level: bool


def project_files(folder: Path = ROOT) -> Iterator[Path]:
    """Yield every file that belongs to the project, without what tools and runs leave behind."""
    for path in sorted(folder.iterdir()):
        if path.name.startswith(".") and path.name not in VISIBLE_DOT_NAMES:
            continue
        if path.name in LEFT_BY_TOOLS or path.suffix == ".egg-info":
            continue
        if path.is_dir():
            yield from project_files(path)
        else:
            yield path


def code_files(*folders: Path) -> list[Path]:
    """Return the Python files of the named folders, or of all three that hold code."""
    return [
        path
        for folder in folders or CODE_FOLDERS
        if folder.is_dir()
        for path in project_files(folder)
        if path.suffix == ".py"
    ]


@cache
def parsed(path: Path) -> ast.Module:
    """Return the syntax tree of a Python file."""
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def module_name(path: Path) -> str:
    """Return a module's dotted name: ``ml_connector/visma/__init__.py`` is ``ml_connector.visma``."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports_of(path: Path) -> list[Import]:
    """Return everything a file imports; relative imports are banned by the linter and not looked at here."""
    tree = parsed(path)
    top = set(_statements_at_module_level(tree.body))
    found: list[Import] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found.extend(Import(alias.name, None, node in top) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.extend(Import(node.module, alias.name, node in top) for alias in node.names)
    return found


def _statements_at_module_level(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """Yield the statements that run when a module is imported; a TYPE_CHECKING block does not run."""
    for statement in body:
        yield statement
        if isinstance(statement, ast.If) and "TYPE_CHECKING" not in ast.unparse(statement.test):
            yield from _statements_at_module_level(statement.body + statement.orelse)
        elif isinstance(statement, ast.Try):
            yield from _statements_at_module_level(statement.body + statement.orelse + statement.finalbody)
