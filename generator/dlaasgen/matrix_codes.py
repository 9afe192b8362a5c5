"""The finding codes of the matrix file (M1xx): what each means and what to do. No I/O here."""

from __future__ import annotations

CODES: dict[str, tuple[str, str]] = {
    "M101": (
        "matrix file cannot be read",
        (
            "The file does not exist, is a folder, is empty, or may not be read. Give a matrix file, several, or "
            "a folder of *.yaml and *.yml files."
        ),
    ),
    "M102": (
        "matrix file is not UTF-8 text",
        (
            "A matrix file is UTF-8. Another encoding, NUL bytes, control characters and the line separators on "
            "which YAML 1.1 and 1.2 disagree are refused. In double quotes any character can be written as an "
            'escape, such as "\u2028".'
        ),
    ),
    "M103": (
        "matrix file is not YAML",
        (
            "The parser stopped at the place that the message names. Most often a text needs quotes (it holds ': "
            "' or ' #', or begins with one of @ ` % & * ! | > { [ or a quote), a bracket or quote is not closed, "
            "or a line is indented by a tab or not like its neighbours."
        ),
    ),
    "M104": (
        "key given twice",
        ("YAML readers silently keep one of two equal keys, and not all of them the same one. Remove one of them."),
    ),
    "M105": (
        "YAML feature that matrix files do not have",
        (
            "A matrix file is one document of JSON data. Tags other than the core ones, merge keys (<<), several "
            "documents and anchors that contain themselves are refused. Anchors (&x) and aliases (*x) are "
            "allowed."
        ),
    ),
    "M106": (
        "limit exceeded",
        (
            "A matrix file is at most 1 MiB, nested at most 50 deep, and has at most 250,000 values when its "
            "aliases are written out; an include entry stands for at most 10,000. The limits keep a file from "
            "exhausting memory."
        ),
    ),
    "M107": (
        "key is not a string",
        (
            "Keys are strings. Put 1, true and null in quotes when they are keys, and texts that begin with {{ "
            "too: without quotes YAML takes a brace for the begin of an object."
        ),
    ),
    "M108": (
        "number too large",
        (
            "Jsonnet's numbers are doubles: integers beyond 2^53 (9007199254740992) lose digits. Quote the number "
            "to keep it as a string."
        ),
    ),
    "M110": (
        "unknown key",
        "The matrix format has no such key at this place. It would be ignored, so it is refused.",
    ),
    "M111": (
        "missing key",
        (
            "A matrix needs apiVersion, name, prototype, and axes or include. docs/reference/matrix.md describes "
            "each key."
        ),
    ),
    "M112": (
        "wrong type",
        (
            'The value is of another type than the key takes. Mind quotes: 3 is a number and "3" a string; yes, '
            "no, on, off, 0777 and 12:30 are strings, only true and false are boolean. A key without a value is "
            "null."
        ),
    ),
    "M113": (
        "wrong value",
        "The value has the right type but is none of those that the key takes, or has the wrong form.",
    ),
    "M114": (
        "number out of range",
        "The number is smaller or larger than the key allows.",
    ),
    "M115": (
        "keys that exclude each other",
        "Of these keys only one may be given, or one needs the other.",
    ),
    "M116": (
        "two matrices of one name",
        (
            "Each matrix has a folder of its name in rendered/, so names are unique among the matrix files given "
            "at once."
        ),
    ),
    "M120": (
        "axis without values",
        "An axis lists at least one value. To fix a parameter for every cell, put it under params.",
    ),
    "M121": (
        "value given twice",
        (
            "A check is disabled once. "
            "An axis's values must have different ids: ids name values in rules, cell ids and labels. The numbers "
            '1 and 1.0 are the same value, and 1 and "1" have the same id.'
        ),
    ),
    "M122": (
        "value needs an id",
        (
            "A list or an object cannot name itself in rules, cell ids and labels. Write {id: short-name, value: "
            "...}; other keys are parameters that come with the value."
        ),
    ),
    "M123": (
        "two axes set one parameter",
        (
            "A parameter that comes with the values of one axis is itself an axis, or also comes with another "
            "axis, so that it would have two values in one cell."
        ),
    ),
    "M124": (
        "wrong name",
        (
            "An axis is also a parameter, a variable of expressions and part of a label key: its name begins with "
            "a letter, has letters, digits, '_' and '-', at most 63, and ends with a letter or digit. An id is a "
            "label value. name, labels and annotations are parameters that dlaasgen sets itself; when, cell and "
            "repeat have a meaning of their own."
        ),
    ),
    "M130": (
        "wrong zip",
        "A zip group lists at least two axes, each in one group only, that have equally many values.",
    ),
    "M131": (
        "sample larger than the matrix",
        (
            "pairwise: N covers every combination of values of any N axes, so there must be N axes (those of a "
            "zip group count as one)."
        ),
    ),
    "M140": (
        "rule names no axis or parameter",
        (
            "An exclude entry can match axes, the keys under params, and parameters that come with axis values. "
            "An include entry may add new parameters, but not one whose name is almost an axis's."
        ),
    ),
    "M141": (
        "rule names no value of the axis",
        "An exclude entry with a value that the axis does not have removes nothing.",
    ),
    "M142": (
        "empty rule",
        (
            "An exclude entry without any key would remove everything, an include entry without any would add "
            "nothing, and an empty list of alternatives never matches."
        ),
    ),
    "M160": (
        "no such image in the lock",
        (
            "image:NAME stands for an image that images.lock.yaml pins by its digest. The file is looked for in the "
            "matrix file's folder and those above it. `dlaasgen images lock NAME=IMAGE` adds an image."
        ),
    ),
    "M161": (
        "wrong lock of images",
        (
            "images.lock.yaml has apiVersion and images: a name, and for each the image that it follows "
            "([registry/]name:tag), the digest (sha256:...) and if wanted a note. `dlaasgen images lock` writes it."
        ),
    ),
}
