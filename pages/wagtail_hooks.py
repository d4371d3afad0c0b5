from django.core.exceptions import PermissionDenied
from django.templatetags.static import static
from django.urls import path, reverse, reverse_lazy
from django.utils.html import escape, format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from draftjs_exporter.dom import DOM
from wagtail import hooks
from wagtail.admin.menu import MenuItem
from wagtail.admin.rich_text.converters.html_to_contentstate import LinkElementHandler
from wagtail.admin.rich_text.editors.draftail.features import EntityFeature
from wagtail.rich_text import LinkHandler
from wagtail.rich_text.pages import PageLinkHandler as StockPageLinkHandler
from wagtail.snippets.models import register_snippet

from . import concurrent_edits, facts, link_report, publishing_admin, source_admin
from .models import Center, Source
from .snippets import CenterViewSet, HolidaysWithoutNotice, NoticeViewSet
from .source_admin import SourceViewSet, mark_data

SOURCE = "SOURCE"  # the type of the citation mark in the editor


class SourceLinkHandler(LinkHandler):
    """Tells Wagtail which source a citation mark refers to. `pages.citations` renders the mark."""

    identifier = "source"

    @staticmethod
    def get_model():
        return Source

    @classmethod
    def expand_db_attributes(cls, attrs):
        return "<a>"

    @classmethod
    def extract_references(cls, attrs):
        yield Source, str(attrs["id"]), "", ""


class SourceElementHandler(LinkElementHandler):
    """Converts a stored citation mark for the editor, which shows the current key and can't edit the mark's text."""

    mutability = "IMMUTABLE"

    def get_attribute_data(self, attrs):
        source = Source.objects.filter(pk=attrs["id"]).first()
        if source is None:
            return {
                "id": attrs["id"],
                "key": "",
                "label": gettext("This source was deleted. Choose another one."),
                "url": "",
            }
        return mark_data(source)

    def handle_endtag(self, name, state, contentstate):
        mark, block = state.current_entity_ranges[-1], state.current_block
        key = contentstate.entity_map[mark.key].data["key"]
        if key:
            block.text = f"{block.text[: mark.offset]}[{key}]"
        super().handle_endtag(name, state, contentstate)


class PageLinkHandler(StockPageLinkHandler):
    """Renders a link to a page of the site, or only its text if readers can't open the page.

    Addresses come from memory, so a text with many links needs no query.
    """

    @classmethod
    def expand_db_attributes_many(cls, attrs_list):
        known = facts.current()
        return [cls._link(known.url_of(int(attrs["id"]))) for attrs in attrs_list]

    @staticmethod
    def _link(url):
        return f'<a href="{escape(url)}">' if url else "<a>"


class ExternalLinkHandler(LinkHandler):
    """Renders a link to another site. `noreferrer`: that site doesn't learn which page the reader came from."""

    identifier = "external"

    @classmethod
    def expand_db_attributes(cls, attrs):
        return f'<a href="{escape(attrs["href"])}" rel="noreferrer">'


@hooks.register("register_rich_text_features", order=1)  # after Wagtail's own, because these replace some of them
def register_rich_text_features(features):
    features.register_link_type(SourceLinkHandler)
    features.register_link_type(PageLinkHandler)
    features.register_link_type(ExternalLinkHandler)
    features.register_editor_plugin(
        "draftail",
        "source",
        EntityFeature(
            {
                "type": SOURCE,
                "icon": "openquote",
                "description": _("Source"),
                "attributes": ["id", "key", "label", "url"],
                "chooserUrl": reverse_lazy(SourceViewSet().chooser_viewset.get_url_name("choose")),
            },
            js=["wagtailadmin/js/chooser-modal.js", "pages/source_mark.js"],
        ),
    )
    features.register_converter_rule(
        "contentstate",
        "source",
        {
            "from_database_format": {'a[linktype="source"]': SourceElementHandler(SOURCE)},
            "to_database_format": {"entity_decorators": {SOURCE: source_as_stored}},
        },
    )


def source_as_stored(properties):
    """Convert a citation mark from the editor to stored rich text."""
    return DOM.create_element("a", {"linktype": "source", "id": properties["id"]}, properties["children"])


register_snippet(SourceViewSet)
register_snippet(CenterViewSet)
register_snippet(NoticeViewSet)


@hooks.register("before_delete_snippet")
def keep_the_center(request, instances):
    """Refuse to delete the center. Bulk delete ignores our policy, and superusers have every permission."""
    if any(isinstance(instance, Center) for instance in instances):
        raise PermissionDenied


@hooks.register("construct_snippet_action_menu")
def offer_no_unpublishing_of_the_center(menu_items, request, context):
    if context["model"] is Center:
        menu_items[:] = [item for item in menu_items if item.name != "action-unpublish"]


@hooks.register("construct_homepage_panels")
def offer_notices_for_holidays(request, panels):
    panels.append(HolidaysWithoutNotice(request))


hooks.register("before_delete_snippet", source_admin.refuse_to_delete_cited)
hooks.register("after_edit_snippet", source_admin.name_affected_texts)
hooks.register("before_edit_page", concurrent_edits.look_for_newer_version)
hooks.register("before_edit_snippet", concurrent_edits.look_for_newer_version)
hooks.register("before_publish_page", concurrent_edits.ask_before_publish)
hooks.register("before_publish_page", publishing_admin.hold_before_publish)
hooks.register("before_bulk_action", concurrent_edits.ask_before_bulk_publish)
hooks.register("before_publish", concurrent_edits.ask_before_publish)
hooks.register("after_edit_page", concurrent_edits.tell_after_save)
hooks.register("after_edit_snippet", concurrent_edits.tell_after_save)
hooks.register("register_log_actions", concurrent_edits.register_log_actions)
hooks.register("before_bulk_action", publishing_admin.hold_before_bulk_publish)
hooks.register("register_log_actions", publishing_admin.register_log_actions)
hooks.register("register_admin_urls", lambda: publishing_admin.urls)
hooks.register("construct_homepage_panels", lambda request, panels: panels.append(publishing_admin.HeldBackPanel()))
hooks.register("construct_wagtail_userbar", publishing_admin.hand_over_findings)


@hooks.register("insert_global_admin_js")
def add_paste_script():
    """Add the script that cleans up pasted rich text, and the messages that it shows."""
    return format_html(
        '<script src="{}" data-pictures="{}" data-tables="{}"></script>',
        static("pages/paste.js"),
        _("A picture was not pasted. Upload it, and add a Picture block where it belongs."),
        _("A table was pasted as lines of text. Add a Table block and copy each cell there."),
    )


@hooks.register("register_admin_urls")
def report_urls():
    return [path("reports/broken-links/", link_report.broken_links, name="broken_links")]


@hooks.register("register_reports_menu_item")
def report_of_broken_links():
    return MenuItem(_("Broken links"), reverse("broken_links"), icon_name="link", order=850)
