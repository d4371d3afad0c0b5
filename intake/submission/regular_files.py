"""Open regular files only.

Someone who can write to the spool's folder could leave a symbolic link or a named pipe there. A link would make us read
or truncate another file, and a pipe would make us wait forever.
"""

import contextlib
import errno
import os
import stat
from pathlib import Path


class NotARegularFile(OSError):
    """There is something else under this name, such as a link or a pipe."""


def open_regular(path: Path, flags: int) -> int:
    """Return a descriptor of a regular file. A file that it creates is for its owner only.

    Raises `NotARegularFile`, and other OSErrors as `os.open` does.
    """
    with contextlib.suppress(FileNotFoundError):  # `flags` say whether that is an error
        _refuse_irregular(path.lstat())
    descriptor = os.open(path, flags | os.O_NOFOLLOW | os.O_NONBLOCK, 0o600)
    try:
        _refuse_irregular(os.fstat(descriptor))  # again, because the name may be another file's by now
    except NotARegularFile:
        os.close(descriptor)
        raise
    return descriptor


def _refuse_irregular(found: os.stat_result) -> None:
    if not stat.S_ISREG(found.st_mode):
        raise NotARegularFile(errno.EINVAL, "something that is no regular file is in the way")


def read_regular(path: Path) -> bytes:
    """Return the content of a regular file. Raises as `open_regular` does."""
    with os.fdopen(open_regular(path, os.O_RDONLY), "rb") as file:
        return file.read()


def size_of_regular(path: Path) -> int:
    """Return the size of a regular file in bytes; 0 if there is none under this name."""
    try:
        found = path.lstat()
    except FileNotFoundError:
        return 0
    return found.st_size if stat.S_ISREG(found.st_mode) else 0
