"""The database of each test process: a copy of a database that was migrated and filled once.

Wagtail's migrations alone take 15 s, so two databases are kept. `migrated` stays valid until a migration changes.
`filled` also has the roles and the starter content, and stays valid until our code or content changes. The name of each
ends in a digest of what it was made from, so several checkouts can share them. A database that was not used for a day
is deleted. After a test that committed, the rows are restored from the same copy.
"""

import contextlib
import fcntl
import hashlib
import importlib.util
import os
import shutil
import sqlite3
from importlib.metadata import version
from pathlib import Path

import psycopg2
from django.apps import apps
from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.db.migrations.loader import MigrationLoader

ROOT = Path(settings.BASE_DIR)
OURS = ("pages", "faq", "intake", "staff", "recovery_site")
KEPT = Path(os.environ.get("XDG_CACHE_HOME", "~/.cache")).expanduser() / "recovery-site-tests"
KEPT_UNUSED = 24 * 60 * 60  # seconds

_kind = None  # an `_OnSqlite` or `_OnPostgres`, after `set_up`


def set_up(fill):
    """Point Django at a database for this process, filled by `fill()`. Other processes that need the same one wait."""
    global _kind
    _kind = _OnSqlite() if connection.vendor == "sqlite" else _OnPostgres()
    KEPT.mkdir(parents=True, exist_ok=True)
    migrated, filled = f"migrated_{_digest_of_migrations()}", f"filled_{_digest_of_code()}"
    with _locked(filled):
        if not _kind.has(filled):
            with _locked(migrated):
                if not _kind.has(migrated):
                    _make(migrated, None, _migrate)
            _make(filled, migrated, lambda: (_migrate(), fill()))
        _kind.give(filled)
    _remove_unused()


def restore():
    """Restore every row as `fill()` made it."""
    _kind.restore()


def copy_file(target):
    """Copy the filled database to a file, for another process. Works only with SQLite."""
    _kind.copy_file(target)


def tear_down():
    """Delete the database of this process."""
    _kind.end()


def _migrate():
    call_command("migrate", verbosity=0, interactive=False)


def _make(name, source, make):
    """Create the database `name`: copy `source`, if given, then call `make()`. If this fails, no database `name`
    exists."""
    unfinished = f"unfinished_{name}"
    _kind.remove(unfinished)
    _kind.copy(source, unfinished)
    _kind.use(unfinished)
    make()
    connection.close()
    _kind.rename(unfinished, name)


@contextlib.contextmanager
def _locked(name):
    """Lock a database, so that other processes that need it wait. The age of the lock file shows when it was last
    needed."""
    with (KEPT / f"{name}.{connection.vendor}.used").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _remove_unused():
    used_on = {path: path.stat().st_mtime for path in KEPT.glob(f"*.{connection.vendor}.used")}
    for path, moment in used_on.items():
        if max(used_on.values()) - moment > KEPT_UNUSED:  # not the current time, because tests move the clock
            _kind.remove(path.name.partition(".")[0])
            path.unlink(missing_ok=True)


def _digest_of_migrations():
    modules = [MigrationLoader.migrations_module(config.label)[0] for config in apps.get_app_configs()]
    specs = [importlib.util.find_spec(module) for module in modules if module]
    return _digest(path for spec in specs if spec for path in Path(spec.origin).parent.glob("*.py"))


def _digest_of_code():
    return _digest(path for name in OURS for path in (ROOT / name).rglob("*") if path.suffix in (".py", ".json"))


def _digest(paths):
    digest = hashlib.sha256(f"{version('django')} {version('wagtail')}".encode())
    for path in sorted([*paths, Path(__file__), Path(__file__).with_name("conftest.py")]):
        digest.update(f"{path.parent.parent.name}/{path.name} ".encode() + path.read_bytes())
    return digest.hexdigest()[:16]


