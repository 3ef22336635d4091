"""What the documentation says must be there: commands, make targets, links, images, generated pages, examples."""

import re
import shlex
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any, get_origin

import click
import pytest
import yaml
from pydantic import BaseModel

from ml_connector.cli.main import main
from ml_connector.connection import build_defs
from ml_connector.hubspot import payments_setup, transaction_object
from ml_connector.ping.hubspot import DEAL_SCOPES, INVOICE_SCOPES, SCOPES
from ml_connector.records import normal_forms
from ml_connector.settings import ConnectionSettings
from ml_connector_tests.source_tree import ROOT, project_files
from scripts.references import pages
from scripts.settings_reference import EXAMPLE, environment, whole_example

DOCUMENTS = [path for path in project_files() if path.suffix == ".md"]
TARGETS = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
FILES = (".py", ".md", ".png", ".html", ".yaml")
PROGRAM = re.compile(r"(?<![\w/.-])(?<!-g )(?:\.venv/bin/)?ml-connector (?=[a-z])")


def fenced(text: str) -> list[tuple[str, str]]:
    """Return the code blocks of a document as language and text."""
    return re.findall(r"^ *```(\w*)\n(.*?)^ *```", text, re.MULTILINE | re.DOTALL)


def prose_spans(text: str) -> list[str]:
    """Return what stands between single backquotes outside code blocks, over line ends too."""
    outside = re.sub(r"^ *```.*?^ *```", "", text, flags=re.MULTILINE | re.DOTALL)
    return [" ".join(span.split()) for span in re.findall(r"`([^`]+)`", outside)]


def shell_lines(document: Path) -> Iterator[str]:
    """Yield what a reader may type: lines of shell blocks, continued ones joined, and what prose has in backquotes."""
    text = document.read_text()
    for language, block in fenced(text):
        if language in ("", "sh", "bash", "yaml"):
            yield from block.replace("\\\n", " ").splitlines()
    yield from prose_spans(text)


def commands_named() -> list[tuple[str, str]]:
    """Return (document, words after ``ml-connector``) for every command that a document names."""
    found: list[tuple[str, str]] = []
    for document in DOCUMENTS:
        for line in shell_lines(document):
            for match in PROGRAM.finditer(line):
                words = re.split(r"  +#|[;|&<>)]", line[match.end() :])[0].rstrip(".,:")
                found.append((document.name, words))
    return found


def problem_with(words: str) -> str | None:
    """Return what is wrong with a command: no such command, option or argument; None where it could be run."""
    command: click.Command = main
    rest = shlex.split(words.replace("'", ""), comments=True)
    context = click.Context(main, info_name="ml-connector")
    while isinstance(command, click.Group):
        before = [one for one in command.params if isinstance(one, click.Argument)]
        rest = rest[len(before) :]
        if not rest:
            return None
        found = command.get_command(context, rest.pop(0))
        if found is None:
            return "there is no such command"
        command = found
    options = {name for parameter in command.params for name in parameter.opts}
    unknown = [word for word in rest if word.startswith("--") and word.split("=")[0] not in options]
    if unknown:
        return f"it has no option {unknown[0]}"
    choices = {
        parameter.name: parameter.type.choices
        for parameter in command.params
        if isinstance(parameter, click.Argument) and isinstance(parameter.type, click.Choice)
    }
    needed = [parameter for parameter in command.params if isinstance(parameter, click.Argument)]
    given = [word for word in rest if not word.startswith("--")]
    if (
        given
        and choices
        and (len(given) < len(needed) or given[-1] not in {*choices["credential"], "CREDENTIAL"})
    ):
        return "its arguments are not whole"
    return None


