"""Customers and suppliers become companies: one row per HubSpot company.

A customer and a supplier that share an organisation number are one company with both ids; where they disagree, the
customer's values win, because the record is there for the people who sell to it.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import replace
from urllib.parse import quote
from zoneinfo import ZoneInfo

from ml_connector.records import normal_forms
from ml_connector.records.field_rules import CUSTOMERS, NO_RULES, SUPPLIERS, FieldRules, merged_values
from ml_connector.records.fields import part, trouble, utc_stamp
from ml_connector.records.judging import judged, refusal_of_both
from ml_connector.records.model import CompanyRecord, Properties
from ml_connector.records.normal_forms import text
from ml_connector.settings.connection import RecordLinks
from ml_connector.visma.snapshots import SnapshotRows, Version, named_account, newest

NO_LINKS = RecordLinks()

SUPPLIER_PROPERTIES = frozenset({"visma_supplier_id", "visma_supplier_status", "visma_relationship"})
"""What a supplier may say about a company that is a customer too; everything else is the customer's to say."""


class CompanyMapper:
    """Maps the rows of one connection.

    Args:
        connection: the connection's name, the first part of every id in HubSpot.
        zone: the zone of Visma's naive stamps.
        region: country (ISO 3166 alpha-2) of phone numbers written without a country code, where the row names none.
        links: addresses of Visma's screens.
        rules: what the connection's own settings make of fields.
    """

    def __init__(
        self,
        connection: str,
        zone: ZoneInfo,
        region: str,
        links: RecordLinks = NO_LINKS,
        rules: FieldRules = NO_RULES,
    ) -> None:
        self._connection = connection
        self._zone = zone
        self._region = region
        self._links = links
        self._rules = rules

    def customer(self, version: Version) -> CompanyRecord:
        """Return the company of one customer row (``CustomerDto``, reference: visma 4.4).

        A row that cannot be mapped becomes a record with a refusal, so that it never stops its neighbours.
        """
        try:
            return self._customer(version)
        except Exception as error:  # Whatever is odd about one row is said about that row.
            return _unreadable(version, error, customer_number=number_of(version))

    def _customer(self, version: Version) -> CompanyRecord:
        row = version.values
        number = number_of(version)
        address = _first_address(row.get("invoiceAddress"), row.get("mainAddress"))
        return self._company(
            version,
            address,
            emails=(part(row, "mainContact", "email"), part(row, "invoiceContact", "email")),
            phones=(part(row, "mainContact", "phone1"), part(row, "invoiceContact", "phone1")),
            customer_number=number,
            own={
                "visma_customer_id": f"{self._connection}:{number}",
                "visma_relationship": "customer",
                "visma_customer_status": text(row.get("status")),
                "visma_customer_class": _label(row.get("customerClass")),
                "visma_record_link": _link(self._links.customer, number),
            },
        )

    def supplier(self, version: Version) -> CompanyRecord:
        """Return the company of one supplier row (``SupplierDto``, reference: visma 4.4).

        A row that cannot be mapped becomes a record with a refusal, so that it never stops its neighbours.
        """
        try:
            return self._supplier(version)
        except Exception as error:  # Whatever is odd about one row is said about that row.
            return _unreadable(version, error, supplier_number=number_of(version))

    def _supplier(self, version: Version) -> CompanyRecord:
        row = version.values
        number = number_of(version)
        return self._company(
            version,
            _first_address(row.get("mainAddress"), row.get("supplierAddress")),
            emails=(part(row, "mainContact", "email"), part(row, "supplierContact", "email")),
            phones=(part(row, "mainContact", "phone1"), part(row, "supplierContact", "phone1")),
            supplier_number=number,
            own={
                "visma_supplier_id": f"{self._connection}:{number}",
                "visma_relationship": "supplier",
                "visma_supplier_status": text(row.get("status")),
                "visma_record_link": _link(self._links.supplier, number),
            },
        )

    def _company(
        self,
        version: Version,
        address: Mapping[str, object],
        *,
        emails: tuple[str | None, ...],
        phones: tuple[str | None, ...],
        own: Properties,
        customer_number: str | None = None,
        supplier_number: str | None = None,
    ) -> CompanyRecord:
        """Map what customers and suppliers have in common and add what is their own."""
        row = version.values
        rows = CUSTOMERS if customer_number else SUPPLIERS
        region = normal_forms.phone_region(part(address, "country", "id"), self._region)
        numbers = tuple(found for value in phones if (found := normal_forms.phone(value, region)))
        domain = normal_forms.company_domain(part(row, "mainContact", "web"), *emails)
        properties: dict[str, str | None] = {
            "name": text(row.get("name")),
            "domain": domain,
            "phone": numbers[0] if numbers else text(phones[0]),
            **_address_properties(address),
            "visma_organisation_number": text(row.get("corporateId")),
            "visma_vat_number": text(row.get("vatRegistrationId")),
            "visma_credit_terms": _label(row.get("creditTerms")),
            "visma_currency": text(row.get("currencyId")),
            "visma_last_modified": utc_stamp(version.stamp, self._zone),
            **own,
        }
        record = CompanyRecord(
            customer_number=customer_number,
            supplier_number=supplier_number,
            stamp=version.stamp,
            partition=version.partition,
            properties=properties,
            organisation_number=normal_forms.organisation_number(row.get("corporateId")),
            domain=domain,
            phones=numbers,
            emails=tuple(dict.fromkeys(clean for value in emails if (clean := normal_forms.email(value)))),
            fields=self._rules.fields(rows, row),
        )
        return judged(record, self._rules)


