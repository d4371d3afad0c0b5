"""Open regular files only.

Someone who can write to the spool's folder could leave a symbolic link or a named pipe there. A link would make us read
or truncate another file, and a pipe would make us wait forever.
"""

import errno
import os
import stat
from pathlib import Path

NOT_REGULAR = "something that is no regular file is in the way"


class NotARegularFile(OSError):
    """There is something else under this name, such as a link or a pipe."""


def open_regular(path: Path, flags: int) -> int:
    """Return a descriptor of a regular file. A file that it creates is for its owner only.

    Raises `NotARegularFile`, and other OSErrors as `os.open` does.
    """
    if path.is_symlink() or (path.exists() and not path.is_file()):
        raise NotARegularFile(errno.EINVAL, NOT_REGULAR)
    descriptor = os.open(path, flags | os.O_NOFOLLOW | os.O_NONBLOCK, 0o600)
    if stat.S_ISREG(os.fstat(descriptor).st_mode):  # asked again, because the name may be another file's by now
        return descriptor
    os.close(descriptor)
    raise NotARegularFile(errno.EINVAL, NOT_REGULAR)


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
