"""The client as a whole: one record, counts, lists of other shapes, tokens that expire, errors, and no way to write."""

import ast
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import responses

import ml_connector.visma
from ml_connector.errors import CredentialsError, PermanentApiError, TransientApiError, UsageError
from ml_connector.http import Answer, Transport
from ml_connector.visma import VismaClient, VismaCredentials, WarningKind
from ml_connector_tests.visma.fake import API, NOW, SECRET, TOKEN, batch, client, customer, visma


@pytest.fixture
def api() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        mock.post(TOKEN, json={"access_token": "token-1", "expires_in": 3600})
        yield mock


# --- from a notebook


def test_pages_of_rows_from_a_name_and_a_date() -> None:
    with visma([customer(1), customer(2)]), client() as reader:
        pages = list(reader.changed("customers", since=datetime(2026, 11, 1)))
    assert [[row.key for row in page] for page in pages] == [["1", "2"]]
    row = pages[0][0]
    assert json.loads(row.raw, parse_float=Decimal) == row.values
    assert row.modified == "2026-11-20T06:35:22.153"


def test_mistakes_are_told_at_once_not_on_the_first_page() -> None:
    reader = client()
    with pytest.raises(UsageError, match="no entity 'invoices'"):
        reader.changed("invoices")
    with pytest.raises(UsageError, match="time zone"):
        reader.changed("customers", since=datetime(2026, 11, 1, tzinfo=UTC))
    with pytest.raises(UsageError, match="not a key"):
        reader.one("customer_invoices", "000123")
    with pytest.raises(CredentialsError, match="tenant id"):
        VismaClient(VismaCredentials("a", "b", ""))
    assert reader.requests.calls == 0


def test_addresses_come_from_the_environment(
    monkeypatch: pytest.MonkeyPatch, api: responses.RequestsMock
) -> None:
    monkeypatch.setenv("VISMA_API_URL", f"{API}/")
    monkeypatch.setenv("VISMA_TOKEN_URL", TOKEN)
    api.get(f"{API}/v1/customer", json=[])
    assert client(api_url=None, token_url=None).count("customers") == 0


def test_the_secret_and_the_token_are_in_no_repr(api: responses.RequestsMock) -> None:
    reader = client()
    api.get(f"{API}/v1/customer", json=[])
    reader.count("customers")
    assert SECRET not in repr(vars(reader))
    assert "token-1" not in repr(vars(reader))


# --- one record


def test_one_record(api: responses.RequestsMock) -> None:
    api.get(f"{API}/v1/customer/10023", body=' {"number":"10023","creditLimit":1.50}\n')
    row = client().one("customers", "10023")
    assert row is not None
    assert (row.key, row.raw) == ("10023", '{"number":"10023","creditLimit":1.50}')
    assert row.values["creditLimit"] == Decimal("1.50")


def test_one_record_with_reserved_characters(api: responses.RequestsMock) -> None:
    api.get(
        f"{API}/v1/supplierInvoice/Invoice/b64(QS8x)",
        json={"documentType": "Invoice", "referenceNumber": "A/1"},
    )
    row = client().one("supplier_invoices", "Invoice:A/1")
    assert row is not None
    assert row.key == "Invoice:A/1"


def test_no_record(api: responses.RequestsMock) -> None:
    api.get(
        f"{API}/v1/customer/9", status=404, json={"message": "VismaId: abcdef-12. Customer is not found."}
    )
    assert client().one("customers", "9") is None


def test_no_record_because_of_a_wrong_address(api: responses.RequestsMock) -> None:
    api.get(f"{API}/erp/service/v1/customer/9", status=404)
    with pytest.raises(PermanentApiError, match="audience") as caught:
        client(api_url=f"{API}/erp/service").one("customers", "9")
    assert "{number}" in str(caught.value)


def test_two_payments_of_one_number(api: responses.RequestsMock) -> None:
    payment = {"type": "Payment", "refNbr": "77"}
    void = {"type": "VoidPayment", "refNbr": "77"}
    api.get(f"{API}/v1/customerPayment/77", json=payment)
    api.get(f"{API}/v1/customerPayment", json=[payment, void])
    reader = client()
    row = reader.one("customer_payments", "VoidPayment:77")
    assert row is not None
    assert row.key == "VoidPayment:77"
    assert "paymentType=VoidPayment&paymentNbr=77" in (api.calls[-1].request.url or "")
    assert reader.one("customer_payments", "Refund:77") is None


def test_another_batch_of_the_same_number_is_not_passed_off(api: responses.RequestsMock) -> None:
    api.get(f"{API}/v2/journaltransaction/000001", json=batch(1, [1]))
    with pytest.raises(PermanentApiError, match="GL:000001"):
        client().one("journal_transactions", "GL:000001")
    assert client().one("journal_transactions", "AR:000001") is not None


def test_a_record_that_is_no_json_object(api: responses.RequestsMock) -> None:
    api.get(f"{API}/v1/customer/1", body='{"number": "1"} {}')
    with pytest.raises(TransientApiError, match="not the JSON"):
        client().one("customers", "1")


# --- other shapes of lists


def test_contacts_come_in_one_answer_and_are_handed_on_in_chunks(api: responses.RequestsMock) -> None:
    rows = [{"contactId": number, "lastModifiedDateTime": "2026-11-20T00:00:00"} for number in range(2500)]
    api.get(f"{API}/v1/contact", json=rows)
    reader = client()
    pages = list(reader.changed("contacts"))
    assert [len(page) for page in pages] == [1000, 1000, 500]
    assert [row.key for page in pages for row in page] == [str(number) for number in range(2500)]
    assert reader.count("contacts") == 2500
    assert "page" not in (api.calls[1].request.url or "")


