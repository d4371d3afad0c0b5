"""Style sheets and scripts under names that change with their content."""

import logging

from whitenoise.storage import CompressedManifestStaticFilesStorage

logger = logging.getLogger(__name__)


class StaticFilesStorage(CompressedManifestStaticFilesStorage):
    """WhiteNoise's own, which raises for a file that it does not know. A page without its style still shows the phone
    number and the words of the person, so here such a file is named plainly, and the log says so."""

    def load_manifest(self):
        try:
            return super().load_manifest()
        except (OSError, ValueError, AttributeError) as error:  # cut off, no JSON, or not of its form
            logger.error("The manifest of the static files can't be read: %s", type(error).__name__)
            return {}, ""

    def stored_name(self, name):
        try:
            return super().stored_name(name)
        except ValueError:
            logger.error("The static file %s is not in the manifest. Run manage.py collectstatic.", name)
            return name
