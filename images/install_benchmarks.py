"""Puts tf_cnn_benchmarks in its place, from a folder that holds a checkout or an archive of one, and checks what it is.

    install_benchmarks.py FOLDER TARGET SHA256

SHA256 is of the list of the files' own SHA-256 sums and names, as `sha256sum` writes it, sorted by name; empty: any.
"""

import hashlib
import os
import shutil
import sys
import tarfile

PART = os.path.join("scripts", "tf_cnn_benchmarks")


def unpacked(folder):
    """The folder, once every archive in it is unpacked. Nothing can leave it: names are checked."""
    for name in sorted(os.listdir(folder)):
        path = os.path.join(folder, name)
        if os.path.isfile(path) and tarfile.is_tarfile(path):
            with tarfile.open(path) as archive:
                for member in archive.getmembers():
                    parts = member.name.split("/")
                    if member.name.startswith("/") or ".." in parts or not (member.isfile() or member.isdir()):
                        continue
                    archive.extract(member, folder)
    return folder


def find(folder):
    """Where scripts/tf_cnn_benchmarks is."""
    for place, _, _ in os.walk(folder):
        if place.endswith(os.sep + PART):
            return place
    sys.exit("install_benchmarks.py: no %s in %s" % (PART, folder))


def digest(folder):
    """The digest of all files below a folder."""
    names = [
        os.path.relpath(os.path.join(place, name), folder)
        for place, _, files in os.walk(folder)
        for name in files
        if not name.endswith(".pyc")
    ]
    total = hashlib.sha256()
    for name in sorted(names):
        with open(os.path.join(folder, name), "rb") as file:
            line = "%s  %s\n" % (hashlib.sha256(file.read()).hexdigest(), name)
        total.update(line.encode())
    return total.hexdigest()


def main():
    """The program."""
    source, target, wanted = sys.argv[1:]
    found = find(unpacked(source))
    is_now = digest(found)
    if wanted and is_now != wanted:
        sys.exit("install_benchmarks.py: the benchmarks are not those that were pinned: %s, not %s" % (is_now, wanted))
    shutil.copytree(found, os.path.join(target, PART))
    for place, folders, files in os.walk(target):
        for name in folders:
            os.chmod(os.path.join(place, name), 0o755)
        for name in files:
            os.chmod(os.path.join(place, name), 0o644)
    os.chmod(target, 0o755)
    print("tf_cnn_benchmarks %s" % is_now)


if __name__ == "__main__":
    main()
