"""The spool: whole or not at all, once, on the disk before anyone is told, and silent about who asked."""

import base64
import contextlib
import errno
import os
import re
import stat
import subprocess
import sys
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from django.conf import settings as site_settings

from intake.checks import spool_has_its_own_volume, spool_is_usable
from intake.crypto import envelope
from intake.submission import spool

CANARY = "Zebulon Quokkason"
CONTENT = {"reference": "ABCD-EFGH", "answers": {"name": CANARY, "phone": "+14805550199", "message": "☎ tonight"}}


def ring(*letters):
    """A key ring with one key a letter."""
    return ",".join(f"{letter}:{base64.urlsafe_b64encode(letter.encode() * 32).decode()}" for letter in letters)


@pytest.fixture(autouse=True)
def folder(settings, tmp_path):
    settings.ENCRYPTION_KEYS = ring("a")
    settings.SPOOL_DIR = tmp_path / "spool"
    spool.prepare()
    return settings.SPOOL_DIR


def content(words):
    return {"reference": "ABCD-EFGH", "answers": {"message": words}}


def words_of(contents):
    return [each["answers"]["message"] for each in contents]


def names_in(folder):
    """Everything in the folder, except the reserve."""
    return sorted(path.name for path in folder.iterdir() if path.name != "reserve")


def temporary_files_in(folder):
    return [name for name in names_in(folder) if not re.fullmatch(r"[0-9a-f]{64}-[0-9]+(\.unreadable)?", name)]


def child(code, *arguments, **options):
    """Starts Python with the spool of this test; `code` finds `spool`, `CONTENT` and its `arguments`."""
    prelude = (
        "import json, os, signal, sys, uuid\n"
        "from pathlib import Path\n"
        "from django.conf import settings\n"
        f"keys, folder = {site_settings.ENCRYPTION_KEYS!r}, Path({str(site_settings.SPOOL_DIR)!r})\n"
        "settings.configure(ENCRYPTION_KEYS=keys, SPOOL_DIR=folder)\n"
        "from intake.submission import spool\n"
        f"CONTENT, arguments = {CONTENT!r}, sys.argv[1:]\n"
    )
    return subprocess.Popen(
        [sys.executable, "-c", prelude + code, *map(str, arguments)],
        cwd=site_settings.BASE_DIR,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **options,
    )


def output_of(process):
    out, err = process.communicate(timeout=120)
    assert (process.returncode, err) == (0, "")
    return out.strip()


# What goes in comes out


def test_a_request_comes_back_as_it_was_and_is_gone_after_remove(folder):
    request_id = uuid.uuid4()
    spool.put(request_id, CONTENT)
    [path] = spool.waiting()
    assert spool.read(path) == CONTENT
    assert spool.find(request_id) == [CONTENT]
    spool.remove(path)
    assert (spool.waiting(), spool.find(request_id), names_in(folder)) == ([], [], [])
    spool.remove(path)


def test_a_request_that_is_not_here_is_not_found():
    spool.put(uuid.uuid4(), CONTENT)
    assert spool.find(uuid.uuid4()) == []


def test_the_same_answers_are_kept_once_and_other_answers_beside_them():
    request_id = uuid.uuid4()
    for words in ("first", "second", "first", "second", "third"):
        spool.put(request_id, content(words))
    assert words_of(spool.find(request_id)) == ["first", "second", "third"]
    assert words_of(map(spool.read, spool.waiting())) == ["first", "second", "third"]


def test_answers_that_a_person_returned_to_are_kept_as_the_newest():
    request_id = uuid.uuid4()
    sent = [("first", "10:00"), ("second", "10:01"), ("first", "10:00"), ("first", "10:02"), ("first", "10:03")]
    for words, at in sent:
        spool.put(request_id, content(words) | {"at": f"2026-11-24T{at}:00+00:00"})
    assert words_of(spool.find(request_id)) == ["first", "second", "first"]
    for minute in range(4, 30):
        spool.put(request_id, content(("first", "second")[minute % 2]) | {"at": f"2026-11-24T10:{minute:02}:00+00:00"})
    assert len(spool.find(request_id)) == spool.MAX_VERSIONS  # known answers are never refused


