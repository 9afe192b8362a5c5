from __future__ import annotations

import json

import yaml

from dlaasgen import __version__
from dlaasgen.headers import parse_header
from dlaasgen.scaffold import scaffold


def test_a_new_project_has_all_that_it_needs_and_nothing_else() -> None:
    assert list(scaffold("speed")) == [
        ".gitattributes",
        ".github/workflows/rendered.yml",
        ".vscode/settings.json",
        "README.md",
        "dlaasgen.toml",
        "matrix/nightly.yaml",
        "prototypes/my-benchmark.jsonnet",
        "schema/matrix.schema.json",
    ]


def test_the_project_has_the_name_and_version_it_was_made_with() -> None:
    files = scaffold("speed")
    assert files["README.md"].startswith("# speed\n")
    assert f'"dlaasgen=={__version__}"' in files[".github/workflows/rendered.yml"]
    assert not [p for p, text in files.items() if "PROJECT_NAME" in text or "DLAASGEN_VERSION" in text]


def test_every_file_is_readable_by_what_it_is_for() -> None:
    files = scaffold("speed")
    json.loads(files[".vscode/settings.json"])
    json.loads(files["schema/matrix.schema.json"])
    yaml.safe_load(files[".github/workflows/rendered.yml"])
    assert all(text.endswith("\n") for text in files.values())


def test_the_matrix_gives_the_prototype_what_it_needs() -> None:
    files = scaffold("speed")
    matrix = yaml.safe_load(files["matrix/nightly.yaml"])
    path = f"prototypes/{matrix['prototype']}.jsonnet"
    prototype = parse_header(files[path], path)
    assert prototype.name == matrix["prototype"]
    given = {*matrix["params"], *matrix["axes"]}
    assert {p.name for p in prototype.parameters.values() if p.required} <= given <= set(prototype.parameters)
