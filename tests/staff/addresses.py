"""Every address for staff, and what it answers to each role. The answers are in addresses.csv."""

import csv
import re
from pathlib import Path

from django.contrib.auth import get_user_model
from django.contrib.contenttypes.models import ContentType
from django.core.files.base import ContentFile
from django.db import transaction
from django.test import Client
from django.urls import get_resolver, reverse
from django.utils import timezone
from wagtail.admin.models import EditingSession
from wagtail.contrib.redirects.models import Redirect
from wagtail.models import Collection, Page, Site, Task, UploadedFile, Workflow

from faq.models import Topic
from intake import access
from pages.models import Center, Download, Notice, Picture, Source
from staff import roles
from tests import staff_roles
from tests.intake.support.factories import make_request
from tests.pages import pictures

TABLE = Path(__file__).with_name("addresses.csv")
SIGNED_OUT, NO_ROLE = "signed out", "no role"
WHO = (SIGNED_OUT, NO_ROLE, *roles.ROLES)
METHODS = ("GET", "POST")
COLUMNS = ("address", "method", *WHO)
# Addresses whose pattern is not a plain path, with one path that they match.
EXAMPLES = {
    "admin/(?P<app_label>auth|staff|intake)/": "admin/intake/",
    "admin/(?P<url>.*)": "admin/no-such-page",
    "cms/(?:account|users|groups|password_reset|sites|failwhale|test404)/": "cms/users/",
    "cms/bulk/auth/": "cms/bulk/auth/user/delete/",
    "cms/.*/": "cms/no-such-page/",
}


def patterns():
    """Return every pattern under /admin/ and /cms/, without the marks of a regular expression at both ends."""
    found = {pattern.replace("^", "").replace("$", "") for pattern in _walk(get_resolver().url_patterns, "")}
    return sorted(pattern for pattern in found if pattern.startswith(("admin/", "cms/")))


def _walk(patterns, before):
    for pattern in patterns:
        here = f"{before}{pattern.pattern}"
        if hasattr(pattern, "url_patterns"):
            yield from _walk(pattern.url_patterns, here)
        else:
            yield here


def made_site():
    """Add one row of each kind to the starter content, all of them someone else's.

    Return the values for the arguments of the addresses, as pairs: the beginning of a pattern, and {name: value}. The
    first pair that fits gives the value.
    """
    owner = get_user_model().objects.create_user("owner", password=None, is_staff=True, email="owner@example.org")
    staff_roles.give(owner, "admissions", "publisher")
    request = make_request()
    access.record(owner, "open", [request.pk])
    question = Page.objects.get(slug="how-addictive-is-kratom")
    revision = question.specific.save_revision(user=owner)
    center, topic, source = Center.objects.get(), Topic.objects.first(), Source.objects.first()
    now = timezone.now()
    notice = Notice.objects.create(text="<p>We move.</p>", shows_from=now, shows_until=now.replace(year=2030))
    picture = Picture.objects.create(title="A room", file=pictures.picture("PNG", color="red"))
    document = Download.objects.create(title="A list", file=ContentFile(PDF, "list.pdf"))
    collection = Collection.get_first_root_node().add_child(name="Rooms")
    redirect = Redirect.objects.create(old_path="/old", redirect_link="/faq/")
    upload = UploadedFile.objects.create(
        for_content_type=ContentType.objects.get_for_model(Picture),
        file=ContentFile(PDF, "x.pdf"),
        uploaded_by_user=owner,
    )
    session = EditingSession.objects.create(user=owner, content_object=question.specific, last_seen_at=now)
    workflow, task = Workflow.objects.create(name="Review"), Task.objects.create(name="Read")
    return [
        ("admin/auth/user/", {"pk": owner.pk, "object_id": owner.pk, "id": owner.pk}),
        ("admin/account/", {"user_id": owner.pk}),
        ("admin/intake/accessrecord/", {"object_id": access.AccessRecord.objects.get().pk}),
        ("admin/intake/assessmentrequest/", {"object_id": request.pk}),
        ("admin/r/", {"content_type_id": ContentType.objects.get_for_model(Page).pk, "object_id": question.pk}),
        ("cms/snippets/pages/center/", {"pk": center.pk, "revision_id": center.save_revision().pk}),
        ("cms/snippets/choose/pages/center/", {"pk": center.pk}),
        ("cms/snippets/pages/notice/", {"pk": notice.pk, "revision_id": notice.save_revision().pk}),
        ("cms/snippets/choose/pages/notice/", {"pk": notice.pk}),
        ("cms/snippets/faq/topic/", {"pk": topic.pk}),
        ("cms/snippets/choose/faq/topic/", {"pk": topic.pk}),
        ("cms/snippets/", {"pk": source.pk, "revision_id": revision.pk}),
        ("cms/images/chooser/", {"pk": picture.pk}),
        ("cms/documents/chooser/", {"pk": document.pk}),
        ("cms/api/main/images/", {"pk": picture.pk}),
        ("cms/api/main/documents/", {"pk": document.pk}),
        ("cms/collections/", {"pk": collection.pk}),
        ("cms/workflows/tasks/add/", {"app_label": "wagtailcore", "model_name": "groupapprovaltask"}),
        ("cms/workflows/tasks/", {"pk": task.pk}),
        ("cms/workflows/", {"pk": workflow.pk, "workflow_pk": workflow.pk, "page_pk": question.pk}),
        ("cms/sites/", {"pk": Site.objects.get().pk}),
        ("cms/bulk/", {"app_label": "wagtailcore", "model_name": "page", "action": "delete"}),
        ("cms/editing-sessions/", {"app_label": "wagtailcore", "model_name": "page", "object_id": question.pk}),
        ("cms/translation/submit/snippet/", {"app_label": "faq", "model_name": "topic", "pk": topic.pk}),
        ("cms/tag-autocomplete/", {"app_name": "taggit", "model_name": "tag"}),
        ("cms/pages/workflow/", {"action_name": "approve"}),
        (
            "cms/",
            {"pk": question.pk, "page_id": question.pk, "page_to_move_id": question.pk, "revision_id": revision.pk},
        ),
        ("cms/", {"parent_page_id": question.get_parent().pk, "destination_id": question.get_parent().pk}),
        ("cms/", {"app_label": "faq", "model_name": "questionpage", "action_name": "publish"}),
        ("cms/", {"content_type_app_name": "faq", "content_type_model_name": "questionpage"}),
        ("cms/", {"image_id": picture.pk, "document_id": document.pk, "doc_id": document.pk}),
        ("cms/", {"collection_id": collection.pk, "redirect_id": redirect.pk, "uploaded_file_id": upload.pk}),
        ("cms/", {"session_id": session.pk, "task_id": task.pk, "task_state_id": 1, "workflow_state_id": 1}),
        ("cms/", {"filter_spec": "width-100", "uidb64": "MQ", "token": "abc-123"}),
        ("cms/", {"revision_id": revision.pk, "revision_id_a": "earliest", "revision_id_b": "latest"}),
        ("admin/", {"token": "no-such-token"}),
    ]


PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
ARGUMENT = re.compile(r"<(?:\w+:)?(\w+)>|\(\?P<(\w+)>[^)]*\)|\(([^)]*)\)")


def path_of(pattern, site):
    """Return a path that a pattern matches, with the rows of `made_site`."""
    if pattern in EXAMPLES:
        return f"/{EXAMPLES[pattern]}"
    unnamed = iter([site_value("cms/", "page_id", site), "earliest", "latest"])

    def value(found):
        name = found[1] or found[2]
        return str(site_value(pattern, name, site) if name else next(unnamed))

    return "/" + ARGUMENT.sub(value, pattern).replace(r"\d+", "1").replace("\\", "")


def site_value(pattern, name, site):
    for beginning, values in site:
        if pattern.startswith(beginning) and name in values:
            return values[name]
    raise LookupError(f"Add a value for <{name}> of {pattern} to made_site().")


def answers(who, site):
    """Return what every address answers to someone: {(pattern, method): answer}. Nothing that a request did stays."""
    client = Client(raise_request_exception=False)
    if who != SIGNED_OUT:
        user = get_user_model().objects.create_user("someone", password="a password for tests", is_staff=True)
        staff_roles.give(user, *([] if who == NO_ROLE else [who]))
        client.force_login(user)
    cookies = {name: morsel.value for name, morsel in client.cookies.items()}
    found = {}
    for pattern in patterns():
        path = path_of(pattern, site)
        for method in METHODS:
            client.cookies.clear()
            client.cookies.load(cookies)
            with transaction.atomic():
                response = client.generic(method, path, content_type="application/x-www-form-urlencoded")
                transaction.set_rollback(True)
            found[pattern, method] = (response, answer_of(response))
    return found


def answer_of(response):
    """Return the status in short. A redirect says where it leads: to sign in, to the home of the CMS, or elsewhere."""
    if response.status_code not in (301, 302, 303):
        return str(response.status_code)
    path = response["Location"].partition("?")[0]
    return {reverse("admin:login"): "sign in", reverse("wagtailadmin_home"): "CMS home"}.get(path, "redirect")


def rows():
    with TABLE.open() as file:
        return list(csv.DictReader(file))