def test_answers_are_the_same_whatever_came_beside_them():
    request_id = uuid.uuid4()
    spool.put(request_id, CONTENT)
    spool.put(request_id, CONTENT | {"received_at": "later"})
    assert spool.find(request_id) == [CONTENT]


def test_answers_that_json_changes_are_still_the_same():
    request_id = uuid.uuid4()
    for _ in range(2):
        spool.put(request_id, {"answers": {"times": ("morning", "evening")}})
    assert spool.find(request_id) == [{"answers": {"times": ["morning", "evening"]}}]


def test_half_a_character_is_kept():
    request_id = uuid.uuid4()
    spool.put(request_id, content("\ud83d"))
    assert words_of(spool.find(request_id)) == ["\ud83d"]


def test_later_words_stay_later_after_earlier_ones_were_taken_in(folder):
    request_id = uuid.uuid4()
    spool.put(request_id, content("first"))
    spool.put(request_id, content("second"))
    spool.remove(spool.waiting()[0])
    spool.put(request_id, content("third"))
    one_moment = time.time() - 60
    for path in spool.waiting():
        os.utime(path, (one_moment, one_moment))  # one tick of a coarse clock
    assert words_of(spool.find(request_id)) == ["second", "third"]
    assert words_of(map(spool.read, spool.waiting())) == ["second", "third"]


def test_eleven_versions_of_one_moment_stay_in_order():
    request_id = uuid.uuid4()
    words = [f"version {number}" for number in range(1, 12)]
    for each in words:
        spool.put(request_id, content(each))
    one_moment = time.time() - 60
    for path in spool.waiting():
        os.utime(path, (one_moment, one_moment))
    assert words_of(map(spool.read, spool.waiting())) == words


def test_files_wait_oldest_first():
    ids = [uuid.uuid4() for _ in range(5)]
    for age, request_id in zip((30, 50, 10, 40, 20), ids, strict=True):
        spool.put(request_id, content(f"{age} s ago"))
        [newest] = [path for path in spool.waiting() if words_of([spool.read(path)]) == [f"{age} s ago"]]
        os.utime(newest, (time.time() - age,) * 2)
    assert words_of(map(spool.read, spool.waiting())) == [f"{age} s ago" for age in (50, 40, 30, 20, 10)]


def test_what_else_lies_in_the_folder_is_left_alone(folder):
    (folder / "lost+found").mkdir()
    (folder / "a note by the operator").write_text("hello")
    (folder / ".new-half").write_text("half")
    assert (spool.waiting(), spool.state()[:3]) == ([], (0, 0, 0))
    spool.prepare()
    assert names_in(folder) == [".new-half", "a note by the operator", "lost+found"]


# What it gives away: nothing


def test_names_and_bytes_tell_nothing(folder):
    request_id = uuid.uuid4()
    spool.put(request_id, CONTENT)
    [name] = names_in(folder)
    assert re.fullmatch(r"[0-9a-f]{64}-1", name)
    raw = (folder / name).read_bytes()
    secret = [CANARY, "Zebulon", "4805550199", "☎ tonight", "ABCD-EFGH", "answers", str(request_id), request_id.hex]
    shown = [word for word in secret if word.encode() in raw or word in name]
    assert shown == []
    assert request_id.bytes not in raw


def test_names_depend_on_the_key(folder, settings):
    request_id = uuid.uuid4()
    spool.put(request_id, CONTENT)
    settings.ENCRYPTION_KEYS = ring("b")
    spool.put(request_id, CONTENT)
    one, two = names_in(folder)
    assert one.partition("-")[0] != two.partition("-")[0]


def test_folder_and_files_are_for_their_owner_alone(folder):
    spool.put(uuid.uuid4(), CONTENT)
    modes = {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()}
    assert (stat.S_IMODE(folder.stat().st_mode), modes) == (0o700, {0o600})


def test_errors_tell_nothing(folder, settings):
    settings.SPOOL_DIR = folder / "reserve"  # a file
    with pytest.raises(spool.SpoolError) as refused:
        spool.put(uuid.uuid4(), CONTENT)
    assert str(refused.value) == "the spool can't be used: File exists"


# Files that were moved, altered, or sealed with another key


