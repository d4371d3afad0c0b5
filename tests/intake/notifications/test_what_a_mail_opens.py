"""Whoever reads an alert in a mailbox, or a copy of the database, can open nothing with what stands there."""

import re

import pytest
from django.core import mail
from django.db import connection
from django.test import Client

from intake.models import AssessmentRequest
from intake.notifications import outbox
from tests.html import soup
from tests.intake.support.factories import make_request
from tests.intake.support.helpers import personal_words_in

ADDRESSES = ["manage/{}/", "manage/{}/check/{}/", "received/{}/", "check/{}/", "probe/{}/"]


@pytest.fixture
def request_with_mail(db):
    request = make_request()
    outbox.send_due()
    return request


def shown(path):
    response = Client().get(path)
    return response.status_code, soup(response).get_text() if response.content else ""


def opens_no_more_than_made_up(values, make_up):
    for address in ADDRESSES:
        for value in values:
            made_up = make_up(value)
            found = shown("/assessment/" + address.format(value, value))
            assert (address, *found) == (address, *shown("/assessment/" + address.format(made_up, made_up)))
            assert personal_words_in(found[1]) == []
    return True


def test_link_in_an_alert_leads_strangers_to_the_sign_in_alone(request_with_mail):
    (link,) = re.findall(r"https?://\S+", mail.outbox[0].body)
    response = Client().get(re.sub(r"^https?://[^/]+", "", link))
    assert response.status_code == 302
    assert response["Location"].startswith("/admin/login/")


def test_id_in_an_alert_opens_nothing(request_with_mail):
    body = mail.outbox[0].body
    assert str(request_with_mail.pk) in body
    ids = [str(request_with_mail.pk), request_with_mail.pk.hex, request_with_mail.reference]
    assert opens_no_more_than_made_up(ids, lambda value: re.sub("[0-9A-Za-z]", "0", value))


def test_no_value_in_the_database_opens_a_page_of_the_person(request_with_mail):
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM intake_assessmentrequest")
        (row,) = cursor.fetchall()
    values = {str(value) for value in row if re.fullmatch("[0-9A-Za-z-]{8,}", str(value))}
    request = AssessmentRequest.objects.get()
    assert request.private_link_hash in values
    assert {request.pk.hex, str(request.pk)} & values
    assert opens_no_more_than_made_up(values, lambda value: re.sub("[0-9A-Za-z]", "0", value))
