"""The server that hosts both APIs: control paths, counts, latency, the demo portal, starting and stopping."""

import asyncio
import queue
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
import requests
import uvicorn
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.types import Message

from ml_connector.errors import ConnectorError
from ml_connector.sandbox.clock import SandboxClock
from ml_connector.sandbox.faults import FaultKind, FaultRule, Faults
from ml_connector.sandbox.gate import Gate
from ml_connector.sandbox.portal_seed import ORGANISATION_NUMBER_PROPERTY
from ml_connector.sandbox.request_log import RequestLog
from ml_connector.sandbox.server import Sandbox, main
from ml_connector.sandbox.settings import SandboxSettings
from ml_connector.sandbox.visma.sandbox import ServedPage
from ml_connector_tests.sandbox.visma_calls import VismaCaller


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(SandboxSettings(customers=30, suppliers=5, portal_seed="demo", latency_ms=1)) as running:
        yield running


@pytest.fixture
def visma(sandbox: Sandbox) -> VismaCaller:
    sandbox.reset()
    return VismaCaller(sandbox)


def hubspot_get(sandbox: Sandbox, path: str) -> requests.Response:
    headers = {"Authorization": f"Bearer {sandbox.settings.hubspot.access_tokens[0]}"}
    return requests.get(f"{sandbox.url}{path}", headers=headers, timeout=10)


def asgi_get(gate: Gate, path: str) -> str:
    """Return the body of a call made without a network."""
    bodies: list[bytes] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        bodies.append(message.get("body", b""))

    scope = {"type": "http", "method": "GET", "path": path, "query_string": b"", "headers": []}
    with ThreadPoolExecutor(1) as aside:  # In this thread the browser of other tests may have a loop already.
        aside.submit(asyncio.run, gate(scope, receive, send)).result()
    return b"".join(bodies).decode()


def test_both_apis_answer_on_one_port(visma: VismaCaller) -> None:
    assert visma.call("/v1/customer").status_code == 200
    details = hubspot_get(visma.sandbox, "/account-info/2026-09/details")
    assert details.status_code == 200
    assert details.json()["portalId"] == visma.sandbox.settings.hubspot.portal_id


def test_the_demo_portal_knows_some_customers(visma: VismaCaller) -> None:
    path = f"/crm/objects/2026-09/companies?limit=100&properties={ORGANISATION_NUMBER_PROPERTY}&properties=domain"
    rows = hubspot_get(visma.sandbox, path).json()["results"]
    numbers = {row["properties"].get(ORGANISATION_NUMBER_PROPERTY) for row in rows} - {None}
    company = visma.sandbox.company
    own = {entity.numbers.organisation for entity in map(company.entity, range(30)) if entity.numbers}
    assert numbers
    assert numbers <= own
    assert len(rows) > len(numbers)
    assert visma.sandbox.hubspot.links("contacts", "companies")


def test_without_a_seed_the_portal_is_empty() -> None:
    portal = Sandbox(SandboxSettings(customers=30)).hubspot
    assert not portal.records("companies")


def test_a_page_at_the_root_says_what_this_is(visma: VismaCaller) -> None:
    page = requests.get(visma.sandbox.url, timeout=10)
    assert page.status_code == 200
    assert page.headers["Content-Type"].startswith("text/html")


def test_stats_count_by_api_and_path_template(visma: VismaCaller) -> None:
    visma.call("/v1/Customer/10001")
    visma.call("/v1/customer/10002")
    visma.call("/v1/customer/99999")
    hubspot_get(visma.sandbox, "/account-info/2026-09/details")
    stats = requests.get(f"{visma.sandbox.url}/sandbox/stats", timeout=10).json()
    detail = stats["apis"]["visma"]["paths"]["GET /v1/customer/{number}"]
    assert (detail["calls"], detail["statuses"]) == (3, {"200": 2, "404": 1})
    assert stats["apis"]["visma"]["paths"]["POST /connect/token"]["calls"] == 1
    assert stats["apis"]["visma"]["calls"] == 4
    assert stats["apis"]["hubspot"]["calls"] == 1
    assert stats["visma"] == {"token_requests": 1, "refused_writes": 0, "rate_limited": 0}
    assert "control" not in stats["apis"]


