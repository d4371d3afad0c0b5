"""The spool: a folder that keeps requests while the database can't store them.

Each file is one encrypted request or amendment. Its name is a keyed hash of the request's id, so a listing reveals
nothing, and the content can be decrypted only under that name. A file is written whole or not at all, and is on disk
before the person sees a confirmation.
"""

import contextlib
import errno
import functools
import hashlib
import hmac
import json
import math
import os
import re
import secrets
import stat
import time
from pathlib import Path
from typing import NamedTuple

from django.conf import settings

from intake.crypto import envelope, keyring

from .regular_files import NotARegularFile, open_regular, read_regular, size_of_regular

MAX_FILES = 20_000
MAX_VERSIONS = 11  # a request and its 10 amendments
RESERVE_BYTES = 4 * 1024 * 1024  # freed when the volume is full: room for about 1,000 requests
ROOM_BYTES = 64 * 1024  # more than any request needs
STALE_SECONDS = 60 * 60

COUNTED_FOR = 5  # seconds: how long `can_take_files` uses a count of the files again

RESERVE = "reserve"
TEMPORARY = ".new-"
SET_ASIDE = ".unreadable"
_FILE = re.compile(r"(?P<base>[0-9a-f]{64})-(?P<version>[0-9]+)(?P<set_aside>\.unreadable)?")
_FULL = (errno.ENOSPC, errno.EDQUOT)


class SpoolError(Exception):
    """The spool is full, over its limit, or not accessible. Holds no personal data."""


class State(NamedTuple):
    """Counts for alarms. `is_writable` is False if the next request is known to fail."""

    files: int  # waiting to be stored
    oldest_seconds: float  # 0 if none is waiting
    set_aside: int
    is_writable: bool


class _File(NamedTuple):
    entry: os.DirEntry
    base: str
    version: int
    is_set_aside: bool


def put(request_id, content):
    """Store one request or amendment. Raises `SpoolError`.

    `content`: a dictionary of plain JSON values. If the request's files already hold the same `content["answers"]`,
    nothing is stored, unless other answers are the newest and `content["at"]`, the time in ISO 8601, is later than
    theirs: the person returned to earlier answers. Once this returns, the content survives a power cut.
    """
    content = json.loads(json.dumps(content))  # as it will be read back, so that equal content compares as equal
    with _spool_errors():
        try:
            _put(request_id, content)
        except OSError as error:
            if error.errno not in _FULL:
                raise
            _release_reserve()
            _put(request_id, content)


def find(request_id):
    """Return the contents of one request in this machine's spool, oldest first.

    Files that can't be decrypted are left out.
    """
    with _spool_errors():
        bases = _bases(request_id)
        return list(_contents(file for file in _files() if file.base in bases and not file.is_set_aside))


def is_empty():
    """Return whether this machine's spool holds no request, not even one that was set aside."""
    with _spool_errors():
        return not any(True for _file in _files())


def waiting():
    """Return the paths of the files to store in the database, oldest first."""
    with _spool_errors():
        return [Path(file.entry) for file in _in_order(file for file in _files() if not file.is_set_aside)]


def read(path):
    """Return the content of one file.

    Raises `envelope.DecryptionError` if it can't be decrypted or is not our file, such as a symbolic link. Raises
    FileNotFoundError if another worker removed it.
    """
    return json.loads(envelope.decrypt(_bytes_of(path), _place(path.name.removesuffix(SET_ASIDE))))


def remove(path):
    """Delete a file whose content is in the database. A missing file is fine."""
    with _spool_errors():
        path.unlink(missing_ok=True)
        _sync_folder()


def set_aside(path):
    """Rename a file that can't be decrypted or stored. It is kept, and not tried again."""
    with _spool_errors():
        with contextlib.suppress(FileNotFoundError):  # another worker was faster
            path.rename(path.with_name(path.name + SET_ASIDE))
        _sync_folder()


def key_ids():
    """Return the ids of the keys needed to decrypt all files here, including those set aside."""
    ids = set()
    with _spool_errors():
        for file in _files():
            with contextlib.suppress(FileNotFoundError, envelope.DecryptionError):  # stored meanwhile, or damaged
                ids.add(envelope.key_id_of(_bytes_of(_path(file.entry.name))))
    return ids


