"""Planted trouble: what the client sees, what was carried out, and what is counted."""

from collections.abc import Iterator

import pytest
import requests
from pydantic import ValidationError

from ml_connector.sandbox.faults import ErrorBody, FaultKind, FaultRule, Faults
from ml_connector.sandbox.server import Sandbox
from ml_connector.sandbox.settings import SandboxSettings
from ml_connector_tests.sandbox.visma_calls import VismaCaller


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(SandboxSettings(customers=20, suppliers=5)) as running:
        yield running


@pytest.fixture
def visma(sandbox: Sandbox) -> Iterator[VismaCaller]:
    sandbox.reset()
    yield VismaCaller(sandbox)
    sandbox.visma.on_page.clear()


def handled(sandbox: Sandbox) -> list[str]:
    """Return a list that grows with each list call that is carried out."""
    seen: list[str] = []
    sandbox.visma.on_page.append(lambda page: seen.append(page.entity))
    return seen


@pytest.mark.parametrize(("kind", "carried_out"), [(FaultKind.DROP_BEFORE, 0), (FaultKind.DROP_AFTER, 1)])
def test_a_dropped_connection_gives_no_answer(visma: VismaCaller, kind: FaultKind, carried_out: int) -> None:
    seen = handled(visma.sandbox)
    number = visma.sandbox.faults.add(FaultRule(kind=kind, path="/v1/customer", times=1))
    with pytest.raises(requests.ConnectionError):
        visma.call("/v1/customer")
    assert len(seen) == carried_out
    assert visma.sandbox.faults.fired(number) == 1
    assert visma.call("/v1/customer").status_code == 200


@pytest.mark.parametrize("path", ["/v1/customer", "/v1/contact"])
def test_a_cut_body_is_noticed_by_the_client(visma: VismaCaller, path: str) -> None:
    visma.sandbox.faults.add(FaultRule(kind=FaultKind.CUT_BODY, times=1, kept=0.9))
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        visma.call(path)
    assert visma.call(path).status_code == 200


@pytest.mark.parametrize(
    ("shape", "content_type", "part"),
    [
        (ErrorBody.VISMA_EXCEPTION, "application/json", "ExceptionFaultCode"),
        (ErrorBody.VISMA_MESSAGE, "application/json", "VismaId"),
        (ErrorBody.HUBSPOT, "application/json", "correlationId"),
        (ErrorBody.HTML, "text/html", "<h1>502</h1>"),
        (ErrorBody.TEXT, "text/plain", "upstream"),
        (ErrorBody.EMPTY, "text/plain", ""),
    ],
)
def test_an_injected_answer_has_the_body_asked_for(
    visma: VismaCaller, shape: ErrorBody, content_type: str, part: str
) -> None:
    seen = handled(visma.sandbox)
    rule = FaultRule(kind=FaultKind.ANSWER, statuses=(502,), body=shape, retry_after=3, times=1)
    visma.sandbox.faults.add(rule)
    response = visma.call("/v1/customer")
    assert response.status_code == 502
    assert response.headers["Content-Type"].startswith(content_type)
    assert response.headers["Retry-After"] == "3"
    assert part in response.text
    assert bool(response.text) is bool(part)
    assert seen == []


def test_an_answer_can_be_injected_after_the_call_was_carried_out(visma: VismaCaller) -> None:
    seen = handled(visma.sandbox)
    visma.sandbox.faults.add(FaultRule(kind=FaultKind.ANSWER, handled=True, times=1))
    assert visma.call("/v1/customer").status_code == 503
    assert seen == ["customers"]


def test_a_delay_holds_the_call_back_and_then_lets_it_pass(visma: VismaCaller) -> None:
    visma.sandbox.faults.add(FaultRule(kind=FaultKind.DELAY, seconds=30, times=1))
    with pytest.raises(requests.ReadTimeout):
        visma.session.get(f"{visma.sandbox.url}/v1/customer", timeout=0.2)
    visma.sandbox.faults.add(FaultRule(kind=FaultKind.DELAY, seconds=0.01, times=1))
    assert visma.call("/v1/customer").status_code == 200


def test_rules_select_by_method_and_path_and_count_only_those() -> None:
    faults = Faults()
    number = faults.add(
        FaultRule(kind=FaultKind.DROP_AFTER, method="post", path="/CRM/objects", skip=1, times=2)
    )
    calls = [("GET", "/crm/objects/x"), ("POST", "/v1/x"), *[("POST", "/crm/objects/2026-09/companies")] * 4]
    assert [faults.pick(*call) is not None for call in calls] == [False, False, False, True, True, False]
    assert faults.fired(number) == 2


def test_a_probability_hits_about_its_share_and_repeats_with_the_seed() -> None:
    rule = FaultRule(kind=FaultKind.ANSWER, probability=0.05, statuses=(500, 502, 503, 504, 524))

    def drawn(seed: int) -> list[int]:
        faults = Faults(seed, [rule])
        hits = [faults.pick("GET", "/v1/customer") for _ in range(4000)]
        return [hit.status if hit else 200 for hit in hits]

    first = drawn(1)
    assert drawn(1) == first
    assert drawn(2) != first
    assert 0.035 < sum(status != 200 for status in first) / 4000 < 0.065
    assert set(first) == {200, 500, 502, 503, 504, 524}


def test_the_first_rule_that_hits_wins_and_removed_rules_do_not() -> None:
    faults = Faults()
    first = faults.add(FaultRule(kind=FaultKind.DROP_BEFORE))
    second = faults.add(FaultRule(kind=FaultKind.CUT_BODY))
    hit = faults.pick("GET", "/")
    assert hit
    assert hit.rule.kind is FaultKind.DROP_BEFORE
    faults.remove(first)
    hit = faults.pick("GET", "/")
    assert hit
    assert hit.rule.kind is FaultKind.CUT_BODY
    assert (faults.fired(first), faults.fired(second)) == (0, 1)
    faults.clear()
    assert faults.pick("GET", "/") is None


def test_rules_with_impossible_values_are_refused() -> None:
    with pytest.raises(ValidationError):
        FaultRule(kind=FaultKind.DELAY, probability=0)
    with pytest.raises(ValidationError):
        FaultRule.model_validate({"kind": "explode"})
    with pytest.raises(ValidationError):
        FaultRule.model_validate({"kind": "delay", "pathh": "/v1"})
