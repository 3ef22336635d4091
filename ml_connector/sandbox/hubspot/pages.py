"""The portal's pages."""

from starlette.routing import BaseRoute

from ml_connector.sandbox.hubspot.account import Account


def page_routes(account: Account) -> list[BaseRoute]:
    """Return the routes of the pages."""
    return []
