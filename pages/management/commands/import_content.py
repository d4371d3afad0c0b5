from django.core.management.base import BaseCommand, CommandError

from pages import content_folder, content_import
from pages.content_files import FileRefused


class Command(BaseCommand):
    help = (
        "Import a folder that export_content wrote. Pages are published as from the editor, and their old versions "
        "stay in the history. Nothing is deleted. If one file is invalid, nothing changes."
    )

    def add_arguments(self, parser):
        parser.add_argument("folder")

    def handle(self, *, folder, **options):
        try:
            report = content_import.import_content(content_folder.read(folder), self.stdout.write)
        except FileRefused as error:
            raise CommandError(f"Nothing was changed. {' '.join(error.messages)}") from error
        for kind in sorted(report.new | report.changed | report.same):
            counts = [getattr(report, outcome).get(kind, 0) for outcome in ("new", "changed", "same")]
            self.stdout.write("{}: {} new, {} changed, {} unchanged".format(kind, *counts))
