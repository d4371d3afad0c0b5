from django.contrib.auth.hashers import Argon2PasswordHasher


class StaffArgon2PasswordHasher(Argon2PasswordHasher):
    """Argon2id with the least memory and time that OWASP accepts: 19 MiB, two passes, one thread.

    Django's own values take 100 MiB for each sign-in, too much for a small server.
    """

    memory_cost = 19_456  # KiB
    time_cost = 2
    parallelism = 1
