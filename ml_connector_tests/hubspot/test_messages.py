"""No personal data of an error text gets through, and what is needed to act on it does."""

import json

import pytest

from ml_connector.hubspot.messages import (
    LONGEST_MESSAGE,
    PropertyProblem,
    existing_id,
    plain_message,
    property_problems,
)


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("Email address kari.nord+x@bygg-as.no is invalid", "Email address <e-mail> is invalid"),
        ("mailto:kari@bygg.no", "mailto:<e-mail>"),
        ('The value "Kari Nordmann" is too long', "The value <value> is too long"),
        ("'Kari Nordmann' was not one of the options", "<value> was not one of the options"),
        ("Option 'd'Artagnan' isn't allowed", "Option <value> isn't allowed"),
        ("“Kari” is no option", "<value> is no option"),
        ("call +47 900 12 345 back", "call <phone> back"),
        ('Property "visma_customer_id" does not exist', 'Property "visma_customer_id" does not exist'),
        ('Code "INVALID_OPTION" for "0-2"', 'Code "INVALID_OPTION" for "0-2"'),
        ("Contact already exists. Existing ID: 12345", "Contact already exists. Existing ID: 12345"),
        (
            "Cannot set PropertyValueCoordinates{objectId=77, propertyName=city, value=Oslo S} on 77. "
            "78 already has that value.",
            "Cannot set PropertyValueCoordinates{objectId=77, propertyName=city, value=<value>} on 77. "
            "78 already has that value.",
        ),
        ("two\n   lines", "two lines"),
        ("", ""),
    ],
)
def test_personal_data_is_masked_and_ids_and_names_stay(text: str, plain: str) -> None:
    assert plain_message(text) == plain


def test_values_that_were_sent_are_masked_wherever_they_stand() -> None:
    sent = {"name": "Bygg AS", "city": "Bygg", "visma_customer_id": "demo:10023"}
    text = "bygg as was refused in Bygg for demo:10023; Byggmester stays"
    assert plain_message(text, sent, keep=("demo:10023",)) == (
        "<name> was refused in <city> for demo:10023; Byggmester stays"
    )


def test_quoted_keys_may_be_kept() -> None:
    assert plain_message("Duplicate 'demo:10023'", keep=("demo:10023",)) == "Duplicate 'demo:10023'"


def test_long_messages_are_cut() -> None:
    assert len(plain_message("word " * 500)) == LONGEST_MESSAGE


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Contact already exists. Existing ID: 123", "123"),
        ("contact already exists, existing id 123.", "123"),
        ('{"existingObjectId":"456"}', "456"),
        ("existing_id=9", "9"),
        ("Cannot set x on 77. 78 already has that value.", "78"),
        ('"identityProfile":{"vid":901}', "901"),
        ("Contact 55 was refused", None),
    ],
)
def test_the_existing_record_is_found_in_many_wordings(text: str, found: str | None) -> None:
    assert existing_id(text) == found


def test_the_embedded_list_gives_named_problems() -> None:
    items = [
        {
            "isValid": False,
            "message": "Kari was not one of the options",
            "error": "INVALID_OPTION",
            "name": "industry",
        },
        {"isValid": False, "message": "x", "error": "NEW_CODE", "name": "email"},
    ]
    problems = property_problems(f"Property values were not valid: {json.dumps(items)}")
    assert problems == (
        PropertyProblem("industry", "INVALID_OPTION"),
        PropertyProblem("email", "NEW_CODE"),
    )
    assert str(problems[0]) == "industry is not one of the property's options"
    assert str(problems[1]) == "email was refused (NEW_CODE)"


@pytest.mark.parametrize("text", ["nothing", "Not valid: [{broken", "Not valid: [{}]", "[1, 2]"])
def test_texts_without_such_a_list_give_none(text: str) -> None:
    assert property_problems(text) == ()


def test_the_names_of_required_properties_stay_and_nothing_else_that_is_quoted() -> None:
    text = "Error creating record 'Kari Nordmann'. Some required properties were not set: ['segment', \"region\"]"
    assert plain_message(text) == (
        "Error creating record <value>. Some required properties were not set: ['segment', \"region\"]"
    )