def test_stats_can_be_forgotten(visma: VismaCaller) -> None:
    stats = requests.delete(f"{visma.sandbox.url}/sandbox/stats", timeout=10).json()
    assert stats["apis"] == {}


def test_the_log_keeps_calls_in_order_with_their_query(visma: VismaCaller) -> None:
    visma.call("/v1/customer", pageSize=2, lastModifiedDateTimeCondition=">=")
    call = visma.sandbox.log.calls("visma")[-1]
    assert (call.method, call.path, call.status) == ("GET", "/v1/customer", "200")
    assert call.query == "pageSize=2&lastModifiedDateTimeCondition=%3E%3D"


def test_calls_in_flight_are_counted_at_their_peak(visma: VismaCaller) -> None:
    gathered = threading.Barrier(3)

    def wait_for_all(_page: ServedPage) -> None:
        gathered.wait(10)

    visma.sandbox.visma.on_page.append(wait_for_all)
    with ThreadPoolExecutor(3) as pool:
        answers = list(pool.map(lambda _: visma.call("/v1/supplier").status_code, range(3)))
    visma.sandbox.visma.on_page.clear()
    assert answers == [200, 200, 200]
    assert visma.sandbox.report()["apis"]["visma"]["paths"]["GET /v1/supplier"]["max_in_flight"] == 3


@pytest.mark.parametrize("kind", [FaultKind.DROP_AFTER, FaultKind.CUT_BODY])
def test_a_dropped_call_is_counted_as_dropped(visma: VismaCaller, kind: FaultKind) -> None:
    visma.sandbox.faults.add(FaultRule(kind=kind, path="/v1/supplier", times=1))
    with pytest.raises(requests.RequestException):
        visma.call("/v1/supplier")
    visma.call("/v1/supplier")
    statuses = visma.sandbox.report()["apis"]["visma"]["paths"]["GET /v1/supplier"]["statuses"]
    assert statuses == {"200": 1, "dropped": 1}


def test_faults_can_be_posted_listed_and_cleared(visma: VismaCaller) -> None:
    url = f"{visma.sandbox.url}/sandbox/faults"
    rule = {"kind": "answer", "path": "/v1/supplier", "statuses": [500], "body": "html", "times": 1}
    assert requests.post(url, json=rule, timeout=10).json() == {"ids": [1]}
    assert requests.post(url, json=[rule, rule], timeout=10).json() == {"ids": [2, 3]}
    assert visma.call("/v1/supplier").status_code == 500
    assert [fault["fired"] for fault in requests.get(url, timeout=10).json()["faults"]] == [1, 0, 0]
    assert requests.delete(url, timeout=10).json() == {"faults": []}
    assert visma.call("/v1/supplier").status_code == 200


@pytest.mark.parametrize("body", ["{", '{"kind": "explode"}', '{"kind": "delay", "tims": 1}'])
def test_a_wrong_rule_is_refused_with_the_reason(visma: VismaCaller, body: str) -> None:
    response = requests.post(f"{visma.sandbox.url}/sandbox/faults", data=body, timeout=10)
    assert response.status_code == 400
    assert response.json()["errors"]


def test_reset_brings_both_apis_back_to_the_seed(visma: VismaCaller) -> None:
    sandbox = visma.sandbox
    companies = len(sandbox.hubspot.records("companies"))
    sandbox.visma.delete("customers", "10001")
    sandbox.hubspot.add_record("companies", {"name": "Ny"})
    sandbox.faults.add(FaultRule(kind=FaultKind.DROP_BEFORE, path="/v1"))
    sandbox.clock.advance(timedelta(days=1))
    assert requests.post(f"{sandbox.url}/sandbox/reset", timeout=10).json() == {"reset": True}
    assert VismaCaller(sandbox).call("/v1/customer/10001").status_code == 200
    assert len(sandbox.hubspot.records("companies")) == companies
    assert sandbox.faults.report() == []
    assert sandbox.clock.now() < datetime.now(UTC) + timedelta(hours=1)
    assert sandbox.report()["apis"]["visma"]["calls"] == 2


def test_each_api_can_have_its_own_latency() -> None:
    settings = SandboxSettings(latency_ms=200, hubspot_latency_ms=5)
    seconds = [settings.latency_seconds(api) for api in ("visma", "hubspot", "unknown")]
    assert seconds == [0.2, 0.005, 0.0]
    assert SandboxSettings(latency_ms=200, visma_latency_ms=0).latency_seconds("visma") == 0.0


