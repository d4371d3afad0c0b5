"""What holds for the code as a whole: its docs are complete, no migration is missing, files and names are short."""

import re
import subprocess
from pathlib import Path

from django.conf import settings
from django.core.management import call_command

ROOT = Path(settings.BASE_DIR)
APPS = ["recovery_site", "intake", "faq", "pages", "staff"]


def test_every_setting_from_the_environment_stands_in_env_example():
    example = set(re.findall(r"^#?([A-Z_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE))
    source = (ROOT / "recovery_site/settings.py").read_text() + (ROOT / "gunicorn.conf.py").read_text()
    source += (ROOT / "recovery_site/management/commands/ensure_administrator.py").read_text()
    read = set(re.findall(r'(?:env\.\w+|environ\.get|_checked)\(\s*"([A-Z_]+)"', source))
    undocumented = read - example - {"DEBUG"}  # DEBUG is for `make dev`, and ignored in production
    assert undocumented == set()
    assert {"SECRET_KEY", "ENCRYPTION_KEYS", "DATABASE_URL", "PUBLIC_ORIGIN"} <= read


def test_every_command_stands_in_the_operating_manual():
    manual = (ROOT / "docs/operating.md").read_text()
    commands = {path.stem for app in APPS for path in ROOT.glob(f"{app}/management/commands/*.py")} - {"__init__"}
    assert len(commands) >= 5
    assert {name for name in commands if f"`manage.py {name}`" not in manual} == set()


def test_no_model_change_waits_for_a_migration(db):
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)


def python_files():
    found = subprocess.run(["git", "ls-files", "-z", "*.py"], cwd=ROOT, capture_output=True, text=True, check=True)
    return [name for name in found.stdout.split("\0") if name and "/migrations/" not in name]


def test_no_file_of_code_is_longer_than_400_lines():
    lengths = {name: (ROOT / name).read_text().count("\n") for name in python_files() if not name.startswith("tests/")}
    assert len(lengths) > 250
    assert {name: length for name, length in lengths.items() if length > 400} == {}


def test_no_test_has_a_name_of_80_characters_or_more():
    tests = [name for name in python_files() if name.startswith("tests/")]
    names = [
        found for test in tests for found in re.findall(r"^ *def (test_\w+)", (ROOT / test).read_text(), re.MULTILINE)
    ]
    assert len(names) > 1000
    assert [name for name in names if len(name) >= 80] == []
