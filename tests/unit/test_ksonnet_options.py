"""What ks took on its command line: taken as it is, taken otherwise, or refused with what to do instead."""

from __future__ import annotations

import pytest

from dlaasgen.errors import UsageError
from dlaasgen.ksonnet.options import Prepared, compared, prepared


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("show default -c a", Prepared(("show", "default", "-c", "a"))),
        ("--dir ../app show default", Prepared(("show", "default"), "../app")),
        ("env --dir=app list -o table", Prepared(("env", "list", "-o", "text"), "app")),
        ("show --format=json -v x", Prepared(("show", "--output", "json", "x"), verbose=True)),
        ("-q param list", Prepared(("param", "list"), quiet=True)),
        ("generate p c --quiet --image i", Prepared(("generate", "p", "c", "--image", "i"), quiet=True)),
        ("init app --dir=there -n x", Prepared(("init", "app", "--dir=there", "-n", "x"))),
        ("apply x --skip-gc --tls-skip-verify --create", Prepared(("apply", "x"))),
        ("apply x --create true -c a", Prepared(("apply", "x", "-c", "a"))),
        (
            "delete x --kubeconfig ./k -n=there --insecure-skip-tls-verify",
            Prepared(("delete", "x"), None, ("--kubeconfig=./k", "--namespace=there", "--insecure-skip-tls-verify")),
        ),
        ("env add x --context c --server=s", Prepared(("env", "add", "x", "--context", "c", "--server=s"))),
        ("generate p c --output=o --as x", Prepared(("generate", "p", "c", "--output=o", "--as", "x"))),
        ("param set a b -- --dir", Prepared(("param", "set", "a", "b", "--", "--dir"))),
        ("--help", Prepared(("--help",))),
    ],
)
def test_what_is_taken(words: str, expected: Prepared) -> None:
    assert prepared(words.split()) == expected


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("validate default", "ks validate is not here; dlaasgen ks show ENVIRONMENT | dlaasgen check -"),
        ("env current --set x", "ks env current is not here; name the environment in each command"),
        ("show x -V a=b", "ks show has no -V here; make it a parameter: dlaasgen ks param set COMPONENT NAME VALUE"),
        ("param list --without-modules", "ks param list has no --without-modules here; dlaasgen ks param diff"),
        ("apply x --create=false", "ks apply has no --create here; to change only what is there: kubectl replace"),
        ("apply x --create false", "ks apply has no --create here"),
        ("env add x -o", "ks env add has no -o here; change app.yaml"),
        ("env add x --override", "ks env add has no --override here; change app.yaml"),
        ("env add x --kubeconfig=k", "ks env add has no --kubeconfig here; an environment keeps a namespace, a server"),
        ("show x --context c", "ks show has no --context here"),
        ("pkg install a/b --name c", "ks pkg install has no --name here; a package keeps its registry's name"),
        ("import -f x.yaml", "ks import has no -f here; write a .yaml or .json file into components/"),
        ("show x --dir", "the option --dir has no value; --dir=VALUE"),
    ],
)
def test_what_is_refused(words: str, told: str) -> None:
    with pytest.raises(UsageError) as caught:
        prepared(words.split())
    assert str(caught.value).startswith(f"error[A117]: {told}")


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("dev", None, ("dev", None)),
        ("remote:dev", None, ("dev", None)),
        ("remote:us/dev", "local:us/dev", ("us/dev", None)),
        ("local:dev", "remote:dev", ("dev", None)),
        ("local:dev", "local:prod", ("dev", "prod")),
        ("dev", "prod", ("dev", "prod")),
        ("dev", "dev", ("dev", "dev")),
    ],
)
def test_what_is_compared(one: str, other: str | None, expected: tuple[str, str | None]) -> None:
    assert compared(one, other) == expected


@pytest.mark.parametrize(
    ("one", "other"), [("remote:a", "remote:b"), ("local:a", "remote:b"), ("remote:a", "remote:a")]
)
def test_what_cannot_be_compared(one: str, other: str) -> None:
    with pytest.raises(UsageError, match="what another environment's cluster has cannot be compared"):
        compared(one, other)
