"""``sandbox``: both APIs on loopback, with a believable company in them."""

import click

from ml_connector.cli.output import console
from ml_connector.sandbox.settings import SandboxSettings


@click.command()
@click.option("--port", default=8765, show_default=True, help="Port on 127.0.0.1; 0 for a free one.")
@click.option("--customers", default=120, show_default=True, help="Customers of the Visma company.")
@click.option("--suppliers", default=40, show_default=True, help="Suppliers of the Visma company.")
@click.option("--seed", default=2026, show_default=True, help="The same seed gives the same company.")
@click.option("--latency-ms", default=0, show_default=True, help="Added to every answer.")
@click.option(
    "--portal",
    type=click.Choice(["none", "demo"]),
    default="demo",
    show_default=True,
    help="What HubSpot holds.",
)
def sandbox(port: int, customers: int, suppliers: int, seed: int, latency_ms: int, portal: str) -> None:
    """Run both APIs on this machine until interrupted. Its front page shows the portal as sales would see it."""
    from ml_connector.sandbox.server import main

    settings = SandboxSettings(
        seed=seed,
        customers=customers,
        suppliers=suppliers,
        latency_ms=latency_ms,
        portal_seed="demo" if portal == "demo" else "none",
    )
    main(settings, port=port, announce=_announce)


def _announce(url: str) -> None:
    console.print(f"The sandbox is at {url}")
    for variable, value in addresses(url).items():
        console.print(f"  export {variable}={value}", soft_wrap=True)


def addresses(url: str) -> dict[str, str]:
    """Return the environment that makes every command and run talk to a sandbox."""
    return {"VISMA_API_URL": url, "VISMA_TOKEN_URL": f"{url}/connect/token", "HUBSPOT_API_URL": url}