def test_a_file_that_was_moved_to_another_name_does_not_open(folder):
    mine, other = uuid.uuid4(), uuid.uuid4()
    spool.put(mine, content("mine"))
    [path] = spool.waiting()
    spool.put(other, content("other"))
    [target] = set(spool.waiting()) - {path}
    path.rename(target)
    with pytest.raises(envelope.DecryptionError):
        spool.read(target)
    assert spool.find(other) == []


def test_a_file_that_was_cut_does_not_open_and_keeps_nothing_out():
    request_id = uuid.uuid4()
    spool.put(request_id, CONTENT)
    [path] = spool.waiting()
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(envelope.DecryptionError):
        spool.read(path)
    assert spool.find(request_id) == []
    spool.put(request_id, CONTENT)
    assert spool.find(request_id) == [CONTENT]
    assert path in spool.waiting()


def test_after_a_rotation_a_request_is_found_and_kept_once(settings):
    request_id = uuid.uuid4()
    spool.put(request_id, content("before"))
    settings.ENCRYPTION_KEYS = ring("b", "a")
    spool.put(request_id, content("before"))
    assert words_of(spool.find(request_id)) == ["before"]
    spool.put(request_id, content("after"))
    assert words_of(spool.find(request_id)) == ["before", "after"]
    settings.ENCRYPTION_KEYS = ring("b")
    assert words_of(spool.find(request_id)) == ["after"]


def test_the_versions_of_all_keys_count_together(settings):
    request_id = uuid.uuid4()
    for number in range(6):
        spool.put(request_id, content(f"old {number}"))
    settings.ENCRYPTION_KEYS = ring("b", "a")
    for number in range(5):
        spool.put(request_id, content(f"new {number}"))
    with pytest.raises(spool.SpoolError):
        spool.put(request_id, content("one too many"))


def test_a_file_set_aside_is_kept_counted_and_not_retried(folder):
    request_id = uuid.uuid4()
    spool.put(request_id, content("first"))
    spool.put(request_id, content("second"))
    first, second = spool.waiting()
    raw = first.read_bytes()
    spool.set_aside(first)
    assert spool.waiting() == [second]
    assert words_of(spool.find(request_id)) == ["second"]
    assert (folder / f"{first.name}.unreadable").read_bytes() == raw
    assert (spool.state().files, spool.state().set_aside) == (1, 1)
    spool.set_aside(first)  # another worker was faster
    assert (spool.state().files, spool.state().set_aside) == (1, 1)


def test_a_file_set_aside_is_never_overwritten_and_opens_again_with_its_key(folder, settings):
    request_id = uuid.uuid4()
    spool.put(request_id, content("first"))
    [first] = spool.waiting()
    spool.set_aside(first)
    spool.put(request_id, content("first"))
    [again] = spool.waiting()
    spool.set_aside(again)
    assert names_in(folder) == [f"{first.name}.unreadable", f"{again.name}.unreadable"]
    aside = folder / f"{first.name}.unreadable"
    assert words_of([spool.read(aside)]) == ["first"]
    aside.rename(first)
    assert spool.waiting() == [first]


# Caps


def test_a_request_has_ten_amendments_and_no_more(folder):
    request_id = uuid.uuid4()
    for number in range(11):
        spool.put(request_id, content(f"version {number}"))
    before = names_in(folder)
    with pytest.raises(spool.SpoolError, match="11 versions"):
        spool.put(request_id, content("one too many"))
    spool.put(request_id, content("version 3"))  # is here already
    assert names_in(folder) == before
    spool.put(uuid.uuid4(), content("another person"))
    assert len(names_in(folder)) == 12


def test_above_the_cap_nothing_is_taken_in(folder, monkeypatch):
    monkeypatch.setattr(spool, "MAX_FILES", 3)
    ids = [uuid.uuid4() for _ in range(3)]
    for request_id in ids:
        spool.put(request_id, CONTENT)
    spool.set_aside(spool.waiting()[0])
    before = names_in(folder)
    assert spool.state().is_writable is False
    with pytest.raises(spool.SpoolError, match="holds 3 files"):
        spool.put(uuid.uuid4(), CONTENT)
    assert names_in(folder) == before
    [kept, _] = [request_id for request_id in ids if spool.find(request_id)]
    spool.put(kept, CONTENT)  # is here already
    spool.remove(spool.waiting()[0])
    spool.put(uuid.uuid4(), CONTENT)
    assert len(names_in(folder)) == 3