def number_of(version: Version) -> str:
    """Return a row's number without the blanks that Visma may pad it with; its snapshot key, so it is never missing."""
    return text(version.key) or version.key


def _unreadable(version: Version, error: Exception, **numbers: str) -> CompanyRecord:
    return CompanyRecord(
        customer_number=numbers.get("customer_number"),
        supplier_number=numbers.get("supplier_number"),
        stamp=version.stamp,
        partition=version.partition,
        properties={},
        refusal=trouble(error),
    )


def companies(
    customers: SnapshotRows,
    suppliers: SnapshotRows,
    mapper: CompanyMapper,
    contacts: SnapshotRows | None = None,
) -> Iterator[CompanyRecord]:
    """Yield one record per company of the snapshots, customers first.

    The addresses of the people that ``contacts`` names for a company are among those it may be recognised by.

    A supplier is merged into the customer with its organisation number when there is exactly one such pair in the
    snapshots and no other country, as numbers of two countries may be equal; pairs that meet across windows are found
    when planning. What does not travel stays alone. Memory holds the suppliers and the customers that share a number
    with one.
    """
    homes: dict[str, str] = {}
    people = _addresses(contacts) if contacts is not None else {}
    waiting: dict[str, list[CompanyRecord]] = defaultdict(list)
    alone: list[CompanyRecord] = []
    for version in newest(suppliers):
        supplier = _with_people(mapper.supplier(version), people)
        homes[supplier.key] = _home(version)
        if supplier.organisation_number is None or supplier.skip:
            alone.append(supplier)
        else:
            waiting[supplier.organisation_number].append(supplier)
    partners: dict[str, list[CompanyRecord]] = defaultdict(list)
    for version in newest(customers):
        customer = _with_people(mapper.customer(version), people)
        if customer.organisation_number in waiting and not customer.skip:
            homes[customer.key] = _home(version)
            partners[str(customer.organisation_number)].append(customer)
        else:
            yield customer
    for number, sellers in waiting.items():
        buyers = partners.get(number, [])
        countries = {homes[record.key] for record in (*buyers, *sellers)} - {""}
        if len(buyers) == 1 and len(sellers) == 1 and len(countries) < 2:
            yield merge(buyers[0], sellers[0])
        else:
            yield from buyers
            yield from sellers
    yield from alone


