"""docker-compose.yml and Dockerfile say nothing that is not so: settings, commands, users, health, patience."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import click
import pytest
import yaml
from click.testing import CliRunner

from core.cli import main
from core.settings import Settings
from workers.queue.process import STOP_SECONDS

PROJECT = Path(__file__).resolve().parents[2]
COMPOSE: dict[str, Any] = yaml.safe_load((PROJECT / "docker-compose.yml").read_text("utf-8"))
DOCKERFILE = (PROJECT / "Dockerfile").read_text("utf-8")
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = {name: service for name, service in SERVICES.items() if service.get("build") == "."}
SETTINGS = {f"HINDSIGHT_{name.upper()}" for name in Settings.model_fields}
OF_THE_CADDYFILE = {"HINDSIGHT_PAGES", "HINDSIGHT_FILES"}


def seconds(text: str) -> int:
    number, unit = re.fullmatch(r"(\d+)([smh])", text).groups()  # type: ignore[union-attr] # else this fails, as it should
    return int(number) * {"s": 1, "m": 60, "h": 3600}[unit]


def test_every_part_of_the_full_set_is_there() -> None:
    assert set(SERVICES) == {"migrate", "web", "worker", "asr", "proxy", "queue", "database"}
    assert set(OURS) == {"migrate", "web", "worker", "asr"}


@pytest.mark.parametrize("name", SERVICES)
def test_every_variable_is_a_setting(name: str) -> None:
    text = yaml.safe_dump(SERVICES[name])
    assert set(re.findall(r"HINDSIGHT_[A-Z0-9_]*[A-Z0-9]", text)) <= SETTINGS | OF_THE_CADDYFILE


@pytest.mark.parametrize("name", OURS)
def test_every_command_is_one_of_ours_with_options_that_it_has(name: str) -> None:
    words = shlex.split(OURS[name]["command"])
    command = main.get_command(click.Context(main), words[0])
    assert command is not None
    command.make_context(words[0], words[1:])  # raises when an option is unknown
    assert CliRunner().invoke(main, [words[0], "--help"]).exit_code == 0


@pytest.mark.parametrize("name", OURS)
def test_our_containers_can_change_nothing_but_their_volume(name: str) -> None:
    service = OURS[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["tmpfs"] == ["/tmp"]
    assert service["volumes"] == ["recordings:/data"]
    assert service["environment"]["HINDSIGHT_DATA_DIR"] == "/data"
    assert service["environment"]["HF_HOME"].startswith("/data/")
    assert "user" not in service  # the image's own, which is nobody special:
    run = DOCKERFILE.rpartition("FROM ")[2]
    assert re.search(r"^USER hindsight$", run, re.MULTILINE)
    assert "useradd --uid 10001" in run


def test_the_proxy_reads_recordings_through_the_group_of_the_image_and_has_no_other_right() -> None:
    proxy, run = SERVICES["proxy"], DOCKERFILE.rpartition("FROM ")[2]
    group = SERVICES["web"]["environment"]["HINDSIGHT_FILES_GROUP"]
    assert {service["environment"]["HINDSIGHT_FILES_GROUP"] for service in OURS.values()} == {group}
    assert proxy["group_add"] == [group]
    assert f"groupadd --gid {group} hindsight" in run
    assert "--gid hindsight" in run  # so that our own account may give files to it
    assert (proxy["cap_drop"], proxy["cap_add"]) == (["ALL"], ["NET_BIND_SERVICE"])
    assert "recordings:/recordings:ro" in proxy["volumes"]


def test_only_the_proxy_is_reached_from_outside_and_the_pages_believe_it() -> None:
    assert [name for name, service in SERVICES.items() if "ports" in service] == ["proxy"]
    assert SERVICES["web"]["environment"]["HINDSIGHT_PROXIES"] == "*"
    assert SERVICES["proxy"]["environment"]["HINDSIGHT_PAGES"] == "web:8000"
    assert (
        SERVICES["proxy"]["environment"]["HINDSIGHT_PUBLIC_URL"]
        == SERVICES["web"]["environment"]["HINDSIGHT_PUBLIC_URL"]
    )


def test_everything_that_is_waited_for_has_a_health_check() -> None:
    assert "HEALTHCHECK" in DOCKERFILE
    for name, service in SERVICES.items():
        for other, wanted in service.get("depends_on", {}).items():
            has_check = "healthcheck" in SERVICES[other] or (other in OURS and "HEALTHCHECK" in DOCKERFILE)
            assert wanted["condition"] == "service_completed_successfully" or has_check, (name, other)


@pytest.mark.parametrize("name", ["worker", "asr"])
def test_a_worker_is_given_longer_to_stop_than_it_takes(name: str) -> None:
    assert seconds(SERVICES[name]["stop_grace_period"]) > STOP_SECONDS


def test_every_volume_is_declared() -> None:
    used = {volume.split(":")[0] for service in SERVICES.values() for volume in service.get("volumes", [])}
    assert {name for name in used if not name.startswith(".")} == set(COMPOSE["volumes"])
    assert (PROJECT / "Caddyfile").is_file()


def test_every_file_that_the_image_is_built_from_is_there() -> None:
    for named in re.findall(r"-r (requirements/\S+)", DOCKERFILE):
        assert (PROJECT / named).is_file()