# Many at once


def test_threads_that_put_the_same_at_once_keep_one_file(folder):
    for _ in range(20):
        request_id = uuid.uuid4()
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda _: spool.put(request_id, CONTENT), range(8)))  # noqa: B023 (ends within the turn)
        assert spool.find(request_id) == [CONTENT]
    assert (len(names_in(folder)), temporary_files_in(folder)) == (20, [])


def test_threads_that_put_other_words_at_once_keep_them_all(folder):
    request_id = uuid.uuid4()
    words = [f"version {number}" for number in range(8)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda each: spool.put(request_id, content(each)), words))
    assert sorted(words_of(spool.find(request_id))) == words
    assert sorted(int(name.partition("-")[2]) for name in names_in(folder)) == list(range(1, 9))


def test_processes_that_put_the_same_at_once_keep_one_file_each(folder):
    ids = [uuid.uuid4() for _ in range(50)]
    code = (
        "print('ready', flush=True); sys.stdin.readline()\n"
        "for argument in arguments: spool.put(uuid.UUID(argument), CONTENT)\n"
        "for argument in arguments: assert spool.find(uuid.UUID(argument)) == [CONTENT]"
    )
    processes = [child(code, *ids) for _ in range(4)]
    assert [process.stdout.readline() for process in processes] == ["ready\n"] * 4
    for process in processes:
        process.stdin.write("go\n")
        process.stdin.flush()
    assert [output_of(process) for process in processes] == [""] * 4
    assert [spool.find(request_id) for request_id in ids] == [[CONTENT]] * 50
    assert (len(names_in(folder)), temporary_files_in(folder)) == (50, [])


# A process that dies

# Forks for each step of one put, and dies by SIGKILL before that step, or in the middle of it where it writes.
DIE_AT_EACH_STEP = """
STEPS = ("mkdir", "open", "write", "fsync", "link", "unlink")
def die_before(deadly):
    count = 0
    def wrap(name, real):
        def step(*arguments, **options):
            nonlocal count
            count += 1
            if count == deadly:
                print(name, flush=True)
                if name == "write":
                    real(arguments[0], arguments[1][: len(arguments[1]) // 2])
                os.kill(os.getpid(), signal.SIGKILL)
            return real(*arguments, **options)
        return step
    for name in STEPS:
        setattr(os, name, wrap(name, getattr(os, name)))
root = settings.SPOOL_DIR
deadly = 0
while True:
    deadly += 1
    settings.SPOOL_DIR = root / str(deadly)
    child = os.fork()
    if child == 0:
        die_before(deadly)
        spool.put(uuid.UUID(arguments[0]), CONTENT)
        os._exit(0)
    if os.waitpid(child, 0)[1] == 0:
        break
"""


def test_a_process_killed_at_any_step_leaves_the_whole_request_or_nothing(folder, settings):
    request_id = uuid.uuid4()
    died_before = output_of(child(DIE_AT_EACH_STEP, request_id)).split()
    found, left = [], []
    for step in range(1, len(died_before) + 1):
        settings.SPOOL_DIR = folder / str(step)
        spool.prepare()
        found.append(spool.find(request_id))
        assert [spool.read(path) for path in spool.waiting()] == found[-1]
        left += temporary_files_in(settings.SPOOL_DIR)
        spool.put(request_id, CONTENT)
        assert spool.find(request_id) == [CONTENT]
        for name in names_in(settings.SPOOL_DIR):
            os.utime(settings.SPOOL_DIR / name, (time.time() - 3700,) * 2)
        spool.prepare()
        assert [path.name for path in spool.waiting()] == names_in(settings.SPOOL_DIR)
    until_the_link = died_before.index("link") + 1
    assert found == [[]] * until_the_link + [[CONTENT]] * (len(died_before) - until_the_link)
    assert died_before[until_the_link - 4 :] == ["open", "write", "fsync", "link", "unlink", "open", "fsync"]
    assert len(left) == 4  # from the open to the unlink


