"""Layout: the files that make an application folder, and an environment in it. No I/O here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dlaasgen.canonical import dump
from dlaasgen.ksonnet.application import FILE
from dlaasgen.ksonnet.snippets import COMPONENTS, PARAMS

if TYPE_CHECKING:
    from dlaasgen.ksonnet.application import Application, Environment

COMPONENT_PARAMS = "components/params.libsonnet"
BASE = "environments/base.libsonnet"
LIBRARY = "lib/k.libsonnet"
FOLDERS = ("components", "environments", "lib", "vendor")

NEW_PARAMS = """\
{
  // Parameters that every component gets, over its own.
  global: {
  },
  // An object for each component: `dlaasgen ks param set COMPONENT NAME VALUE` edits it.
  components: {
  },
}
"""
_BASE = f"""\
// What all environments have in common: the components, and changes to any of them.
std.extVar('{COMPONENTS}') + {{
}}
"""
_MAIN = """\
// The components of this environment: those of all environments, and changes of its own,
// such as 'my-component'+: { spec+: { suspend: true } }.
local base = import 'base.libsonnet';

base + {
}
"""
_PARAMS = f"""\
local params = std.extVar('{PARAMS}');
local globals = import 'globals.libsonnet';
local own = params + {{
  // Parameters of this environment: `dlaasgen ks param set COMPONENT NAME VALUE --env ENVIRONMENT` edits them.
  components+: {{
  }},
}};

{{
  components: {{
    [name]: own.components[name] + globals
    for name in std.objectFields(own.components)
  }},
}}
"""
_GLOBALS = """\
// Parameters that every component of this environment gets, over its own.
{
}
"""


def params_of(module: str) -> str:
    """The file of the parameters of a module's components; `module` is its folder below components/, or ""."""
    return f"components/{module}/params.libsonnet" if module else COMPONENT_PARAMS


def app_yaml(application: Application) -> str:
    """The text of app.yaml."""
    return dump(application.as_json())


def application_files(application: Application, library: str) -> dict[str, str]:
    """The files of a new application: path -> text. `library` is the text of k.libsonnet."""
    return {
        FILE: app_yaml(application),
        COMPONENT_PARAMS: NEW_PARAMS,
        BASE: _BASE,
        LIBRARY: library,
    }


def environment_files(environment: Environment) -> dict[str, str]:
    """The files of a new environment: path -> text."""
    folder = f"environments/{environment.folder}"
    return {
        f"{folder}/main.jsonnet": _MAIN,
        f"{folder}/params.libsonnet": _PARAMS,
        f"{folder}/globals.libsonnet": _GLOBALS,
    }
