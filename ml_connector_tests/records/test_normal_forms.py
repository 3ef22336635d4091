"""Normal forms: the tables say for each spelling what it stands for, and why."""

from decimal import Decimal
from typing import Any

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml_connector.records import normal_forms
from ml_connector.records.free_mail import FREE_MAIL_HOSTS, SHARED_WEB_HOSTS
from ml_connector.records.normal_forms import OddValueError
from ml_connector.sandbox.hubspot.problems import RefusedError
from ml_connector.sandbox.hubspot.values import checked_email


class TestText:
    """Text as it can be stored."""

    @pytest.mark.parametrize(
        ("value", "expected"),
        [
            (None, None),
            ("", None),
            (" \t\n ", None),
            ("  Fjord AS ", "Fjord AS"),
            ("Andelslaget\tog Omegn", "Andelslaget\tog Omegn"),  # a tab inside is kept
            ("Blåbær 🫐", "Blåbær 🫐"),
            ("a\x00b", "ab"),  # PostgreSQL holds no NUL
            ("\x00", None),
            ("a\ud83fb", "ab"),  # half a surrogate pair cannot be encoded
            ("a\x1b[31mb", "a[31mb"),  # no escape sequence reaches a terminal
            (10023, "10023"),
            (Decimal("10.50"), "10.50"),
            ("007", "007"),
        ],
    )
    def test_trims_and_leaves_out_what_cannot_be_stored(self, value: object, expected: str | None) -> None:
        assert normal_forms.text(value) == expected

    @pytest.mark.parametrize("value", [True, [], ["x"], {}, {"id": "1"}, 1.5])
    def test_refuses_what_is_no_text_without_quoting_it(self, value: object) -> None:
        with pytest.raises(OddValueError, match=type(value).__name__) as caught:
            normal_forms.text(value)
        assert "id" not in str(caught.value).replace("of type dict", "")

    @given(st.text())
    def test_what_is_kept_can_be_stored(self, value: str) -> None:
        kept = normal_forms.text(value) or ""
        kept.encode()
        assert "\x00" not in kept


class TestEmail:
    """What HubSpot takes for an address."""

    @pytest.mark.parametrize(
        ("written", "expected"),
        [
            (" Kari.Nordmann@Fjord.NO ", "kari.nordmann@fjord.no"),
            ("o'neill+faktura@fjord-bygg.co.uk", "o'neill+faktura@fjord-bygg.co.uk"),
            ("post@blåbær.no", "post@blåbær.no"),  # international host
            ("kåre@fjord.no", None),  # no letters beyond ASCII before the @
            ("kari", None),
            ("kari@", None),
            ("@fjord.no", None),
            ("kari@fjord", None),
            ("kari@@fjord.no", None),
            ("kari nordmann@fjord.no", None),
            ("kari..n@fjord.no", None),
            ("kari@fjord..no", None),
            ("kari@fjord.no; ola@fjord.no", None),  # two addresses: nobody guesses which
            ("Kari <kari@fjord.no>", None),
            ("kari(at)fjord.no", None),
            ("a" * 242 + "@fjord.no", "a" * 242 + "@fjord.no"),
            ("a" * 250 + "@fjord.no", None),
            (None, None),
            ("", None),
        ],
    )
    def test_gives_what_hubspot_takes(self, written: str | None, expected: str | None) -> None:
        assert normal_forms.email(written) == expected

    @given(
        st.text(alphabet="aBk0.-+_@ æØñİK'\"<;,\n", max_size=24)
        | st.emails()
        | st.builds("{}@{}.{}".format, *(st.text("aZ0.-æé", max_size=6) for _ in range(3)))
    )
    def test_is_exactly_what_the_sandbox_takes(self, written: str) -> None:
        trimmed = normal_forms.text(written) or ""
        try:
            kept: str | None = checked_email("email", trimmed)
        except RefusedError:
            kept = None
        assert normal_forms.email(written) == kept