ORDER_OF_STEPS = """
steps, opened = [], {}
def wrap(name, real):
    def step(*arguments, **options):
        result = real(*arguments, **options)
        if name == "open":
            opened[result] = "folder" if os.path.isdir(arguments[0]) else "file"
        else:
            steps.append(f"{name} {opened[arguments[0]]}" if name == "fsync" else name)
        return result
    return step
for name in ("open", "fsync", "link", "unlink"):
    setattr(os, name, wrap(name, getattr(os, name)))
for _ in range(2):
    spool.put(uuid.UUID(arguments[0]), CONTENT)
    print(", ".join(steps)); steps.clear()
"""


def test_file_and_folder_are_synced_before_anyone_is_told():
    first, second = output_of(child(ORDER_OF_STEPS, uuid.uuid4())).splitlines()
    assert first == "fsync file, link, unlink, fsync folder"
    assert second == "fsync folder"  # whoever wrote the file may have died before this


def test_temporary_files_go_only_when_they_are_stale(folder):
    young, stale = folder / ".new-young", folder / ".new-stale"
    for path, age in ((young, 3500), (stale, 3700)):
        path.write_bytes(b"half")
        os.utime(path, (time.time() - age,) * 2)
    spool.put(uuid.uuid4(), CONTENT)
    [request] = spool.waiting()
    os.utime(request, (0, 0))
    spool.prepare()
    assert names_in(folder) == [".new-young", request.name]


# A full disk


class SmallDisk:
    """A volume of 16 MiB. Where this process may not mount one, the same by counting the bytes in a folder whenever
    something is synced."""

    def __init__(self, folder, monkeypatch):
        self.folder, self.filler = folder, folder / "filler"
        mount = ["mount", "-t", "tmpfs", "-o", "size=16m,mode=700", "tmpfs", str(folder)]
        self.is_real = os.geteuid() == 0 and subprocess.run(mount, capture_output=True, check=False).returncode == 0
        if not self.is_real:
            self.most_bytes, self._fsync = 16 * 2**20, os.fsync
            monkeypatch.setattr(os, "fsync", self._fsync_where_there_is_room)

    def fill(self):
        """Takes every byte that is left."""
        if not self.is_real:
            self.most_bytes = self._used()
            return
        with self.filler.open("ab", buffering=0) as file, contextlib.suppress(OSError):
            while file.write(b"\0" * 4096):
                pass
        volume = os.statvfs(self.folder)
        assert volume.f_bavail == 0

    def _used(self):
        return sum(path.lstat().st_size for path in self.folder.rglob("*"))

    def _fsync_where_there_is_room(self, descriptor):
        if self._used() > self.most_bytes:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        self._fsync(descriptor)


@pytest.fixture
def small_disk(tmp_path, monkeypatch, settings):
    (tmp_path / "disk").mkdir()
    disk = SmallDisk(tmp_path / "disk", monkeypatch)
    settings.SPOOL_DIR = disk.folder / "spool"
    spool.prepare()
    yield disk
    if disk.is_real:
        subprocess.run(["umount", str(disk.folder)], check=True)


def test_a_full_disk_still_takes_requests_into_the_reserve(small_disk, settings):
    reserve = settings.SPOOL_DIR / "reserve"
    assert reserve.stat().st_blocks * 512 >= 4 * 2**20  # really taken, not a hole
    small_disk.fill()
    assert spool.state().is_writable is True
    ids = [uuid.uuid4() for _ in range(300)]
    for request_id in ids:
        spool.put(request_id, CONTENT)
    assert not reserve.exists()
    assert [spool.find(request_id) for request_id in ids] == [[CONTENT]] * 300
    assert temporary_files_in(settings.SPOOL_DIR) == []


def test_threads_on_a_full_disk_all_get_in_when_one_gives_up_the_reserve(small_disk, settings):
    small_disk.fill()
    ids = [uuid.uuid4() for _ in range(16)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda request_id: spool.put(request_id, CONTENT), ids))
    assert [spool.find(request_id) for request_id in ids] == [[CONTENT]] * 16
    assert temporary_files_in(settings.SPOOL_DIR) == []


