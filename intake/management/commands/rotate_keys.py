from django.core.management.base import BaseCommand, CommandError

from intake import key_rotation
from intake.submission import spool


class Command(BaseCommand):
    help = "Re-encrypt and re-index what is not under the newest keys. Safe while the site runs, and to repeat."

    def add_arguments(self, parser):
        parser.add_argument("--dry-run", action="store_true", help="only count what is left to do")

    def handle(self, *args, dry_run, **options):
        to_do = key_rotation.to_do()
        self.stdout.write(
            f"Requests to check: {to_do.requests}. Texts under old keys: {to_do.texts}. Requests indexed with old "
            f"keys: {to_do.indexed_with_old_key}. Requests without an index: {to_do.never_indexed}."
        )
        if dry_run:
            return
        progress = self._rotate(to_do.requests)
        self.stdout.write(f"Re-encrypted {progress.texts} texts. Re-indexed {progress.indexed} requests.")
        self._report_old_keys()
        if progress.unreadable:
            raise CommandError(
                f"Texts that can't be decrypted: {progress.unreadable}. They were not changed. Usually a key is "
                "missing. Put it back into ENCRYPTION_KEYS and run this again."
            )

    def _rotate(self, total):
        progress = key_rotation.Progress()
        try:
            for progress in key_rotation.rotate():
                self._show(progress.requests, total)
        except KeyboardInterrupt:
            raise CommandError(
                f"Stopped after {progress.requests} of {total} requests. Run it again to continue.", returncode=130
            ) from None
        finally:
            if self.stdout.isatty() and progress.requests:
                self.stdout.write("")
        return progress

    def _show(self, done, total):
        if self.stdout.isatty():
            self.stdout.write(f"\r{done} of {max(done, total)} requests", ending="")
            self.stdout.flush()
        elif (
            done >= total or done * 10 // total > (done - key_rotation.BATCH) * 10 // total
        ):  # in a log: ten lines at most
            self.stdout.write(f"{done} of {max(done, total)} requests")

    def _report_old_keys(self):
        all_old_keys = key_rotation.old_keys()
        for old in all_old_keys:
            if old.used:
                self.stdout.write(f"Still needed in {old.setting}: {', '.join(old.used)}.")
            if old.unused:
                self.stdout.write(f"No longer used, may be removed from {old.setting}: {', '.join(old.unused)}.")
        if any(old.unused for old in all_old_keys):
            self.stdout.write(
                "First check that the spool of every other machine is empty. Keep a copy of these keys for as long as "
                "you keep backups from before today."
            )
        waiting = spool.state()
        if waiting.files or waiting.set_aside:
            self.stdout.write(
                f"The spool of this machine holds {waiting.files} files that wait and {waiting.set_aside} set aside."
            )
