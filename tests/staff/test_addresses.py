"""Each role and each address under /admin/ and /cms/: the table in addresses.csv, asked with real requests."""

import json

import pytest

from staff import roles
from tests.html import soup, visible_text
from tests.staff import addresses

pytestmark = [pytest.mark.django_db, pytest.mark.any_database]

TABLE = {(row["address"], row["method"]): row for row in addresses.rows()}
REWRITE = "Run python -m tests.staff.rewrite_addresses and review what changed in addresses.csv."
# Wagtail's own views fail on a POST without any field. They change nothing, and only editors reach them.
FAILS_IN_WAGTAIL = {
    "cms/pages/<int:page_id>/copy/",
    "cms/redirects/import/process/",
    "cms/snippets/choose/faq/topic/create/",
    "cms/snippets/choose/pages/notice/create/",
}
NOBODY = {addresses.SIGNED_OUT, addresses.NO_ROLE}


def test_table_has_a_row_for_each_address_and_a_column_for_each_role():
    missing = {(pattern, method) for pattern in addresses.patterns() for method in addresses.METHODS} - TABLE.keys()
    assert missing == set(), REWRITE
    assert [*addresses.rows()[0]] == [*addresses.COLUMNS]
    assert set(roles.ROLES) <= set(addresses.COLUMNS)


def test_table_has_no_row_for_an_address_that_is_gone():
    assert {pattern for pattern, _method in TABLE} - set(addresses.patterns()) == set(), REWRITE


@pytest.mark.parametrize("who", addresses.WHO)
def test_every_address_answers_each_role_as_the_table_says(who, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    found = addresses.answers(who, addresses.made_site())
    expected = {key: row[who] for key, row in TABLE.items()}
    different = {
        f"{method} {pattern}": f"{answer} instead of {expected.get((pattern, method))}"
        for (pattern, method), (_response, answer) in found.items()
        if answer != expected.get((pattern, method))
    }
    assert different == {}, REWRITE
    silent = [f"{method} {pattern}" for (pattern, method), (response, _) in found.items() if is_silent(response)]
    assert silent == []


def is_silent(response):
    """Return whether a refusal has no sentence that says what is wrong."""
    if response.status_code != 403:
        return False
    if response["Content-Type"].startswith("application/json"):  # for a script, which has its own sentences
        return not any(" " in str(value) for value in json.loads(response.content).values())
    words = visible_text(soup(response).body)
    return not any(sentence.strip().count(" ") >= 4 for sentence in words.split("."))


def answers_of(who, beginning):
    return {key: row[who] for key, row in TABLE.items() if key[0].startswith(beginning)}


@pytest.mark.parametrize("who", sorted(NOBODY | {"admissions", "lead", "auditor", "administrator"}))
def test_no_part_of_the_cms_opens_without_a_content_role(who):
    assert {"200", "405", "422"} & set(answers_of(who, "cms/").values()) == set()


@pytest.mark.parametrize("who", sorted(NOBODY | {"editor", "publisher", "reviewer", "administrator", "auditor"}))
def test_no_request_opens_without_the_role(who):
    answers = set(answers_of(who, "admin/intake/assessmentrequest/").values())
    assert answers <= {"403", "404", "sign in", "redirect"}


@pytest.mark.parametrize("who", sorted(NOBODY | {"admissions", "editor", "publisher", "reviewer", "auditor"}))
def test_no_account_opens_without_the_role(who):
    opened = {key for key, answer in answers_of(who, "admin/auth/").items() if answer == "200"}
    may_confirm_roles = {("admin/auth/user/<int:pk>/roles/", "GET")}
    assert opened == (may_confirm_roles if who == "auditor" else set())


def test_accounts_and_groups_of_the_cms_are_hidden_from_everyone():
    for part in ("cms/users/", "cms/groups/", "cms/bulk/auth/", "cms/account/", "cms/password_reset/", "cms/sites/"):
        for who in roles.ROLES:
            assert set(answers_of(who, part).values()) <= {"403", "404"}


def test_an_address_fails_only_where_wagtail_does():
    failing = {pattern for (pattern, _method), row in TABLE.items() if "500" in row.values()}
    assert failing <= FAILS_IN_WAGTAIL
