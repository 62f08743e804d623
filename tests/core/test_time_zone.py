"""A school that names no time zone has this machine's; doctor says which."""

from __future__ import annotations

from pathlib import Path
from zoneinfo import TZPATH

import pytest
import tzlocal
from click.testing import CliRunner

import core.time_zone
from core.database.db import Database
from core.settings import Settings, get_settings
from core.storage.private_files import restrict_data_folder
from core.time_zone import machine_zone
from workers.commands import doctor
from workers.doctor import time_zone


@pytest.fixture(autouse=True)
def no_zone_is_named(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    monkeypatch.delenv("HINDSIGHT_TIME_ZONE", raising=False)
    monkeypatch.delenv("TZ", raising=False)
    for cached in (machine_zone, get_settings):
        cached.cache_clear()
        request.addfinalizer(cached.cache_clear)


def system_says(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    """Have tzlocal read another machine's files."""
    monkeypatch.setattr(core.time_zone, "LOCALTIME", folder / "etc" / "localtime")
    monkeypatch.setattr(tzlocal, "get_localzone_name", lambda: tzlocal.unix._get_localzone_name(str(folder)))  # type: ignore[no-untyped-call]


@pytest.mark.parametrize("written", ["Australia/Sydney", ":Australia/Sydney"])
def test_the_variable_tz_is_the_machines_zone(written: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", written)
    assert Settings().zone.key == "Australia/Sydney"
    assert time_zone(Settings()) == "Australia/Sydney (this machine's own)"


def test_the_systems_setting_is_the_machines_zone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    system_says(monkeypatch, tmp_path)
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc" / "timezone").write_text("Asia/Kathmandu\n")
    assert Settings().zone.key == "Asia/Kathmandu"


def test_a_zone_that_was_copied_without_its_name_is_found_by_its_rules(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = next((file for folder in TZPATH if (file := Path(folder, "America/Los_Angeles")).is_file()), None)
    if there is None:
        pytest.skip("this machine has no zone files of its own")
    system_says(monkeypatch, tmp_path)
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc" / "localtime").write_bytes(there.read_bytes())
    assert machine_zone() == "America/Los_Angeles"


def test_a_machine_that_names_none_is_utc_and_doctor_says_so(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    system_says(monkeypatch, tmp_path)
    assert machine_zone() == ""
    assert Settings().zone.key == "UTC"
    restrict_data_folder(get_settings())  # as every start does
    answer = CliRunner().invoke(doctor)
    assert "time zone: UTC, since this machine names none" in answer.output
    assert answer.exit_code == 0


def test_what_the_school_names_goes_before_the_machines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "Australia/Sydney")
    monkeypatch.setenv("HINDSIGHT_TIME_ZONE", "Europe/London")
    assert Settings().zone.key == "Europe/London"
    assert time_zone(Settings()) == "Europe/London (HINDSIGHT_TIME_ZONE)"
    monkeypatch.setenv("HINDSIGHT_TIME_ZONE", "")  # as a compose file passes on what nobody set
    assert Settings().zone.key == "Australia/Sydney"