class _OnSqlite:
    """Handles databases that are files. Each process has its own file, and a second copy to restore it from."""

    def __init__(self):
        self._mine = Path(settings.VAR_DIR, "test.sqlite3")
        self._pristine = Path(settings.VAR_DIR, "pristine.sqlite3")

    def has(self, name):
        return (KEPT / name).exists()

    def copy(self, source, target):
        if source:
            shutil.copyfile(KEPT / source, KEPT / target)

    def rename(self, old, new):
        (KEPT / old).rename(KEPT / new)

    def remove(self, name):
        for end in ("", "-wal", "-shm"):
            (KEPT / f"{name}{end}").unlink(missing_ok=True)

    def use(self, name):
        _point_to(str(KEPT / name))

    def give(self, name):
        shutil.copyfile(KEPT / name, self._pristine)
        shutil.copyfile(KEPT / name, self._mine)
        _point_to(str(self._mine))

    def copy_file(self, target):
        shutil.copyfile(self._pristine, target)

    def restore(self):
        connection.close()
        with (
            contextlib.closing(sqlite3.connect(self._pristine)) as source,
            contextlib.closing(sqlite3.connect(self._mine)) as target,
        ):
            target.execute("PRAGMA synchronous=OFF")
            source.backup(target)

    def end(self):
        connection.close()  # the folder of this process goes with it


class _OnPostgres:
    """Handles databases on a server. Each process has its own database, with a second copy of its rows in another
    schema.

    Creating a whole database again would take most of a second.
    """

    def __init__(self):
        self._mine = f"test_site_{os.getpid()}"

    def has(self, name):
        return (_KEPT_THERE + name,) in self._ask("SELECT datname FROM pg_database")

    def copy(self, source, target):
        self._make(_KEPT_THERE + target, _KEPT_THERE + source if source else "template1")

    def rename(self, old, new):
        self._tell(f'ALTER DATABASE "{_KEPT_THERE}{old}" RENAME TO "{_KEPT_THERE}{new}"')

    def remove(self, name):
        self._tell(f'DROP DATABASE IF EXISTS "{_KEPT_THERE}{name}" WITH (FORCE)')

    def use(self, name):
        _point_to(_KEPT_THERE + name)

    def give(self, name):
        self._make(self._mine, _KEPT_THERE + name)
        _point_to(self._mine)
        with connection.cursor() as cursor:
            cursor.execute(_KEEP_ROWS)

    def restore(self):
        with connection.cursor() as cursor:
            cursor.execute("SELECT pristine.restore()")

    def end(self):
        connection.close()
        self._tell(f'DROP DATABASE "{self._mine}" WITH (FORCE)')

    def _make(self, name, template):
        self._tell(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')

    def _tell(self, sql):
        server = psycopg2.connect(os.environ["DATABASE_URL"])
        server.autocommit = True  # no database is made or dropped inside a transaction
        with contextlib.closing(server), server.cursor() as cursor:
            cursor.execute(sql)

    def _ask(self, sql):
        with contextlib.closing(psycopg2.connect(os.environ["DATABASE_URL"])) as server, server.cursor() as cursor:
            cursor.execute(sql)
            return cursor.fetchall()


_KEPT_THERE = "test_site_kept_"

_KEEP_ROWS = """
CREATE SCHEMA pristine;
CREATE FUNCTION pristine.columns_of(name text) RETURNS text LANGUAGE sql AS $$
    SELECT string_agg(quote_ident(column_name), ', ') FROM information_schema.columns
    WHERE table_schema = 'public' AND table_name = name AND is_generated = 'NEVER'
$$;
-- As a replica, it runs no triggers: neither those of the logs, which refuse every deletion, nor the foreign keys' own.
CREATE FUNCTION pristine.restore() RETURNS void LANGUAGE plpgsql SET session_replication_role = replica AS $$
DECLARE name text;
BEGIN
    FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' LOOP
        EXECUTE format('DELETE FROM public.%I', name);
    END LOOP;
    FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = 'pristine' LOOP
        EXECUTE format('INSERT INTO public.%I (%s) OVERRIDING SYSTEM VALUE SELECT %2$s FROM pristine.%1$I',
                       name, pristine.columns_of(name));
    END LOOP;
END $$;
DO $$
DECLARE name text; is_filled boolean;
BEGIN
    FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' LOOP
        EXECUTE format('SELECT EXISTS (SELECT FROM public.%I)', name) INTO is_filled;
        IF is_filled THEN
            EXECUTE format('CREATE TABLE pristine.%I AS SELECT %s FROM public.%1$I', name, pristine.columns_of(name));
        END IF;
    END LOOP;
END $$;
"""


def _point_to(name):
    connection.close()
    settings.DATABASES["default"]["NAME"] = connection.settings_dict["NAME"] = name
