"""How every command ends: sentences, JSON and exit codes, also where something goes wrong."""

import errno
import json
import os
import signal
import time
from collections.abc import Iterator
from decimal import Decimal

import click
import pytest
from click.testing import CliRunner

from ml_connector.cli.main import main
from ml_connector.cli.output import (
    Commands,
    StoppedError,
    console,
    emit,
    json_option,
    show_error,
    show_lines,
    show_table,
)
from ml_connector.errors import ApiError, UsageError
from ml_connector_tests.cli.conftest import Shell


@click.group(cls=Commands)
def failing() -> None:
    """A program whose one command raises what the test put there."""


@failing.command()
@json_option
@click.pass_obj
def go(raised: BaseException, *, as_json: bool) -> None:
    """Raise it."""
    raise raised


ENDINGS = [
    (UsageError("There is none.", remedy="Take another."), 2, "Error: There is none. Take another."),
    (
        ApiError("It is refused.", remedy="Correct it.", record="customer:1"),
        1,
        "Error: customer:1: It is refused. Correct it.",
    ),
    (
        OSError(errno.ENOSPC, "No space left on device", "snapshots"),
        1,
        "Error: The system says: No space left on device: snapshots.",
    ),
    (KeyboardInterrupt(), 130, "Stopped."),
    (StoppedError("Stopped. The next run goes on."), 130, "Stopped. The next run goes on."),
    (click.exceptions.Exit(3), 3, ""),
]


@pytest.mark.parametrize(("raised", "code", "text"), ENDINGS)
def test_an_expected_error_is_one_sentence_on_standard_error(
    raised: BaseException, code: int, text: str
) -> None:
    result = CliRunner().invoke(failing, ["go"], obj=raised)
    assert (result.exit_code, result.stdout, result.stderr.strip()) == (code, "", text)


def test_a_process_that_is_told_to_end_does_as_with_ctrl_c() -> None:
    @click.group(cls=Commands)
    def stopped() -> None:
        """A program that a service manager stops."""

    @stopped.command()
    def work() -> None:
        """Be told to end."""
        try:
            os.kill(os.getpid(), signal.SIGTERM)
            time.sleep(10)
        finally:
            click.echo("tidied up")

    before = signal.getsignal(signal.SIGTERM)
    result = CliRunner().invoke(stopped, ["work"])
    assert (result.exit_code, result.stdout, result.stderr.strip()) == (130, "tidied up\n", "Stopped.")
    assert signal.getsignal(signal.SIGTERM) is before


@pytest.mark.parametrize(
    "words",
    [
        ("dev", "--port", "80801"),
        ("demo", "--headless", "--port", "80801"),
        ("demo", "--headless", "--ui-port", "-1"),
        ("dev", "--port", "0"),
        ("demo", "--headless", "--customers", "-5"),
        ("sandbox", "--port", "-1"),
        ("sandbox", "--suppliers", "-1"),
        ("sandbox", "--latency-ms", "-1"),
    ],
)
def test_a_number_that_cannot_be_is_a_wrong_use(shell: Shell, words: tuple[str, ...]) -> None:
    result = shell(*words)
    assert result.exit_code == 2
    assert f"{words[-1]} is not in the range" in result.stderr


def test_an_error_keeps_its_square_brackets() -> None:
    result = CliRunner().invoke(failing, ["go"], obj=UsageError("[red] is [no] key."))
    assert result.stderr == "Error: [red] is [no] key.\n"


@pytest.mark.parametrize(("raised", "code", "text"), ENDINGS[:-1])
def test_with_json_an_error_is_one_document_with_stable_keys(
    raised: BaseException, code: int, text: str
) -> None:
    result = CliRunner().invoke(failing, ["go", "--json"], obj=raised)
    document = json.loads(result.stdout)
    assert result.exit_code == code
    assert result.stderr.strip() == ""
    assert document["error"].keys() == {"message", "remedy", "record"}
    assert document["error"]["message"] in text


def test_an_error_nobody_expected_is_not_hidden() -> None:
    result = CliRunner().invoke(failing, ["go"], obj=ZeroDivisionError("a bug"))
    assert isinstance(result.exception, ZeroDivisionError)


@pytest.mark.parametrize(
    "words",
    [["nothing"], ["sync"], ["sync", "acme", "--nope"], ["credentials", "set", "acme", "nonsense"]],
)
def test_wrong_usage_ends_with_2_also_in_json(shell: Shell, words: list[str]) -> None:
    result = shell(*words)
    assert result.exit_code == 2
    assert result.stderr.startswith("Usage: ")
    assert shell.json(*words, code=2)["error"]["message"]


