"""Registries and OCI layouts: which digest a reference means now.

The distribution API's two questions, a manifest by tag and one by digest, and the token dance before them:
https://github.com/opencontainers/distribution-spec/blob/v1.1.0/spec.md and https://distribution.github.io/distribution/spec/auth/token/
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
import urllib.error
import urllib.parse
import urllib.request
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

TIMEOUT = 20.0
_LARGEST = 4 * 1024 * 1024
_MANIFESTS = (
    "application/vnd.oci.image.index.v1+json, application/vnd.docker.distribution.manifest.list.v2+json, "
    "application/vnd.oci.image.manifest.v1+json, application/vnd.docker.distribution.manifest.v2+json"
)
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_PARAMETER = re.compile(r'([A-Za-z]+)="([^"]*)"')
_LOCAL = re.compile(r"(?:localhost|127\.[0-9.]+)(?::[0-9]+)?")


class RegistryError(Exception):
    """What the registry or layout said, for people."""


class AbsentError(RegistryError):
    """There is no such image there."""


def digest(repository: str, reference: str, environment: Mapping[str, str]) -> str:
    """The digest of a tag, or a digest that is still there. Raises AbsentError and RegistryError.

    A host is asked over HTTPS, this machine itself over HTTP. Credentials are those of ~/.docker/config.json (`auths`).
    """
    host, name = _place(repository)
    scheme = "http" if _LOCAL.fullmatch(host) else "https"
    url = f"{scheme}://{host}/v2/{name}/manifests/{reference}"
    headers = {"Accept": _MANIFESTS}
    basic = _credentials(repository, environment)
    try:
        return _ask(url, headers)
    except _UnauthorizedError as refusal:
        authorization = _authorization(refusal.challenge, f"repository:{name}:pull", basic, scheme)
    try:
        return _ask(url, {**headers, "Authorization": authorization})
    except _UnauthorizedError:
        raise RegistryError(f"{host} does not let anybody read {name} without a login") from None


class _UnauthorizedError(Exception):
    """401, and how to do better."""

    def __init__(self, challenge: str) -> None:
        super().__init__(challenge)
        self.challenge = challenge


def _place(repository: str) -> tuple[str, str]:
    """(host, name): Docker Hub unless the first part is a host."""
    first, _, rest = repository.partition("/")
    if not rest or not ("." in first or ":" in first or first == "localhost"):
        return "registry-1.docker.io", repository if rest else f"library/{repository}"
    if first in ("docker.io", "index.docker.io"):
        return "registry-1.docker.io", rest if "/" in rest else f"library/{rest}"
    return first, rest


def _ask(url: str, headers: Mapping[str, str]) -> str:
    """The digest of the manifest at a URL, reckoned from its bytes."""
    body, told = _get(url, headers)
    found = "sha256:" + hashlib.sha256(body).hexdigest()
    if told is not None and _DIGEST.fullmatch(told) and told != found:
        raise RegistryError(f"{url} says that its digest is {told}, and sends what has {found}")
    wanted = url.rpartition("/")[2]
    if _DIGEST.fullmatch(wanted) and wanted != found:
        raise RegistryError(f"{url} sends what has the digest {found}")
    return found


def _get(url: str, headers: Mapping[str, str]) -> tuple[bytes, str | None]:
    """(body, Docker-Content-Digest) of an answer."""
    host = urllib.parse.urlsplit(url).netloc
    request = urllib.request.Request(url, headers={"User-Agent": "dlaasgen", **headers})  # noqa: S310 - http(s), made here
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT) as answer:  # noqa: S310
            body = answer.read(_LARGEST + 1)
            told = answer.headers.get("Docker-Content-Digest")
    except urllib.error.HTTPError as error:
        with error:
            if error.code == 401:
                raise _UnauthorizedError(error.headers.get("WWW-Authenticate", "")) from None
            if error.code == 404:
                raise AbsentError(f"{host} has no such image") from None
            raise RegistryError(f"{host} answers {error.code} {error.reason}") from None
    except OSError as error:
        raise RegistryError(f"{host} cannot be reached: {getattr(error, 'reason', None) or error}") from None
    except ValueError as error:
        raise RegistryError(f"{host} gives no answer that is HTTP: {error}") from None
    if len(body) > _LARGEST:
        raise RegistryError(f"{host} sends a manifest of more than 4 MiB")
    return body, told


def _authorization(challenge: str, scope: str, basic: str | None, scheme: str) -> str:
    """The Authorization header that answers a challenge."""
    kind, _, rest = challenge.partition(" ")
    if kind.lower() == "basic" and basic:
        return f"Basic {basic}"
    if kind.lower() != "bearer":
        raise RegistryError("the registry wants a login, and ~/.docker/config.json has none")
    told = dict(_PARAMETER.findall(rest))
    realm = told.get("realm", "")
    parts = urllib.parse.urlsplit(realm)
    # A token, and a password even more, is not sent in the clear, except to this machine's own registry.
    if parts.scheme != "https" and not (scheme == "http" and parts.scheme == "http"):
        raise RegistryError(f"the registry sends for a token to {realm!r:.100}")
    query = {"scope": told.get("scope", scope), **({"service": told["service"]} if "service" in told else {})}
    url = f"{realm}{'&' if parts.query else '?'}{urllib.parse.urlencode(query)}"
    try:
        body, _ = _get(url, {"Authorization": f"Basic {basic}"} if basic else {})
        answer = json.loads(body)
    except _UnauthorizedError:
        raise RegistryError(f"{parts.netloc} does not accept the login") from None
    except ValueError:
        raise RegistryError(f"{parts.netloc} gives no token") from None
    token = (answer.get("token") or answer.get("access_token")) if isinstance(answer, dict) else None
    if not isinstance(token, str) or not token.isascii() or not token.isprintable():
        raise RegistryError(f"{parts.netloc} gives no token")
    return f"Bearer {token}"


def _credentials(repository: str, environment: Mapping[str, str]) -> str | None:
    """The base64 of user:password for a repository's host, from Docker's configuration, if it is there."""
    folder = environment.get("DOCKER_CONFIG") or os.path.join(environment.get("HOME", ""), ".docker")
    host, _ = _place(repository)
    names = [host] if host != "registry-1.docker.io" else ["https://index.docker.io/v1/", "docker.io", host]
    try:
        with open(os.path.join(folder, "config.json"), "rb") as file:
            data = json.loads(file.read(_LARGEST))
    except (OSError, ValueError):
        return None
    auths = data.get("auths") if isinstance(data, dict) else None
    for name in names:
        entry = auths.get(name) if isinstance(auths, dict) else None
        text = entry.get("auth") if isinstance(entry, dict) else None
        if isinstance(text, str) and _is_base64(text):
            return text
    return None


def _is_base64(text: str) -> bool:
    try:
        return b":" in base64.b64decode(text, validate=True)
    except ValueError:
        return False


def layout_digest(folder: str, tag: str | None) -> str:
    """The digest of an image in an OCI layout: the one of the tag, or the only one. Raises AbsentError, RegistryError.

    https://github.com/opencontainers/image-spec/blob/v1.1.0/image-layout.md
    """
    index = _json_file(os.path.join(folder, "index.json"))
    manifests = index.get("manifests") if isinstance(index, dict) else None
    if not isinstance(manifests, list):
        raise RegistryError(f"{folder}/index.json lists no manifests")
    found = {}
    for entry in manifests:
        if isinstance(entry, dict) and _DIGEST.fullmatch(str(entry.get("digest"))):
            names = entry.get("annotations")
            name = names.get("org.opencontainers.image.ref.name") if isinstance(names, dict) else None
            found[str(entry["digest"])] = name
    chosen = [d for d, name in found.items() if tag is None or name == tag]
    if not chosen:
        raise AbsentError(f"{folder} has no image {tag or ''}".rstrip())
    if len(chosen) > 1:
        raise RegistryError(f"{folder} has {len(chosen)} images: name one, oci:{folder}:TAG")
    path = os.path.join(folder, "blobs", *chosen[0].split(":"))
    try:
        with open(path, "rb") as file:
            body = file.read(_LARGEST + 1)
    except OSError as error:
        raise RegistryError(f"{path} cannot be read: {error.strerror}") from None
    if "sha256:" + hashlib.sha256(body).hexdigest() != chosen[0]:
        raise RegistryError(f"{path} is not what its name says")
    return chosen[0]


def _json_file(path: str) -> Any:
    try:
        with open(path, "rb") as file:
            return json.loads(file.read(_LARGEST))
    except OSError as error:
        raise RegistryError(f"{path} cannot be read: {error.strerror}") from None
    except (ValueError, RecursionError):
        raise RegistryError(f"{path} is no JSON") from None
