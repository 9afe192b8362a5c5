"""The finding codes of ksonnet applications (A1xx, A2xx): what each means and what to do."""

from __future__ import annotations

CODES: dict[str, tuple[str, str]] = {
    "A101": (
        "Not in a ksonnet application",
        (
            "`dlaasgen ks` works on the application around the working folder: the nearest folder upwards with an "
            "app.yaml. `dlaasgen ks init NAME` makes one."
        ),
    ),
    "A102": ("app.yaml cannot be used", "The file is no YAML mapping that describes a ksonnet application."),
    "A103": (
        "Wrong name",
        (
            "Names of applications, components, environments, registries and packages become names of files: letters, "
            "digits, '-', '_' and '.', beginning with a letter or digit."
        ),
    ),
    "A104": ("It exists already", "Nothing is overwritten: remove the old one first, or choose another name."),
    "A105": ("Component not found", "The application has no component of that name: `dlaasgen ks component list`."),
    "A106": ("Environment not found", "app.yaml names no such environment: `dlaasgen ks env list`."),
    "A107": (
        "Prototype not found",
        "No prototype, or more than one, has a name that ends like this: `dlaasgen ks prototype list`.",
    ),
    "A108": (
        "Wrong parameter",
        (
            "A prototype's parameters are options, as its header names them: "
            "`dlaasgen ks prototype describe NAME` lists them."
        ),
    ),
    "A109": (
        "Parameters cannot be edited",
        (
            "params.libsonnet does not have the form that ks gives it: an object `components` with an object for each "
            "component. Edit it by hand."
        ),
    ),
    "A110": ("Prototype is no jsonnet", "A ksonnet prototype's text cannot be read as tokens of jsonnet."),
    "A111": ("No Kubernetes objects", "A component is one Kubernetes object, an array of objects, or a List."),
    "A112": (
        "Registry or package not found",
        "A registry is a folder with registry.yaml; a package a folder in it, with parts.yaml and prototypes/.",
    ),
    "A113": ("Files cannot be read or written", "The operating system refused; nothing was changed."),
    "A114": ("kubectl not found", "apply, delete and diff call kubectl, which must be on PATH."),
    "A115": ("The cluster refused, or does not answer", "kubectl failed; its own words are in the finding."),
    "A116": (
        "Left out",
        (
            "Components are .jsonnet, .yaml and .json files in components/ and in its modules, which are folders with "
            "a params.libsonnet: `dlaasgen ks module create NAME` makes one."
        ),
    ),
    "A117": (
        "Part of ks that is not here",
        "ks had this command or option; dlaasgen does the same in another way, which the finding names.",
    ),
    "A118": (
        "Module not found",
        "A module is a folder in components/ with a params.libsonnet of its own: `dlaasgen ks module list`.",
    ),
    "A201": (
        "Prototype cannot be imported",
        "The file is no ksonnet prototype whose meaning can be kept in a function of its parameters.",
    ),
    "A202": (
        "Outdated job API",
        "The job API of this version is served by no current operator; `dlaasgen convert` moves a manifest on.",
    ),
    "A203": (
        "Imported prototype means something else",
        "The original and the imported prototype were evaluated side by side, and differ. Nothing was written.",
    ),
}