def _home(version: Version) -> str:
    """Return the country a company is in, by its main address: invoices may go elsewhere; empty where it is unknown."""
    found = part(version.values, "mainAddress", "country", "id")
    return found.strip().upper() if isinstance(found, str) else ""


def _addresses(contacts: SnapshotRows) -> dict[str, list[str]]:
    """Return the e-mail addresses of active Visma contacts by the key of the company they belong to."""
    found: dict[str, list[str]] = defaultdict(list)
    for version in newest(contacts):
        account = named_account(version.values)
        written = version.values.get("email")
        if account is None or version.values.get("active") is False or not isinstance(written, str):
            continue
        if clean := normal_forms.email(written):
            found[":".join(account)].append(clean)
    return found


def _with_people(record: CompanyRecord, people: Mapping[str, list[str]]) -> CompanyRecord:
    more = people.get(record.key)
    return replace(record, emails=tuple(dict.fromkeys((*record.emails, *more)))) if more else record


def merge(customer: CompanyRecord, supplier: CompanyRecord) -> CompanyRecord:
    """Return the one company that a customer and a supplier are; the customer's values win where both have one."""
    properties = dict(merged_values(customer.properties, supplier.properties))
    if any(customer.properties.get(name) for name in ("address", "city", "zip")):
        properties |= {name: customer.properties.get(name) for name in _ADDRESS_NAMES}
    properties["visma_relationship"] = "customer;supplier"
    mapped = merged_values(customer.mapped, supplier.mapped)
    later = max(customer, supplier, key=lambda record: record.stamp)
    properties["visma_last_modified"] = later.properties.get("visma_last_modified")
    return CompanyRecord(
        customer_number=customer.customer_number,
        supplier_number=supplier.supplier_number,
        stamp=later.stamp,
        partition=later.partition,
        properties=properties,
        organisation_number=customer.organisation_number or supplier.organisation_number,
        domain=customer.domain or supplier.domain,
        phones=tuple(dict.fromkeys(customer.phones + supplier.phones)),
        emails=tuple(dict.fromkeys(customer.emails + supplier.emails)),
        refusal=refusal_of_both(customer, supplier),
        parts=(customer, supplier),
        mapped=mapped,
    )


_ADDRESS_NAMES = ("address", "address2", "zip", "city", "state", "country")


def _first_address(*addresses: object) -> Mapping[str, object]:
    """Return the first address that says where something is; an empty one if none does."""
    for address in addresses:
        if isinstance(address, Mapping) and any(
            text(address.get(name)) for name in ("addressLine1", "city", "postalCode")
        ):
            return address
    return {}


def _address_properties(address: Mapping[str, object]) -> dict[str, str | None]:
    """Return HubSpot's standard address fields.

    An address is one thing: when there is one, its empty parts are sent as empty, or parts of the old address would
    stay behind beside the new one. Without any address nothing is said (None).
    """
    if not address:
        return dict.fromkeys(_ADDRESS_NAMES)
    more = [line for name in ("addressLine2", "addressLine3") if (line := text(address.get(name)))]
    country = text(part(address, "country", "name")) or text(part(address, "country", "id"))
    return {
        "address": text(address.get("addressLine1")) or "",
        "address2": ", ".join(more),
        "zip": text(address.get("postalCode")) or "",
        "city": text(address.get("city")) or "",
        "state": text(part(address, "county", "name")) or "",
        "country": country or "",
    }


def _link(template: str | None, number: str) -> str | None:
    """Return the address of a record's screen in Visma, or None where none is known."""
    return template.replace("{number}", quote(number, safe="")) if template else None


def _label(coded: object) -> str | None:
    """Return what a person reads of a coded value ``{id, description}``: the description, else the id."""
    if not isinstance(coded, Mapping):
        return None
    return text(coded.get("description")) or text(coded.get("id"))
