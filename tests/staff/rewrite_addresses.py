"""Ask every staff address for each role, and rewrite addresses.csv: python -m tests.staff.rewrite_addresses

Review what changed before you commit it.
"""
# ruff: noqa: E402 (Django must be set up before its models are imported)

import csv
import logging
import os
import tempfile

os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
os.environ["TEST_DATABASE_URL"] = ""

import django

django.setup()

import time_machine
from django.db import transaction
from django.test import override_settings
from django.test.utils import setup_test_environment, teardown_test_environment

from tests import databases
from tests.conftest import TUESDAY_MORNING, load_site
from tests.staff import addresses


def ask():
    """Return the answers to everyone: {who: {(pattern, method): answer}}."""
    found = {}
    for who in addresses.WHO:
        with transaction.atomic():
            answers = addresses.answers(who, addresses.made_site())
            found[who] = {key: answer for key, (_response, answer) in answers.items()}
            transaction.set_rollback(True)
        print(f"asked: {who}")
    return found


def write(found):
    """Write the table, with one row for each address and method."""
    with addresses.TABLE.open("w", newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(addresses.COLUMNS)
        for pattern in addresses.patterns():
            for method in addresses.METHODS:
                table.writerow([pattern, method, *(found[who][pattern, method] for who in addresses.WHO)])


if __name__ == "__main__":
    logging.disable(logging.CRITICAL)  # refusals are what it looks for
    setup_test_environment()
    with tempfile.TemporaryDirectory() as media, override_settings(MEDIA_ROOT=media):
        with time_machine.travel(TUESDAY_MORNING):
            databases.set_up(load_site)
            answers = ask()
        databases.tear_down()
    teardown_test_environment()
    write(answers)