def anchors(document: Path) -> set[str]:
    """Return the anchors of a document's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", document.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def links(document: Path) -> Iterator[str]:
    """Yield the targets of links and images that stay within the project."""
    outside_blocks = re.sub(r"^ *```.*?^ *```", "", document.read_text(), flags=re.MULTILINE | re.DOTALL)
    for target in re.findall(r"\]\(([^)\s]+)\)", outside_blocks):
        if not re.match(r"[a-z]+:", target):
            yield target


def table_rows(heading: str, document: str) -> list[list[str]]:
    """Return the cells of the first table below a heading."""
    text = (ROOT / document).read_text().split(f"{heading}\n", 1)[1]
    table = re.search(r"(?:^\|.*\n)+", text, re.MULTILINE)
    assert table is not None
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table[0].splitlines()[2:]]


def settings_named(text: str) -> set[tuple[str, ...]]:
    """Return the settings that a document names with the part they are in, such as ``reconciliation.deletions``."""
    parts = "|".join(ConnectionSettings.model_fields)
    spans = [*prose_spans(text), *(span for _, block in fenced(text) for span in block.splitlines())]
    found = [re.findall(rf"(?<![\w./])((?:{parts})(?:\.[a-z_]+)+)(?![\w./(])", span) for span in spans]
    return {tuple(name.split(".")) for names in found for name in names if not name.endswith(FILES)}


def setting_exists(path: tuple[str, ...]) -> bool:
    """Return whether a path of names leads to a field; below a map or a list of parts anything goes."""
    model: Any = ConnectionSettings
    for name in path:
        if not (isinstance(model, type) and issubclass(model, BaseModel)):
            return get_origin(model) in (dict, tuple)
        if name not in model.model_fields:
            return False
        model = model.model_fields[name].annotation
    return True


def test_every_command_that_a_document_names_exists() -> None:
    wrong = [
        f"{document}: ml-connector {words}: {why}"
        for document, words in commands_named()
        if (why := problem_with(words))
    ]
    assert wrong == []


def test_the_documents_name_every_command() -> None:
    named = {words.split()[0] for _, words in commands_named()}
    assert set(main.commands) <= named


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ("rewind acme", "there is no such command"),
        ("credentials show acme", "there is no such command"),
        ("sync acme --since 2026-11-20", "it has no option --since"),
        ("credentials set acme", "its arguments are not whole"),
        ("credentials set acme password", "its arguments are not whole"),
        ("sync acme --partition 2026-11-20", None),
        ("credentials set acme hubspot_access_token", None),
    ],
)
def test_a_wrong_command_would_be_found(words: str, why: str | None) -> None:
    assert problem_with(words) == why


def test_every_make_target_that_a_document_names_exists() -> None:
    named = {
        (document.name, target)
        for document in DOCUMENTS
        for line in shell_lines(document)
        for target in re.findall(r"(?:^|then )make ([a-z]+)", line.strip())
    }
    assert {("README.md", "demo"), ("README.md", "test")} <= named
    assert {item for item in named if item[1] not in TARGETS} == set()


def test_every_file_in_a_command_exists() -> None:
    missing = [
        f"{document.name}: {path}"
        for document in DOCUMENTS
        for line in shell_lines(document)
        for path in re.findall(r"(?<![\w/.=-])((?:deploy|ml_connector|docs|scripts)/[\w./-]+\.\w+)", line)
        if not (ROOT / path).exists() and "defs/" not in path
    ]
    assert missing == []


def test_every_setting_that_a_document_names_exists() -> None:
    named = {(path.name, name) for path in DOCUMENTS for name in settings_named(path.read_text())}
    assert ("reconciliation.md", ("reconciliation", "deletions")) in named
    assert [item for item in named if not setting_exists(item[1])] == []


@pytest.mark.parametrize(
    ("path", "there"),
    [
        (("deals", "rules"), True),
        (("deals", "rule"), False),
        (("merging", "companies", "phone"), True),
        (("deals", "days", "most"), False),
    ],
)
def test_a_wrong_setting_would_be_found(path: tuple[str, ...], there: bool) -> None:
    assert setting_exists(path) is there


def test_every_module_and_room_of_the_architecture_exists() -> None:
    spans = prose_spans((ROOT / "docs" / "architecture.md").read_text())
    sources = {path.relative_to(ROOT).as_posix() for path in project_files() if path.suffix == ".py"}
    modules = {span for span in spans if re.fullmatch(r"[\w/]+\.py", span)}
    assert {"connection.py", "ledger/tables.py"} <= modules
    assert {name for name in modules if not any(f"/{path}".endswith(f"/{name}") for path in sources)} == set()
    rooms = {path.parent.name for path in (ROOT / "ml_connector").glob("*/__init__.py")} - {"defs"}
    assert rooms - {span.rstrip("/") for span in spans if span.endswith("/")} == set(), "a room has no line"


def test_every_asset_job_and_check_that_a_document_names_exists() -> None:
    definitions = build_defs(ConnectionSettings(name="acme", start=date(2026, 11, 20)))
    graph = definitions.resolve_asset_graph()
    assets = {key.to_user_string() for key in graph.get_all_asset_keys()}
    automation = {job.name for job in definitions.jobs or ()} | {
        item.name for item in definitions.sensors or ()
    }
    checks = {key.name for key in graph.asset_check_keys}
    for document in DOCUMENTS:
        spans = prose_spans(document.read_text())
        named = {span for span in spans if re.fullmatch(r"acme/\w+/\w+", span)}
        assert named <= assets, document.name
        assert {span for span in spans if re.fullmatch(r"acme_\w+", span)} <= automation, document.name
    told = {span for document in DOCUMENTS for span in prose_spans(document.read_text())}
    assert checks - told == set(), "a check is not explained"


def test_links_and_images_lead_somewhere() -> None:
    broken: list[str] = []
    for document in DOCUMENTS:
        for target in links(document):
            path, _, anchor = target.partition("#")
            place = (document.parent / path).resolve() if path else document
            if not place.exists() or (anchor and anchor not in anchors(place)):
                broken.append(f"{document.relative_to(ROOT)}: {target}")
    assert broken == []


def test_every_page_can_be_reached_from_the_index() -> None:
    index = ROOT / "docs" / "index.md"
    reached = {(index.parent / target.partition("#")[0]).resolve() for target in links(index)}
    assert {path for path in (ROOT / "docs").glob("*.md") if path != index} - reached == set()


@pytest.mark.parametrize("name", sorted(pages()))
def test_generated_pages_are_up_to_date(name: str) -> None:
    assert (ROOT / name).read_text() == pages()[name], "run `make docs`"


def test_the_written_out_settings_are_the_defaults() -> None:
    attributes = yaml.safe_load(whole_example())["attributes"]
    assert ConnectionSettings.model_validate(attributes) == EXAMPLE
    assert attributes.keys() == ConnectionSettings.model_fields.keys()


def test_yaml_in_the_documents_is_a_valid_connection() -> None:
    blocks = [
        yaml.safe_load(block)
        for document in DOCUMENTS
        for language, block in fenced(document.read_text())
        if language == "yaml"
    ]
    assert blocks
    for block in blocks:
        attributes = block.get("attributes") or {"name": "acme", "start": "2026-11-20", **block}
        ConnectionSettings.model_validate(attributes)


def test_every_environment_variable_has_a_meaning() -> None:
    assert {"VISMA_CLIENT_ID", "ML_CONNECTOR_HOME", "HUBSPOT_API_URL"} <= environment().keys()
    assert [name for name, meaning in environment().items() if len(meaning) < 20] == []


def test_the_examples_of_normal_forms_are_right() -> None:
    read: dict[str, Callable[[str], str | None]] = {
        "organisation number": normal_forms.organisation_number,
        "phone": lambda value: normal_forms.phone(value, "NO"),
        "domain": normal_forms.company_domain,
        "e-mail": normal_forms.email,
    }
    rows = table_rows("### How values are compared", "docs/matching-and-merging.md")
    assert {kind for kind, *_ in rows} == read.keys()
    for kind, written, expected in rows:
        assert read[kind](written) == (None if expected.startswith("nothing") else expected), written


def test_the_scopes_of_the_set_up_are_those_that_ping_asks_for() -> None:
    text = (ROOT / "docs" / "setup.md").read_text()
    named = set(re.findall(r"\| `(crm\.[a-z_.]+|e-commerce)` \|", text))
    assert named == {
        *SCOPES,
        *INVOICE_SCOPES,
        *DEAL_SCOPES,
        *payments_setup.SCOPES,
        *transaction_object.SCOPES,
    }
