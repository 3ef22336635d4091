"""``plan --record`` and ``plan --settings``: try one record, or other settings, and write nothing anywhere."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from ml_connector.cli.audit import say_where, write_page
from ml_connector.cli.connections import connection_in
from ml_connector.cli.output import emit
from ml_connector.database import engine
from ml_connector.errors import UsageError
from ml_connector.settings import ConnectionSettings

MOST_EXAMPLES = 200
"""Records of each kind of change, and of each property, that are kept to be shown."""

if TYPE_CHECKING:
    from ml_connector.hubspot.resource import HubSpotResource
    from ml_connector.trial.model import Place


def try_record(
    settings: ConnectionSettings, typed: str, page: Path | None, *, everything: bool, as_json: bool
) -> None:
    """Show what would become of one record if it were synced now."""
    from ml_connector.cli.trial_view import show_trial
    from ml_connector.plan.page import Heading, plan_page
    from ml_connector.plan.view import view
    from ml_connector.trial.record import RecordTrial
    from ml_connector.visma.resource import VismaResource

    hubspot = portal(settings)
    visma = VismaResource(connection=settings.name).get_client()
    account = hubspot.get_account()
    trial = RecordTrial(engine(), settings, visma, hubspot.get_client(), account, newest_window(settings)).of(
        typed
    )
    if page is not None:
        heading = Heading({"Connection": settings.name, "Record": trial.key, "Tried at": moment(settings)})
        views = view(trial.operations, most=None)
        hint = f"See all of it: ml-connector plan {settings.name} --record {trial.key} --json"
        write_page(page, plan_page(heading, views, account.address_of, hint=hint))
    if as_json:
        emit({**trial.as_json(), "html": str(page) if page else None})
        return
    show_trial(trial, everything=everything)
    say_where(page)


def try_settings(
    today: ConnectionSettings, file: Path, page: Path | None, *, everything: bool, as_json: bool
) -> None:
    """Show what the settings of a file would change."""
    from ml_connector.cli.what_if_view import show_what_if
    from ml_connector.running import stored_snapshots
    from ml_connector.trial.page import headline, what_if_page
    from ml_connector.trial.sides import Snapshots
    from ml_connector.trial.what_if import SettingsTrial

    other = connection_in(file, today.name)
    customers, suppliers, contacts = (
        stored_snapshots(today, entity) for entity in ("customers", "suppliers", "contacts")
    )
    if not customers.files:
        raise UsageError(
            f"Nothing of {today.name} is stored yet, so there is nothing to try the settings with.",
            remedy=f"Read a first window: ml-connector plan {today.name}",
        )
    most = None if everything or as_json else MOST_EXAMPLES
    stored = Snapshots(customers, suppliers, contacts)
    found = SettingsTrial(engine(), today, other, portal(today).get_client(), stored, most).compare()
    if page is not None:
        facts = {
            "Connection": today.name,
            "Settings": str(file),
            "Windows": f"{len(customers.files):,}",
            "Tried at": moment(today),
        }
        write_page(
            page,
            what_if_page(
                found, facts, f"See all of it: ml-connector plan {today.name} --settings {file} --json"
            ),
        )
    if as_json:
        emit(
            {
                "connection": today.name,
                "settings": str(file),
                "windows": len(customers.files),
                "headline": headline(found),
                **found.as_json(),
                "html": str(page) if page else None,
            }
        )
        return
    show_what_if(found, everything=everything)
    say_where(page)


def write_plan_page(settings: ConnectionSettings, run_id: str, windows: Sequence[str], page: Path) -> None:
    """Write the plan of windows, just made by a run, as one page."""
    from ml_connector.plan.page import MOST_ITEMS, Heading, plan_page
    from ml_connector.plan.view import view
    from ml_connector.running import planned_operations

    span = windows[0] if len(windows) == 1 else f"{windows[0]} to {windows[-1]}"
    heading = Heading.of_run(settings.name, span, run_id, moment(settings))
    views = view(planned_operations(settings, windows), most=MOST_ITEMS)
    write_page(page, plan_page(heading, views, portal(settings).get_account().address_of))


def portal(settings: ConnectionSettings) -> "HubSpotResource":
    """Return the connection's portal."""
    from ml_connector.hubspot.resource import HubSpotResource

    return HubSpotResource(
        connection=settings.name,
        portal_id=settings.portal_id,
        requests_in_flight=settings.requests_in_flight,
    )


def newest_window(settings: ConnectionSettings) -> "Place":
    """Return the newest complete window, or the first one where none is complete yet."""
    from ml_connector.partitions import partitions_of, windows_of
    from ml_connector.trial.model import Place
    from ml_connector.windows import last_day

    partitions = partitions_of(settings)
    key = partitions.get_last_partition_key()
    if key is None:
        return Place(settings.start.isoformat(), settings.start)
    (window,) = windows_of(partitions, [key])
    return Place(key, last_day(window, settings.zone))


def moment(settings: ConnectionSettings) -> str:
    """Return the present moment as pages show it."""
    return f"{datetime.now(UTC).astimezone(settings.zone):%Y-%m-%d %H:%M} {settings.timezone}"
