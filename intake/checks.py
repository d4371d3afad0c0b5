from pathlib import Path

from django.conf import settings
from django.core.checks import Error, Tags, Warning, register

from .crypto import blind_index, envelope, keyring
from .submission import spool

MIN_DIFFERENT_BYTES = 16  # random keys have about 30 of 32; 1 in 10 million million has 16 or fewer

# `recovery_site.start_checks` asks the checks with this tag in each web process too.


@register(Tags.security)
def keys_decrypt_what_they_encrypt(app_configs, **kwargs):
    """Refuse to start if ENCRYPTION_KEYS can't decrypt what they encrypt."""
    try:
        envelope.check_keys()
    except envelope.EncryptionError as error:
        return [Error(str(error), hint="See ENCRYPTION_KEYS in .env.example.", id="intake.E001")]
    return []


@register(Tags.security)
def keys_find_what_they_index(app_configs, **kwargs):
    """Refuse to start if INDEX_KEYS can't find what they index."""
    try:
        blind_index.check_keys()
    except keyring.InvalidKeyring as error:
        return [Error(str(error), hint="See INDEX_KEYS in .env.example.", id="intake.E002")]
    return []


@register(Tags.security)
def key_rings_share_no_secret(app_configs, **kwargs):
    """Refuse to start if a secret is in both key rings. An index key must never decrypt what people told us."""
    try:
        encryption_ring = keyring.ring(settings.ENCRYPTION_KEYS, "ENCRYPTION_KEYS")
        index_ring = keyring.ring(settings.INDEX_KEYS, "INDEX_KEYS")
    except keyring.InvalidKeyring:
        return []  # reported by the checks above
    if set(encryption_ring.values()) & set(index_ring.values()):
        message = "INDEX_KEYS holds a key that is in ENCRYPTION_KEYS too"
        return [Error(message, hint="Generate a different key for INDEX_KEYS: see .env.example.", id="intake.E003")]
    return []


@register(Tags.security)
def keys_look_random(app_configs, **kwargs):
    """Refuse to start in production if the newest key was made up by someone, or is an older one under a new id.

    Older keys may be weak: they are needed until `rotate_keys` has replaced them.
    """
    if settings.IN_DEVELOPMENT:
        return []
    found = []
    for name in ("ENCRYPTION_KEYS", "INDEX_KEYS"):
        try:
            ring = keyring.ring(getattr(settings, name), name)
        except keyring.InvalidKeyring:
            continue  # reported by the checks above
        newest, *older = ring.values()
        if len(set(newest)) < MIN_DIFFERENT_BYTES:
            found.append(f"The first key in {name} is not random")
        if newest in older:
            found.append(f"The first key in {name} is there a second time under another id")
    hint = "Generate a new key and put it in front, see .env.example."
    return [Error(message, hint=hint, id="intake.E004") for message in found]


# Not asked by web processes: while they run, a disk may fail, and the database still takes requests.
@register()
def spool_is_usable(app_configs, **kwargs):
    """Refuse to start without a usable spool folder. A full spool is allowed: `/status` reports it."""
    try:
        spool.make_folder()
    except spool.SpoolError as error:
        return [Error(f"SPOOL_DIR: {error}", hint="See SPOOL_DIR in .env.example.", id="intake.E010")]
    return []


@register(Tags.security)
def spool_is_private(app_configs, **kwargs):
    """Refuse to start if other users may open the spool folder."""
    try:
        spool.check_privacy()
    except spool.SpoolError as error:
        return [Error(f"SPOOL_DIR: {error}", hint="See SPOOL_DIR in .env.example.", id="intake.E011")]
    return []


@register(deploy=True)
def spool_has_its_own_volume(app_configs, **kwargs):
    """Warn if the spool shares a volume with the database: both would be full or gone at the same time."""
    if not Path(settings.SPOOL_DIR).is_dir():
        return []  # reported by the check above
    neighbors = [Path(settings.VAR_DIR)]
    database = settings.DATABASES["default"]
    if database["ENGINE"].endswith("sqlite3"):
        neighbors.append(Path(database["NAME"]).parent)
    volume = Path(settings.SPOOL_DIR).stat().st_dev
    if all(folder.stat().st_dev != volume for folder in neighbors if folder.is_dir()):
        return []
    return [
        Warning(
            "SPOOL_DIR is on the same volume as VAR_DIR or the database: one full or broken disk stops both.",
            hint="Give SPOOL_DIR a volume of its own.",
            id="intake.W010",
        )
    ]