def state():
    """Return the counts for alarms. Never raises."""
    try:
        files = list(_files())
        waits = [file for file in files if not file.is_set_aside]
        oldest = min((at for file in waits if (at := _changed_at(file.entry)) is not None), default=None)
        return State(
            files=len(waits),
            oldest_seconds=0 if oldest is None else max(0.0, time.time() - oldest / 1e9),
            set_aside=len(files) - len(waits),
            is_writable=_is_open_to_us() and len(files) < MAX_FILES and _has_room(),
        )
    except OSError:
        return State(files=0, oldest_seconds=0, set_aside=0, is_writable=False)


def can_take_files():
    """Return whether the next request is expected to fit. Never raises.

    Anyone may ask for it through `/readyz`. So the files are counted every few seconds only, and without asking
    the disk about each one.
    """
    try:
        return _is_open_to_us() and _recent_count(str(settings.SPOOL_DIR)) < MAX_FILES and _has_room()
    except OSError:
        return False


def make_folder():
    """Create the folder, with access for its owner only. Raises `SpoolError` if it can't be created or used."""
    with _spool_errors():
        _make_folder()
        if not _is_open_to_us():
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))


def check_privacy():
    """Raise `SpoolError` if someone else owns the folder, or may read it or change it. A missing folder is fine."""
    try:
        found = Path(settings.SPOOL_DIR).stat()
    except OSError:
        return  # `make_folder` says what is wrong
    if found.st_uid != os.geteuid():
        raise SpoolError("the folder belongs to another user than the one who runs the site. Change its owner")
    if stat.S_IMODE(found.st_mode) & 0o077:
        raise SpoolError("other users may open the folder. Set its mode to 700")


def prepare():
    """Create the folder and the reserve (if it fits), and delete unfinished files left by a crash."""
    make_folder()
    with _spool_errors():
        _remove_stale_files()
        _allocate_reserve()


def _returns_to(content, kept, versions):
    """Return whether the person returned to answers from before the newest ones, and there is room to keep that."""
    newest = max(kept, key=lambda known: known.get("at", ""))
    is_later = content.get("at", "") > newest.get("at", "")
    return newest["answers"] != content["answers"] and is_later and versions < MAX_VERSIONS


def _put(request_id, content):
    _make_folder()
    bases, answers = _bases(request_id), content["answers"]
    for _ in range(MAX_VERSIONS):
        files = list(_files())
        versions = [file for file in files if file.base in bases]
        kept = list(_contents(file for file in versions if not file.is_set_aside))
        if any(known["answers"] == answers for known in kept) and not _returns_to(content, kept, len(versions)):
            _sync_folder()  # the process that wrote it may not have synced it yet
            return
        if len(files) >= MAX_FILES:
            raise SpoolError(f"the spool holds {len(files)} files, which is its limit")
        if len(versions) >= MAX_VERSIONS:
            break
        # Higher than every version there: a reused number would sort before older content.
        version = max((file.version for file in versions), default=0) + 1
        try:
            _write(f"{bases[0]}-{version}", content)
            return
        except FileExistsError:
            continue  # another process was faster, perhaps with the same content
    raise SpoolError(f"the spool holds {MAX_VERSIONS} versions of this request, which is its limit")


def _write(name, content):
    """Write one file, whole or not at all. Raises FileExistsError if it exists already."""
    remaining = envelope.encrypt(json.dumps(content), _place(name))
    temporary = _path(TEMPORARY + secrets.token_hex(16))
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            while remaining:
                remaining = remaining[os.write(descriptor, remaining) :]
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        os.link(temporary, _path(name))
    finally:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
    _sync_folder()


def _bytes_of(path):
    try:
        return read_regular(path)
    except NotARegularFile as error:
        raise envelope.DecryptionError("not a file of ours") from error  # so that it is set aside


def _contents(files):
    """Yield the contents of readable files, oldest first. An unreadable file must not hide the others."""
    for file in _in_order(files):
        with contextlib.suppress(envelope.DecryptionError, OSError):
            yield read(Path(file.entry))


def _in_order(files):
    dated = [(at, file) for file in files if (at := _changed_at(file.entry)) is not None]
    # If the file system's clock gives two files the same time, the version decides.
    return [file for at, file in sorted(dated, key=lambda pair: (pair[0], pair[1].base, pair[1].version))]


