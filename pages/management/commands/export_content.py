from django.core.management.base import BaseCommand, CommandError

from pages import content_folder
from pages.content_files import FileRefused


class Command(BaseCommand):
    help = "Export all content as files: pages, sources, topics, the center, notices, pictures and documents."

    def add_arguments(self, parser):
        parser.add_argument("folder", help="A new or empty folder.")

    def handle(self, *, folder, **options):
        try:
            content_folder.write(folder, self.stdout.write)
        except FileRefused as error:
            raise CommandError(" ".join(error.messages)) from error
