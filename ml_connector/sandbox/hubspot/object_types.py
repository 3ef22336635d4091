"""The kinds of records the account holds, the names they answer to, and the scopes that open them."""

from dataclasses import dataclass

from ml_connector.sandbox.hubspot.problems import bad_request, missing_scopes


@dataclass(frozen=True, slots=True)
class ObjectType:
    """One kind of record.

    ``required_any`` names properties of which a new record needs one, ``required_all`` those it needs all of.
    ``schema_scope`` is the last part of ``crm.schemas.*.write``, or None where only ``e-commerce`` opens the
    definitions (reference: hubspot 12).
    """

    type_id: str
    name: str
    singular: str
    plural_label: str
    singular_label: str
    scope: str
    schema_scope: str | None
    display_property: str
    required_any: tuple[str, ...] = ()
    required_all: tuple[str, ...] = ()
    default_properties: tuple[str, ...] = ()
    mergeable: bool = False
    custom_name: str | None = None

    @property
    def created_property(self) -> str:
        """The property that holds the time of creation."""
        return "createdate" if self.type_id in {"0-1", "0-2", "0-3"} else "hs_createdate"

    @property
    def modified_property(self) -> str:
        """The property that holds the time of the last change: contacts differ (reference: hubspot 3)."""
        return "lastmodifieddate" if self.type_id == "0-1" else "hs_lastmodifieddate"

    @property
    def system_properties(self) -> tuple[str, ...]:
        """Properties every answer carries."""
        return (self.created_property, "hs_object_id", self.modified_property)

    def record_scopes(self, right: str) -> str:
        """Return the scope that opens records for ``right``, ``read`` or ``write``."""
        return f"crm.objects.{self.scope}.{right}"

    def definition_scopes(self, right: str) -> tuple[str, ...]:
        """Return the scopes of which one opens the property definitions for ``right``."""
        if right == "write":
            return (f"crm.schemas.{self.schema_scope}.write",) if self.schema_scope else ("e-commerce",)
        schema = f"crm.schemas.{self.schema_scope or self.scope}.read"
        return (schema, self.record_scopes("read"), self.record_scopes("write"))


STANDARD_TYPES = (
    ObjectType(
        "0-1", "contacts", "contact", "Contacts", "Contact", "contacts", "contacts", "email",
        required_any=("email", "firstname", "lastname"),
        default_properties=("email", "firstname", "lastname"),
        mergeable=True,
    ),
    ObjectType(
        "0-2", "companies", "company", "Companies", "Company", "companies", "companies", "name",
        required_any=("name", "domain"),
        default_properties=("domain", "name"),
        mergeable=True,
    ),
    ObjectType(
        "0-3", "deals", "deal", "Deals", "Deal", "deals", "deals", "dealname",
        required_all=("dealname", "dealstage"),
        default_properties=("amount", "closedate", "dealname", "dealstage", "pipeline"),
        mergeable=True,
    ),
    ObjectType(
        "0-7", "products", "product", "Products", "Product", "products", None, "name",
        required_all=("name",), default_properties=("description", "name", "price"),
    ),
    ObjectType(
        "0-8", "line_items", "line_item", "Line items", "Line item", "line_items", None, "name",
        default_properties=("amount", "quantity", "hs_product_id"),
    ),
    ObjectType(
        "0-53", "invoices", "invoice", "Invoices", "Invoice", "invoices", "invoices", "hs_number",
        required_all=("hs_currency",),
    ),
    ObjectType(
        "0-101", "commerce_payments", "commerce_payment", "Payments", "Payment",
        "commercepayments", "commercepayments", "hs_reference_number",
        required_all=("hs_initial_amount", "hs_initiated_date"),
    ),
    ObjectType(
        "0-123", "orders", "order", "Orders", "Order", "orders", "orders", "hs_order_name",
        required_all=("hs_order_name",),
    ),
)  # fmt: skip


class ObjectTypes:
    """Finds an :class:`ObjectType` by any of its names; custom ones can be added."""

    def __init__(self) -> None:
        self.all: dict[str, ObjectType] = {}
        self._names: dict[str, str] = {}
        for object_type in STANDARD_TYPES:
            self.add(object_type)

    def add(self, object_type: ObjectType) -> None:
        """Make a type known under its id and names; a custom object has no bare name (reference: hubspot 2)."""
        self.all[object_type.type_id] = object_type
        names = (
            (object_type.type_id, object_type.custom_name)
            if object_type.custom_name
            else (object_type.type_id, object_type.name, object_type.singular)
        )
        for name in names:
            self._names[name.lower()] = object_type.type_id

    def remove(self, object_type: ObjectType) -> None:
        """Forget a type under all its names."""
        del self.all[object_type.type_id]
        self._names = {
            name: type_id for name, type_id in self._names.items() if type_id != object_type.type_id
        }

    def find(self, name: str) -> ObjectType:
        """Return the type called ``name``: singular, plural, any case, or the type id.

        Raises:
            RefusedError: 400 for a name that no type has.
        """
        type_id = self._names.get(name.lower())
        if type_id is None:
            raise bad_request(f"Unable to infer object type from: {name}")
        return self.all[type_id]


def require_scopes(granted: frozenset[str], *needed: tuple[str, ...]) -> None:
    """Check that ``granted`` holds one scope of every group in ``needed``.

    Raises:
        RefusedError: 403 MISSING_SCOPES that names the first group without one.
    """
    for group in needed:
        if granted.isdisjoint(group):
            raise missing_scopes(group)
