import os

import pytest
from django.db import connection
from django.test import override_settings

from intake.submission import spool


def test_healthz_answers_for_any_host_and_without_a_database(client):
    response = client.get("/healthz", headers={"host": "10.0.0.7"})
    assert (response.status_code, response.content) == (200, b"ok\n")


@override_settings(SECURE_SSL_REDIRECT=True)
def test_probes_are_not_sent_to_tls(client, db):
    assert client.get("/healthz").status_code == 200
    assert client.get("/readyz").status_code == 200
    assert client.get("/").status_code == 301


@pytest.mark.django_db
def test_readyz_is_ready_with_keys_and_database(client):
    response = client.get("/readyz", headers={"host": "10.0.0.7"})
    assert (response.status_code, response.content, response["Cache-Control"]) == (200, b"ready\n", "no-store")


@pytest.mark.django_db
def test_anyone_who_asks_for_readyz_makes_us_list_the_spool_once_in_a_while(client, settings, tmp_path, monkeypatch):
    settings.SPOOL_DIR = tmp_path / "spool"
    spool.prepare()
    scans, scandir = [], os.scandir
    monkeypatch.setattr(os, "scandir", lambda path: scans.append(path) or scandir(path))
    assert [client.get("/readyz").status_code for _ in range(20)] == [200] * 20
    assert scans == [settings.SPOOL_DIR]


@pytest.mark.django_db
@pytest.mark.parametrize("keys", ["", "k1:short", "k1:" + "!" * 43])
def test_readyz_says_when_the_keys_can_not_be_used(client, keys):
    with override_settings(ENCRYPTION_KEYS=keys):
        response = client.get("/readyz")
    assert (response.status_code, response.content) == (503, b"keys\n")


@pytest.mark.django_db(transaction=True)
def test_readyz_says_when_neither_database_nor_spool_takes_writes(client, settings, tmp_path):
    settings.SPOOL_DIR = tmp_path / "missing"
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("PRAGMA query_only = ON")
        else:
            cursor.execute("SET default_transaction_read_only = on")
        try:
            response = client.get("/readyz")
        finally:
            if connection.vendor == "sqlite":
                cursor.execute("PRAGMA query_only = OFF")
            else:
                cursor.execute("SET default_transaction_read_only = off")
    assert (response.status_code, response.content) == (503, b"storage\n")