HOSTS = [
    ("fjord.no", "fjord.no"),
    ("https://www.Fjord.no/om-oss?x=1#y", "fjord.no"),
    ("http://fjord.no:8080", "fjord.no"),
    ("www.fjord.no.", "fjord.no"),  # the root's dot
    ("WWW.FJORD.NO", "fjord.no"),
    ("shop.fjord.no", "shop.fjord.no"),
    ("https://blåbær.no", "blåbær.no"),
    ("xn--blbr-roah.no", "blåbær.no"),  # the same in ASCII
    ("bla\u030aba\u0308r.no", "blåbär.no"),  # å and ä as letter and ring or dots
    ("fjord.no, annen.no", None),  # not one address
    ("fjord", None),
    ("kari@fjord.no", None),  # an e-mail address in the web field
    ("10.0.0.12", None),
    ("-fjord.no", None),
    ("fjord", None),
    ("ingen", None),
    ("a." + "b" * 260 + ".no", None),
    ("", None),
    (None, None),
]


class TestHosts:
    """Hosts and the domains of companies."""

    @pytest.mark.parametrize(("written", "expected"), HOSTS)
    def test_is_the_bare_name(self, written: str | None, expected: str | None) -> None:
        assert normal_forms.host(written) == expected

    @pytest.mark.parametrize("written", [host for host, _ in HOSTS if host])
    def test_a_normal_form_is_its_own(self, written: str) -> None:
        found = normal_forms.host(written)
        assert normal_forms.host(found) == found

    def test_spellings_lead_back(self) -> None:
        for name in ("fjord.no", "blåbær.no"):
            written = (*normal_forms.host_spellings(name), *normal_forms.website_spellings(name))
            assert {normal_forms.host(one) for one in written} == {name}
        assert "xn--blbr-roah.no" in normal_forms.host_spellings("blåbær.no")
        assert "https://www.fjord.no/" in normal_forms.website_spellings("fjord.no")

    @pytest.mark.parametrize(
        ("web", "addresses", "expected"),
        [
            ("www.fjord.no", ("post@annet.no",), "fjord.no"),
            (None, ("fjord@gmail.com", "post@fjord.no"), "fjord.no"),  # free mail says nothing
            ("gmail.com", ("x@online.no",), None),
            ("https://www.facebook.com/fjordas", ("post@fjord.no",), "fjord.no"),  # a page is no domain
            ("https://nb-no.facebook.com/fjordas", (), None),
            ("https://www.proff.no/selskap/fjord", (), None),
            ("vetikke", ("nobody",), None),
            (None, ("post@blåbær.no",), "blåbær.no"),
            (None, (None, None), None),
        ],
    )
    def test_a_companys_domain_is_its_own(
        self, web: str | None, addresses: tuple[str | None, ...], expected: str | None
    ) -> None:
        assert normal_forms.company_domain(web, *addresses) == expected

    def test_shared_hosts_are_written_in_normal_form(self) -> None:
        assert {normal_forms.host(name) for name in FREE_MAIL_HOSTS} == FREE_MAIL_HOSTS
        assert {normal_forms.host(name) for name in SHARED_WEB_HOSTS} == SHARED_WEB_HOSTS


class TestOrganisationNumber:
    """Numbers of four countries and their VAT forms."""

    @pytest.mark.parametrize(
        ("written", "expected"),
        [
            # Norway: nine digits; MVA is the register of VAT.
            ("912345678", "912345678"),
            ("912 345 678", "912345678"),
            ("912.345.678", "912345678"),
            ("912\u00a0345\u00a0678", "912345678"),
            ("NO 912 345 678 MVA", "912345678"),
            ("no912345678mva", "912345678"),
            ("Org.nr. 912 345 678", "912345678"),
            ("Organisasjonsnummer: 912345678", "912345678"),
            ("Foretaksregisteret NO 912 345 678 MVA", "912345678"),
            # Sweden: ten digits; the VAT number adds 01, other registers the century.
            ("556677-8899", "5566778899"),
            ("SE556677889901", "5566778899"),
            ("SE 556677-8899", "5566778899"),
            ("16556677-8899", "5566778899"),
            ("19640823-3234", "6408233234"),
            # Denmark and Finland: eight digits.
            ("DK 12 34 56 74", "12345674"),
            ("CVR-nr. 12345674", "12345674"),
            ("1234567-1", "12345671"),
            ("FI12345671", "12345671"),
            ("Y-tunnus 1234567-1", "12345671"),
            # Elsewhere letters belong to the number.
            ("DE 129 273 398", "129273398"),
            ("NL123456789B01", "123456789B01"),
            ("SC123456", "SC123456"),
            # What identifies nobody.
            ("1234", None),
            ("000000000", None),
            ("999 999 999", None),
            ("123456789", None),
            ("privat", None),
            ("", None),
            (None, None),
            ("9" + "1" * 70_000, None),  # no search could ask for it
        ],
    )
    def test_brings_spellings_together(self, written: str | None, expected: str | None) -> None:
        assert normal_forms.organisation_number(written) == expected

    @given(st.integers(10_000_001, 9_999_999_999).map(str))
    def test_every_spelling_that_is_searched_leads_back(self, number: str) -> None:
        if normal_forms.organisation_number(number) is None:
            return
        for written in normal_forms.organisation_number_spellings(number):
            assert written == written.lower()
            assert normal_forms.organisation_number(written) == number

    @pytest.mark.parametrize(
        ("number", "written"),
        [
            ("912345678", "no 912 345 678 mva"),
            ("912345678", "912 345 678"),
            ("5566778899", "556677-8899"),
            ("5566778899", "se556677889901"),
            ("12345674", "dk12345674"),
            ("12345671", "1234567-1"),
            ("12345671", "fi12345671"),
            ("SC123456", "sc123456"),
        ],
    )
    def test_common_spellings_are_searched(self, number: str, written: str) -> None:
        assert written in normal_forms.organisation_number_spellings(number)