def every_command(group: click.Group, *path: str) -> list[list[str]]:
    """Return the words of every command below a group; some groups take the connection's name before the command."""
    found: list[list[str]] = []
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            named = ["acme"] * any(isinstance(one, click.Argument) for one in command.params)
            found.extend(every_command(command, *path, name, *named))
        else:
            found.append([*path, name])
    return found


@pytest.mark.parametrize("words", every_command(main), ids=" ".join)
def test_every_command_explains_itself_and_takes_json(shell: Shell, words: list[str]) -> None:
    result = shell(*words, "-h")
    assert result.exit_code == 0
    assert "--json" in result.stdout
    assert max(map(len, result.stdout.splitlines())) <= 80


def test_the_list_of_commands_is_in_the_order_of_use_and_none_is_cut(shell: Shell) -> None:
    text = shell("-h").stdout
    listed = [line.split()[0] for line in text.partition("Commands:\n")[2].splitlines()]
    assert listed[:5] == ["demo", "init", "credentials", "ping", "plan"]
    assert set(listed) == main.commands.keys()
    assert "..." not in text.partition("Commands:")[2]


def test_the_version_is_that_of_the_package(shell: Shell) -> None:
    assert shell("--version").stdout.startswith("ml-connector, version 0.")


def test_a_word_that_is_no_text_is_a_wrong_use(shell: Shell) -> None:
    error = shell.json("rejects", "acme", "list", "--record", "customer:\udcff", code=2)["error"]
    assert error["message"] == "Word 5 of the command is no text in UTF-8."


def test_a_table_of_counts_fits_80_columns(capsys: pytest.CaptureFixture[str]) -> None:
    names = ("read", "created", "updated", "unchanged", "skipped", "rejected", "pending", "conflicts")
    show_table("acme", ("", *names), [("companies", *[123456] * len(names))])
    assert max(len(line.rstrip()) for line in capsys.readouterr().out.splitlines()) <= 80


def test_no_amount_is_broken_where_the_terminal_is_narrow(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(console, "width", 80)
    names = ("month", "", "", "Visma", "HubSpot", "open in\nVisma", "open in\nHubSpot")
    show_table("acme", names, [("2026-10", "NOK", "sales transactions", *[Decimal("-92732724.92")] * 4)])
    lines = [line.rstrip() for line in capsys.readouterr().out.splitlines()]
    assert max(map(len, lines)) <= 80
    assert sum(line.count("-92,732,724.92") for line in lines) == 4


def test_a_text_from_outside_steers_no_terminal_and_makes_no_emoji(
    capsys: pytest.CaptureFixture[str],
) -> None:
    nasty = "customer:100: \x1b]0;title\x07\x9b2J[red][/]\\"
    show_table("acme", ("record", "name"), [("customer:100:", nasty)])
    show_lines([((("x", 2),), nasty)])
    show_error(nasty)
    said = capsys.readouterr()
    shown = [line for line in said.out.splitlines() if "title" in line]
    assert len(shown) == 2
    for text in (*shown, said.err):
        assert "customer:100: \ufffd]0;title\ufffd\ufffd2J[red][/]\\" in text
    assert not set("\x1b\x07\x9b") & set(said.out + said.err)


def test_lines_wrap_on_a_terminal_only(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    line = ([("[green]ok[/]", 4), ("Visma", 7)], "a sentence that goes on and on " * 6)
    show_lines([line])
    assert len(capsys.readouterr().out.splitlines()) == 1
    monkeypatch.setattr(console, "_force_terminal", True)
    monkeypatch.setattr(console, "_width", 60)
    show_lines([line])
    wrapped = capsys.readouterr().out.splitlines()
    assert len(wrapped) > 3
    assert all(text.startswith(" " * 13) for text in wrapped[1:])


def test_rows_of_a_document_are_printed_as_they_come(capsys: pytest.CaptureFixture[str]) -> None:
    values = {"name": "a\nå", "of": [1, {}]}
    rows: list[object] = [{"record": f"customer:{number}", "values": values} for number in range(2)]
    printed: list[str] = []

    def come() -> Iterator[object]:
        for row in rows:
            yield row
            printed.append(capsys.readouterr().out)

    emit({"run_id": None, "rows": come(), "none": iter(()), "last": [{}, []]})
    assert [f"customer:{number}" in text for number, text in enumerate(printed)] == [True, True]
    whole: dict[str, object] = {"run_id": None, "rows": rows, "none": [], "last": [{}, []]}
    text = "".join(printed) + capsys.readouterr().out
    assert text == json.dumps(whole, ensure_ascii=False, indent=2) + "\n"
