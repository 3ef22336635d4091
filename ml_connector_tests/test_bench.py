"""The benchmark itself: that it counts what is stored and not what is said."""

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from bench.books import books_of
from bench.candidates import CANDIDATES, Candidate
from bench.figures import at_most, exactly, shown
from bench.goals import GOALS, Scale
from bench.known_portal import CLUES, pairs
from bench.measure import measure
from bench.planted import POINTS, WRITES, Point, kill_at
from bench.portal import sandbox_settings
from bench.portrait import portrait_of
from bench.report import show, show_figures, store
from bench.runners import Claim, Job
from bench.works import Kind, PortalSettings, Work, all_works
from ml_connector.sandbox.server import Sandbox

BY_NAME = {candidate.short: candidate for candidate in CANDIDATES}
WORKS = {work.name: work for work in all_works(100)}


def test_the_works_are_complete() -> None:
    assert {name.split()[0] for name in WORKS} == {f"W{number}" for number in range(1, 12)}
    assert WORKS["W4"].expected == 99
    assert WORKS["W11"].expected == 50
    assert len(WORKS["W11"].rows) == 200


def test_a_job_survives_its_file(tmp_path: Path) -> None:
    job = Job("http://127.0.0.1:1", "pat-x", "home", Kind.LINKED_CONTACTS, WORKS["W10"].rows)
    job.write(tmp_path / "job.json")
    assert Job.read(tmp_path / "job.json") == job


@pytest.mark.parametrize("output", ["", "Traceback ...", '{"unknown": 1}'])
def test_a_runner_without_a_claim_claims_nothing(output: str) -> None:
    claim = Claim.parse(output)
    assert (claim.ok, claim.failed, claim.error) == (0, 0, "ended without a claim")


def test_the_bad_row_is_named_by_the_job_and_by_no_loop() -> None:
    ours, loop = (measure(BY_NAME[name], WORKS["W4"]) for name in ("job", "official"))
    assert (ours.stored, ours.doubled, ours.claimed_failed, ours.named, ours.throttled) == (99, 0, 1, True, 0)
    assert (loop.stored, loop.named) == (99, False)


def test_links_are_counted_by_the_keys_at_both_ends() -> None:
    """The loop needs no database; what the job's calls are is in ``graph/test_first_load.py``."""
    found = measure(BY_NAME["official"], WORKS["W10"])
    assert (found.stored, found.linked, found.doubled, found.error) == (100, 100, 0, None)
    assert found.writes == 2, "one batch of contacts and one of links"


def test_a_goal_is_tried_with_the_real_job() -> None:
    figures = GOALS["c"](Scale(companies=100, customers=100))
    assert [figure.what for figure in figures if not figure.holds] == []
    assert figures[1].measured == "150", (
        "100 that sales knows, half of which are customers, and 50 more customers"
    )


def test_a_portal_knows_companies_by_one_clue_each() -> None:
    known = pairs(16)
    assert [pair.customer for pair in known[:3]] == ["bench:C000000", None, "bench:C000002"]
    assert len({pair.known.properties["name"] for pair in known if pair.customer}) == len(CLUES)
    assert all(pair.known.email for pair in known)


def test_a_document_counts_as_there_only_with_its_lines_company_and_balance() -> None:
    sandbox = Sandbox(sandbox_settings(PortalSettings(year=0.002)))
    portal = sandbox.hubspot
    document = next(one for one in sandbox.visma.books.books.invoices if one.status == "Open" and one.lines)
    for kind, name in (("invoices", "visma_invoice_id"), ("line_items", "visma_line_id")):
        portal.add_property(kind, name, hasUniqueValue=True)
    for kind, name in (
        ("invoices", "visma_balance"),
        ("line_items", "visma_net_amount"),
        ("line_items", "visma_vat_amount"),
        ("companies", "visma_customer_id"),
    ):
        portal.add_property(kind, name)
    key = f"bench:{document.key}"
    values = {"visma_invoice_id": key, "visma_balance": "1", "hs_currency": "NOK"}
    invoice = portal.add_record("invoices", values)
    empty = books_of(sandbox)
    assert (empty.there, empty.lines, empty.linked, empty.balances) == (1, 0, 0, 0)
    vat = document.totals.amount - sum(line.net for line in document.lines)
    for line in document.lines:
        amounts = {"visma_net_amount": str(line.net), "visma_vat_amount": str(vat)}
        made = portal.add_record("line_items", {"visma_line_id": f"{key}:{line.number}", **amounts})
        portal.link("invoices", invoice, "line_items", made)
        vat -= vat
    company = portal.add_record(
        "companies", {"name": "Customer", "visma_customer_id": f"bench:{document.partner.number}"}
    )
    portal.link("invoices", invoice, "companies", company)
    whole = books_of(sandbox)
    assert (whole.there, whole.lines, whole.linked, whole.balances, whole.doubled) == (1, 1, 1, 0, 0)


