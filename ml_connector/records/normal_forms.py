"""Normal forms: one spelling for values that two systems write differently, so that equal things compare equal.

Every function takes text as a person or an API wrote it and returns the normal form, or None when there is nothing
usable in it. Nothing here guesses: what cannot be read is None.
"""

import re
import unicodedata
from decimal import Decimal
from functools import lru_cache

import phonenumbers

from ml_connector.records.free_mail import FREE_MAIL_HOSTS, SHARED_WEB_HOSTS

_UNSTORABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
_EMAIL = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]+@(?:[A-Za-z0-9æøåäöéüÆØÅÄÖÉÜ-]+\.)+[A-Za-z]{2,63}")
_LABEL = r"[^\W_](?:[\w-]{0,61}[^\W_])?"
_HOST = re.compile(rf"(?:{_LABEL}\.)+(?!\d+$){_LABEL}")
_SEPARATOR = re.compile(r"[^0-9A-Za-z]")
_NUMBER_LABEL = re.compile(
    r"^(?:FORETAKSREGISTERET|ORGANISA[ST]JONS|ORGANISATIONS|ORG|CVR|SE|YTUNNUS|VAT|MOMS)?(?:NUMMER|NUMBER|NR|NO)?(?=[A-Z]{0,3}\d)"
)
_VAT_COUNTRY = re.compile(
    r"^(?:AT|BE|BG|CH|CY|CZ|DE|DK|EE|EL|ES|FI|FO|FR|GB|GR|HR|HU|IE|IS|IT|LT|LU|LV|MT|NL|NO|PL|PT|RO|SE|SI|SK)"
    r"(?=\d)"
)
_RUN_OF_DIGITS = "012345678901234567890"
LONGEST_NUMBER = 20
"""Characters of the longest identification of a company; anything longer is some other text."""

LONGEST_NAME = 255
"""Characters of the longest name that is worth comparing, and that still fits into a search."""


LONGEST_TEXT = 65_536
"""Characters that a HubSpot text takes (reference: hubspot 8)."""


class OddValueError(ValueError):
    """A value is of a type that no text can be made of, such as a list. The text says which type, never what."""


def text(value: object) -> str | None:
    """Return the value as trimmed text; empty text is None.

    Characters that neither PostgreSQL nor Parquet can hold are left out: control characters other than tab and line
    ends, and halves of surrogate pairs.

    Raises:
        OddValueError: a truth, list or object stands where text or a number should.
    """
    if value is None:
        return None
    if (
        isinstance(value, str) and value.isprintable()
    ):  # most values, and much faster to tell than by the expression
        return value.strip() or None
    if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
        raise OddValueError(f"a value of type {type(value).__name__} stands where text should")
    stripped = _UNSTORABLE.sub("", str(value)).strip()
    return stripped or None


def email(value: str | None) -> str | None:
    """Return an e-mail address in lower case; None for what HubSpot would refuse as an address."""
    written = text(value) or ""
    if len(written) > 254 or ".." in written or not _EMAIL.fullmatch(written):
        return None
    return written.lower()


def host(value: str | None) -> str | None:
    """Return the host of a web address or bare domain, without scheme, ``www.``, port or path.

    An international name is returned in its own letters, also where it was written in ASCII (``xn--``).
    """
    lowered = unicodedata.normalize("NFC", text(value) or "").lower()
    bare = re.sub(r"^[a-z][a-z0-9+.-]*://", "", lowered)
    bare = re.split(r"[/?#:\s]", bare, maxsplit=1)[0].strip(".")
    bare = ".".join(_own_letters(label) for label in bare.removeprefix("www.").split("."))
    return bare if len(bare) <= 253 and _HOST.fullmatch(bare) else None


def _own_letters(label: str) -> str:
    """Return one part of a host name in its own letters; as it is where it cannot be read."""
    if not label.startswith("xn--"):
        return label
    try:
        return label.encode("ascii").decode("idna")
    except UnicodeError:
        return label


def host_spellings(name: str) -> tuple[str, ...]:
    """Return how a host in normal form may be written: in its own letters and in ASCII, bare and with ``www.``."""
    try:
        ascii_name = name.encode("idna").decode("ascii")
    except UnicodeError:
        ascii_name = name
    names = dict.fromkeys((name, ascii_name))
    return tuple(prefix + one for one in names for prefix in ("", "www."))


def website_spellings(name: str) -> tuple[str, ...]:
    """Return how the front page of a host in normal form may be written as a web address."""
    hosts = host_spellings(name)
    return tuple(
        f"{scheme}{one}{end}" for one in hosts for scheme in ("", "https://", "http://") for end in ("", "/")
    )


