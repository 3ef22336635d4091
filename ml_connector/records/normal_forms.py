"""Normal forms: one spelling for values that two systems write differently, so that equal things compare equal.

Every function takes text as a person or an API wrote it and returns the normal form, or None when there is nothing
usable in it. Nothing here guesses: what cannot be read is None.
"""

import re
from functools import lru_cache

import phonenumbers

from ml_connector.records.free_mail import FREE_MAIL_HOSTS

_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_EMAIL = re.compile(rf"^[a-z0-9.!#$%&'*+/=?^_`{{|}}~-]{{1,64}}@{_LABEL}(?:\.{_LABEL})+$")
_HOST = re.compile(r"^[^\s/@:?#]+\.[^\s/@:?#.]{2,}$")
_COUNTRY_PREFIX = re.compile(r"^[A-Z]{2}(?=\d)")


def text(value: object) -> str | None:
    """Return the value as trimmed text; empty text is None."""
    if value is None:
        return None
    stripped = str(value).strip()
    return stripped or None


def email(value: str | None) -> str | None:
    """Return an e-mail address in lower case; None for what HubSpot would refuse as an address."""
    lowered = (value or "").strip().lower()
    if len(lowered) > 254 or ".." in lowered or not _EMAIL.match(lowered):
        return None
    local = lowered.partition("@")[0]
    return None if local.startswith(".") or local.endswith(".") else lowered


def host(value: str | None) -> str | None:
    """Return the host of a web address or bare domain, without scheme, ``www.``, port or path."""
    lowered = (value or "").strip().lower()
    bare = re.sub(r"^[a-z][a-z0-9+.-]*://", "", lowered)
    bare = re.split(r"[/?#:\s]", bare, maxsplit=1)[0].strip(".")
    bare = bare.removeprefix("www.")
    return bare if _HOST.match(bare) else None


def company_domain(web: str | None, *addresses: str | None) -> str | None:
    """Return a company's domain: its web host, else the host of its first e-mail that is no free mail.

    Args:
        web: a web address as written, or None.
        addresses: e-mail addresses, the preferred one first.
    """
    from_web = host(web)
    if from_web is not None and from_web not in FREE_MAIL_HOSTS:
        return from_web
    for address in addresses:
        clean = email(address)
        mail_host = clean.partition("@")[2] if clean else None
        if mail_host and mail_host not in FREE_MAIL_HOSTS:
            return mail_host
    return None


def organisation_number(value: str | None) -> str | None:
    """Return an organisation number as bare letters and digits: ``NO 912 345 678 MVA`` becomes ``912345678``.

    Fewer than five digits identify nothing and give None.
    """
    bare = re.sub(r"[^0-9A-Za-z]", "", value or "").upper()
    bare = _COUNTRY_PREFIX.sub("", bare).removesuffix("MVA")
    return bare if sum(character.isdigit() for character in bare) >= 5 else None


def organisation_number_spellings(number: str) -> tuple[str, ...]:
    """Return how people write an organisation number in normal form: bare, in the grouping of its length, as a VAT id.

    Nine digits are grouped as in Norway, ten as in Sweden, eight as in Denmark or, with a hyphen, in Finland. A search
    compares text letter by letter, so it has to be asked for each.
    """
    grouped = {
        9: (f"{number[:3]} {number[3:6]} {number[6:]}", f"no{number}mva", f"no{number}", f"no {number} mva"),
        10: (f"{number[:6]}-{number[6:]}", f"se{number}01"),
        8: (
            f"dk{number}",
            f"{number[:2]} {number[2:4]} {number[4:6]} {number[6:]}",
            f"{number[:7]}-{number[7:]}",
        ),
    }
    return (number.lower(), *(grouped.get(len(number), ()) if number.isdigit() else ()))


@lru_cache(maxsize=65536)
def phone(value: str | None, region: str) -> str | None:
    """Return a phone number in E.164; without a country code it is read as one of ``region`` (ISO 3166 alpha-2)."""
    if not value or not value.strip():
        return None
    try:
        parsed = phonenumbers.parse(value, region)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_possible_number(parsed):
        return None
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)


def national_number(number: str) -> str:
    """Return an E.164 number without its country code, as HubSpot's searchable phone properties hold it."""
    return phonenumbers.national_significant_number(phonenumbers.parse(number))


def company_name(value: str | None) -> str | None:
    """Return a company name for exact comparison: one space between words, case folded."""
    folded = " ".join((value or "").split()).casefold()
    return folded or None


def person_name(value: str | None) -> tuple[str | None, str | None]:
    """Split a person's name into first and last name: the last word is the last name, one word is a first name."""
    words = (value or "").split()
    if not words:
        return None, None
    if len(words) == 1:
        return words[0], None
    return " ".join(words[:-1]), words[-1]