def test_an_unpaged_list_shorter_than_it_says_is_read_again_and_said(api: responses.RequestsMock) -> None:
    api.get(f"{API}/v1/contact", json=[{"contactId": 1, "metadata": {"totalCount": 700}}])
    reader = client()
    assert [row.key for page in reader.changed("contacts") for row in page] == ["1"]
    assert [warning.kind for warning in reader.warnings] == [WarningKind.COUNT_DIFFERS]


def test_the_temporary_file_of_a_huge_answer_is_given_back(
    api: responses.RequestsMock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ml_connector.http.SPOOL_BYTES", 10)
    api.get(f"{API}/v1/contact", json=[{"contactId": number} for number in range(1500)])
    transport = Transport("Visma")
    answers: list[Answer] = []
    send = transport.send

    def remembering(*args: Any, **options: Any) -> Answer:
        answers.append(send(*args, **options))
        return answers[-1]

    monkeypatch.setattr(transport, "send", remembering)
    pages = client(transport=transport).changed("contacts")
    assert len(next(pages)) == 1000
    file = answers[-1].file
    assert file is not None
    assert not file.closed
    pages.close()  # type: ignore[attr-defined]
    assert file.closed


def test_wrapped_lists_are_paged_too() -> None:
    with responses.RequestsMock() as api:
        api.post(TOKEN, json={"access_token": "t"})
        for page, rows in enumerate(([customer(1), customer(2)], [customer(3)]), start=1):
            api.get(
                f"{API}/v1/customer",
                json={"pageNumber": page, "pageSize": 2, "totalCount": 3, "records": rows},
                match=[responses.matchers.query_param_matcher({"pageNumber": str(page)}, strict_match=False)],
            )
        assert [row.key for page in client().changed("customers") for row in page] == ["1", "2", "3"]


def test_dimensions_are_ids_and_then_a_request_for_each(api: responses.RequestsMock) -> None:
    api.get(f"{API}/v1/dimension", json=["SUBACCOUNT", "A/B", "GONE"])
    api.get(f"{API}/v1/dimension/SUBACCOUNT", body='{"id":"SUBACCOUNT","segments":[]}')
    api.get(f"{API}/v1/dimension/b64(QS9C)", json={"id": "A/B"})
    api.get(f"{API}/v1/dimension/GONE", status=404)
    reader = client()
    rows = [row for page in reader.changed("dimensions", datetime(2026, 11, 1)) for row in page]
    assert [row.key for row in rows] == ["SUBACCOUNT", "A/B"]
    assert rows[0].raw == '{"id":"SUBACCOUNT","segments":[]}'
    assert reader.count("dimensions") == 3
    assert "expandSegmentsValues=true" in (api.calls[2].request.url or "")


def test_a_list_of_ids_of_another_shape(api: responses.RequestsMock) -> None:
    api.get(f"{API}/v1/dimension", json={"a": 1})
    with pytest.raises(TransientApiError, match="list of ids"):
        list(client().changed("dimensions"))


def test_documents_are_asked_with_their_details() -> None:
    row = {"documentType": "Invoice", "referenceNumber": "1", "lastModifiedDateTime": "2026-11-20T00:00:00"}
    with visma([row], "/v1/customerinvoice") as fake:
        list(client().changed("customer_invoices"))
    assert fake.queries[0]["expandApplications"] == "true"


# --- counts and the clock


def test_counting_takes_one_row() -> None:
    with visma([customer(number) for number in range(25)]) as fake:
        assert client().count("customers") == 25
    assert [(query["pageNumber"], query["pageSize"]) for query in fake.queries] == [("1", "1")]


def test_counting_a_list_that_does_not_say() -> None:
    with visma([customer(number) for number in range(25)]) as fake:
        fake.metadata = False
        assert client().count("customers") == 25


def test_counting_the_journal_names_a_date(api: responses.RequestsMock) -> None:
    api.get(
        f"{API}/v2/journaltransaction", json=[batch(1, [1], metadata={"totalCount": 12, "maxPageSize": 1000})]
    )
    assert client().count("journal_transactions") == 12
    assert "lastModifiedDateTime=1900" in (api.calls[1].request.url or "")


def test_the_clock_probe_finds_the_newest_stamp() -> None:
    rows = [customer(number, f"2026-11-22T10:{number:02d}:00") for number in range(1, 31)]
    with visma(rows) as fake:
        fake.cap = 10
        probe = client().clock_probe()
    assert probe.newest == datetime(2026, 11, 22, 10, 30)
    assert probe.server_now == NOW
    assert [query["pageNumber"] for query in fake.queries] == ["1", "3"]
    assert fake.queries[0]["lastModifiedDateTime"] == "2026-11-22 06:00:00.000"


def test_the_clock_probe_of_a_quiet_company() -> None:
    with visma([customer(1, "2026-11-20T00:00:00")]):
        assert client().clock_probe().newest is None


# --- no way to write


def test_no_verb_but_get_is_known_outside_the_token_request() -> None:
    folder = Path(ml_connector.visma.__file__).parent
    verbs = {
        (path.name, node.value)
        for path in folder.glob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Constant) and node.value in {"GET", "POST", "PUT", "PATCH", "DELETE"}
    }
    assert verbs == {("gate.py", "GET"), ("auth.py", "POST")}
    senders = {path.name for path in folder.glob("*.py") if "transport.send(" in path.read_text()}
    assert senders == {"gate.py", "auth.py"}