class TestPhone:
    """Numbers in E.164."""

    @pytest.mark.parametrize(
        ("written", "region", "expected"),
        [
            ("22 33 44 55", "NO", "+4722334455"),
            ("+47 22 33 44 55", "SE", "+4722334455"),
            ("0047 22334455", "NO", "+4722334455"),
            ("tel. 22334455", "NO", "+4722334455"),
            ("22334455 ext. 12", "NO", "+4722334455"),
            ("08-123 456 78", "SE", "+46812345678"),
            ("+46 (0)8 123 456 78", "NO", "+46812345678"),
            ("12 34 56 78", "DK", "+4512345678"),
            ("040 123 4567", "FI", "+358401234567"),
            ("ring på kvelden", "NO", None),
            ("+47", "NO", None),
            ("22334455 / 99887766", "NO", None),
            ("1" * 300, "NO", None),
            ("", "NO", None),
            (None, "NO", None),
        ],
    )
    def test_is_e164(self, written: str | None, region: str, expected: str | None) -> None:
        assert normal_forms.phone(written, region) == expected

    @pytest.mark.parametrize(
        ("country", "region"),
        [("SE", "SE"), ("se", "SE"), (" DK ", "DK"), ("XX", "NO"), ("", "NO"), (None, "NO")],
    )
    def test_region_of_a_country(self, country: str | None, region: str) -> None:
        assert normal_forms.phone_region(country, "NO") == region

    @given(st.text(max_size=30), st.sampled_from(["NO", "SE", "DK", "FI", "GB"]))
    def test_a_number_stays_itself(self, written: str, region: str) -> None:
        found = normal_forms.phone(written, region)
        assert found is None or normal_forms.phone(found, "US") == found

    @pytest.mark.parametrize(
        ("number", "forms"),
        [
            ("+4722334455", ("22334455",)),
            ("+46812345678", ("812345678", "0812345678")),  # the zero that is dialled at home
            ("+358401234567", ("401234567", "0401234567")),
        ],
    )
    def test_spellings_without_the_country(self, number: str, forms: tuple[str, ...]) -> None:
        assert normal_forms.phone_spellings(number) == forms

    def test_regions_exist(self) -> None:
        assert {"NO", "SE", "DK", "FI"} <= phonenumbers.SUPPORTED_REGIONS


class TestNames:
    """Names of companies and persons."""

    @pytest.mark.parametrize(
        ("written", "expected"),
        [
            ("  Sjøhuset   Restaurant AS ", "sjøhuset restaurant as"),
            ("FJORD AS", "fjord as"),
            ("Straße GmbH", "strasse gmbh"),
            ("x" * 256, None),  # too long to be searched
            ("", None),
            (None, None),
        ],
    )
    def test_of_companies(self, written: str | None, expected: str | None) -> None:
        assert normal_forms.company_name(written) == expected

    @pytest.mark.parametrize(
        ("written", "expected"),
        [
            ("Kari Nordmann", ("Kari", "Nordmann")),
            (" Anne  Marie  Lie ", ("Anne Marie", "Lie")),
            ("Regnskap", ("Regnskap", None)),
            ("", (None, None)),
            (None, (None, None)),
        ],
    )
    def test_of_persons(self, written: str | None, expected: Any) -> None:
        assert normal_forms.person_name(written) == expected
