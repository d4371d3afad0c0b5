"""Rotating the keys: beside the running site, stopped at any moment, and then nothing needs the old keys any more."""

import base64
import io
import threading
import uuid

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction

from intake import key_rotation, workflow
from intake.crypto import blind_index
from intake.models import AssessmentRequest, BlindIndex, EncryptedText
from intake.submission import private_link, spool, tokens
from tests.intake.support.factories import make_answers, make_request
from tests.intake.support.helpers import PERSON, personal_words_in


def ring(*letters):
    """A key ring with one key a letter."""
    return ",".join(f"{letter}:{base64.urlsafe_b64encode(letter.encode() * 32).decode()}" for letter in letters)


@pytest.fixture(autouse=True)
def first_keys(settings):
    settings.ENCRYPTION_KEYS, settings.INDEX_KEYS = ring("a"), ring("b")


def draw_new_keys(settings):
    settings.ENCRYPTION_KEYS, settings.INDEX_KEYS = ring("n", "a"), ring("m", "b")


def drop_old_keys(settings):
    settings.ENCRYPTION_KEYS, settings.INDEX_KEYS = ring("n"), ring("m")


def rotate_keys(*arguments):
    """What the command says."""
    out = io.StringIO()
    call_command("rotate_keys", *arguments, stdout=out)
    return out.getvalue()


def key_ids():
    return [sorted(set(model.objects.values_list("key_id", flat=True))) for model in (EncryptedText, BlindIndex)]


def found_by(**typed):
    [(kind, text)] = typed.items()
    values = blind_index.values_to_ask(kind, text)
    return set(BlindIndex.objects.filter(kind=kind, value__in=values).values_list("request", flat=True))


def told_by(request):
    return [(text.kind, text.decrypt()) for text in request.texts.all()]


def with_everything(make_staff):
    """A request with answers, an amendment that has another phone, an addition and a note."""
    draft = tokens.draw()
    request = make_request(draft)
    make_request(draft, phone="480-555-0177")
    workflow.add_message(request_id=request.pk, text="Please use the side door.")
    workflow.add_note(request_id=request.pk, text="No answer.", actor=make_staff("admissions"))
    return request


# What a rotation does


@pytest.mark.django_db
def test_afterwards_everything_opens_and_is_found_with_the_new_keys_alone(settings, make_staff):
    request, other = with_everything(make_staff), make_request(phone="480-555-0123", email="", name="")
    before = told_by(request)
    assert [kind for kind, _words in before] == ["answers", "amendment", "addition", "note"]
    draw_new_keys(settings)
    rotate_keys()
    drop_old_keys(settings)
    assert key_ids() == [["n"], ["m"]]
    assert told_by(request) == before
    assert found_by(phone="602-555-0142") == {request.pk}
    assert found_by(phone="480-555-0177") == {request.pk}
    assert found_by(phone="480-555-0123") == {other.pk}
    assert found_by(email=PERSON["email"]) == {request.pk}
    assert found_by(name="canary") == {request.pk}


@pytest.mark.django_db
def test_a_request_that_was_closed_or_hidden_is_rotated_too(settings, make_staff):
    lead = make_staff("lead")
    closed, hidden = make_request(), make_request()
    workflow.close(request_id=closed.pk, outcome="admitted", actor=lead)
    workflow.set_legal_hold(request_id=hidden.pk, actor=lead)
    workflow.withdraw(request_id=hidden.pk)
    draw_new_keys(settings)
    rotate_keys()
    drop_old_keys(settings)
    assert [told_by(request) for request in (closed, hidden)] == [[("answers", make_answers())]] * 2
    assert found_by(phone=PERSON["phone"]) == {closed.pk, hidden.pk}


@pytest.mark.django_db
def test_requests_from_before_the_indexes_are_indexed_with_every_amendment(settings, make_staff):
    request = with_everything(make_staff)
    entries = [entry for text in request.texts.all()[:2] for entry in blind_index.entries_for(text.decrypt(), rows=1)]
    BlindIndex.objects.all().delete()
    assert key_rotation.to_do() == key_rotation.ToDo(requests=1, texts=0, indexed_with_old_key=0, never_indexed=1)
    rotate_keys()
    indexed = BlindIndex.objects.values_list("kind", "value", "key_id")
    assert set(indexed) == {(entry.kind, entry.value, entry.key_id) for entry in entries}
    assert {kind for kind, _value, _key_id in indexed} == {"phone", "email", "name"}
    assert found_by(phone="480-555-0177") == {request.pk}
    assert key_rotation.to_do().requests == 0


@pytest.mark.django_db
def test_names_get_the_width_of_today(settings):
    request = make_request()
    other = make_request(name="")
    assert set(request.blind_indexes.filter(kind="name").values_list("value", flat=True)) == {"0:0"}
    # As if thousands had come since.
    BlindIndex.objects.bulk_create(
        BlindIndex(request=other, kind="name", value=f"9:{number:x}", key_id="m") for number in range(5000)
    )
    draw_new_keys(settings)
    rotate_keys()
    expected = [entry.value for entry in blind_index.entries_for({"name": PERSON["name"]}, rows=5001)]
    assert set(request.blind_indexes.filter(kind="name").values_list("value", flat=True)) == set(expected)
    assert {value.partition(":")[0] for value in expected} == {"6"}


