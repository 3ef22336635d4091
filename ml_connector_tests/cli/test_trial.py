"""`plan --record` and `plan --settings` as they are typed: documents with stable keys, text, pages, clear errors."""

from datetime import datetime
from pathlib import Path

import pytest

from ml_connector.sandbox.server import Sandbox
from ml_connector_tests.cli.conftest import Shell
from ml_connector_tests.cli.test_sync import day

TRIAL_KEYS = [
    "connection",
    "asked",
    "record",
    "action",
    "stamp",
    "operations",
    "belongs_to",
    "shared_with",
    "notes",
    "requests",
    "html",
]
WHAT_IF_KEYS = [
    "connection",
    "settings",
    "windows",
    "headline",
    "companies",
    "contacts",
    "changes",
    "values",
    "not_looked_at",
    "requests",
    "html",
]


@pytest.fixture(autouse=True)
def acme(shell: Shell, sandbox: Sandbox) -> Path:
    """A connection of which every row is older than its first window, and the file it is written in."""
    for entity in ("customers", "suppliers", "contacts"):
        sandbox.visma.restamp(entity, datetime(2020, 1, 1))
    return shell.write_connection("acme", start=day(3), records=[])


@pytest.fixture
def synced(acme: Path, shell: Shell, sandbox: Sandbox) -> Sandbox:
    """The same when its first window is in HubSpot."""
    shell.json("sync", "acme", "--partition", day(3))
    sandbox.hubspot.forget_calls()
    return sandbox


def numbers(sandbox: Sandbox) -> list[str]:
    return sandbox.visma.keys("customers")


def changed(acme: Path, tmp_path: Path, *lines: str) -> str:
    """Write a copy of the connection's file with other lines at its end, and return where it is."""
    copy = tmp_path / "tried.yaml"
    copy.write_text(acme.read_text() + "".join(f"  {line}\n" for line in lines))
    return str(copy)


class TestRecord:
    """One record."""

    def test_tells_every_decision_as_a_document_as_text_and_as_a_page(
        self, shell: Shell, synced: Sandbox, tmp_path: Path
    ) -> None:
        number = numbers(synced)[0]
        synced.visma.update("customers", number, {"name": "Ny <Verden> AS"}, stamp=datetime(2020, 1, 2))
        page = tmp_path / "pages" / "one.html"
        document = shell.json("plan", "acme", "--record", f"customer:{number}", "--html", str(page))
        assert list(document) == TRIAL_KEYS
        assert (document["record"], document["action"]) == (f"customer:{number}", "update")
        (one,) = document["operations"]
        fields = {field["property"]: field for field in one["fields"]}
        assert list(fields["name"]) == ["property", "visma", "hubspot", "after", "decision", "why", "policy"]
        assert fields["name"]["decision"] == "set"
        assert fields["name"]["visma"] == fields["name"]["after"] == "Ny <Verden> AS"
        assert one["values"]["name"]["old"] == fields["name"]["hubspot"]
        assert [found["rule"] for found in one["matching"]] == ["visma_id"]
        assert document["requests"]["hubspot"] < 10
        assert "Ny &lt;Verden&gt; AS" in page.read_text()

        text = shell("plan", "acme", "--record", number, "--html", str(page)).stdout
        assert "would be changed" in text
        assert "-> Ny <Verden> AS" in text
        assert "values that are equal or empty in Visma; see them with --all" in text
        assert "nothing was written anywhere" in text
        assert f"Page: {page}" in text
        assert "HubSpot holds it already" in shell("plan", "acme", "--record", number, "--all").stdout
        assert synced.hubspot.counts.writes == 0

    def test_that_is_not_there_ends_with_the_usage_code(self, shell: Shell) -> None:
        error = shell.json("plan", "acme", "--record", "customer:99999999", code=2)["error"]
        assert error["message"] == "Visma has no customer:99999999."
        assert "is not the key of a record" in shell("plan", "acme", "--record", "what:").stderr

    def test_goes_with_no_window_and_no_settings(self, shell: Shell, acme: Path) -> None:
        for more in (["--partition", day(3)], ["--settings", str(acme)]):
            error = shell.json("plan", "acme", "--record", "customer:1", *more, code=2)["error"]
            assert error["message"] == "Windows, --record and --settings do not go together."