def test_latency_and_delay_are_waited_for_before_the_call_is_handled() -> None:
    waits: list[float] = []

    async def sleep(seconds: float) -> None:
        waits.append(seconds)

    faults = Faults(0, [FaultRule(kind=FaultKind.DELAY, seconds=7, times=1)])
    routes = [Route("/v1/x", lambda _request: PlainTextResponse(str(waits)))]
    gate = Gate({"visma": routes}, RequestLog(), faults, {"visma": 0.2}.__getitem__, sleep)
    assert asgi_get(gate, "/v1/x") == "[0.2, 7.0]"
    assert asgi_get(gate, "/v1/x") == "[0.2, 7.0, 0.2]"


def test_faults_of_the_settings_are_in_force_from_the_start() -> None:
    settings = SandboxSettings(customers=1, faults=(FaultRule(kind=FaultKind.ANSWER, path="/v1", times=1),))
    with Sandbox(settings) as running:
        assert VismaCaller(running).call("/v1/customer").status_code == 503


def test_a_stopped_sandbox_has_no_address() -> None:
    sandbox = Sandbox(SandboxSettings(customers=1))
    with pytest.raises(ConnectorError):
        _ = sandbox.url
    with sandbox:
        url = sandbox.url
        assert requests.get(url, timeout=10).status_code == 200
    with pytest.raises(requests.ConnectionError):
        requests.get(url, timeout=10)


def test_a_sandbox_that_answers_nobody_ends_without_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    async def never(*_: object) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(uvicorn.Server, "main_loop", never)
    monkeypatch.setattr(uvicorn.Server, "shutdown", never)
    with Sandbox(SandboxSettings(customers=1)) as sandbox:
        assert requests.get(sandbox.url, timeout=10).status_code == 200
        thread = sandbox._thread
    assert thread is not None
    assert not thread.is_alive()


def test_a_call_that_is_being_answered_is_answered_when_the_sandbox_ends(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sandbox = Sandbox(SandboxSettings(customers=1, latency_ms=300))
    begun = threading.Event()
    begin = sandbox.log.begin

    def note(*arguments: str) -> None:
        begin(*arguments)
        begun.set()

    monkeypatch.setattr(sandbox.log, "begin", note)
    with ThreadPoolExecutor(1) as pool:
        with sandbox:
            answer = pool.submit(hubspot_get, sandbox, "/crm/objects/2026-09/companies")
            assert begun.wait(10)
        assert answer.result().status_code == 200


def test_two_sandboxes_run_side_by_side(visma: VismaCaller) -> None:
    with Sandbox(SandboxSettings(customers=2, suppliers=0)) as other:
        assert other.url != visma.sandbox.url
        assert len(VismaCaller(other).rows("/v1/customer")) == 2
        assert len(visma.rows("/v1/customer")) == 30


def test_the_foreground_server_announces_its_address_and_serves(monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[Sandbox] = []
    announced: queue.Queue[str] = queue.Queue()
    original = Sandbox.run

    def run(sandbox: Sandbox, announce: Callable[[str], None] | None = None) -> None:
        started.append(sandbox)
        original(sandbox, announce)

    monkeypatch.setattr(Sandbox, "run", run)
    arguments = {"settings": SandboxSettings(customers=1), "announce": announced.put}
    thread = threading.Thread(target=main, kwargs=arguments)
    thread.start()
    assert requests.get(announced.get(timeout=10), timeout=10).status_code == 200
    started[0].stop()
    thread.join(10)
    assert not thread.is_alive()


def test_the_clock_stops_moves_and_runs() -> None:
    clock = SandboxClock()
    before = clock.now()
    clock.advance(timedelta(hours=2))
    assert timedelta(hours=2) <= clock.now() - before < timedelta(hours=2, minutes=5)
    clock.set(before)
    clock.advance(timedelta(seconds=1))
    assert clock.now() == before + timedelta(seconds=1)
    clock.run()
    assert clock.now() - before < timedelta(minutes=5)
    with pytest.raises(ValueError, match="aware"):
        clock.set(before.replace(tzinfo=None))