@pytest.mark.django_db
def test_index_rows_keep_their_ids(settings):
    for number in range(3):
        make_request(name=f"Wilhelmina Canary Number{number}")
    before = list(BlindIndex.objects.order_by("pk").values_list("pk", "value"))
    draw_new_keys(settings)
    rotate_keys()
    after = list(BlindIndex.objects.order_by("pk").values_list("pk", "value"))
    assert {pk for pk, _value in after} - {pk for pk, _value in before} == set()
    assert set(after).isdisjoint({pair for pair in before if ":" not in pair[1]})


@pytest.mark.django_db
def test_private_links_keep_working_and_are_no_longer_shown_without_the_old_key(settings):
    request = make_request()
    secret = private_link.secret_of(request.pk)
    draw_new_keys(settings)
    rotate_keys()
    request.refresh_from_db()
    assert (private_link.find(secret), private_link.shown_to(request)) == (request, secret)
    drop_old_keys(settings)
    assert (private_link.find(secret), private_link.shown_to(request)) == (request, None)


@pytest.mark.django_db
def test_a_second_rotation_changes_nothing(settings):
    make_request()
    draw_new_keys(settings)
    rotate_keys()
    before = [list(model.objects.order_by("pk").values()) for model in (EncryptedText, BlindIndex)]
    said = rotate_keys()
    assert [list(model.objects.order_by("pk").values()) for model in (EncryptedText, BlindIndex)] == before
    assert said.splitlines()[0].startswith("Requests to check: 0.")
    assert "Re-encrypted 0 texts. Re-indexed 0 requests." in said


@pytest.mark.django_db
def test_a_dry_run_counts_and_changes_nothing(settings, make_staff):
    with_everything(make_staff)
    make_request()
    draw_new_keys(settings)
    assert rotate_keys("--dry-run").splitlines() == [
        "Requests to check: 2. Texts under old keys: 5. Requests indexed with old keys: 2. "
        "Requests without an index: 0."
    ]
    assert key_ids() == [["a"], ["b"]]


# Stopped, and beside the site


class StopsAtTheFirstProgress(io.StringIO):
    def write(self, text):
        if " of " in text and "requests" in text:
            raise KeyboardInterrupt
        return super().write(text)


@pytest.mark.django_db
def test_a_rotation_that_was_stopped_goes_on_where_it_was(settings, monkeypatch):
    monkeypatch.setattr(key_rotation, "rotate", lambda real=key_rotation.rotate: real(batch_size=2))
    requests = [make_request() for _ in range(5)]
    draw_new_keys(settings)
    with pytest.raises(CommandError, match=r"^Stopped after 2 of 5 requests\. Run it again to continue\.$") as stopped:
        call_command("rotate_keys", stdout=StopsAtTheFirstProgress())
    assert stopped.value.returncode == 130
    assert key_ids() == [["a", "n"], ["b", "m"]]
    assert key_rotation.to_do().requests == 3
    for request in requests:
        assert told_by(request) == [("answers", make_answers())]
    assert found_by(phone=PERSON["phone"]) == {request.pk for request in requests}
    said = rotate_keys()
    assert ("2 of 3 requests" in said, "3 of 3 requests" in said) == (True, True)
    assert key_ids() == [["n"], ["m"]]


@pytest.mark.django_db(transaction=True)
def test_a_batch_that_fails_half_way_leaves_nothing_half_done(settings):
    requests = sorted((make_request() for _ in range(4)), key=lambda request: request.pk)
    EncryptedText.objects.filter(request=requests[3]).update(kind="addition")
    broken = requests[3].texts.get()
    broken.encrypt({"phone": 5}).save()  # what no form sends: it opens, and can't be indexed
    EncryptedText.objects.filter(pk=broken.pk).update(kind="answers")
    draw_new_keys(settings)
    with pytest.raises(AttributeError):
        list(key_rotation.rotate(batch_size=2))
    states = [
        [*request.texts.values_list("key_id", flat=True), *set(request.blind_indexes.values_list("key_id", flat=True))]
        for request in requests
    ]
    assert states == [["n", "m"], ["n", "m"], ["a", "b"], ["a", "b"]]


def in_thread(work):
    """Runs work in a thread with a connection of its own; what it raised is raised by `result()`."""
    failures = []

    def run():
        try:
            work()
        except Exception as error:
            failures.append(error)
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    thread.start()

    def result():
        thread.join(60)
        assert not thread.is_alive()
        assert failures == []

    return result


def test_every_old_request_is_readable_at_any_moment_of_a_rotation(site, settings):
    requests = [make_request(phone=f"480-555-01{number:02}") for number in range(30)]
    draw_new_keys(settings)
    ended = threading.Event()

    def rotate():
        list(key_rotation.rotate(batch_size=3))
        ended.set()

    result, rounds = in_thread(rotate), 0
    while not ended.is_set() or rounds == 0:
        for number, request in enumerate(requests):
            phone = f"480-555-01{number:02}"
            assert told_by(request) == [("answers", make_answers(phone=phone))]
            assert found_by(phone=phone) == {request.pk}
        rounds += 1
    result()
    assert key_ids() == [["n"], ["m"]]


