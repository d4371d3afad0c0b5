"""Remember the facts of the filled database, so that each process reads them once instead of in every test.

Reading the facts takes 40 ms, and nearly every test of the desk uses the open hours. A test starts with the facts and
the content generation in memory. The generation is then not read again until it changes. Otherwise, its query, once a
second, could come anywhere in a test that counts queries. When a test first writes to a table of content, the facts are
forgotten.
"""

import dataclasses
import re
import time

from django.db.backends.signals import connection_created

from pages import content_generation, facts

_WRITES_CONTENT = re.compile(
    r'\s*(INSERT INTO|UPDATE|DELETE FROM) "?(pages_(?!contentgeneration)|faq_|wagtailcore_(page|site|locale))',
    re.IGNORECASE,
)

_of_the_filled_database = None


def remember():
    """Read the facts. Call this right after the database was filled."""
    global _of_the_filled_database
    facts.forget()
    content_generation.forget()
    _of_the_filled_database = facts.current(), content_generation.current()
    content_generation.LIFETIME = 60 * 60


def begin_with():
    """Let the next test start with the facts in memory."""
    content_generation.forget()
    facts.forget()
    if _of_the_filled_database:
        snapshot, generation = _of_the_filled_database
        facts._known = dataclasses.replace(snapshot)  # without what an earlier test made of it
        content_generation.forget()
        facts._made_from = content_generation._known = generation._replace(stamp=content_generation._stamp())
        content_generation._ask_again_at = time.monotonic() + content_generation.LIFETIME


def _watch(execute, sql, params, many, context):
    result = execute(sql, params, many, context)
    if _WRITES_CONTENT.match(str(sql)):
        facts.forget()
        content_generation.forget()  # most tests never commit, so no stamp moves
    return result


def watch_every_connection():
    connection_created.connect(_begin, dispatch_uid="known_facts")


def _begin(connection, **_):
    if _watch not in connection.execute_wrappers:
        connection.execute_wrappers.append(_watch)
