"""References: `XXXX-XXXX`, easy to say on the phone, with a check character for typing errors.

Crockford's base 32 (no I, L, O, U): seven random characters and a check character.
"""

import secrets

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
POSSIBLE = 32**7
_AS_HEARD = str.maketrans({"O": "0", "I": "1", "L": "1", "-": "", " ": ""})


def draw():
    """Draw a new reference. 32**7 (34 billion) are possible."""
    return numbered(secrets.randbelow(POSSIBLE))


def numbered(number):
    """Return the reference for a number below `POSSIBLE`."""
    body = "".join(ALPHABET[number >> 5 * place & 31] for place in range(7))
    return _with_hyphen(body + _check_character(body))


def normalize(typed):
    """Return the reference that was typed, in its normal form, or None if it can't be one.

    The letter O counts as 0, and I and L count as 1.
    """
    plain = typed.upper().translate(_AS_HEARD)
    if len(plain) != 8 or not set(plain) <= set(ALPHABET) or _check_character(plain[:7]) != plain[7]:
        return None
    return _with_hyphen(plain)


def _check_character(body):
    """Return the check character. It detects every wrong character and every swap of neighbors.

    It is a sum in the field of 32 elements (x^5 + x^2 + 1), in which each place is multiplied by another power of x.
    Modulo a prime below 32, two characters would have the same value.
    """
    total = 0
    for character in body:
        total = (total ^ ALPHABET.index(character)) << 1
        if total & 0b100000:
            total ^= 0b100101
    return ALPHABET[total]


def _with_hyphen(plain):
    return f"{plain[:4]}-{plain[4:]}"
