"""Static files under names that change with their content."""

import logging

from whitenoise.storage import CompressedManifestStaticFilesStorage

logger = logging.getLogger(__name__)


class StaticFilesStorage(CompressedManifestStaticFilesStorage):
    """WhiteNoise's storage, but a missing file logs an error instead of raising one. The page gets the plain name.

    A page without styles can still show the phone number and what the person typed.
    """

    def load_manifest(self):
        try:
            return super().load_manifest()
        except (OSError, ValueError, AttributeError) as error:  # cut off, not JSON, or in another format
            logger.error("Can't read the manifest of the static files: %s", type(error).__name__)
            return {}, ""

    def stored_name(self, name):
        try:
            return super().stored_name(name)
        except ValueError:
            logger.error("The static file %s is not in the manifest. Run manage.py collectstatic.", name)
            return name
