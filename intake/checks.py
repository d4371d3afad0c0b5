from pathlib import Path

from django.conf import settings
from django.core.checks import Error, Warning, register

from .crypto import blind_index, envelope, keyring
from .submission import spool


@register()
def keys_open_what_they_seal(app_configs, **kwargs):
    """The site does not start with keys that could not open what they seal."""
    try:
        envelope.check_keys()
    except envelope.EncryptionError as error:
        return [Error(str(error), hint="See ENCRYPTION_KEYS in .env.example.", id="intake.E001")]
    return []


@register()
def keys_find_what_they_index(app_configs, **kwargs):
    """The site does not start with keys that could not find what they index."""
    try:
        blind_index.check_keys()
    except keyring.InvalidKeyring as error:
        return [Error(str(error), hint="See INDEX_KEYS in .env.example.", id="intake.E002")]
    return []


@register()
def no_secret_stands_in_both_rings(app_configs, **kwargs):
    """Whoever learns an index key must not be able to open what people told us."""
    try:
        seal_ring = keyring.ring(settings.ENCRYPTION_KEYS, "ENCRYPTION_KEYS")
        index_ring = keyring.ring(settings.INDEX_KEYS, "INDEX_KEYS")
    except keyring.InvalidKeyring:
        return []  # told by the checks above
    if set(seal_ring.values()) & set(index_ring.values()):
        message = "INDEX_KEYS holds a key that is in ENCRYPTION_KEYS too"
        return [Error(message, hint="Draw a key of its own for INDEX_KEYS: see .env.example.", id="intake.E003")]
    return []


@register()
def the_spool_can_be_used(app_configs, **kwargs):
    """The site does not start without a folder for what comes while the database is away. A full one is no reason to
    stay away: it is for `/status` to say."""
    try:
        spool.make_folder()
    except spool.SpoolError as error:
        return [Error(f"SPOOL_DIR: {error}", hint="See SPOOL_DIR in .env.example.", id="intake.E010")]
    return []


@register(deploy=True)
def the_spool_has_a_volume_of_its_own(app_configs, **kwargs):
    """A spool on the database's volume is full or gone when the database is."""
    if not Path(settings.SPOOL_DIR).is_dir():
        return []  # the check above says so
    neighbors = [Path(settings.VAR_DIR)]
    database = settings.DATABASES["default"]
    if database["ENGINE"].endswith("sqlite3"):
        neighbors.append(Path(database["NAME"]).parent)
    volume = Path(settings.SPOOL_DIR).stat().st_dev
    if all(folder.stat().st_dev != volume for folder in neighbors if folder.is_dir()):
        return []
    return [
        Warning(
            "SPOOL_DIR lies on the same volume as VAR_DIR or the database: one full or broken disk stops both.",
            hint="Give SPOOL_DIR a volume of its own.",
            id="intake.W010",
        )
    ]
