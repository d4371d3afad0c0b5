from django.core.management.base import BaseCommand

from faq import starter


class Command(BaseCommand):
    help = "Load the starter content. Safe to run again: it never overwrites what an editor changed."

    def handle(self, *args, **options):
        written = starter.load()
        if not any(written.values()):
            self.stdout.write("Starter content: nothing to do.")
            return
        self.stdout.write("Starter content: " + ", ".join(f"{count} {name}" for name, count in written.items()) + ".")
