"""What does not parse gets 400, 413 or 415 with the phone number: never a 5xx, never a partial row."""

import pytest
from django.test import Client

from intake.models import AssessmentRequest
from tests.intake.support.helpers import form_on

pytestmark = pytest.mark.django_db

FORM = "application/x-www-form-urlencoded"
BROKEN_MULTIPART = b"--x\r\nContent-Disposition: form-data; name=adult\r\n\r\nyes"
CASES = [
    ("ten_megabytes", b"message=" + b"a" * 10_000_000, FORM, 413),
    ("ten_megabytes_of_multipart", b"a" * 10_000_000, "multipart/form-data; boundary=x", 413),
    ("json", b'{"adult": "yes"}', "application/json", 415),
    ("no_content_type", b"adult=yes", "", 415),
    ("plain_text", b"adult=yes", "text/plain", 415),
    ("claims_utf_7", b"adult=yes", f"{FORM}; charset=utf-7", 415),
    ("claims_utf_16", b"adult=yes", f"{FORM}; charset=utf-16", 415),
    ("claims_utf_16_multipart", BROKEN_MULTIPART, "multipart/form-data; boundary=x; charset=utf-16", 415),
    ("claims_latin_1", b"adult=yes", f"{FORM}; charset=iso-8859-1", 415),
    ("claims_nonsense", b"adult=yes", f"{FORM}; charset=no-such-thing", 415),
    ("multipart_without_boundary", BROKEN_MULTIPART, "multipart/form-data", 400),
    ("multipart_with_bad_boundary", BROKEN_MULTIPART, "multipart/form-data; boundary=" + "b" * 300, 400),
    ("too_many_fields", b"&".join(b"a=1" for _ in range(5000)), FORM, 400),
]


@pytest.mark.parametrize(("body", "content_type", "status"), [case[1:] for case in CASES], ids=[c[0] for c in CASES])
@pytest.mark.parametrize("path", ["/assessment/", "/", "/admin/login/"])
def test_unreadable_post_gets_a_page_with_the_phone_number(path, body, content_type, status):
    response = Client(raise_request_exception=False).generic("POST", path, body, content_type=content_type)
    allowed = {status} if path == "/assessment/" else {status, 403, 405}
    assert response.status_code in allowed
    assert ("(480) 526-7738" in response.content.decode()) is (response.status_code != 405)
    assert AssessmentRequest.objects.count() == 0


@pytest.mark.parametrize(
    ("body", "kept"),
    [
        (b"", ""),
        (b"name=Ana", "Ana"),
        (b"name=A%00na", "A"),
        (b"name=Ana%ED%A0%80", "Ana"),
        (b"name=Ana&name=Bea&adult=yes", "Bea"),
        (b"%ff%fe=%ff&name=Ana", "Ana"),
        (b"name=" + b"Ana" * 3000, "AnaAna"),
        (b"token=forged&csrfmiddlewaretoken=forged&name=Ana", "Ana"),
        (b"name=Ana&consent=on&adult=maybe&for_whom=nobody&time_zone=Mars", "Ana"),
    ],
)
def test_readable_but_invalid_post_gets_a_4xx_form_with_everything_kept(body, kept):
    client = Client(enforce_csrf_checks=True, raise_request_exception=False)
    response = client.generic("POST", "/assessment/", body, CONTENT_TYPE=FORM)
    assert response.status_code == 303
    response = client.get(response["Location"])
    assert response.status_code in (403, 422)
    name = form_on(response)["name"]
    assert (name.startswith(kept), bool(name)) == (True, bool(kept))
    assert AssessmentRequest.objects.count() == 0
