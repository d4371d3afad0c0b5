"""What readers see of the libraries is changed and deleted by those who may publish, not by who uploaded it."""

import pytest
from django.urls import reverse

from pages.models import Download, Picture
from tests.pages import pictures
from tests.pages.helpers import page

pytestmark = [pytest.mark.django_db, pytest.mark.any_database]


def picture_of(user):
    stored = Picture.objects.create(title="Mine", file=pictures.picture(), uploaded_by_user=user)
    value = {"picture": {"image": stored.pk, "alt_text": "A door", "decorative": False}, "caption": ""}
    return stored, {"type": "picture", "value": value}


def document_of(user):
    file = pictures.named(pictures.ContentFile(pictures.WHITE_PDF), "letter.pdf")
    stored = Download.objects.create(title="Mine", file=file, uploaded_by_user=user)
    return stored, {"type": "download", "value": {"title": "A letter", "document": stored.pk}}


def by_form(client, row):
    names = {Picture: "wagtailimages", Download: "wagtaildocs"}
    client.post(reverse(f"{names[type(row)]}:edit", args=[row.pk]), {"title": "Changed"})


def by_form_for_many(client, row):
    names = {Picture: ("wagtailimages", "image"), Download: ("wagtaildocs", "doc")}
    app, prefix = names[type(row)]
    address = reverse(f"{app}:edit_multiple", args=[row.pk])
    client.post(address, {f"{prefix}-{row.pk}-title": "Changed"}, headers={"X-Requested-With": "XMLHttpRequest"})


def by_deleting(client, row):
    names = {Picture: "wagtailimages", Download: "wagtaildocs"}
    client.post(reverse(f"{names[type(row)]}:delete", args=[row.pk]))


def by_deleting_many(client, row):
    address = reverse("wagtail_bulk_action", args=[row._meta.app_label, row._meta.model_name, "delete"])
    client.post(f"{address}?id={row.pk}&next=/cms/")


@pytest.mark.parametrize("way", [by_form, by_form_for_many, by_deleting, by_deleting_many])
@pytest.mark.parametrize("make", [picture_of, document_of])
@pytest.mark.parametrize(
    ("role", "state", "may"), [("editor", "live", False), ("editor", "draft", True), ("publisher", "live", True)]
)
def test_what_readers_see_is_changed_by_publishers_alone(make_staff, client, media, make, way, role, state, may):
    user = make_staff(role)
    row, block = make(user)
    using = page(state=state, sections=[])
    using.sections = using.sections.stream_block.to_python([block])
    revision = using.save_revision()
    if state == "live":
        revision.publish()
    client.force_login(user)
    way(client, row)
    assert type(row).objects.filter(pk=row.pk, title="Mine").exists() == (not may)
