"""The command `flush` of the tests. Django calls it after each test that committed."""

from django.core.management.commands import flush

from tests import databases


class Command(flush.Command):
    help = "Brings the rows back with which the tests began."

    def handle(self, **options):
        databases.restore()