def test_a_disk_that_is_full_without_a_reserve_refuses_and_leaves_nothing(small_disk, settings):
    kept = uuid.uuid4()
    spool.put(kept, CONTENT)
    (settings.SPOOL_DIR / "reserve").unlink()
    small_disk.fill()
    before = names_in(settings.SPOOL_DIR)
    for _ in range(3):
        with pytest.raises(spool.SpoolError) as refused:
            spool.put(uuid.uuid4(), CONTENT)
        assert str(refused.value) == "the spool can't be used: No space left on device"
    assert names_in(settings.SPOOL_DIR) == before
    assert spool.find(kept) == [CONTENT]
    spool.put(kept, CONTENT)  # is here already


def test_the_reserve_comes_back_when_there_is_room_for_it_and_for_requests(small_disk, settings):
    reserve = settings.SPOOL_DIR / "reserve"
    small_disk.fill()
    spool.put(uuid.uuid4(), CONTENT)
    if small_disk.is_real:  # what was given up must not be taken back at once
        os.truncate(small_disk.filler, small_disk.filler.stat().st_size - 2**20)
        spool.prepare()
        assert not reserve.exists()
        small_disk.filler.unlink()
    small_disk.most_bytes = 16 * 2**20
    spool.prepare()
    assert reserve.stat().st_blocks * 512 >= 4 * 2**20


def test_a_file_larger_than_the_process_may_write_is_refused_and_leaves_nothing(folder):
    code = (
        "import resource\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))\n"
        "try: spool.put(uuid.uuid4(), CONTENT)\n"
        "except spool.SpoolError as error: print(error)"
    )
    assert output_of(child(code)) == "the spool can't be used: File too large"
    assert names_in(folder) == []
    assert (folder / "reserve").exists()  # a disk that isn't full is no reason to give it up


# A folder that can't be used

AS_NOBODY = (
    "os.chdir(settings.SPOOL_DIR)\n"
    "settings.SPOOL_DIR = Path('.')\n"
    "if os.geteuid() == 0: os.setgid(65534); os.setuid(65534)\n"  # root may write anywhere
    "try: spool.put(uuid.UUID(arguments[0]), CONTENT)\n"
    "except spool.SpoolError as error: print(error)\n"
    "print(len(spool.find(uuid.UUID(arguments[0]))), spool.state().is_writable)\n"
    "try: spool.make_folder()\n"
    "except spool.SpoolError as error: print(error)"
)


def test_a_folder_that_may_only_be_read_is_refused_and_known_as_such(folder):
    folder.chmod(0o555)
    try:
        denied = "the spool can't be used: Permission denied"
        assert output_of(child(AS_NOBODY, uuid.uuid4())).splitlines() == [denied, "0 False", denied]
    finally:
        folder.chmod(0o700)
    assert names_in(folder) == []


def test_a_folder_that_is_missing_is_made_for_its_owner_by_the_first_request(folder, settings):
    settings.SPOOL_DIR = folder / "deep" / "spool"
    request_id = uuid.uuid4()
    assert (spool.waiting(), spool.find(request_id), spool.state()) == ([], [], (0, 0, 0, False))
    spool.put(request_id, CONTENT)
    assert spool.find(request_id) == [CONTENT]
    assert stat.S_IMODE(settings.SPOOL_DIR.stat().st_mode) == 0o700


def test_a_folder_that_is_a_file_raises_everywhere_but_in_state(folder, settings):
    settings.SPOOL_DIR = folder / "reserve"
    calls = {
        "put": lambda: spool.put(uuid.uuid4(), CONTENT),
        "find": lambda: spool.find(uuid.uuid4()),
        "waiting": spool.waiting,
        "prepare": spool.prepare,
    }
    for name, call in calls.items():
        with pytest.raises(spool.SpoolError):
            print(name, call())
    assert spool.state() == spool.State(files=0, oldest_seconds=0, set_aside=0, is_writable=False)


# What someone who can write to the folder leaves there


def test_a_reserve_that_is_a_link_destroys_no_other_file(folder, tmp_path):
    other = tmp_path / "other"
    other.write_text(CANARY)
    (folder / "reserve").unlink()
    (folder / "reserve").symlink_to(other)
    with pytest.raises(spool.SpoolError, match="no regular file"):
        spool.prepare()
    assert (other.read_text(), spool.state().is_writable) == (CANARY, True)


