"""The import rule of the design: the core knows no Dagster, and the arrows between the steps run one way.

Read from the source, not by importing, so that a broken module still gets a plain answer.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path

from ml_connector_tests.source_tree import PACKAGE, code_files, imports_of, module_name

DAGSTER_AT_THE_TOP = {
    "automation",
    "connection",
    "definitions",
    "instance",
    "options",
    "partitions",
    "running",
    "step",
    "storage",
}
DAGSTER_IN_A_PART = {"assets", "asset_parts", "money_assets", "resource"}
"""Names of the modules that may import Dagster; all others work without it, in a notebook for instance."""

MAY_USE: dict[str, set[str]] = {
    "visma": {"ledger"},
    "records": {"visma"},
    "plan": {"visma", "records", "hubspot", "ledger", "pages"},
    "hubspot": {"plan", "ledger", "causes"},
    "ledger": {"plan", "causes"},
    "reconciliation": {"visma", "records", "plan", "hubspot", "ledger", "causes", "pages"},
    "replay": {"plan"},
    "trial": {"visma", "records", "plan", "hubspot", "ledger", "audit", "pages"},
    "undo": {"records", "plan", "hubspot", "ledger"},
    "audit": {"visma", "records", "plan", "hubspot", "ledger", "causes", "pages"},
    "desk": {"records", "plan", "hubspot", "ledger", "causes", "pages", "audit"},
    "causes": set(),
    "pages": set(),
    "sandbox": set(),
}
EVERYWHERE = {"settings"}
"""Which parts each part may use, besides the modules at the top of the package, which belong to no step.

``plan`` reads HubSpot through its client and ``hubspot`` carries out plans: between those two the rule is finer,
see the test of the client. The sandbox uses nothing of the clients: it would only repeat their beliefs.
"""

HUBSPOT_CLIENT = ("client", "limits", "batches", "properties", "associations", "inventory")

MODULES = {module_name(path): path for path in code_files(PACKAGE)}


def may_import_dagster(module: str) -> bool:
    """Whether a module of the package is one of those that make it a Dagster project."""
    parts = module.split(".")
    return (parts[1:2] == parts[-1:] and parts[-1] in DAGSTER_AT_THE_TOP) or parts[-1] in DAGSTER_IN_A_PART


def used_by(path: Path) -> set[str]:
    """Return the modules of the package that a file imports when it is itself imported."""
    targets: set[str] = set()
    for found in imports_of(path):
        if found.at_module_level and found.module.partition(".")[0] == "ml_connector":
            submodule = f"{found.module}.{found.name}"
            targets.add(submodule if submodule in MODULES else found.module)
    return targets


def part_of(module: str) -> str:
    """Return the folder of the package a module lives in, or the empty string for the modules at its top."""
    parts = module.split(".")
    return parts[1] if len(parts) > 1 and (PACKAGE / parts[1]).is_dir() else ""


def offences(pairs: Iterable[tuple[str, Iterable[str]]]) -> list[str]:
    """Return one line per module that uses what it must not."""
    found = [(module, sorted(set(wrong))) for module, wrong in pairs]
    return [f"{module} uses {', '.join(wrong)}" for module, wrong in found if wrong]


def everything_imported(path: Path, *packages: str) -> set[str]:
    """Return what a file imports anywhere in it from packages whose name starts with one of the names."""
    return {found.module for found in imports_of(path) if found.module.startswith(packages)}


def test_only_the_named_files_import_dagster() -> None:
    core = {module: path for module, path in MODULES.items() if not may_import_dagster(module)}
    assert offences((module, everything_imported(path, "dagster")) for module, path in core.items()) == []


def test_the_core_does_not_reach_dagster_through_another_module() -> None:
    core = {
        module: path
        for module, path in MODULES.items()
        if not may_import_dagster(module) and part_of(module) != "cli"
    }
    assert (
        offences((module, filter(may_import_dagster, used_by(path))) for module, path in core.items()) == []
    )


def test_assets_leave_http_to_the_clients() -> None:
    assets = {module: path for module, path in MODULES.items() if module.endswith(".assets")}
    assert (
        offences((name, everything_imported(path, "requests", "urllib3")) for name, path in assets.items())
        == []
    )


def test_arrows_between_the_parts_run_one_way() -> None:
    def forbidden() -> Iterator[tuple[str, set[str]]]:
        for module, path in MODULES.items():
            part = part_of(module)
            if part in MAY_USE:
                yield (
                    module,
                    {part_of(target) for target in used_by(path)} - {part, ""} - EVERYWHERE - MAY_USE[part],
                )

    assert offences(forbidden()) == []


def test_the_hubspot_client_knows_nothing_of_plans() -> None:
    names = [f"ml_connector.hubspot.{name}" for name in HUBSPOT_CLIENT]
    client = {name: MODULES[name] for name in names if name in MODULES}
    used = (
        (name, {part_of(target) for target in used_by(path)} - {"", "hubspot"})
        for name, path in client.items()
    )
    assert offences(used) == []


def test_no_module_imports_itself_in_a_circle() -> None:
    arrows = {module: used_by(path) & MODULES.keys() - {module} for module, path in MODULES.items()}
    while leaves := {module for module, targets in arrows.items() if not targets}:
        arrows = {module: targets - leaves for module, targets in arrows.items() if module not in leaves}
    assert not arrows, f"a circle runs through {sorted(arrows)}"
