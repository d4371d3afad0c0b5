"""UUIDs of version 7 (RFC 9562, section 5.7), which Python brings from 3.14 on: they begin with the time at which they
were drawn.

What is stored now therefore stands side by side in each index that begins with such an id. Random ids would each bring
a page of their own from far away and write it whole to the log of the database: a tenth of the cost of an accepted
form, with a million stored.
"""

import secrets
import time
import uuid


def uuid7():
    drawn = bytearray((time.time_ns() // 1_000_000).to_bytes(6, "big") + secrets.token_bytes(10))
    drawn[6] = drawn[6] & 0x0F | 0x70  # version
    drawn[8] = drawn[8] & 0x3F | 0x80  # variant
    return uuid.UUID(bytes=bytes(drawn))
