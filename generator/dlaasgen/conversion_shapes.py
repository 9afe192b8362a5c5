"""What a manifest must look like to be converted: the types of what a conversion takes apart. No I/O here."""

from __future__ import annotations

from typing import Any


class MalformedError(Exception):
    """The manifest does not have the form of its kind; `args` are message and path."""


def as_object(value: Any, path: str) -> dict[str, Any]:
    """An object. Raises MalformedError."""
    if value.__class__ is not dict:
        message = f"{path} is no object"
        raise MalformedError(message, path)
    found: dict[str, Any] = value
    return found


def without_restart(template: dict[str, Any]) -> dict[str, Any]:
    """A pod template that leaves the restart policy open."""
    return {**template, "spec": {k: v for k, v in template["spec"].items() if k != "restartPolicy"}}


def pod_template(value: Any, path: str) -> dict[str, Any]:
    """A pod template with at least one container. Raises MalformedError."""
    template = as_object(value, path)
    containers = as_object(template.get("spec"), f"{path}.spec").get("containers")
    if not containers or containers.__class__ is not list or any(c.__class__ is not dict for c in containers):
        raise MalformedError("a pod has a list of containers", f"{path}.spec.containers")
    return template


def count(value: Any, path: str) -> int | None:
    """How many pods. Raises MalformedError."""
    if value is None or (value.__class__ is int and value >= 0):
        found: int | None = value
        return found
    message = f"{path} is no number of pods"
    raise MalformedError(message, path)


def text(value: Any, path: str) -> str | None:
    """A text, or None. Raises MalformedError."""
    if value is None or value.__class__ is str:
        found: str | None = value
        return found
    message = f"{path} is no text"
    raise MalformedError(message, path)


def as_list(value: Any, path: str) -> list[Any]:
    """A list. Raises MalformedError."""
    if value.__class__ is not list:
        message = f"{path} is no list"
        raise MalformedError(message, path)
    found: list[Any] = value
    return found


def without_nulls(value: Any) -> Any:
    """A JSON value without the fields that are null, which to Kubernetes are not there."""
    if value.__class__ is dict:
        return {k: without_nulls(v) for k, v in value.items() if v is not None}
    if value.__class__ is list:
        return [without_nulls(v) for v in value]
    return value
