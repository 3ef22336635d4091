"""Every reason that our own code gives for not sending a record, or for letting it wait, has a cause.

The reasons are read from the source, so that a new one without a cause fails here and not in front of a person.
"""

import ast
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ml_connector.causes.catalogue import cause_of_reason
from ml_connector_tests.source_tree import PACKAGE, code_files, module_name, parsed

FOLDERS = [PACKAGE / name for name in ("records", "plan", "hubspot", "ledger")]
MODULES = {module_name(path): path for path in code_files(*FOLDERS)}
ENDS = {"Action.CONFLICT", "Action.REJECT"}
DEEPEST = 4
NUMBER = "7"
"""What stands for a value in a sentence that is put together."""


def texts(node: ast.AST | None, path: Path, depth: int = 0) -> Iterator[str]:
    """Yield the texts that an expression may be, as far as its module and the ones it imports from tell."""
    match node:
        case ast.Constant(value=str(text)):
            yield text
        case ast.JoinedStr(values=parts):
            yield "".join(put_together(part, path, depth) for part in parts)
        case ast.IfExp(body=one, orelse=other):
            yield from texts(one, path, depth)
            yield from texts(other, path, depth)
        case ast.BoolOp(values=parts):
            for part in parts:
                yield from texts(part, path, depth)
        case ast.Name(id=name) | ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name)) if (
            depth < DEEPEST
        ):
            for value, place in meanings(name, path):
                yield from texts(value, place, depth + 1)


def put_together(part: ast.AST, path: Path, depth: int) -> str:
    """Return a part of a sentence that is put together: what it surely is, else a number."""
    return next(texts(part.value if isinstance(part, ast.FormattedValue) else part, path, depth), NUMBER)


def meanings(name: str, path: Path) -> Iterator[tuple[ast.AST, Path]]:
    """Yield what a name is given in a module, what a function of this name returns, and so where it comes from."""
    for node in ast.walk(parsed(path)):
        match node:
            case ast.Assign(targets=[ast.Name(id=given)], value=value) if given == name:
                yield value, path
            case ast.FunctionDef(name=given) if given == name:
                ends = (one.value for one in ast.walk(node) if isinstance(one, ast.Return))
                yield from ((end, path) for end in ends if end is not None)
            case ast.ImportFrom(module=str(module), names=names) if module in MODULES:
                if any(alias.name == name for alias in names):
                    yield from meanings(name, MODULES[module])


def refusals(path: Path) -> Iterator[ast.AST]:
    """Yield the expressions that say why a record is refused or in conflict."""
    for node in ast.walk(parsed(path)):
        match node:
            case ast.Call(args=args, keywords=keywords):
                words = {keyword.arg: keyword.value for keyword in keywords}
                given = {ast.unparse(one) for one in (*args, *words.values())}
                if "refusal" in words:
                    yield words["refusal"]
                if given & ENDS and "reason" in words:
                    yield words["reason"]
            case ast.Assign(targets=[target], value=value) if ast.unparse(target).endswith("refusal"):
                yield value
        match node:
            case ast.Call(func=ast.Attribute(attr="_undecided"), args=[*_, reason]):
                yield reason


def waits(path: Path) -> Iterator[ast.AST]:
    """Yield the expressions that say what something waits for."""
    for node in ast.walk(parsed(path)):
        match node:
            case ast.Call(func=ast.Attribute(attr="waiting") | ast.Name(id="Obstacle"), args=[first, *_]):
                yield first
            case ast.Call(func=ast.Attribute(attr="_wait"), args=[_, _, why]):
                yield why
            case ast.Assign(targets=[ast.Name(id="_CAUSES")], value=ast.Dict(values=sentences)):
                yield from sentences


def odd_values(path: Path) -> Iterator[ast.AST]:
    """Yield what is said of values in Visma's rows that cannot be read."""
    for node in ast.walk(parsed(path)):
        match node:
            case ast.Call(func=ast.Name(id="OddValueError"), args=[what]):
                yield what


def said(find: Callable[[Path], Iterator[ast.AST]]) -> list[str]:
    """Return all texts that the source may say in some places."""
    return sorted({text for path in MODULES.values() for node in find(path) for text in texts(node, path)})


REFUSED, WAITING, ODD = said(refusals), said(waits), said(odd_values)


def test_the_source_is_really_read() -> None:
    assert {"it names no customer", "its supplier has no company in HubSpot", "it has no currency"} <= {
        *REFUSED
    }
    assert any(reason.startswith("7 HubSpot companies fit by") for reason in REFUSED)
    assert any(reason.startswith("several Visma records fit") for reason in REFUSED)
    assert any(reason.startswith("purchase 7: its row in Visma cannot be read: ") for reason in REFUSED)
    assert {"its company is not linked yet", "the other record is not in HubSpot yet"} <= {*WAITING}
    assert len(ODD) > 5


@pytest.mark.parametrize("reason", [*REFUSED, *WAITING])
def test_every_reason_has_a_cause(reason: str) -> None:
    assert cause_of_reason(reason) != "other"


@pytest.mark.parametrize("what", ODD)
def test_every_odd_value_has_a_cause(what: str) -> None:
    assert cause_of_reason(f"its row in Visma cannot be read: {what}") != "other"


@pytest.mark.parametrize(
    ("reason", "cause"),
    [
        (
            "purchase PurchaseOrder:1: its row in Visma cannot be read: it has an unknown shape",
            "row-unreadable",
        ),
        ("its row in Visma cannot be read: it has no amountInCurrency", "amount-missing"),
        (
            "attributes.SEGMENT cannot fill segment: it is no number in plain digits",
            "mapped-value-unfit:segment",
        ),
        (
            "status cannot fill level: its value is none of those that the mapping has an option for",
            "mapped-option-missing:level",
        ),
        ("its contact is not linked yet", "draft-waits:contact"),
        ("3 HubSpot companies fit by domain; a person has to choose one", "several-fit"),
        ("something that nobody has thought of", "other"),
        (None, "other"),
    ],
)
def test_reasons_that_differ_in_values_only_have_one_cause(reason: str | None, cause: str) -> None:
    assert cause_of_reason(reason) == cause
