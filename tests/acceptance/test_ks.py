"""`dlaasgen ks`: every ks command of the 2018 tutorial, on prototypes as they were then."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import jsonschema
import pytest
import yaml

from applications import Ks
from dlaasgen.cli.ksonnet.tables import table
from dlaasgen.cli.output import Output
from ksonnets import BENCHMARK, IMPORTS, folder, registry, said_by_jsonnet

if TYPE_CHECKING:
    from pathlib import Path

    from support import Run


def test_the_installed_command(dlaasgen: Run, tmp_path: Path) -> None:
    dlaasgen("ks", "init", "app", "--prototypes", folder(tmp_path), cwd=tmp_path).ok()
    here = tmp_path / "app"
    dlaasgen("ks", "generate", "bench-small", "small", "--name=small", cwd=here).ok()
    dlaasgen("ks", "env", "add", "default", "--namespace", "dlaas", cwd=here).ok()
    shown = dlaasgen("ks", "show", "default", "-c", "small", "--output", "json", cwd=here).ok().data
    assert shown == said_by_jsonnet(BENCHMARK, {"name": "small"}, "dlaas", "small")
    told = dlaasgen("ks", "show", "defualt", cwd=here).exits(2).err
    assert told == "app.yaml: error[A106]: the application has no environment defualt; did you mean default?\n"


def test_the_tutorial(ks: Ks) -> None:
    shown = ks("show", "default", "-c", "small", "--output", "json").ok().data
    assert shown == said_by_jsonnet(BENCHMARK, {"name": "small"}, "dlaas", "small")
    assert ks("show", "default", "-c", "small", "-o", "json", "--engine", "jsonnet").ok().data == shown
    (document,) = yaml.safe_load_all(ks("show", "default").ok().out)
    assert document == shown["items"][0]
    ks("param", "set", "small", "name", "renamed").ok()
    (job,) = ks("show", "default", "-c", "small", "--output", "json").ok().data["items"]
    assert job["metadata"] == {"name": "renamed", "namespace": "dlaas"}


def test_quiet_stands_anywhere(ks: Ks) -> None:
    assert ks("-q", "param", "set", "small", "name", "renamed").ok().out == ""
    assert ks("param", "set", "small", "name", "small", "--quiet").ok().out == ""
    assert ks("generate", "imports", "more", "-q", "--replicas=3", "--secret", "s").ok().out == ""
    assert ks("param", "set", "small", "name", "small").ok().out == "set small name\n"


def test_parameters_by_import_and_by_option(ks: Ks) -> None:
    words = ("--replicas=3", "--secret", "s", '--limits={"cpu": 1}', "--size=5")
    ks("generate", "imports", "more", *words).ok()
    params = {"name": "more", "replicas": 3, "size": 5, "secret": "s", "args": ["a", "b"], "limits": {"cpu": 1}}
    shown = ks("show", "default", "-c", "more", "-o", "json").ok().data
    said = said_by_jsonnet(IMPORTS, params, "dlaas", "more")
    assert sorted(map(json.dumps, shown["items"])) == sorted(map(json.dumps, said["items"]))
    assert [d["kind"] for d in shown["items"]] == ["Service", "Deployment"]


def test_help_knows_the_prototype(ks: Ks) -> None:
    told = ks("generate", "bench-imports", "--help").ok().out
    assert "--replicas=<replicas> How many [default: 2, type: number]" in told
    assert told.startswith("usage: dlaasgen ks generate PROTOTYPE COMPONENT --PARAMETER=VALUE...")
    assert "PROTOTYPE NAME" not in ks("generate", "--help").ok().out
    assert ks("prototype", "describe", "bench-imports").ok().out in told + "\n"


def test_prototypes(ks: Ks) -> None:
    listed = ks("prototype", "list", "-o", "json").ok().data
    names = [p["name"] for p in listed]
    assert names[:2] == ["org.example.pkg.bench-imports", "org.example.pkg.bench-small"]
    assert {"dlaas-alexnet", "dlaas-resnet50"} < set(names[2:])
    assert ks("prototype", "search", "SMALL").ok().out.splitlines()[2].split(None, 1) == [
        "org.example.pkg.bench-small", "A small benchmark",
    ]  # fmt: skip
    described = ks("prototype", "describe", "small", "-o", "json").ok().data
    assert described["parameters"] == [
        {"name": "name", "type": "string", "default": None, "description": "Name for the job."}
    ]
    assert "components.preview;" in ks("prototype", "preview", "small", "--name=x").ok().out
    ks("prototype", "use", "small", "again").ok()
    assert [c["component"] for c in ks("component", "list", "-o", "json").ok().data] == ["again", "small"]


def test_shipped_prototypes_can_be_used_at_once(tmp_path: Path) -> None:
    Ks(tmp_path)("init", "app", "--namespace=bench").ok()
    ks = Ks(tmp_path / "app")
    words = ("--name=r", "--image=registry.example.org/b:1", "--batch_size=64")
    ks("generate", "dlaas-resnet50", "dlaasresnet50", *words).ok()
    files = ks.files()
    assert {p for p in files if p.startswith("vendor/")} > {
        "vendor/dlaasgen/dlaas-resnet50.jsonnet", "vendor/dlaasgen/lib/tfjob.libsonnet",
    }  # fmt: skip
    ks("generate", "tfjob", "other", "--model=trivial", "--batch_size=1", "--image=x", "--namespace=own").ok()
    job, other = ks("show", "default", "-o", "json").ok().data["items"]
    assert [other["metadata"][k] for k in ("name", "namespace")] == ["other", "own"]
    assert [job["metadata"][k] for k in ("name", "namespace")] == ["r", "bench"]
    roles = job["spec"]["tfReplicaSpecs"]
    assert {r: s["replicas"] for r, s in roles.items()} == {"PS": 1, "Worker": 3}
    (container,) = roles["Worker"]["template"]["spec"]["containers"]
    assert container["image"] == "registry.example.org/b:1"
    assert {"--model=resnet50", "--batch_size=64"} < set(container["args"])
    told = ks("generate", "dlaas-resnet50", "more", "--optimizer=sdg", "--model=x").exits(2).err
    assert "found 'sdg'; expected one of sgd, momentum, rmsprop, adam" in told
    assert "has no parameter model" in told
    assert "--data_format=<data_format>" in ks("generate", "dlaas-resnet50", "--help").ok().out


def test_a_shipped_prototype_of_another_version_stays(tmp_path: Path) -> None:
    Ks(tmp_path)("init", "app").ok()
    ks = Ks(tmp_path / "app")
    ks("generate", "dlaas-resnet50", "one").ok()
    file = ks.place / "vendor/dlaasgen/lib/tfjob.libsonnet"
    file.write_text(file.read_text(encoding="utf-8") + "// older\n", encoding="utf-8")
    before = ks.files()
    told = ks("generate", "dlaas-alexnet", "two").exits(2).err
    assert "vendor/dlaasgen/lib/tfjob.libsonnet: error[A104]: another version" in told
    assert ks.files() == before


def test_an_own_prototype_goes_before_a_shipped_one(tmp_path: Path) -> None:
    registry = tmp_path / "own"
    registry.mkdir()
    text = BENCHMARK.replace("bench-small", "dlaas-resnet50")
    (registry / "dlaas-resnet50.jsonnet").write_text(text, encoding="utf-8")
    Ks(tmp_path)("init", "app", "--prototypes", "own", "--namespace=n").ok()
    ks = Ks(tmp_path / "app")
    ks("generate", "dlaas-resnet50", "one").ok()
    assert ks("show", "default", "-o", "json").ok().data["items"][0]["apiVersion"] == "kubeflow.org/v1alpha2"
    assert not (ks.place / "vendor/dlaasgen").exists()


def test_environments_have_their_own_parameters(ks: Ks) -> None:
    ks("env", "add", "us/dev", "--namespace=dev", "--server=https://dev.example.org").ok()
    ks("param", "set", "small", "name", "other", "--env", "us/dev").ok()
    ks("param", "set", "small", "deep.er", "[1, 2]", "--env=us/dev").ok()
    (job,) = ks("show", "us/dev", "-o", "json").ok().data["items"]
    assert job["metadata"] == {"name": "other", "namespace": "dev"}
    assert ks("param", "list", "small", "--env", "us/dev", "-o", "json").ok().data == [
        {"component": "small", "param": "deep", "value": '{"er": [1, 2]}'},
        {"component": "small", "param": "name", "value": '"other"'},
    ]
    assert ks("param", "diff", "default", "us/dev", "-c", "small", "-o", "json").ok().data == [
        {"component": "small", "param": "deep", "env1": "", "env2": '{"er": [1, 2]}'},
        {"component": "small", "param": "name", "env1": '"small"', "env2": '"other"'},
    ]
    differs = ks("diff", "default", "us/dev").exits(1).out
    assert "-  name: small\n-  namespace: dlaas\n+  name: other\n+  namespace: dev\n" in differs
    ks("diff", "default", "default").ok()
    ks("param", "delete", "small", "name", "--env", "us/dev").ok()
    ks("env", "set", "us/dev", "--name", "eu/dev", "--namespace", "eu").ok()
    assert ks("env", "list", "-o", "json").ok().data == [
        {"name": "default", "namespace": "dlaas", "server": "", "context": ""},
        {"name": "eu/dev", "namespace": "eu", "server": "https://dev.example.org", "context": ""},
    ]
    assert yaml.safe_load(ks("env", "describe", "eu/dev").ok().out)["path"] == "eu/dev"
    (job,) = ks("show", "eu/dev", "-o", "json").ok().data["items"]
    assert job["metadata"] == {"name": "small", "namespace": "eu"}
    ks("env", "rm", "eu/dev").ok()
    assert not (ks.place / "environments/eu").exists()
    assert not (ks.place / "environments/us").exists()
    assert (ks.place / "environments").is_dir()
    ks("env", "set", "default").exits(2)


def test_an_environment_inside_of_another(ks: Ks) -> None:
    ks("env", "add", "us").ok()
    ks("env", "add", "us/dev").ok()
    before = ks.files()
    told = "the folder of the environment us holds that of us/dev"
    assert told in ks("env", "rm", "us").exits(2).err
    assert told in ks("env", "set", "us", "--name", "eu").exits(2).err
    assert "the folder of the environment default holds that of default/x" in (
        ks("env", "set", "default", "--name", "default/x").exits(2).err
    )
    assert ks.files() == before
    ks("env", "rm", "us/dev").ok()
    ks("env", "set", "us", "--name", "eu").ok()
    ks("component", "rm", "small").ok()
    assert (
        "small" not in (ks.place / "components/params.libsonnet").read_text(encoding="utf-8").partition("components")[2]
    )


def test_globals_and_changes_of_a_person_are_heard(ks: Ks) -> None:
    params = ks.place / "components/params.libsonnet"
    params.write_text(params.read_text().replace("global: {\n", "global: {\n    name: 'all',\n"), encoding="utf-8")
    main = ks.place / "environments/default/main.jsonnet"
    main.write_text(main.read_text() + "+ { small+: { items: [i + { added: true } for i in super.items] } }\n", "utf-8")
    (job,) = ks("show", "default", "-o", "json").ok().data["items"]
    assert (job["metadata"]["name"], job["added"]) == ("all", True)


def test_an_application_of_an_older_ks(ks: Ks) -> None:
    old = 'local params = import "../../components/params.libsonnet";\nparams + {\n  components +: {\n  },\n}\n'
    (ks.place / "environments/default/params.libsonnet").write_text(old, encoding="utf-8")
    ks("param", "set", "small", "name", "old", "--env", "default").ok()
    (job,) = ks("show", "default", "-o", "json").ok().data["items"]
    assert job["metadata"]["name"] == "old"


def test_registries_and_packages(ks: Ks, tmp_path: Path) -> None:
    registry(tmp_path)
    ks("registry", "add", "parts", "../registry").ok()
    assert ks("registry", "list", "-o", "json").ok().data == [{"name": "parts", "protocol": "fs", "uri": "../registry"}]
    assert ks("pkg", "install", "parts/more").ok().out == "installed vendor/parts/more\n"
    ks("pkg", "install", "small@v1").ok()
    listed = ks("pkg", "list", "-o", "json").ok().data
    assert [(p["registry"], p["name"], p["version"], p["installed"]) for p in listed] == [
        ("parts", "more", "", "*"),
        ("parts", "small", "v1", "*"),
        ("prototypes-of-2018", "prototypes-of-2018", "", "*"),
    ]
    assert "several prototypes are called bench-small" in ks("generate", "bench-small", "x").exits(2).err


def test_an_application_of_a_registry(tmp_path: Path) -> None:
    registry(tmp_path)
    ks = Ks(tmp_path / "app")
    words = ("--namespace", "n", "--context", "c", "--api-spec", "version:v1.11.3", "--skip-default-registries")
    Ks(tmp_path)("init", "app", "--prototypes=registry", *words).ok()
    assert [p["name"] for p in ks("pkg", "list", "-o", "json").ok().data] == ["small"]
    assert ks("env", "list", "-o", "json").ok().data == [
        {"name": "default", "namespace": "n", "server": "", "context": "c"}
    ]
    assert ks("version").ok().out.startswith("dlaasgen version: ")


def test_components_that_are_data(ks: Ks) -> None:
    account = "apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: a}\n"
    (ks.place / "components/two.yaml").write_text(f"{account}---\n{account.replace(': a', ': b')}", encoding="utf-8")
    namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "n", "labels": {"a": "b"}}}
    (ks.place / "components/one.json").write_text(json.dumps(namespace), encoding="utf-8")
    assert ks("component", "list", "-o", "json").ok().data == [
        {"component": "one", "type": "json"},
        {"component": "small", "type": "jsonnet"},
        {"component": "two", "type": "yaml"},
    ]
    ks("param", "set", "one", "metadata.labels.a", "c").ok()
    ks("param", "set", "one", "metadata.labels.d", "e", "--env", "default").ok()
    shown = ks("show", "default", "-c", "one", "-c", "two", "-o", "json").ok().data["items"]
    assert [o["metadata"] for o in shown] == [
        {"name": "n", "labels": {"a": "c", "d": "e"}},
        {"name": "a"},
        {"name": "b"},
    ]
    (ks.place / "components/two.yaml").write_text("a: [", encoding="utf-8")
    assert "components/two.yaml:" in ks("show", "default").exits(4).err
    ks("component", "rm", "one").ok()
    assert not (ks.place / "components/one.json").exists()


def test_modules(ks: Ks) -> None:
    """As in ks: an environment has the components of its targets, which are components/ itself if it says nothing."""
    ks("module", "create", "db.main").ok()
    ks("generate", "bench-small", "redis", "--module", "db.main", "--name=r").ok()
    assert ks("module", "list", "--output", "table").ok().out.split() == ["MODULE", "======", "/", "db", "db.main"]
    assert [c["component"] for c in ks("component", "list", "-o", "json").ok().data] == ["db.main.redis", "small"]
    rows = [{"component": "db.main.redis", "type": "jsonnet"}]
    assert ks("component", "list", "--module=db.main", "-o", "json").ok().data == rows
    ks("env", "add", "both", "--namespace", "b").ok()
    told = ks("show", "default", "-c", "db.main.redis").exits(2).err
    assert "the environment default has no components of that module" in told
    assert "dlaasgen ks env targets default --module db.main" in told
    ks("env", "targets", "both", "--module", "/,db/main").ok()
    assert yaml.safe_load(ks("env", "describe", "both").ok().out)["targets"] == ["/", "db.main"]
    assert ks("module", "list", "--env", "both", "-o", "json").ok().data == [{"module": "/"}, {"module": "db.main"}]
    ks("param", "set", "db.main.redis", "name", "everywhere").ok()
    ks("param", "set", "db.main.redis", "name", "there", "--env=both").ok()
    assert ks("param", "list", "--module", "db.main", "-o", "json").ok().data[0]["value"] == '"everywhere"'
    names = {
        e: [o["metadata"]["name"] for o in ks("show", e, "-o", "json").ok().data["items"]] for e in ("default", "both")
    }
    assert names == {"default": ["small"], "both": ["small", "there"]}
    assert ks("param", "diff", "default", "both", "-o", "json").ok().data == [
        {"component": "db.main.redis", "param": "name", "env1": "", "env2": '"there"'}
    ]
    assert "there is a component db.main.redis already" in (
        ks("generate", "bench-small", "redis", "--module=db.main").exits(2).err
    )
    for words in (
        ["generate", "bench-small", "x", "--module=db.mian"],
        ["env", "targets", "both", "--module", "db.mian"],
    ):
        assert "error[A118]: the application has no module db.mian; did you mean db/main?" in ks(*words).exits(2).err
    assert "there is a module db already" in ks("module", "create", "db").exits(2).err
    assert "wrong name of a module" in ks("module", "create", "db..x").exits(2).err
    ks("component", "rm", "db.main.redis").ok()
    assert "redis" not in "".join(map(bytes.decode, ks.files().values()))
    file = ks.place / "app.yaml"
    file.write_text(file.read_text(encoding="utf-8").replace("  - /\n", "  - 1\n"), encoding="utf-8")
    assert "targets is no list of modules" in ks("show", "both").exits(4).err


def test_what_ks_took_besides(ks: Ks) -> None:
    ks("generate", "bench-small", "other", "jsonnet").ok()
    assert "components are generated in jsonnet; found yaml" in ks("generate", "bench-small", "x", "yaml").exits(2).err
    both = ks("show", "default", "-c", "small,other", "-o", "json").ok().data["items"]
    assert [o["metadata"]["name"] for o in both] == ["other", "small"]


def test_a_file_of_values(ks: Ks) -> None:
    values = ks.place / "values"
    values.write_text("{ replicas: 1 + 2, secret: 's', args: ['x'], limits: {} }", encoding="utf-8")
    ks("generate", "bench-imports", "more", "--values-file=values", "--replicas=4").ok()
    found = {p["param"]: p["value"] for p in ks("param", "list", "more", "-o", "json").ok().data}
    assert (found["replicas"], found["secret"], found["args"]) == ("4", '"s"', '["x"]')
    assert '"x"' not in ks("prototype", "preview", "small", "--values-file", "none").exits(2).out
    values.write_text("[]", encoding="utf-8")
    told = ks("generate", "bench-imports", "again", "--values-file=values").exits(2).err
    assert "values: error[A108]: a file of values holds an object" in told
    values.write_text("{ a: error 'why' }", encoding="utf-8")
    assert "the file of values cannot be evaluated: why" in (
        ks("generate", "bench-imports", "again", "--values-file=values").exits(4).err
    )


def test_the_application_of_another_folder(ks: Ks, tmp_path: Path) -> None:
    elsewhere = Ks(tmp_path)
    assert elsewhere("show", "--dir", "app", "default").ok().out == ks("show", "default").ok().out
    assert "no ksonnet application here" in elsewhere("show", "default").exits(2).err
    assert "wrote" not in elsewhere("--dir=app", "param", "set", "small", "name", "x", "-v").ok().out
    assert "name: x" in ks("show", "default").ok().out


def test_packages_again(ks: Ks, tmp_path: Path) -> None:
    made = registry(tmp_path)
    ks("registry", "add", "parts", "../registry").ok()
    (made / "small/old.libsonnet").write_text("{}", encoding="utf-8")
    ks("pkg", "install", "parts/small").ok()
    (made / "small/old.libsonnet").rename(made / "small/new.libsonnet")
    assert "--force replaces it" in ks("pkg", "install", "parts/small").exits(2).err
    ks("pkg", "install", "parts/small", "--force").ok()
    assert [p.name for p in (ks.place / "vendor/parts/small").glob("*.libsonnet")] == ["new.libsonnet"]
    names = [p["name"] for p in ks("pkg", "list", "--installed", "-o", "json").ok().data]
    assert names == ["small", "prototypes-of-2018"]


def test_a_table_keeps_its_columns(capsys: pytest.CaptureFixture[str]) -> None:
    table(Output.text, ("name", "x"), [["a", "b"], ["longer", ""]])
    assert capsys.readouterr().out == "NAME   X\n====   =\na      b\nlonger\n"


@pytest.mark.parametrize(
    "words",
    ["show default", "param list", "env describe default", "prototype describe small", "import vendor --out=x"],
)
def test_json_is_as_documented(ks: Ks, root: Path, words: str) -> None:
    page = (root / "docs/reference/output.md").read_text(encoding="utf-8")
    name = " ".join(words.split()[: 1 if words.split(maxsplit=1)[0] in ("show", "import") else 2])
    found = re.search(rf"^## `dlaasgen ks {name} --output json`.*?```json\n(.*?)```", page, re.DOTALL | re.MULTILINE)
    assert found
    data = ks(*words.split(), "--output", "json").ok().data
    jsonschema.validate(data, json.loads(found[1]), cls=jsonschema.Draft202012Validator)
    assert data


def test_every_list_has_the_columns_that_are_documented(ks: Ks, root: Path, tmp_path: Path) -> None:
    registry(tmp_path)
    ks("registry", "add", "parts", "../registry").ok()
    ks("env", "add", "other").ok()
    ks("param", "set", "small", "name", "x", "--env", "other").ok()
    page = " ".join((root / "docs/reference/output.md").read_text(encoding="utf-8").split())
    for words in (
        "param diff default other",
        "env list",
        "component list",
        "pkg list",
        "registry list",
        "prototype list",
    ):
        (row, *_) = ks(*words.split(), "-o", "json").ok().data
        told = re.search(rf"`ks {' '.join(words.split()[:2])}`(?: and `search`)?(?: has)? ((?:`\w+`(?:, )?)+)", page)
        assert told, words
        assert re.findall(r"`(\w+)`", told[1]) == list(row)