def company_domain(web: str | None, *addresses: str | None) -> str | None:
    """Return a company's domain: its web host, else the host of its first e-mail that is no free mail.

    Args:
        web: a web address as written, or None.
        addresses: e-mail addresses, the preferred one first.
    """
    from_web = host(web)
    if from_web is not None and not _is_shared(from_web):
        return from_web
    for address in addresses:
        clean = email(address)
        mail_host = host(clean.partition("@")[2]) if clean else None
        if mail_host and not _is_shared(mail_host):
            return mail_host
    return None


def _is_shared(name: str) -> bool:
    """Return whether a host belongs to nobody in particular: free mail, or pages on a site for everyone."""
    parts = name.split(".")
    above = {".".join(parts[start:]) for start in range(len(parts) - 1)}
    return name in FREE_MAIL_HOSTS or not SHARED_WEB_HOSTS.isdisjoint(above)


def organisation_number(value: str | None) -> str | None:
    """Return an organisation number as bare letters and digits: ``NO 912 345 678 MVA`` becomes ``912345678``.

    The VAT forms of Norway, Sweden, Denmark and Finland give the number they are made of. Fewer than five digits, one
    digit repeated, or digits in a row (``123456789``) identify nothing and give None.
    """
    bare = _SEPARATOR.sub("", text(value) or "").upper()
    if len(bare) > 2 * LONGEST_NUMBER:
        return None
    swedish = bare.startswith("SE")
    bare = _VAT_COUNTRY.sub("", _NUMBER_LABEL.sub("", bare)).removesuffix("MVA")
    if len(bare) == 12 and bare.isdigit():
        bare = _swedish(bare, vat=swedish)
    digits = [character for character in bare if character.isdigit()]
    if len(digits) < 5 or len(bare) > LONGEST_NUMBER or len(set(bare)) == 1 or bare in _RUN_OF_DIGITS:
        return None
    return bare


def _swedish(twelve: str, *, vat: bool) -> str:
    """Return the ten digits in a Swedish number of twelve: a VAT number ends in 01, others begin with a century."""
    if vat and twelve.endswith("01"):
        return twelve[:10]
    return twelve[2:] if twelve[:2] in ("16", "19", "20") else twelve


def organisation_number_spellings(number: str) -> tuple[str, ...]:
    """Return how people write an organisation number in normal form: bare, in the grouping of its length, as a VAT id.

    Nine digits are grouped as in Norway, ten as in Sweden, eight as in Denmark or, with a hyphen, in Finland. A search
    compares text letter by letter, in lower case, so it has to be asked for each.
    """
    if not number.isdigit():
        return (number.lower(),)
    spaced = f"{number[:3]} {number[3:6]} {number[6:]}"
    hyphenated = f"{number[:6]}-{number[6:]}"
    pairs = " ".join(number[at : at + 2] for at in range(0, len(number), 2))
    written = {
        9: (
            *(f"{land}{number}{end}" for land in ("", "no", "no ") for end in ("", "mva", " mva")),
            *(f"{land}{spaced}{end}" for land in ("", "no ") for end in ("", " mva")),
        ),
        10: (hyphenated, f"se{number}01", f"se {number}01", f"se{number}", f"16{number}", f"16{hyphenated}"),
        8: (
            pairs,
            f"{number[:7]}-{number[7:]}",
            *(f"{land}{number}" for land in ("dk", "dk ", "dk-", "fi", "fi ")),
        ),
    }
    return tuple(dict.fromkeys((number, *written.get(len(number), ()))))


def phone_region(country: str | None, default: str) -> str:
    """Return the region (ISO 3166 alpha-2) to read a phone number in: that of a country code, if it is one."""
    code = (text(country) or "").upper()
    return code if code in phonenumbers.SUPPORTED_REGIONS else default


@lru_cache(maxsize=65536)
def phone(value: str | None, region: str) -> str | None:
    """Return a phone number in E.164; without a country code it is read as one of ``region`` (ISO 3166 alpha-2)."""
    written = text(value)
    if written is None:
        return None
    try:
        parsed = phonenumbers.parse(written, region)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_possible_number(parsed):
        return None
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)


def phone_spellings(number: str) -> tuple[str, ...]:
    """Return an E.164 number as HubSpot's searchable phone properties may hold it: digits without the country code.

    A number that was typed without a country code may have kept the zero that is dialled before it at home.
    """
    parsed = phonenumbers.parse(number)
    national = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.NATIONAL)
    forms = (phonenumbers.national_significant_number(parsed), re.sub(r"\D", "", national))
    return tuple(dict.fromkeys(forms))


def company_name(value: str | None) -> str | None:
    """Return a company name for exact comparison: one space between words, case folded."""
    folded = " ".join((text(value) or "").split()).casefold()
    return folded if 0 < len(folded) <= LONGEST_NAME else None


def person_name(value: str | None) -> tuple[str | None, str | None]:
    """Split a person's name into first and last name: the last word is the last name, one word is a first name."""
    words = (value or "").split()
    if not words:
        return None, None
    if len(words) == 1:
        return words[0], None
    return " ".join(words[:-1]), words[-1]