def test_two_portals_look_the_same_only_with_the_same_records_values_and_links() -> None:
    def portal(amount: str, *, linked: bool) -> Sandbox:
        sandbox = Sandbox(sandbox_settings(PortalSettings()))
        hubspot = sandbox.hubspot
        for kind, name in (("invoices", "visma_invoice_id"), ("line_items", "visma_line_id")):
            hubspot.add_property(kind, name, hasUniqueValue=True)
        details = {"hs_currency": "NOK", "hs_invoice_date": "2026-11-20", "hs_due_date": "2026-11-20"}
        invoice = hubspot.add_record("invoices", {"visma_invoice_id": "bench:1", **details})
        line = hubspot.add_record("line_items", {"visma_line_id": "bench:1:1", "price": amount})
        if linked:
            hubspot.link("invoices", invoice, "line_items", line)
        return sandbox

    whole = portrait_of(portal("10", linked=True))
    assert (len(whole.records), whole.twice, whole.parentless, whole.archived) == (2, 0, 0, 0)
    assert whole.unlike(portrait_of(portal("10", linked=True))) == []
    assert whole.unlike(portrait_of(portal("11", linked=True))) == ["line_items bench:1:1"]
    loose = portrait_of(portal("10", linked=False))
    assert loose.unlike(whole) == ["invoices bench:1", "line_items bench:1:1"]
    assert loose.parentless == 1

    second = portal("10", linked=True)
    for gone in (True, False):
        nameless = second.hubspot.add_record("invoices", {"hs_currency": "NOK"})
        if gone:
            second.hubspot.archive_as_person("invoices", nameless)
    found = portrait_of(second)
    assert (found.twice, found.archived) == (1, 1)


def test_a_load_is_killed_at_twenty_points_before_and_after_each_kind_of_write() -> None:
    assert len(set(POINTS)) == 20
    assert {point.write for point in POINTS} == WRITES.keys() - {"links to contacts"}
    assert POINTS[0] == Point("drafts", 1, carried_out=True)
    assert str(POINTS[1]) == "before call 1 for drafts"


CALLS_AND_WAITS = """
import signal, sys, urllib.request as requests
input()
headers = {"authorization": f"Bearer {sys.argv[2]}", "content-type": "application/json"}
try:
    requests.urlopen(requests.Request(sys.argv[1], b'{"inputs": []}', headers))
finally:
    signal.pause()
"""


@pytest.mark.parametrize("carried_out", [True, False])
def test_a_process_is_killed_by_the_call_of_its_point(carried_out: bool) -> None:
    with Sandbox(sandbox_settings(PortalSettings())) as sandbox:
        url, token = sandbox.url + WRITES["openings"], sandbox.settings.hubspot.access_tokens[0]
        command = [sys.executable, "-c", CALLS_AND_WAITS, url, token]
        with subprocess.Popen(command, stdin=subprocess.PIPE) as process:
            kill_at(sandbox, process.pid, Point("openings", 1, carried_out))
            process.communicate(b"\n", timeout=60)
        assert process.returncode == -signal.SIGKILL
        assert [call.status for call in sandbox.log.calls()] == ["dropped"]


def test_a_missed_goal_is_printed_as_one(capsys: pytest.CaptureFixture[str]) -> None:
    show_figures([exactly("a", "doubled", 1, 0), at_most("a", "calls", 3, 5), shown("a", "time", "2 s")])
    lines = [line for line in capsys.readouterr().out.splitlines() if "│" in line]
    assert ["no" in line.split() for line in lines] == [True, False, False]


def test_a_false_claim_is_seen(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    liar = tmp_path / "liar.py"
    liar.write_text("print('{\"ok\": 100}')\n")
    candidate = Candidate("job", "A liar", (BY_NAME["job"].command[0], str(liar)), lambda: None)
    work: Work = WORKS["W1"]
    found = measure(candidate, work)
    assert (found.stored, found.claimed_ok, found.overclaimed) == (0, 100, 100)
    show([found], {"segment": "Node and npm are not installed"})
    assert "Segment HubSpot is not in the table: Node and npm are not installed" in capsys.readouterr().out
    store([found], {}, [], tmp_path / "deep" / "figures.json")
    assert (
        json.loads((tmp_path / "deep" / "figures.json").read_text())["measurements"][0]["overclaimed"] == 100
    )
