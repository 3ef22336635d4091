"""``sandbox``: both APIs on loopback, with a believable company in them."""

import secrets
from contextlib import suppress

import click

from ml_connector.cli.dev import require_free
from ml_connector.cli.output import PORT_OR_ANY, console, emit, json_option
from ml_connector.sandbox.books.settings import NONE, YEAR, BooksSettings
from ml_connector.sandbox.hubspot.settings import DEFAULT_TOKEN, HubSpotSandboxSettings
from ml_connector.sandbox.settings import SandboxSettings
from ml_connector.sandbox.visma.settings import VismaSandboxSettings

MANY = click.IntRange(min=0)
"""The type of an option that says how many."""

BOOKS = {"small": BooksSettings(), "year": YEAR, "none": NONE}
"""How much bookkeeping there is, by the word of the option."""


@click.command(short_help="Run both APIs on this machine, with a company in them.")
@click.option(
    "--port",
    type=PORT_OR_ANY,
    default=8765,
    show_default=True,
    help="Port on 127.0.0.1; 0 for a free one.",
)
@click.option(
    "--customers", type=MANY, default=120, show_default=True, help="Customers of the Visma company."
)
@click.option("--suppliers", type=MANY, default=40, show_default=True, help="Suppliers of the Visma company.")
@click.option("--seed", default=2026, show_default=True, help="The same seed gives the same company.")
@click.option("--latency-ms", type=MANY, default=0, show_default=True, help="Added to every answer.")
@click.option(
    "--portal",
    type=click.Choice(["none", "demo"]),
    default="demo",
    show_default=True,
    help="What HubSpot holds.",
)
@click.option(
    "--books",
    type=click.Choice(list(BOOKS)),
    default="small",
    show_default=True,
    help="Invoices, payments and journal of a year: 300 invoices, 40,000, or none.",
)
@click.option("--enterprise", is_flag=True, help="The portal may have custom objects, as for transactions.")
@click.option("--payments", is_flag=True, help="The portal is set up for payments.")
@json_option
def sandbox(
    port: int,
    customers: int,
    suppliers: int,
    seed: int,
    latency_ms: int,
    portal: str,
    books: str,
    *,
    enterprise: bool,
    payments: bool,
    as_json: bool,
) -> None:
    """Run both APIs on this machine until interrupted, to try ml-connector without real systems.

    Its front page shows the portal as sales would see it. Set what it prints in another terminal, and every command
    there talks to it. The books of a year take half a minute to make, and go with --customers 5000 --suppliers 800.
    """
    from ml_connector.sandbox.server import main

    settings = SandboxSettings(
        seed=seed,
        customers=customers,
        suppliers=suppliers,
        latency_ms=latency_ms,
        portal_seed="demo" if portal == "demo" else "none",
        books=BOOKS[books],
        hubspot=HubSpotSandboxSettings(
            portal_id=another_portal(), enterprise=enterprise, payments_enabled=payments
        ),
    )
    require_free("127.0.0.1", port)
    with suppress(KeyboardInterrupt):  # which is how it ends
        main(settings, port=port, announce=_announce_json if as_json else _announce)


def another_portal() -> int:
    """Return the number of a new portal: a connection that was synced into an older sandbox notices."""
    return 100_000_000 + secrets.randbelow(100_000_000)


def _announce(url: str) -> None:
    console.print(f"The sandbox is at {url}; Ctrl-C ends it. In another terminal:")
    for variable, value in _environment(url).items():
        console.print(f"  export {variable}={value}", soft_wrap=True)


def _announce_json(url: str) -> None:
    emit({"url": url, "environment": _environment(url)})


def _environment(url: str) -> dict[str, str]:
    """Return the variables with which commands find the sandbox and are let in; its credentials open nothing else."""
    visma = VismaSandboxSettings()
    return addresses(url) | {
        "VISMA_CLIENT_ID": visma.client_id,
        "VISMA_CLIENT_SECRET": visma.client_secret,
        "VISMA_TENANT_ID": visma.tenant_id,
        "HUBSPOT_ACCESS_TOKEN": DEFAULT_TOKEN,
    }


def addresses(url: str) -> dict[str, str]:
    """Return the environment that makes every command and run talk to a sandbox."""
    return {"VISMA_API_URL": url, "VISMA_TOKEN_URL": f"{url}/connect/token", "HUBSPOT_API_URL": url}
