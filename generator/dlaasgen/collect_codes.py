"""The codes of findings about logs, the store and its results."""

from __future__ import annotations

CODES: dict[str, tuple[str, str]] = {
    "C110": (
        "--pattern cannot be used",
        "It has to be a regular expression in RE2's syntax with a group `job` or `pod`, and may have role and number.",
    ),
    "C111": ("No rendered tree", "The folder holds no index.json that this version can read. Render the matrix first."),
    "C112": (
        "An archive has too many files",
        "An archive of more than a million files is taken for an attack. Unpack it.",
    ),
    "C113": (
        "A log could not be read whole",
        "It is cut off, damaged, gone or not permitted. What could be read is stored; `store missing` lists the rest.",
    ),
    "C114": (
        "A log's name and its launcher's record contradict each other",
        "Its file or pod is named by one job of the trees, its launcher says another. The record counts.",
    ),
    "C120": ("No store there", "The file or database that --store names is no store of results. Collecting makes one."),
    "C121": ("A package is not installed", "What was asked for needs a package that dlaasgen is installed without."),
    "C122": (
        "The store is of a newer form",
        "A newer dlaasgen has written it. Upgrade dlaasgen; the store stays as it is.",
    ),
    "C123": ("The store fails", "The database refused or could not be reached. What was stored before is still there."),
    "C124": (
        "A file cannot be written",
        "The file system refused. Whatever was in the file's place before is still there.",
    ),
    "C125": (
        "The store is damaged",
        "A log's bytes are not those that were stored. Restore a backup, or collect again.",
    ),
    "C130": (
        "No such column",
        "The name is neither a result's own nor a metric, parameter or axis of one of the results.",
    ),
    "C131": ("The options do not fit together", "One of the options only means something together with another."),
    "C133": ("An option does not hold what it should", "Kubernetes would refuse what was given."),
    "C140": (
        "The cluster refuses or cannot be reached",
        (
            "What was stored before is still there. It takes the right to list and watch pods, and to get pods/log, in "
            "the namespace. `collect --follow` waits for a server that is away."
        ),
    ),
    "C141": (
        "What jobs say of themselves is not read",
        (
            "Pods and their logs are collected. It takes the right to list and watch the jobs' own kinds, such as "
            "tfjobs in kubeflow.org, to tell why a job that has no pods failed."
        ),
    ),
    "C145": (
        "Loki refuses or cannot be reached",
        "What was stored before is still there. The URL ends before /loki/api/v1; LOKI_* variables hold credentials.",
    ),
    "C146": (
        "Loki cannot be asked so",
        "The URL, the query, a time or a variable with credentials does not hold what it should.",
    ),
    "C132": ("No results", "There is no result in the store that fits what was asked for."),
}