class TestSettings:
    """Other settings."""

    def test_tell_what_they_would_change_as_a_document_as_text_and_as_a_page(
        self, shell: Shell, acme: Path, synced: Sandbox, tmp_path: Path
    ) -> None:
        for company in synced.hubspot.records("companies").values():
            synced.hubspot.edit_as_person("companies", company.id, {"phone": "112"})
        document = shell.json("plan", "acme", "--settings", str(acme))
        assert list(document) == WHAT_IF_KEYS
        assert (document["changes"], document["values"]) == ([], [])
        assert document["headline"] == "Nothing would change."
        assert document["companies"]["records"] > 0
        assert document["requests"]["visma"] == 0

        file = changed(acme, tmp_path, "merging: {companies: {phone: fill_blank}}")
        page = tmp_path / "what-if.html"
        text = shell("plan", "acme", "--settings", file, "--html", str(page)).stdout
        assert "Companies: phone of " in text
        assert " -> 112" in text
        assert "more; see all with --all or --json" in text
        assert "nothing was written" in text
        assert "Companies: phone of " in page.read_text()
        assert "more; see all" not in shell("plan", "acme", "--settings", file, "--all").stdout
        assert synced.hubspot.counts.writes == 0

        file = changed(acme, tmp_path, "mapping: {customers: [{visma: status, hubspot: statsu}]}")
        message = shell.json("plan", "acme", "--settings", file, code=2)["error"]["message"]
        assert "companies has no property statsu" in message

    def test_with_a_mistake_name_the_file_and_the_line(
        self, shell: Shell, acme: Path, tmp_path: Path
    ) -> None:
        file = changed(acme, tmp_path, "merging:", "  companies:", "    phone: overwriet")
        line = len(Path(file).read_text().splitlines())
        message = shell.json("plan", "acme", "--settings", file, code=2)["error"]["message"]
        assert message.startswith(f"{file}: Line {line}: merging.companies.phone: ")
        Path(file).write_text("type: [")
        message = shell.json("plan", "acme", "--settings", file, code=2)["error"]["message"]
        assert message.startswith(f"{file}, line 1: ")

    def test_of_another_connection_are_refused(self, shell: Shell, acme: Path, tmp_path: Path) -> None:
        file = Path(changed(acme, tmp_path))
        file.write_text(file.read_text().replace('"acme"', '"fjord"'))
        message = shell.json("plan", "acme", "--settings", str(file), code=2)["error"]["message"]
        assert message == f"{file} is not about acme: it has fjord."
        file.write_text("a: b\n")
        message = shell.json("plan", "acme", "--settings", str(file), code=2)["error"]["message"]
        assert message == f"{file} is not about acme: it has no connection."

    def test_have_to_wait_for_a_first_window(self, shell: Shell) -> None:
        path = shell.write_connection("fjord", start=day(3))
        message = shell.json("plan", "fjord", "--settings", str(path), code=2)["error"]["message"]
        assert message.startswith("Nothing of fjord is stored yet")


def test_a_plan_of_windows_is_written_as_one_page(shell: Shell, synced: Sandbox, tmp_path: Path) -> None:
    noon = datetime.fromisoformat(f"{day(1)}T12:00:00")
    synced.visma.update("customers", numbers(synced)[0], {"name": "Ny Verden AS"}, stamp=noon)
    page = tmp_path / "plan.html"
    document = shell.json("plan", "acme", "--partition", day(1), "--html", str(page))
    assert document["html"] == str(page)
    text = page.read_text()
    assert "Ny Verden AS" in text
    assert document["run_id"] in text
