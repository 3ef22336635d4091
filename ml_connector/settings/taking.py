"""The settings of what travels: which customers and suppliers a connection takes, and all that belongs to them."""

from typing import Literal

from pydantic import Field

from ml_connector.settings.base import Settings, Word

CustomerStatus = Literal["Active", "OnHold", "CreditHold", "Inactive", "OneTime"]
SupplierStatus = Literal["Active", "OnHold", "HoldPayments", "Inactive", "OneTime"]
"""Visma's statuses (reference: visma 4.4)."""


class TakeSettings(Settings):
    """Which customers and suppliers travel, with their contacts, documents, payments and sales; empty takes all.

    What was synced before it was left out stays in HubSpot as it is.
    """

    customer_classes: tuple[Word, ...] = Field(
        default=(),
        description="Ids of the customer classes that travel; empty: all, customers without a class included.",
        examples=[["NO", "EU"]],
    )
    customer_statuses: tuple[CustomerStatus, ...] = Field(
        default=(),
        description="Statuses of the customers that travel; empty: all.",
        examples=[["Active", "OnHold"]],
    )
    supplier_classes: tuple[Word, ...] = Field(
        default=(), description="Ids of the supplier classes that travel; empty: all."
    )
    supplier_statuses: tuple[SupplierStatus, ...] = Field(
        default=(), description="Statuses of the suppliers that travel; empty: all."
    )

    @property
    def filters_customers(self) -> bool:
        """Whether some customers do not travel."""
        return bool(self.customer_classes or self.customer_statuses)

    @property
    def filters_suppliers(self) -> bool:
        """Whether some suppliers do not travel."""
        return bool(self.supplier_classes or self.supplier_statuses)
