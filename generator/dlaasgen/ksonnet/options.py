"""Options of ks' command line that dlaasgen takes otherwise, or not at all. No I/O here.

Source: docs/cli-reference of ksonnet v0.13.1. ks took its global options, and those of a cluster's client, anywhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from dlaasgen.errors import UsageError
from dlaasgen.findings import Finding

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

# kubectl has them too, by the same names and with the same meaning: option -> whether a value follows.
CONNECTION: Mapping[str, bool] = {
    "--as": True,
    "--as-group": True,
    "--certificate-authority": True,
    "--client-certificate": True,
    "--client-key": True,
    "--cluster": True,
    "--context": True,
    "--insecure-skip-tls-verify": False,
    "--kubeconfig": True,
    "--namespace": True,
    "--password": True,
    "--request-timeout": True,
    "--server": True,
    "--token": True,
    "--user": True,
    "--username": True,
}
# Of these any says which cluster is meant; then the environment does not.
PLACES = frozenset({"--cluster", "--context", "--kubeconfig", "--server"})
_TO_CLUSTER = frozenset({"apply", "delete", "diff"})
_HAVE_PLACE = frozenset({"init", "env add", "env set"})
_OF_PLACE = frozenset({"--context", "--namespace", "--server"})
_SHORT: Mapping[str, str] = {"-n": "--namespace"}
_GROUPS = frozenset({"component", "env", "module", "param", "pkg", "prototype", "registry"})
# Their other options are a prototype's parameters.
_FREE = frozenset({"generate", "prototype use", "prototype preview"})

_AS_PARAMETER = "make it a parameter: dlaasgen ks param set COMPONENT NAME VALUE"
_IN_APP = "change app.yaml: there is no app.override.yaml here"
# Command, or "" for each that has the option -> option -> what to do instead.
_REFUSED: Mapping[str, Mapping[str, str]] = {
    "": {
        "--ext-str": _AS_PARAMETER,
        "-V": _AS_PARAMETER,
        "--ext-str-file": _AS_PARAMETER,
        "--tla-str": _AS_PARAMETER,
        "-A": _AS_PARAMETER,
        "--tla-str-file": _AS_PARAMETER,
        "--jpath": "put the library into lib/ or vendor/",
        "-J": "put the library into lib/ or vendor/",
        "--without-modules": "dlaasgen ks param diff shows what environments say otherwise",
        "--override": _IN_APP,
    },
    "apply": {
        "--create": "to change only what is there: kubectl replace, with what dlaasgen ks show prints",
        "--gc-tag": "objects are not tagged: dlaasgen ks delete ENVIRONMENT -c COMPONENT deletes those of a component",
    },
    "param set": {"--resolve-image": "give the digest: dlaasgen images lock finds it"},
    "env add": {"-o": _IN_APP},
    "env set": {"-o": _IN_APP},
    "env rm": {"-o": _IN_APP},
    "env targets": {"-o": _IN_APP},
    "registry add": {"-o": _IN_APP},
    "pkg install": {
        "--env": "packages are the application's: leave it out",
        "--name": "a package keeps its registry's name for it",
    },
    "import": {
        "--filename": "write a .yaml or .json file into components/; import makes prototypes of dlaasgen",
        "-f": "write a .yaml or .json file into components/; import makes prototypes of dlaasgen",
    },
}
# Commands of ks that are not here -> what to do instead.
_ABSENT: Mapping[str, str] = {
    "env current": "name the environment in each command",
    "env update": "lib/k.libsonnet serves every version of Kubernetes",
    "pkg describe": "dlaasgen ks prototype list and describe",
    "pkg remove": "remove its folder in vendor/, and its entry in app.yaml",
    "registry describe": "dlaasgen ks pkg list",
    "registry set": "change its uri in app.yaml",
    "upgrade": "app.yaml of every version is read as it is",
    "validate": "dlaasgen ks show ENVIRONMENT | dlaasgen check -",
}
# They mean nothing here.
_IGNORED = frozenset({"--tls-skip-verify", "--skip-gc"})
_ELSEWHERE = "an environment keeps a namespace, a server and a context; kubectl's configuration has the rest"
_VERBOSE = frozenset({"-v", "-vv", "-vvv", "--verbose"})
_QUIET = frozenset({"-q", "--quiet"})  # dlaasgen's own, as for its other commands


@dataclass(frozen=True, slots=True)
class Prepared:
    """A command line of ks as dlaasgen's commands read it.

    folder      where to look for the application; None for the working folder
    connection  options for kubectl
    """

    words: tuple[str, ...]
    folder: str | None = None
    connection: tuple[str, ...] = ()
    verbose: bool = False
    quiet: bool = False


def prepared(arguments: Sequence[str]) -> Prepared:
    """What stood behind `ks`. Raises UsageError for a command or option of ks that dlaasgen does not have."""
    command = _command(arguments)
    if command in _ABSENT:
        raise UsageError([Finding("A117", f"ks {command} is not here", hint=_ABSENT[command])])
    reading = _Reading(command, list(arguments))
    while reading.rest and reading.rest[0] != "--":
        reading.take(reading.rest.pop(0))
    words = (*reading.words, *reading.rest)
    return Prepared(words, reading.folder, tuple(reading.connection), reading.verbose, reading.quiet)


class _Reading:
    """A command line on the way from ks' words to dlaasgen's."""

    def __init__(self, command: str, rest: list[str]) -> None:
        self.command, self.rest = command, rest
        self.words: list[str] = []
        self.connection: list[str] = []
        self.folder: str | None = None
        self.verbose = self.quiet = False
        self._free = command in _FREE

    def take(self, word: str) -> None:
        """Take a word, and the value behind it. Raises UsageError."""
        name, equals, text = word.partition("=")
        name, value = _SHORT.get(name, name), text if equals else None
        if name == "--dir" and self.command != "init":
            self.folder = self._value(name, value)
        elif word in _VERBOSE:
            self.verbose = True
        elif word in _QUIET:
            self.quiet = True
        elif self.command in _TO_CLUSTER and name in CONNECTION:
            value = self._value(name, value) if CONNECTION[name] else value
            self.connection.append(name if value is None else f"{name}={value}")
        elif not self._free and name in ("--output", "-o", "--format") and name not in _REFUSED.get(self.command, ()):
            told = self._value(name, value)
            self.words += ["--output" if self.command == "show" else name, "text" if told == "table" else told]
        elif self._counts(name, value):
            self.words.append(word)

    def _value(self, name: str, value: str | None) -> str:
        if value is None and not self.rest:
            raise UsageError([Finding("A117", f"the option {name} has no value", hint=f"{name}=VALUE")])
        return self.rest.pop(0) if value is None else value

    def _counts(self, name: str, value: str | None) -> bool:
        """Whether a word is for dlaasgen's command: false for what says nothing here. Raises UsageError."""
        if name in _IGNORED:
            return False
        if name == "--create" and self.command == "apply":
            said = self.rest.pop(0) if value is None and self.rest[:1] in (["true"], ["false"]) else value
            if said in (None, "true"):
                return False
        hint = _REFUSED.get(self.command, {}).get(name)
        if hint is None and not self._free:
            mine = self.command in _HAVE_PLACE and name in _OF_PLACE
            hint = _REFUSED[""].get(name) or (_ELSEWHERE if name in CONNECTION and not mine else None)
        if hint is not None:
            raise UsageError([Finding("A117", f"ks {self.command} has no {name} here", hint=hint)])
        return True


def compared(one: str, other: str | None) -> tuple[str, str | None]:
    """What `ks diff` compares: the components of an environment with its cluster (None), or with another environment's.

    Raises UsageError for a comparison with what another environment's cluster has.
    """
    places = [p.partition(":")[::2] if p.startswith(("local:", "remote:")) else ("", p) for p in (one, other) if p]
    names = list(dict.fromkeys(name for _, name in places))
    kinds = [kind for kind, _ in places]
    if len(places) == 1:
        return names[0], None
    if "remote" not in kinds:
        return places[0][1], places[1][1]
    if len(names) == 1 and sorted(kinds) == ["local", "remote"]:
        return names[0], None
    hint = "compare each with its own components: dlaasgen ks diff ENVIRONMENT"
    raise UsageError([Finding("A117", "what another environment's cluster has cannot be compared", hint=hint)])


def _command(arguments: Sequence[str]) -> str:
    """The command's name: one word, or two when the first is a group."""
    names = []
    skip = False
    for word in arguments:
        if skip or word.startswith("-"):
            skip = not skip and word == "--dir"
            continue
        names.append(word)
        if len(names) == (2 if names[0] in _GROUPS else 1):
            break
    return " ".join(names)
