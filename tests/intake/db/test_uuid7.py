"""Ids that sort by when they were drawn, and can't be guessed from that."""

import datetime as dt
import time
import uuid

from intake.db.uuid7 import uuid7
from intake.models import AssessmentRequest, EncryptedText
from intake.submission import tokens

RANDOM_BITS = (1 << 76) - 1 & ~(0b11 << 62)  # the last 76 without the variant


def test_id_begins_with_the_milliseconds_in_which_it_was_drawn():
    before, drawn, after = time.time_ns(), uuid7(), time.time_ns()
    assert before // 1_000_000 <= drawn.int >> 80 <= after // 1_000_000
    assert (drawn.version, drawn.variant) == (7, uuid.RFC_4122)


def test_ids_sort_by_time(clock):
    drawn = []
    for milliseconds in (1, 1_793_000_000_000, 1_793_000_000_001, 2_500_000_000_000):
        clock.move_to(dt.datetime.fromtimestamp(milliseconds / 1000, dt.UTC), tick=False)
        drawn.append(uuid7())
    assert sorted(drawn) == drawn


def test_all_the_rest_is_random(stopped_clock):
    drawn = [uuid7().int & RANDOM_BITS for _ in range(200)]
    always, ever = RANDOM_BITS, 0
    for bits in drawn:
        always, ever = always & bits, ever | bits
    assert (len(set(drawn)), always, ever) == (200, 0, RANDOM_BITS)


def test_requests_and_their_texts_have_such_ids():
    drawn = [tokens.draw().id, AssessmentRequest().pk, EncryptedText().pk]
    assert [one.version for one in drawn] == [7, 7, 7]
