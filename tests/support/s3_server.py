"""An S3-compatible server (SeaweedFS, from a wheel), started once for all tests."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from core.models import new_id
from core.storage.configured import get_storage
from core.storage.object_store import ObjectStorage
from tests.browser.school import free_port
from tests.support.processes import forget_process

WEED = Path(sys.executable).with_name("weed")
BUCKET, KEY, SECRET = "recordings", "school", "a-secret-of-the-school"


@pytest.fixture(scope="session")
def bucket_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Yield the address of a running store with one bucket, or skip outside CI where there is none."""
    if not WEED.is_file():
        reason = "no SeaweedFS from a wheel on this machine"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    folder = tmp_path_factory.mktemp("bucket")
    identity = {"name": KEY, "credentials": [{"accessKey": KEY, "secretKey": SECRET}], "actions": ["Admin"]}
    (folder / "s3.json").write_text(json.dumps({"identities": [identity]}))
    ports = {name: free_port() for name in ("master", "volume", "filer", "s3")}
    command = [str(WEED), "-logtostderr=true", "server", f"-dir={folder}", "-ip=127.0.0.1", "-s3"]
    command.append(f"-s3.config={folder / 's3.json'}")
    command += [f"-{name}.port={port}" for name, port in ports.items()]
    command += ["-s3.port.lance=0", "-s3.port.iceberg=0"]
    command += [f"-{name}.port.grpc={free_port()}" for name in ports]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
    address = f"http://127.0.0.1:{ports['s3']}"
    filer = f"http://127.0.0.1:{ports['filer']}"
    try:
        end = time.monotonic() + 60
        while not _answers(address):
            assert process.poll() is None, (folder / "log").read_text()[-2000:]
            assert time.monotonic() < end, (folder / "log").read_text()[-2000:]
            time.sleep(0.2)
        httpx.post(f"{filer}/buckets/{BUCKET}/").raise_for_status()
        yield address
    finally:
        process.kill()
        process.wait()


def _answers(address: str) -> bool:
    try:
        return httpx.get(f"{address}/status", timeout=2).status_code < 500
    except httpx.TransportError:
        return False


def bucket_settings(address: str, prefix: str = "") -> dict[str, str]:
    """Return the settings that name the bucket, or a part of it."""
    return {
        "HINDSIGHT_S3_BUCKET": BUCKET,
        "HINDSIGHT_S3_ENDPOINT": address,
        "HINDSIGHT_S3_ACCESS_KEY": KEY,
        "HINDSIGHT_S3_SECRET_KEY": SECRET,
        "HINDSIGHT_S3_PREFIX": prefix,
    }


@pytest.fixture
def bucket(bucket_server: str, data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> ObjectStorage:
    """Return an empty part of the bucket as the store of the settings."""
    for setting, value in bucket_settings(bucket_server, f"test-{new_id()}").items():
        monkeypatch.setenv(setting, value)
    forget_process()
    store = get_storage()
    assert isinstance(store, ObjectStorage)
    return store