def test_a_reserve_that_is_a_link_is_not_truncated_on_a_full_disk(small_disk, settings, tmp_path):
    other = tmp_path / "other"
    other.write_text(CANARY)
    (settings.SPOOL_DIR / "reserve").unlink()
    (settings.SPOOL_DIR / "reserve").symlink_to(other)
    small_disk.fill()
    with pytest.raises(spool.SpoolError, match="no regular file"):
        spool.put(uuid.uuid4(), CONTENT)
    assert other.read_text() == CANARY


def test_what_is_no_file_is_set_aside_and_nobody_waits_for_it(folder, tmp_path):
    spool.put(uuid.uuid4(), CONTENT)
    [ours] = spool.waiting()
    ours.rename(tmp_path / "moved")
    ours.symlink_to(tmp_path / "moved")  # would be decrypted if it were followed
    os.mkfifo(folder / f"{'a' * 64}-1")
    (folder / f"{'b' * 64}-1").mkdir()
    (folder / f"{'c' * 64}-1").symlink_to(folder / "nowhere")
    code = (
        "for path in spool.waiting():\n"
        "    try: spool.read(path)\n"
        "    except spool.envelope.DecryptionError as error: print(error); spool.set_aside(path)\n"
        "print(spool.key_ids(), spool.state().set_aside)"
    )
    assert output_of(child(code)).splitlines() == ["not a file of ours"] * 4 + ["set() 4"]


def test_anyone_who_asks_if_requests_fit_makes_us_count_the_files_once(folder, monkeypatch):
    scans, scandir = [], os.scandir
    monkeypatch.setattr(os, "scandir", lambda path: scans.append(path) or scandir(path))
    for _ in range(50):
        assert spool.can_take_files() is True
    assert len(scans) == 1


def test_a_spool_at_its_limit_can_take_no_files(folder, monkeypatch):
    spool.put(uuid.uuid4(), CONTENT)
    monkeypatch.setattr(spool, "MAX_FILES", 1)
    assert spool.can_take_files() is False


def test_state_counts_what_waits_and_how_long():
    assert spool.state() == (0, 0, 0, True)
    for age in (100, 5000, 300):
        spool.put(uuid.uuid4(), content(f"{age}"))
        [path] = [path for path in spool.waiting() if words_of([spool.read(path)]) == [f"{age}"]]
        os.utime(path, (time.time() - age,) * 2)
    state = spool.state()
    assert (state.files, state.set_aside, state.is_writable) == (3, 0, True)
    assert 5000 <= state.oldest_seconds < 5100


# Checks


def test_the_check_makes_the_folder(folder, settings):
    settings.SPOOL_DIR = folder / "new"
    assert spool_is_usable(None) == []
    assert stat.S_IMODE(settings.SPOOL_DIR.stat().st_mode) == 0o700


def test_the_check_refuses_a_folder_that_can_not_be_made(folder, settings):
    settings.SPOOL_DIR = folder / "reserve" / "spool"
    assert [error.id for error in spool_is_usable(None)] == ["intake.E010"]
    assert spool_has_its_own_volume(None) == []


def test_a_spool_beside_the_database_is_a_warning_and_elsewhere_is_not(settings, monkeypatch, tmp_path):
    sqlite = {"ENGINE": "django.db.backends.sqlite3", "NAME": str(tmp_path / "site.sqlite3")}
    postgres = {"ENGINE": "django.db.backends.postgresql", "NAME": "site"}
    here, there = tmp_path, Path("/dev/shm")
    seen = []
    for database, spool_dir, var_dir in [
        (postgres, here, here),
        (postgres, there, here),
        (sqlite, here, there),
        (sqlite, there, here),
        (sqlite, there, there),
    ]:
        monkeypatch.setitem(settings.DATABASES, "default", database)
        settings.SPOOL_DIR, settings.VAR_DIR = spool_dir, var_dir
        seen.append([warning.id for warning in spool_has_its_own_volume(None)])
    assert here.stat().st_dev != there.stat().st_dev
    assert seen == [["intake.W010"], [], ["intake.W010"], [], ["intake.W010"]]
