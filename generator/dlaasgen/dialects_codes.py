"""The codes of findings about the schemas of jobs and of Kubernetes' own kinds. No I/O here."""

from __future__ import annotations

CODES: dict[str, tuple[str, str]] = {
    "K101": (
        "Unknown field",
        "The API has no such field: a server drops it, or refuses the object if told to be strict.",
    ),
    "K102": ("Wrong type", "The API takes a value of another type here."),
    "K103": ("Wrong value", "The API takes one of a few values here."),
    "K104": ("Missing field", "The API requires the field."),
    "K105": ("Out of range or of the wrong form", "The API bounds the number, or the form of the text."),
    "K106": ("No Kubernetes object", "A manifest is a mapping with apiVersion, kind and metadata."),
    "K107": (
        "Unknown kind",
        "Neither this version of Kubernetes nor an operator has such a kind in this API group and version.",
    ),
    "K108": ("Not checked", "There is no schema for the kind, so its fields have not been checked."),
    "K109": ("Unknown Kubernetes version", "There are no schemas for this version of Kubernetes."),
    "K110": ("Against the schema", "The manifest does not fit the schema of its kind."),
    "K111": ("Not of the matrix's dialect", "The prototype renders a job in another dialect than the matrix names."),
    "K112": (
        "Two of one name",
        "An object is known by its kind, namespace and name: of two, the one applied last wins.",
    ),
}
