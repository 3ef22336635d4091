"""The catalogue: every cause says what to do, and what HubSpot answers finds its cause, never a record's value."""

import json
import re
from collections.abc import Callable
from typing import Any

import pytest

from ml_connector.causes.catalogue import CATALOGUE, cause_named, cause_of_refusal
from ml_connector.causes.model import Where
from ml_connector.http import Answer
from ml_connector.hubspot.answers import cause_told, refusal_of
from ml_connector.hubspot.messages import CODES
from ml_connector.hubspot.outcomes import UNCONFIRMED
from ml_connector.sandbox.hubspot import problems
from ml_connector.sandbox.hubspot.problems import RefusedError


@pytest.mark.parametrize("cause", CATALOGUE.values(), ids=CATALOGUE.keys())
def test_every_cause_is_told_in_sentences(cause: Any) -> None:
    shown = cause.about(None)
    assert re.fullmatch(r"[a-z]+(-[a-z]+)*", cause.name)
    for sentence in (shown.title, shown.remedy):
        assert sentence[0].isupper()
        assert sentence.endswith(".")
        assert "{" not in sentence
    assert shown.where in Where
    assert bool(cause.whatever) == ("{detail}" in cause.title)


def test_no_word_of_hubspot_means_two_causes() -> None:
    words = [word for cause in CATALOGUE.values() for word in cause.words]
    assert len(words) == len(set(words))


def told(status: int, body: dict[str, Any]) -> str:
    refusal = refusal_of(Answer(status, {}, json.dumps(body).encode()))
    return cause_told(refusal.problem, *refusal.details)


@pytest.mark.parametrize(
    ("refused", "cause"),
    [
        (problems.invalid_value("industry", "INVALID_OPTION", "x"), "option-missing:industry"),
        (problems.invalid_value("email", "INVALID_EMAIL", "x"), "email-refused"),
        (problems.invalid_value("zip", "INVALID_NUMBER", "x"), "format-refused:zip"),
        (problems.invalid_value("name", "INVALID_ALPHA", "x"), "value-refused:name"),
        (problems.invalid_value("name", "RULE_OF_TOMORROW", "x"), "value-refused:name"),
        (problems.unknown_property("segment"), "property-missing:segment"),
        (problems.read_only_property("hs_x"), "property-read-only:hs_x"),
        (problems.required_properties(["segment", "owner"]), "property-required:owner"),
        (problems.contact_exists("1"), "record-exists"),
        (problems.same_in_batch(), "record-exists"),
        (problems.unique_conflict("visma_customer_id", "acme:1", "2"), "value-taken:visma_customer_id"),
        (problems.bad_request("The record was refused by a rule of the account."), "value-refused"),
        (problems.not_found(), "record-gone"),
        (problems.some_not_found("company", ["1"]), "record-gone"),
        (RefusedError(400, "x", sub_category="INVOICE_VALIDATION_ERROR"), "invoice-not-whole"),
        (RefusedError(400, "x", sub_category="crm.associations.INVALID_OBJECT_IDS"), "link-refused"),
        (RefusedError(409, "x", "OBJECT_ALREADY_EXISTS"), "record-exists"),
        (RefusedError(400, "x", "INVENTED_TOMORROW"), "other:INVENTED_TOMORROW"),
        (RefusedError(400, "x", None), "other"),
    ],
)
def test_what_hubspot_refuses_finds_its_cause(refused: RefusedError, cause: str) -> None:
    assert told(refused.status, refused.body("c-1")) == cause


def test_of_several_properties_the_cause_is_the_same_whatever_their_order() -> None:
    named = [("zip", "INVALID_NUMBER"), ("industry", "INVALID_OPTION")]
    assert {cause_of_refusal([], named), cause_of_refusal([], named[::-1])} == {"option-missing:industry"}


@pytest.mark.parametrize("category", ["NO_ANSWER", "NOT_SENT", UNCONFIRMED])
def test_an_end_that_is_not_known_is_a_cause_to_wait(category: str) -> None:
    assert cause_named(cause_of_refusal([category])).where is Where.NOWHERE


def test_every_code_that_is_put_in_words_has_a_cause() -> None:
    own = {cause_of_refusal([], [("x", code)]).partition(":")[0] for code in CODES}
    assert "other" not in own
    assert own >= {"option-missing", "value-taken", "property-required"}


@pytest.mark.parametrize(
    "make",
    [
        lambda value: cause_of_refusal([], [(value, "INVALID_OPTION")]),
        lambda value: cause_of_refusal([value]),
        lambda value: cause_of_refusal([], text=f"required properties were not set: [{value}]"),
        lambda value: cause_named(value).title,
    ],
)
def test_a_persons_words_never_become_part_of_a_cause(make: Callable[[str], str]) -> None:
    for value in ("Kari Nordmann", "kari@fjord.no", "+47 22 33 44 55"):
        assert value not in make(value)
        assert "Nordmann" not in make(value)


def test_a_cause_is_found_by_its_name_again() -> None:
    assert cause_named("option-missing:industry").title == (
        "The value of industry is not one of its options in HubSpot."
    )
    assert cause_named("email-refused").name == "email-refused"
    unknown = cause_named("VALIDATION_ERROR")
    assert (unknown.name, unknown.remedy) == ("VALIDATION_ERROR", cause_named("other").remedy)
