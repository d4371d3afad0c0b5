"""The lock holds what requirements-runtime.txt asks for, each file of it with a hash, and names no package index."""

import re
from pathlib import Path

import pytest
from django.conf import settings

ROOT = Path(settings.BASE_DIR)
PIN = re.compile(r"^(?P<name>[a-z0-9-]+)(\[[a-z,]+\])?==(?P<version>[^\s;]+)")


def pins(lines):
    return {match["name"]: match["version"] for line in lines if (match := PIN.match(line))}


@pytest.fixture(scope="module")
def lock():
    return (ROOT / "requirements-runtime.lock").read_text().replace("\\\n", " ").splitlines()


def test_the_lock_has_each_requirement_at_its_version(lock):
    wanted = (ROOT / "requirements-runtime.txt").read_text().splitlines()
    requirements = [line for line in wanted if line and not line.startswith("#")]
    assert len(pins(requirements)) == len(requirements) > 10
    assert pins(requirements).items() <= pins(lock).items(), "run `make lock`"


def test_each_requirement_of_the_lock_has_hashes(lock):
    requirements = [line for line in lock if not line.startswith("#")]
    assert [line.split()[0] for line in requirements if not re.search(r"--hash=sha256:[0-9a-f]{64}", line)] == []
    assert len(pins(requirements)) == len(requirements)


def test_the_lock_names_no_package_index_and_no_path(lock):
    assert [line for line in lock if re.search(r"--(?!hash=)|://|(^| )/|@", line)] == []


def test_image_and_development_install_the_lock():
    install = "--require-hashes -r"
    assert f"{install} requirements-runtime.lock" in (ROOT / "Makefile").read_text()
    assert f"{install} /tmp/requirements-runtime.lock" in (ROOT / "Dockerfile").read_text()
