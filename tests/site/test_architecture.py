"""Which settings and commands the docs must name, and that no migration is missing."""

import re
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
