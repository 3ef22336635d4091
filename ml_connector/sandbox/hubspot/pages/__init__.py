"""The portal as a salesperson would see it: lists and a page for each record, with nothing loaded from outside."""

from ml_connector.sandbox.hubspot.pages.views import page_routes

__all__ = ["page_routes"]
