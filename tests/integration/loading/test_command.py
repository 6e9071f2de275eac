"""`manage.py load_data` as an operator meets it."""

import gzip
import json
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from tests.integration.loading import folders
from tests.integration.loading.conftest import Query


def _refusal(data: Path, source: str) -> str:
    with pytest.raises(CommandError) as refused:
        call_command("load_data", source=source, data=data)
    message = str(refused.value)
    assert "\n" not in message
    return message


def test_json_and_table_say_the_same(query: Query, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The facts of `--json` stand in the table too, and stdout holds nothing but the JSON."""
    data = folders.adventureworks(tmp_path)
    call_command("load_data", source="adventureworks", data=data, json=True)
    facts = json.loads(capsys.readouterr().out)
    assert facts["changed"] is True
    assert facts["inserted"] == sum(table["inserted"] for table in facts["tables"].values())
    call_command("load_data", source="adventureworks", data=data)
    shown = capsys.readouterr().out
    assert "nothing changed" in shown
    for words in (*facts["tables"], *facts["outcomes"]):
        assert words in shown


def test_the_password_option_lets_every_customer_in(query: Query, tmp_path: Path) -> None:
    """The known password verifies against the stored hash."""
    from django.contrib.auth.hashers import check_password

    call_command("load_data", source="generated", customers=5, password="correct horse")
    [(encoded,)] = query("SELECT DISTINCT password FROM users_user")
    assert check_password("correct horse", encoded)


@pytest.mark.usefixtures("database")
def test_a_missing_folder_is_one_line(tmp_path: Path) -> None:
    """It says which folder and what to do."""
    assert _refusal(tmp_path / "nowhere", "adventureworks").endswith("or use --source generated")


@pytest.mark.usefixtures("database")
def test_no_data_folder_at_all_is_one_line() -> None:
    """Without --data and BANYAN_DATA the message names both."""
    with pytest.raises(CommandError, match="--data or BANYAN_DATA"):
        call_command("load_data", source="online-retail", data=None)


@pytest.mark.usefixtures("database")
def test_missing_files_are_all_named(tmp_path: Path) -> None:
    """Two missing files, one message."""
    data = folders.adventureworks(tmp_path)
    for name in ("Person", "Address"):
        (data / "adventureworks" / f"{name}.csv.gz").unlink()
    assert _refusal(data, "adventureworks").endswith("missing Address.csv.gz, Person.csv.gz")


def test_a_truncated_archive_is_refused_before_a_row_is_written(query: Query, tmp_path: Path) -> None:
    """A file that was cut short in a download leaves the database empty, not half filled."""
    data = folders.adventureworks(tmp_path)
    path = data / "adventureworks" / "SalesOrderDetail.csv.gz"
    path.write_bytes(path.read_bytes()[:-20])
    assert "SalesOrderDetail.csv.gz line" in (message := _refusal(data, "adventureworks"))
    assert "damaged or cut short" in message
    assert query("SELECT count(*) FROM users_user") == [(0,)]


@pytest.mark.usefixtures("database")
def test_a_wrong_header_names_the_column(tmp_path: Path) -> None:
    """A renamed column is not read as an empty one."""
    header = ("InvoiceNo", "Code", *folders.RETAIL[2:])
    assert _refusal(folders.online_retail(tmp_path, header=header), "online-retail").endswith(
        "line 1: wrong header: no column StockCode"
    )


@pytest.mark.usefixtures("database")
def test_a_file_that_is_no_archive_is_one_line(tmp_path: Path) -> None:
    """Plain CSV under the archive's name is called damaged."""
    path = folders.online_retail(tmp_path) / "online-retail" / "online_retail.csv.gz"
    path.write_bytes(gzip.decompress(path.read_bytes()))
    assert "damaged" in _refusal(tmp_path, "online-retail")


@pytest.mark.parametrize(
    ("column", "value", "problem"),
    [
        (3, "six", "Quantity 'six' is not a whole number"),
        (4, "yesterday", "InvoiceDate 'yesterday' is not a date and time"),
        (5, "2.55 GBP", "UnitPrice '2.55 GBP' is not an amount"),
        (7, "Atlantis", "Country 'Atlantis' is in no rule"),
        (0, "X1", "InvoiceNo 'X1' is not digits"),
        (1, "", "StockCode is empty"),
        (2, "x" * 201, "Description has 201 characters, the column holds 200"),
    ],
)
def test_a_bad_row_is_named_by_line_and_nothing_is_written(
    query: Query, tmp_path: Path, column: int, value: str, problem: str
) -> None:
    """A bad value anywhere in the file stops the load before its first page."""
    rows = [list(row) for row in folders.RETAIL_ROWS]
    rows[4][column] = value
    message = _refusal(folders.online_retail(tmp_path, rows), "online-retail")
    assert f"online_retail.csv.gz line 6: {problem}" in message
    assert query("SELECT count(*) FROM orders_order") == [(0,)]