def _files():
    """Yield the files of requests, waiting or set aside. Anything else, such as lost+found, is ignored."""
    try:
        entries = os.scandir(settings.SPOOL_DIR)
    except FileNotFoundError:
        return
    with entries:
        for entry in entries:
            if match := _FILE.fullmatch(entry.name):
                yield _File(entry, match["base"], int(match["version"]), match["set_aside"] is not None)


def _changed_at(entry):
    try:
        return entry.stat(follow_symlinks=False).st_mtime_ns
    except FileNotFoundError:  # stored meanwhile
        return None


_counts = {}  # folder -> (seconds of a monotonic clock, files), in this process


def _recent_count(folder):
    counted_at, count = _counts.get(folder, (-math.inf, 0))
    if time.monotonic() - counted_at > COUNTED_FOR:
        count = sum(1 for _ in _files())
        _counts[folder] = time.monotonic(), count
    return count


def _make_folder():
    folder = Path(settings.SPOOL_DIR)
    if folder.is_dir():
        return
    folder.parent.mkdir(parents=True, exist_ok=True)
    folder.mkdir(mode=0o700, exist_ok=True)
    _sync(folder.parent)


def _remove_stale_files():
    with os.scandir(settings.SPOOL_DIR) as entries:
        temporary = [entry for entry in entries if entry.name.startswith(TEMPORARY)]
    for entry in temporary:
        changed_at = _changed_at(entry)
        if changed_at is not None and time.time() - changed_at / 1e9 > STALE_SECONDS:
            Path(entry).unlink(missing_ok=True)


def _allocate_reserve():
    reserve = _path(RESERVE)
    if size_of_regular(reserve) == RESERVE_BYTES:
        return
    # Twice its size, so that it does not take back the room that was just freed.
    if _free_bytes() < 2 * RESERVE_BYTES:
        return
    descriptor = open_regular(reserve, os.O_RDWR | os.O_CREAT)
    try:
        os.posix_fallocate(descriptor, 0, RESERVE_BYTES)
        os.fsync(descriptor)
    except OSError as error:
        reserve.unlink(missing_ok=True)
        if error.errno not in _FULL:
            raise
    finally:
        os.close(descriptor)
    _sync_folder()


def _release_reserve():
    """Free the disk space of the reserve. Once this returns, it is free, even if another process freed it.

    Unlinking alone would remove the name before the space is free. Another process would then try to write too early.
    Truncating first makes that process wait.
    """
    with contextlib.suppress(FileNotFoundError):
        descriptor = open_regular(_path(RESERVE), os.O_RDWR)
        try:
            os.ftruncate(descriptor, 0)
        finally:
            os.close(descriptor)
        _path(RESERVE).unlink()


def _free_bytes():
    volume = os.statvfs(settings.SPOOL_DIR)
    return volume.f_bavail * volume.f_frsize


def _has_room():
    return _free_bytes() >= ROOM_BYTES or size_of_regular(_path(RESERVE)) >= ROOM_BYTES


def _is_open_to_us():
    folder = Path(settings.SPOOL_DIR)
    return folder.is_dir() and os.access(folder, os.R_OK | os.W_OK | os.X_OK)


def _sync_folder():
    _sync(settings.SPOOL_DIR)


def _sync(folder):
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _path(name):
    return Path(settings.SPOOL_DIR, name)


def _place(name):
    return envelope.Place(table="spool", column="file", row=name)


def _bases(request_id):
    """Return the base names of a request's files, one for each key of the ring, newest first."""
    return [hmac.new(key, request_id.bytes, hashlib.sha256).hexdigest() for key in _name_keys(settings.ENCRYPTION_KEYS)]


@functools.lru_cache(maxsize=4)
def _name_keys(encryption_keys):
    """Return the keys for file names, one derived from each encryption key, newest first."""
    return [
        keyring.derive(secret, b"intake.spool") for secret in keyring.ring(encryption_keys, "ENCRYPTION_KEYS").values()
    ]


@contextlib.contextmanager
def _spool_errors():
    try:
        yield
    except OSError as error:
        raise SpoolError(f"the spool can't be used: {error.strerror}") from error
