from django.core.management.base import BaseCommand

from faq import starter


class Command(BaseCommand):
    help = "Loads the starter content. Safe to run again: what an editor changed is never overwritten."

    def handle(self, *args, **options):
        written = starter.load()
        if not any(written.values()):
            self.stdout.write("Starter content: nothing to do.")
            return
        self.stdout.write("Starter content: " + ", ".join(f"{count} {name}" for name, count in written.items()) + ".")
