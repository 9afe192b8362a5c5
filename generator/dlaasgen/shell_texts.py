"""The simple commands in a text for a shell, as far as they can be told without running it. No I/O here.

A shell's variables, substitutions and patterns are known to it alone. What holds one is given as Kubernetes writes what
it replaces, `$(...)`, which stands for any text.
"""

from __future__ import annotations

import re
import shlex

_SUBSTITUTION = re.compile(r"\$\(\([^()]*\)\)|\$\([^()]*\)|`[^`]*`")
# What is quoted, or else a comment or the number of what is redirected.
_DROPPED = re.compile(r"""('[^']*'|"(?:[^"\\]|\\.)*"|\\.)|(?:(?<=\s)|^)(?:#[^\n]*|\d+(?=[<>]))""", re.DOTALL)
_OPERATORS = "();<>|&\n"
UNKNOWN = "$("


def commands(text: str) -> list[tuple[str, ...]] | None:
    """The words of each command in a text, without redirections; None when its quotes do not match.

    Words of the shell's own language, such as `if`, are words of the command that they stand before.
    """
    text = _DROPPED.sub(lambda match: match[1] or "", text.replace("\\\n", " "))
    while (shorter := _SUBSTITUTION.sub("$x", text)) != text:
        text = shorter
    lexer = shlex.shlex(text, posix=True, punctuation_chars=_OPERATORS)
    lexer.whitespace = " \t\r"
    lexer.whitespace_split = True
    lexer.commenters = ""
    found: list[list[str]] = [[]]
    target = False
    try:
        for token in lexer:
            if token and not token.strip(_OPERATORS):
                target = "<" in token or ">" in token
                if not target:
                    found.append([])
            elif target:
                target = False
            else:
                found[-1].append(_unknown(token))
    except ValueError:
        return None
    return [tuple(words) for words in found if words]


def _unknown(word: str) -> str:
    """A word with `$(` for what only the shell knows; at its beginning when it is the flag's name."""
    if "$" in word.partition("=")[0]:
        return UNKNOWN + word
    return word.replace("$", UNKNOWN)
