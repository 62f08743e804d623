"""All settings of Hindsight, read from environment variables with the prefix `HINDSIGHT_`."""

from __future__ import annotations

import grp
import os
import sys
from functools import cache
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from pydantic import Field, SecretStr, ValidationError, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from core.addresses import is_this_machine
from core.time_zone import is_zone, machine_zone

GIB = 1024**3


class Settings(BaseSettings):
    """The settings with their defaults for one small machine (see docs/operating.md)."""

    model_config = SettingsConfigDict(env_prefix="HINDSIGHT_", frozen=True)

    data_dir: Path = Field(Path("data"), description="Folder for the database, uploads and recordings.")
    database_url: str = Field("", description="SQLAlchemy address; empty: SQLite in the data folder.")
    broker_url: str = Field("", description="Redis address; empty: the queue lives inside `hindsight serve`.")
    host: str = Field("127.0.0.1", description="Address to listen on.")
    port: int = Field(8000, ge=1, le=65535, description="Port to listen on.")
    public_url: str = Field("", description="Address that people type; decides links, cookies and headers.")
    proxies: str = Field(
        "127.0.0.1", description="Proxies that are believed when they say who asks: addresses or networks."
    )
    proxy_sends_files: bool = Field(False, description="The proxy sends the files that we name in X-Accel-Redirect.")
    files_group: str = Field("", description="Group of a proxy that sends files itself; it may read the recordings.")
    secure_cookies: bool | None = Field(None, description="Cookies by https alone; none: as public_url says.")

    s3_bucket: str = Field("", description="Bucket for recordings in an S3-compatible store; empty: the data folder.")
    s3_prefix: str = Field("", description="Prefix of every key in the bucket.")
    s3_endpoint: str = Field("", description="Address of the store; empty: Amazon's own.")
    s3_region: str = Field("us-east-1", description="Region of the bucket.")
    s3_access_key: str = Field("", description="Access key of the store.")
    s3_secret_key: SecretStr = Field(SecretStr(""), description="Its secret.")

    models_dir: Path = Field(
        Path(sys.prefix) / "share" / "hindsight" / "models",
        description="Folder where the models are prepared once.",
    )
    asr_model: str = Field("base", description="Whisper model: a folder, base, tiny.en, or a name to download.")
    language: str = Field("", description="Language of the lessons (en, de, ...); empty: found by listening.")
    asr_workers: int = Field(
        max(1, min(os.cpu_count() or 1, 8)), ge=1, description="Chunks transcribed at once, a core each."
    )

    ffmpeg: str = Field("", description="Path of an ffmpeg binary; empty: the one that came with the install.")
    upload_max_bytes: int = Field(8 * GIB, ge=1, description="Largest recording that is taken.")
    upload_keep_hours: int = Field(48, ge=1, description="How long an unfinished upload waits to be resumed.")
    uploads_open: int = Field(50, ge=1, description="Unfinished uploads that one person may have at once.")
    uploads_a_day: int = Field(200, ge=1, description="Uploads that one person may begin on a day.")
    disk_reserve_bytes: int = Field(GIB // 2, ge=0, description="Room that is never filled by uploads.")

    lease_seconds: int = Field(60, ge=1, description="A worker silent for so long has lost its step.")
    dispatch_seconds: float = Field(0.5, gt=0, description="How often the dispatcher looks for due steps.")
    max_attempts: int = Field(3, ge=1, description="Tries of a step before it is called failed.")
    keep_media_days: int = Field(0, ge=0, description="Films, sound and pictures go after so many days; 0: never.")
    keep_words_days: int = Field(0, ge=0, description="Transcripts go after so many days; 0: never.")
    leaver_days: int = Field(30, ge=1, description="How long a leaver can still take away or delete what is hers.")
    time_zone: str = Field("", description="The school's time zone, such as Europe/London; empty: this machine's.")

    smtp_host: str = Field("", description="Mail server; empty: no mail is sent.")
    smtp_port: int = Field(587, ge=1, le=65535, description="Port of the mail server.")
    smtp_security: Literal["starttls", "tls", "none"] = Field("starttls", description="How the line is encrypted.")
    smtp_user: str = Field("", description="Account at the mail server; empty: none is needed.")
    smtp_password: SecretStr = Field(SecretStr(""), description="Its password.")
    mail_from: str = Field("hindsight@localhost", description="Sender of the mails.")

    oidc_issuer: str = Field("", description="OpenID Connect provider (its issuer address); empty: passwords alone.")
    oidc_client_id: str = Field("", description="What the provider calls Hindsight.")
    oidc_client_secret: SecretStr = Field(SecretStr(""), description="The secret that the provider gave.")
    oidc_name: str = Field("your school account", description="What the button says: Sign in with ...")
    oidc_trusts_email: bool = Field(
        False, description="The provider is the school's own and never says email_verified."
    )

    passwords: bool = Field(True, description="false: single sign-on is the only way in.")
    require_second_factor: Literal["nobody", "leads", "everybody"] = Field(
        "nobody", description="Who must have a second factor beside the password."
    )

    log_format: Literal["plain", "json"] = Field("plain", description="Lines for a person, or a JSON object a line.")
    metrics_token: SecretStr = Field(SecretStr(""), description="Bearer token for /metrics; empty: no such page.")
    session_days: int = Field(30, ge=1, description="How long somebody stays signed in on a device.")

    @field_validator("broker_url")
    @classmethod
    def _known_queue(cls, address: str) -> str:
        if address and not address.startswith(("redis://", "rediss://", "unix://")):
            raise ValueError("an address such as redis://queue:6379/0 is wanted")
        return address

    @field_validator("public_url")
    @classmethod
    def _address_of_a_site(cls, address: str) -> str:
        """Return the address as browsers write an origin; anything more than an origin is refused."""
        if not address:
            return address
        wanted = "an address such as https://lessons.school.example or http://hindsight:8000 is wanted"
        try:
            parts = urlsplit(address.strip())
            port = f":{parts.port}" if parts.port not in (None, {"http": 80, "https": 443}.get(parts.scheme)) else ""
        except ValueError as error:
            raise ValueError(wanted) from error
        if parts.scheme not in ("http", "https") or not parts.hostname or "@" in parts.netloc:
            raise ValueError(wanted)
        if parts.path.strip("/") or parts.query or parts.fragment:
            raise ValueError(
                f"{wanted}, without anything behind the name: Hindsight has a name or a port of its own, "
                "it does not work below a path"
            )
        host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
        return f"{parts.scheme}://{host}{port}"

    @field_validator("secure_cookies", mode="before")
    @classmethod
    def _nothing_is_no_answer(cls, value: object) -> object:
        """Take an empty variable, as a compose file passes one on, for one that is not set."""
        return None if value == "" else value

    @field_validator("files_group")
    @classmethod
    def _known_group(cls, name: str) -> str:
        if name and not name.isdecimal():
            try:
                grp.getgrnam(name)
            except KeyError as error:
                raise ValueError("the name or the number of a group of this machine is wanted") from error
        return name

    @field_validator("time_zone")
    @classmethod
    def _known_zone(cls, name: str) -> str:
        if name and not is_zone(name):
            raise ValueError("a time zone such as Europe/London is wanted")
        return name

    @field_validator("passwords")
    @classmethod
    def _some_way_in(cls, on: bool, info: ValidationInfo) -> bool:
        if not on and not (info.data.get("oidc_issuer") and info.data.get("oidc_client_id")):
            raise ValueError(
                "nobody could sign in, because HINDSIGHT_OIDC_ISSUER and HINDSIGHT_OIDC_CLIENT_ID name no provider"
            )
        return on

    @property
    def cookies_need_https(self) -> bool:
        """Whether browsers send our cookies by https alone: as the address says, unless it is set by itself."""
        return self.public_url.startswith("https:") if self.secure_cookies is None else self.secure_cookies

    @property
    def travels_unprotected(self) -> bool:
        """Whether the address that people type is plain http at a name, so that all goes through a network in clear."""
        public = urlsplit(self.public_url)
        return public.scheme == "http" and not is_this_machine(public.hostname or "")

    @property
    def zone(self) -> ZoneInfo:
        """The school's time zone."""
        return ZoneInfo(self.time_zone or machine_zone() or "UTC")

    @property
    def files_group_id(self) -> int | None:
        """The number of the group that may read recordings, if there is one."""
        if not self.files_group:
            return None
        return int(self.files_group) if self.files_group.isdecimal() else grp.getgrnam(self.files_group).gr_gid

    @property
    def database_address(self) -> str:
        """The database that is used."""
        return self.database_url or f"sqlite:///{self.data_dir.absolute() / 'hindsight.sqlite3'}"

    @property
    def files_dir(self) -> Path:
        """Where recordings and what is made of them lie."""
        return self.data_dir / "files"

    @property
    def uploads_dir(self) -> Path:
        """Where unfinished uploads grow."""
        return self.data_dir / "uploads"

    @property
    def scratch_dir(self) -> Path:
        """Where steps write before they are done; on the same disk as the files."""
        return self.data_dir / "scratch"


def what_is_wrong(error: ValidationError) -> list[str]:
    """Return a plain sentence for each setting that cannot be used; a secret's value is in none of them."""
    sentences = []
    for found in error.errors(include_url=False, include_context=False):
        name = str(found["loc"][0])
        value = "" if Settings.model_fields[name].annotation is SecretStr else f"={found['input']}"
        why = "a whole number from 1 to 65535 is wanted" if name in ("port", "smtp_port") else found["msg"]
        why = why.removeprefix("Value error, ")
        sentences.append(f"HINDSIGHT_{name.upper()}{value} cannot be used: {why}. See docs/operating.md.")
    return sentences


@cache
def get_settings() -> Settings:
    """Return the settings of this process, read once."""
    return Settings()
