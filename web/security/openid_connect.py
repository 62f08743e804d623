"""OpenID Connect client: discovery, token exchange and strict validation (https://openid.net/specs/).

Each refusal is a SignOnFailed with a reason for the log: no address, no token, nothing that the provider wrote.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.httpx_client import OAuth2Client
from joserfc import jwt
from joserfc.errors import ClaimError, InvalidKeyIdError, JoseError, MissingKeyError, UnsupportedAlgorithmError
from joserfc.jwk import GuestProtocol, KeySet, OctKey

from annotation.coaching.reminders import site
from annotation.errors import SignOnFailed
from core.settings import Settings

PATIENCE_SECONDS = 10
LEEWAY_SECONDS = 60  # by which the two clocks may differ
SIGNED_WITH = ("RS256", "PS256", "ES256", "EdDSA")  # with the provider's own key, of which we know the public half
SYMMETRIC = "HS256"  # with our own client secret
FEWEST_BYTES = 32  # of a client secret that is a key: RFC 7518, 3.2
PUBLIC_KEYS = ("RSA", "EC", "OKP")
CLAIMS = ("iss", "aud", "azp", "exp", "nbf", "iat", "sub", "nonce")


@dataclass(frozen=True, slots=True)
class Answer:
    """What the provider says of somebody, and the token with which more can be asked."""

    claims: dict[str, Any]
    access_token: str


class Provider:
    """The school's provider, as it describes itself now. Nothing is kept between two sign-ins, so a new key is seen."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        issuer = settings.oidc_issuer.rstrip("/")
        self.about = self._read(f"{issuer}/.well-known/openid-configuration")
        if str(self.about.get("issuer", "")).rstrip("/") != issuer:
            raise self.refusal("issuer_differs")

    def refusal(self, reason: str) -> SignOnFailed:
        """Return what is raised, with the reason that the log names."""
        return SignOnFailed(name=self.settings.oidc_name, reason=reason)

    def address_to_go_to(self, state: str, nonce: str, verifier: str) -> str:
        """Return where the browser is sent."""
        there = self._named("authorization_endpoint")
        with self._client() as oauth:
            address, _ = oauth.create_authorization_url(there, state=state, nonce=nonce, code_verifier=verifier)
        return str(address)

    def exchange(self, code: str, verifier: str, nonce: str) -> Answer:
        """Return what the signed token says, for a code that the browser brought back."""
        there = self._named("token_endpoint")
        try:
            with self._client() as oauth:
                # Authlib takes a token also from an answer that says that it is a refusal.
                oauth.register_compliance_hook("access_token_response", httpx.Response.raise_for_status)
                token: Any = oauth.fetch_token(there, code=code, code_verifier=verifier)
        except httpx.HTTPStatusError as error:
            raise self.refusal("token_refused") from error
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise self.refusal("provider_away") from error
        except (AuthlibBaseError, ValueError, TypeError) as error:
            raise self.refusal("token_refused") from error
        if not isinstance(token, dict) or not isinstance(token.get("id_token"), str):
            raise self.refusal("token_missing")
        claims = self._signed(token["id_token"])
        self._check(claims, nonce)
        return Answer(claims, str(token.get("access_token", "")))

    def ask_more(self, answer: Answer) -> dict[str, Any]:
        """Return what the provider's userinfo says of the same person, or nothing where there is no userinfo.

        Raises SignOnFailed when it is of another person.
        """
        there = self.about.get("userinfo_endpoint")
        if not isinstance(there, str) or not answer.access_token:
            return {}
        try:
            more: object
            headers = {"authorization": f"Bearer {answer.access_token}"}
            said = httpx.get(there, headers=headers, timeout=PATIENCE_SECONDS).raise_for_status()
            if said.headers.get("content-type", "").partition(";")[0].strip().lower() == "application/jwt":
                more = self._signed(said.text.strip())
                if "iss" in more:
                    self._check_issuer(more)
                if "aud" in more:
                    self._check_audience(more)
            else:
                more = said.json()
        except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
            raise self.refusal("userinfo_unreadable") from error
        if not isinstance(more, dict) or more.get("sub") != answer.claims["sub"]:
            raise self.refusal("userinfo_of_another")
        return more

    def _client(self) -> OAuth2Client:
        return OAuth2Client(
            client_id=self.settings.oidc_client_id,
            client_secret=self.settings.oidc_client_secret.get_secret_value(),
            scope="openid email profile",
            redirect_uri=f"{site()}/sign-in/back",
            code_challenge_method="S256",
            timeout=PATIENCE_SECONDS,
        )

    def _read(self, address: str) -> dict[str, Any]:
        try:
            said = httpx.get(address, timeout=PATIENCE_SECONDS).raise_for_status().json()
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise self.refusal("provider_away") from error
        except ValueError as error:
            raise self.refusal("provider_unreadable") from error
        if not isinstance(said, dict):
            raise self.refusal("provider_unreadable")
        return said

    def _named(self, name: str) -> str:
        found = self.about.get(name)
        if not isinstance(found, str):
            raise self.refusal("provider_unreadable")
        return found

    def _signed(self, token: str) -> dict[str, Any]:
        """Return the claims of a token whose signature is right; a key that is not known yet is looked for twice."""
        try:
            try:
                return self._decoded(token)
            except InvalidKeyIdError:
                return self._decoded(token)
        except InvalidKeyIdError as error:
            raise self.refusal("key_unknown") from error
        except UnsupportedAlgorithmError as error:
            raise self.refusal("algorithm_not_allowed") from error
        except MissingKeyError as error:
            raise self.refusal("keys_unreadable") from error
        except (JoseError, ValueError, TypeError, KeyError) as error:
            raise self.refusal("signature_wrong") from error

    def _decoded(self, token: str) -> dict[str, Any]:
        secret = self._secret_as_key()
        allowed = [*SIGNED_WITH, *([SYMMETRIC] if secret else [])]

        def key_for(signed: GuestProtocol) -> KeySet | OctKey:
            """Our secret for the one algorithm that means it, and for no other; never a public key for that one."""
            if signed.headers()["alg"] == SYMMETRIC and secret is not None:
                return secret
            return self._public_keys()

        return dict(jwt.decode(token, key_for, algorithms=allowed).claims)

    def _secret_as_key(self) -> OctKey | None:
        """Return our client secret as a key, if the provider says that it signs with it, and it is long enough."""
        said = self.about.get("id_token_signing_alg_values_supported")
        secret = self.settings.oidc_client_secret.get_secret_value().encode()
        if not isinstance(said, list) or SYMMETRIC not in said or len(secret) < FEWEST_BYTES:
            return None
        return OctKey.import_key(secret)

    def _public_keys(self) -> KeySet:
        """Return the keys with which the provider signs now."""
        there = self._read(self._named("jwks_uri")).get("keys")
        found = there if isinstance(there, list) else []
        ours = [one for one in found if isinstance(one, dict) and one.get("kty") in PUBLIC_KEYS]
        return KeySet.import_key_set({"keys": [one for one in ours if one.get("use", "sig") == "sig"]})

    def _check(self, claims: Mapping[str, Any], nonce: str) -> None:
        """Look at who signed it, for whom, when, and for which sign-in."""
        self._check_issuer(claims)
        rules = jwt.JWTClaimsRegistry(
            leeway=LEEWAY_SECONDS,
            aud={"essential": True},
            exp={"essential": True},
            sub={"essential": True},
            nonce={"essential": True, "value": nonce},
        )
        try:
            rules.validate(dict(claims))
        except ClaimError as error:
            named = error.claim.partition(",")[0]
            raise self.refusal(f"{error.error}_{named if named in CLAIMS else 'other'}") from error
        self._check_audience(claims)

    def _check_issuer(self, claims: Mapping[str, Any]) -> None:
        if str(claims.get("iss", "")).rstrip("/") != str(self.about["issuer"]).rstrip("/"):
            raise self.refusal("invalid_claim_iss")

    def _check_audience(self, claims: Mapping[str, Any]) -> None:
        """It is for us; if it is for others as well, it says that we asked for it (OpenID Connect Core, 3.1.3.7)."""
        ours, audience, party = self.settings.oidc_client_id, claims.get("aud"), claims.get("azp")
        several = audience if isinstance(audience, list) else [audience]
        if ours not in several:
            raise self.refusal("invalid_claim_aud")
        if (len(several) > 1 or party is not None) and party != ours:
            raise self.refusal("invalid_claim_azp")
