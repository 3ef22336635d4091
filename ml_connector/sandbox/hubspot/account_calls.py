"""Calls about the account itself: what it is, who the token belongs to, how full it is, its tax rates and people."""

import json
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from ml_connector.sandbox.hubspot.calls import Call, Reply
from ml_connector.sandbox.hubspot.problems import invalid_authentication, not_found
from ml_connector.sandbox.hubspot.standard.sales import DEAL_STAGES
from ml_connector.sandbox.hubspot.times import iso


def account_details(call: Call) -> Reply:
    """GET /account-info/V/details (reference: hubspot 12)."""
    settings = call.account.settings
    zone = ZoneInfo(settings.time_zone)
    offset = datetime.fromtimestamp(call.account.clock(), zone).utcoffset() or timedelta()
    minutes = int(offset.total_seconds() // 60)
    return Reply(
        200,
        {
            "portalId": settings.portal_id,
            "accountType": settings.account_type,
            "timeZone": settings.time_zone,
            "companyCurrency": settings.company_currency,
            "additionalCurrencies": list(settings.additional_currencies),
            "utcOffset": f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02d}:{abs(minutes) % 60:02d}",
            "utcOffsetMilliseconds": minutes * 60_000,
            "uiDomain": settings.ui_domain,
            "dataHostingLocation": settings.data_hosting_location,
        },
    )


def token_info(call: Call) -> Reply:
    """POST /oauth/v2/private-apps/get/access-token-info with ``tokenKey`` (reference: hubspot 12)."""
    settings = call.account.settings
    try:
        token = json.loads(call.raw)["tokenKey"]
    except (ValueError, KeyError, TypeError):
        raise invalid_authentication() from None
    if token not in settings.access_tokens:
        raise invalid_authentication()
    return Reply(
        200,
        {
            "userId": 55_120_001,
            "hubId": settings.portal_id,
            "appId": settings.app_id,
            "scopes": sorted(settings.scopes),
            "isUserToken": False,
        },
    )


def custom_property_limits(call: Call) -> Reply:
    """GET /crm/limits/V/custom-properties (reference: hubspot 8)."""
    limit = call.account.settings.custom_properties_per_object
    overall = limit * 10
    rows: list[dict[str, Any]] = []
    for catalogue in call.account.catalogues.values():
        used = catalogue.custom_count()
        rows.append(
            {
                "objectTypeId": catalogue.type.type_id,
                "singularLabel": catalogue.type.singular_label,
                "pluralLabel": catalogue.type.plural_label,
                "limit": limit,
                "usage": used,
                "percentage": round(used / limit, 4),
            }
        )
    usage = sum(row["usage"] for row in rows)
    return Reply(
        200,
        {
            "overallLimit": overall,
            "overallUsage": usage,
            "overallPercentage": round(usage / overall, 4),
            "byObjectType": rows,
        },
    )


def tax_rates(call: Call) -> Reply:
    """GET /tax-rates/V/tax-rates: the account's tax library (reference: hubspot 7)."""
    call.require(("tax_rates.read",))
    results = [
        {
            "id": rate.id,
            "name": rate.name,
            "label": rate.name,
            "percentageRate": float(rate.percentage),
            "active": True,
            "createdAt": iso(0),
            "updatedAt": iso(0),
        }
        for rate in call.account.settings.tax_rates
    ]
    return Reply(200, {"results": results})


def owners(call: Call) -> Reply:
    """GET /crm/owners/V."""
    call.require(("crm.objects.owners.read",))
    results = [
        {
            "id": owner.id,
            "email": owner.email,
            "type": "PERSON",
            "firstName": owner.first_name,
            "lastName": owner.last_name,
            "userId": owner.user_id,
            "userIdIncludingInactive": owner.user_id,
            "createdAt": iso(0),
            "updatedAt": iso(0),
            "archived": False,
        }
        for owner in call.account.settings.owners
    ]
    return Reply(200, {"results": results})


def pipelines(call: Call) -> Reply:
    """GET /crm/pipelines/V/{type}: deals have the default sales pipeline, other types none here."""
    object_type = call.object_type()
    call.require_records("read", object_type)
    if object_type.type_id != "0-3":
        return Reply(200, {"results": []})
    stages = [
        {
            "id": value,
            "label": label,
            "displayOrder": order,
            "metadata": {"isClosed": str(value.startswith("closed")).lower(), "probability": str(order / 10)},
            "createdAt": iso(0),
            "updatedAt": iso(0),
            "archived": False,
        }
        for order, (value, label) in enumerate(DEAL_STAGES)
    ]
    pipeline = {
        "id": "default",
        "label": "Sales Pipeline",
        "displayOrder": 0,
        "stages": stages,
        "createdAt": iso(0),
        "updatedAt": iso(0),
        "archived": False,
    }
    return Reply(200, {"results": [pipeline]})


def unknown(_: Call) -> Reply:
    """Answer a path the account does not have. Raises RefusedError 404."""
    raise not_found("The requested path does not exist.")
