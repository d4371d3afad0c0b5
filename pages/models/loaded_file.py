from django.db import models


class LoadedFile(models.Model):
    """A starter file that was loaded once, so that what an editor made of its page is never overwritten."""

    name = models.CharField(max_length=255, unique=True, help_text="The language and the path of the page")
    digest = models.CharField(max_length=64, help_text="SHA-256 of the file")
    revision_id = models.PositiveBigIntegerField(help_text="The revision that the file made")

    def __str__(self):
        return self.name
