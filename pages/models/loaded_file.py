from django.db import models


class LoadedFile(models.Model):
    """A starter file that was loaded. With it, we don't overwrite an editor's changes or create a deleted page
    again."""

    name = models.CharField(max_length=255, unique=True, help_text="The language and path of the page")
    digest = models.CharField(max_length=64, help_text="SHA-256 of the file")
    revision_id = models.PositiveBigIntegerField(help_text="The revision created from the file")

    def __str__(self):
        return self.name