def test_what_is_erased_during_a_rotation_stays_erased(site, settings):
    requests = sorted((make_request() for _ in range(30)), key=lambda request: request.pk)
    kept, erased = requests[::2], requests[1::2]
    draw_new_keys(settings)
    together = threading.Barrier(2)

    def erase():
        together.wait()
        for request in erased:
            workflow.withdraw(request_id=request.pk)

    result = in_thread(erase)
    together.wait()
    list(key_rotation.rotate(batch_size=2))
    result()
    assert key_ids() == [["n"], ["m"]]
    assert set(EncryptedText.objects.values_list("request", flat=True)) == {request.pk for request in kept}
    assert set(BlindIndex.objects.values_list("request", flat=True)) == {request.pk for request in kept}
    drop_old_keys(settings)
    assert [told_by(request) for request in kept] == [[("answers", make_answers())]] * 15


def test_a_request_whose_erasing_has_begun_is_waited_for(site, settings):
    request = make_request()
    draw_new_keys(settings)
    has_begun, may_end = threading.Event(), threading.Event()

    def erase_slowly():
        with transaction.atomic():
            workflow.withdraw(request_id=request.pk)
            has_begun.set()
            assert may_end.wait(30)

    erasing = in_thread(erase_slowly)
    assert has_begun.wait(30)
    rotating = in_thread(lambda: list(key_rotation.rotate()))
    threading.Timer(0.5, may_end.set).start()
    erasing()
    rotating()
    assert (EncryptedText.objects.count(), BlindIndex.objects.count()) == (0, 0)


# What it says


@pytest.mark.django_db
def test_a_text_that_does_not_open_is_left_counted_and_reported(settings):
    broken, whole = make_request(), make_request()
    text = broken.texts.get()
    envelope = bytes(text.envelope)
    EncryptedText.objects.filter(pk=text.pk).update(envelope=envelope[:-1] + bytes([envelope[-1] ^ 1]))
    before = [list(rows.order_by("pk").values()) for rows in (broken.texts, broken.blind_indexes)]
    draw_new_keys(settings)
    out = io.StringIO()
    with pytest.raises(CommandError, match=r"^Texts that can't be decrypted: 1\. They were not changed\.") as failed:
        call_command("rotate_keys", stdout=out)
    assert failed.value.returncode == 1
    assert [list(rows.order_by("pk").values()) for rows in (broken.texts, broken.blind_indexes)] == before
    assert "Still needed in ENCRYPTION_KEYS: a.\nStill needed in INDEX_KEYS: b.\n" in out.getvalue()
    assert list(whole.texts.values_list("key_id", flat=True)) == ["n"]


@pytest.mark.django_db
def test_it_names_the_keys_that_nothing_needs_any_more_and_no_word_of_a_person(settings):
    make_request()
    draw_new_keys(settings)
    said = rotate_keys()
    assert said.splitlines() == [
        "Requests to check: 1. Texts under old keys: 1. Requests indexed with old keys: 1. "
        "Requests without an index: 0.",
        "1 of 1 requests",
        "Re-encrypted 1 texts. Re-indexed 1 requests.",
        "No longer used, may be removed from ENCRYPTION_KEYS: a.",
        "No longer used, may be removed from INDEX_KEYS: b.",
        "First check that the spool of every other machine is empty. Keep a copy of these keys for as long as you keep "
        "backups from before today.",
    ]
    assert personal_words_in(said) == []


@pytest.mark.django_db
def test_a_file_of_the_spool_still_needs_its_key_until_it_is_taken_in(settings):
    make_request()
    spool.put(uuid.uuid4(), {"answers": {"message": "sealed with the old key"}})
    spool.put(uuid.uuid4(), {"answers": {"message": "sealed with the old key"}})
    spool.set_aside(spool.waiting()[0])
    draw_new_keys(settings)
    said = rotate_keys()
    assert "Still needed in ENCRYPTION_KEYS: a.\nNo longer used, may be removed from INDEX_KEYS: b.\n" in said
    assert said.endswith("The spool of this machine holds 1 files that wait and 1 set aside.\n")
    for path in settings.SPOOL_DIR.glob("*-*"):
        path.unlink()
    assert "No longer used, may be removed from ENCRYPTION_KEYS: a." in rotate_keys()


@pytest.mark.django_db
def test_on_a_terminal_one_line_is_written_over_again(settings):
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    make_request()
    draw_new_keys(settings)
    terminal = Terminal()
    call_command("rotate_keys", stdout=terminal)
    assert "\n\r1 of 1 requests\nRe-encrypted 1 texts." in terminal.getvalue()


@pytest.mark.django_db
def test_without_a_request_there_is_nothing_to_do(settings):
    draw_new_keys(settings)
    assert AssessmentRequest.objects.count() == 0
    said = rotate_keys()
    assert "Re-encrypted 0 texts. Re-indexed 0 requests." in said
