"""The codes of findings about images: locking, verifying, building, running them by hand. No I/O here."""

from __future__ import annotations

CODES: dict[str, tuple[str, str]] = {
    "I101": (
        "registry gives no answer",
        (
            "The registry or OCI layout that the image is in cannot be read. Log in with docker if it asks for it: "
            "credentials are taken from the auths of Docker's config.json."
        ),
    ),
    "I102": (
        "no such image",
        "The registry or OCI layout has no image of this tag or digest. Push it, or mend the lock.",
    ),
    "I103": (
        "the tag has moved on",
        "The tag that the lock follows means another image now. Lock it again to use that one in every matrix.",
    ),
    "I104": ("wrong name or reference", "An image is NAME=[registry/]name[:tag]; the name is what matrices write."),
    "I110": (
        "nothing to build with",
        "Images are built by buildah, podman or docker: the first that is on PATH, or the one that --engine names.",
    ),
    "I111": ("the build failed", "The engine that built the image says why, above."),
    "I112": ("no such image file", "images/NAME.Dockerfile describes an image; the folder is given by --folder."),
    "I120": (
        "cell cannot be run by hand",
        "The cell's manifests hold no pod that could be run as a plain command: a container with args or a command.",
    ),
    "I121": (
        "nothing to run it with",
        "The runner that --runner names, or the program of the command, is not on PATH.",
    ),
}
