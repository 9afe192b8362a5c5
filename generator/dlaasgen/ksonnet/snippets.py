"""Snippet: a ksonnet prototype made into a component. No I/O here.

ks put two lines in front: `env` is the environment that the component goes to, `params` are its own parameters. It
also replaced `import 'param://name'` and `import 'env://namespace'` by what they mean.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from dlaasgen.ksonnet.lexer import member, text_of, tokens

if TYPE_CHECKING:
    from collections.abc import Iterable

ENVIRONMENT = "__ksonnet/environments"
PARAMS = "__ksonnet/params"
COMPONENTS = "__ksonnet/components"
_SCHEMES = {"param://": "params", "env://": "env"}


def component(body: str, name: str) -> str:
    """The program of component `name`, from a prototype's text without its header. Raises ValueError for no jsonnet."""
    head = (
        f'local env = std.extVar("{ENVIRONMENT}");\nlocal params = std.extVar("{PARAMS}").components{member(name)};\n'
    )
    return head + substituted(body)


def substituted(body: str) -> str:
    """A prototype's text with its imports of parameters replaced. Raises ValueError for what is no jsonnet."""
    read = tokens(body)
    changes = []
    for word, literal in pairwise(read):
        if word.kind == "word" and word.text == "import" and literal.kind == "string":
            path = text_of(literal.text)
            scheme = next((s for s in _SCHEMES if path.startswith(s)), None)
            if scheme is not None:
                name = path[len(scheme) :]
                if not name:
                    msg = f"import of {path!r} names no parameter"
                    raise ValueError(msg)
                changes.append((word.start, literal.end, _SCHEMES[scheme] + member(name)))
    return replaced(body, changes)


def replaced(text: str, changes: Iterable[tuple[int, int, str]]) -> str:
    """A text with some spans (start, end, new text), which do not overlap, replaced."""
    for start, end, new in sorted(changes, reverse=True):
        text = text[:start] + new + text[end:]
    return text
