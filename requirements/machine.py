"""Checks that this machine and Python can run Hindsight, before `make` installs anything.

Ends with 0 if so; with 1 if another Python is wanted, and with 2 if another machine is, each with a sentence.
Any Python from 3.6 on can read this file.
"""

import os
import platform
import sys
import sysconfig

# What the locked libraries have wheels for: `make portable` asks the registry for each.
PYTHONS = ((3, 11), (3, 12), (3, 13), (3, 14))
PROCESSORS = {"Linux": ("x86_64", "aarch64"), "Darwin": ("arm64",)}
GLIBC = (2, 28)
MACOS = (14, 0)
USE_A_PYTHON, USE_A_MACHINE = 1, 2


def numbers_of(version: str) -> tuple:  # type: ignore[type-arg]  # an old Python reads this
    """Return (2, 36) for "2.36"."""
    return tuple(int(part) for part in version.split(".")[:2] if part.isdigit())


def wrong_python(version: tuple, implementation: str, bits: int, has_lock: bool) -> str:  # type: ignore[type-arg]
    """Return why this Python does not do, or nothing."""
    if implementation != "cpython":
        return f"it is {implementation}, and the libraries are made for CPython"
    if version not in PYTHONS:
        return "it is {}.{}".format(*version)
    if bits != 64:
        return f"it has {bits} bits, and the libraries need 64"
    return "" if has_lock else "it runs without the global lock, and the libraries are not made for that"


def wrong_machine(system: str, processor: str, libc: str, macos: str) -> str:
    """Return why this machine does not do, or nothing."""
    if system not in PROCESSORS:
        return "Hindsight runs on Linux and macOS. On Windows, install WSL (wsl --install) and run it there."
    if processor not in PROCESSORS[system]:
        return {
            "Linux": f"Hindsight needs a 64-bit Intel, AMD or ARM processor: this one is {processor}.",
            "Darwin": "Hindsight needs a Mac with an Apple processor, and a Python made for it: this one is for Intel.",
        }[system]
    if system == "Linux" and not libc.startswith("glibc"):
        return "Hindsight needs a Linux with the GNU C library, such as Debian or Ubuntu: Alpine has another one."
    if system == "Linux" and numbers_of(libc.split()[1]) < GLIBC:
        return f"Hindsight needs the GNU C library 2.28 or newer (Debian 10, Ubuntu 20.04): here is {libc}."
    if system == "Darwin" and numbers_of(macos) < MACOS:
        return f"Hindsight needs macOS 14 or newer: this is macOS {macos}."
    return ""


def libc_version() -> str:
    """Return the C library, as in "glibc 2.36"; nothing where it is another one."""
    try:
        return os.confstr("CS_GNU_LIBC_VERSION") or ""
    except (AttributeError, OSError, ValueError):
        return ""


def main() -> int:
    """Say what is wrong."""
    machine = wrong_machine(platform.system(), platform.machine(), libc_version(), platform.mac_ver()[0])
    if machine:
        print(machine)
        return USE_A_MACHINE
    bits = 64 if sys.maxsize > 2**32 else 32
    has_lock = not sysconfig.get_config_var("Py_GIL_DISABLED")
    python = wrong_python(sys.version_info[:2], sys.implementation.name, bits, has_lock)
    if python:
        print(f"Hindsight needs Python 3.11, 3.12, 3.13 or 3.14, and {sys.executable} does not do: {python}.")
        return USE_A_PYTHON
    return 0


if __name__ == "__main__":
    sys.exit(main())
