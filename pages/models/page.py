from django.db import models
from django.db.models import Q
from django.urls import Resolver404, resolve
from django.utils.functional import cached_property
from django.utils.text import slugify
from django.utils.translation import gettext_lazy as _
from wagtail.admin.forms import WagtailAdminPageForm
from wagtail.admin.forms.pages import CopyForm
from wagtail.admin.panels import FieldPanel, FieldRowPanel, MultiFieldPanel, PublishingPanel
from wagtail.fields import StreamField
from wagtail.models import Page, PagePermissionTester, get_page_models
from wagtail.search import index

from .. import content_checks, field_limits, structured_data
from ..blocks import SECTIONS, Sections
from ..citations import Citations
from ..publishing import CheckedPublishing
from ..visibility import visible

# They have their own style sheet.
RARE_BLOCKS = {"picture", "figure", "table", "download", "facts", "self_check", "steps", "doors", "key_facts"}
HOME_DEPTH = 2  # the root of the tree has depth 1


def _kinds(findings, block_id):
    """Return the kinds of findings in a block as one string, for `data-finding` in a preview.

    Without `block_id`, return the kinds in the page's own fields. Leaves out findings in single words of a block,
    because the preview highlights these words.
    """
    found = [f.kind for f in findings if f.block_id == block_id and (not f.rule.is_inline or not block_id)]
    return " ".join(dict.fromkeys(found))


def for_search(name):
    """Index a field for the CMS search, and again for completions, which need their own index."""
    return [index.SearchField(name), index.AutocompleteField(name)]


def _leads_to_a_page(path):
    try:
        return path == path.lower() and resolve(path).url_name == "wagtail_serve"
    except Resolver404:
        return False


def _refuse_unreachable(form, name, above):
    """Add an error to the form if readers could never open the address of the new slug.

    Such a slug has an underscore or a capital letter, or belongs to another part of the site.
    """
    slug = form.cleaned_data.get(name)
    if slug and above.url and not _leads_to_a_page(f"{above.url}{slug}/"):
        form.add_error(
            name, _("Readers could not open this address. Use lowercase letters, digits and hyphens, or another word.")
        )


class SiteCopyForm(CopyForm):
    def clean(self):
        cleaned = super().clean()
        _refuse_unreachable(self, "new_slug", cleaned.get("new_parent_page") or self.page.get_parent())
        return cleaned


class SitePageForm(WagtailAdminPageForm):
    def clean(self):
        cleaned = super().clean()
        _refuse_unreachable(self, "slug", self.parent_page)
        return cleaned

    def save(self, commit=True):
        """Save a new page as not live, because Wagtail's form saves it before the page is published."""
        if self.instance.pk is None:
            self.instance.live = False
        return super().save(commit)


class SitePage(CheckedPublishing, Page):
    """The base of all page types. Readers see the live revision until the page expires."""

    class Menu(models.TextChoices):
        NONE = "", _("In no menu")
        HEADER = "header", _("In the main menu")
        FOOTER = "footer", _("In the footer menu")

    base_form_class = SitePageForm
    copy_form_class = SiteCopyForm
    private_page_options = []  # a public cache and the site search may serve the page without a permission check
    show_in_menus_default = False

    checked_on = models.DateField(
        _("sources checked on"),
        null=True,
        blank=True,
        validators=[*field_limits.day_validators(), field_limits.not_in_future],
        help_text=_("The date when someone last compared this text with its sources. Readers see it."),
    )
    written_by = models.CharField(
        _("written by"),
        max_length=160,
        blank=True,
        help_text=_("The person who wrote this text, with credentials. Enter it only if it is true. Readers see it."),
    )
    menu = models.CharField(_("menu"), max_length=6, choices=Menu.choices, default=Menu.NONE, blank=True)
    menu_label = models.CharField(
        _("menu label"), max_length=40, blank=True, help_text=_("One to three words. A page in a menu needs a label.")
    )
    menu_position = models.PositiveSmallIntegerField(
        _("position in the menu"), default=0, validators=field_limits.validators(field_limits.POSITIONS)
    )
    quick_exit = models.BooleanField(
        _("offers “Leave this page quickly”"),
        default=False,
        help_text=_("For pages that may put a reader at risk if someone else sees the screen."),
    )
    share_picture = "text"  # the background of the picture in link previews, see `pages.share_pictures`
    open_graph_type = "article"  # as ogp.me has it
    about_center = models.BooleanField(
        _("tells search engines about the center"),
        default=False,
        help_text=_("For pages about the center itself. Search engines then see its address, phone number and hours."),
    )

    promote_panels = [
        MultiFieldPanel(
            [FieldPanel("slug"), FieldPanel("seo_title"), FieldPanel("search_description")], _("For search engines")
        ),
        MultiFieldPanel(
            [FieldRowPanel([FieldPanel("menu"), FieldPanel("menu_label"), FieldPanel("menu_position")])], _("Menu")
        ),
        FieldPanel("quick_exit"),
        FieldPanel("about_center"),
    ]
    settings_panels = [PublishingPanel()]

    class Meta:
        abstract = True
        constraints = [
            models.CheckConstraint(
                name="%(class)s_in_menu_has_label",
                condition=Q(menu="") | (Q(menu__in=["header", "footer"]) & ~Q(menu_label="")),
                violation_error_message=_("A page in a menu needs a menu label."),
            ),
            models.CheckConstraint(
                name="%(class)s_menu_position_is_within_bounds",
                condition=field_limits.between(field_limits.POSITIONS, "menu_position"),
            ),
            models.CheckConstraint(
                name="%(class)s_checked_on_is_within_bounds",
                condition=field_limits.between(field_limits.DAYS, "checked_on"),
            ),
        ]

    @classmethod
    def kinds(cls):
        """Return every page type of the site."""
        return [model for model in get_page_models() if issubclass(model, cls)]

    def get_absolute_url(self):
        return self.url

    def texts(self):
        """Return pairs of heading and stored rich text, in reading order."""
        return []

    @cached_property
    def citations(self):
        """Return the sources that this page cites."""
        return Citations(markup for _heading, markup in self.texts())

    def get_context(self, request, *args, **kwargs):
        preview = getattr(request, "is_preview", False)
        findings = content_checks.findings(self) if preview else []
        self.citations.highlight({finding.words: finding.kind for finding in findings if finding.rule.is_inline})
        return super().get_context(request, *args, **kwargs) | {
            "preview": preview,
            "edit_url": "",  # see `pages.views.page`
            "findings": findings,
            "kinds": _kinds(findings, block_id=""),
            "citations": self.citations,
        }

    def structured_data(self, known):
        """Return the page's schema.org data as a list of dictionaries. Blank facts are left out."""
        return structured_data.of_page(self, known)

    @cached_property
    def way(self):
        """Return the visible pages from below the home page to the parent of this page."""
        if self.depth <= HOME_DEPTH + 1:
            return []
        return list(visible(self.get_ancestors().filter(depth__gt=HOME_DEPTH)))

    @cached_property
    def in_languages(self):
        """Return pairs of language code and address for this page and its visible translations. [] without
        translations."""
        others = list(visible(self.get_translations()).select_related("locale"))
        if not others:
            return []
        return [(page.locale.language_code, page.url) for page in (self, *others)]


class PageWithSections(SitePage):
    """A page made of blocks, with a summary at the top."""

    summary = models.TextField(
        _("summary"),
        max_length=400,
        help_text=_("One to three plain sentences at the top. Put the most important first."),
    )
    sections = StreamField(Sections(SECTIONS), verbose_name=_("sections"), blank=True)

    content_panels = [
        *Page.content_panels,
        FieldPanel("summary"),
        FieldPanel("sections"),
        FieldRowPanel([FieldPanel("checked_on"), FieldPanel("written_by")]),
    ]
    search_fields = [*Page.search_fields, *for_search("summary"), *for_search("sections")]

    class Meta(SitePage.Meta):
        abstract = True

    def texts(self):
        found = []
        for block in self.sections:
            if "body" in block.value:
                bands = "".join(band["text"].source for band in block.value.get("bands", []))
                found.append((block.value.get("heading", ""), block.value["body"].source + bands))
            elif block.block_type == "table":
                table = block.value["table"]
                found.append((table.caption, "".join(cell.source for row in table.row_data for cell in row["values"])))
        return found

    def get_context(self, request, *args, **kwargs):
        context = super().get_context(request, *args, **kwargs)
        sections = _with_anchors(self.sections)
        for section in sections:
            section["kinds"] = _kinds(context["findings"], section["block"].id)
        # Emergency boxes come before the table of contents, which would push them off the first screen of a phone.
        urgent = sections.pop(0) if sections and sections[0]["block"].block_type == "emergency" else None
        return context | {
            "urgent": urgent,
            "sections": sections,
            "contents": [section for section in sections if section["heading"]],
            "has_rare_blocks": any(section["block"].block_type in RARE_BLOCKS for section in sections),
        }


def _with_anchors(stream):
    """Return the blocks of a stream as dictionaries with `block`, `heading` and `anchor`. Each anchor is unique on the
    page."""
    sections, taken = [], {}
    for block in stream:
        heading = block.value.get("heading", "")
        anchor = f"section-{slugify(heading) or block.block_type}"
        taken[anchor] = taken.get(anchor, 0) + 1
        if taken[anchor] > 1:
            anchor = f"{anchor}-{taken[anchor]}"
        sections.append({"block": block, "heading": heading, "anchor": anchor})
    return sections


class HomePermissions(PagePermissionTester):
    """Refuses to delete, move or unpublish the home page, because every address starts there."""

    def can_unpublish(self):
        return super().can_unpublish() and not self.page.is_site_root()

    def can_delete(self, ignore_bulk=False):
        return super().can_delete(ignore_bulk) and not self.page.is_site_root()


class HomePage(PageWithSections):
    """The home page. There is one for each language."""

    template = "pages/home_page.html"
    share_picture, open_graph_type = "home", "website"
    parent_page_types = ["wagtailcore.Page"]
    max_count_per_parent = 1
    settings_panels = [PublishingPanel(children=[FieldPanel("go_live_at")])]  # without an expiry date

    def get_context(self, request, *args, **kwargs):
        return super().get_context(request, *args, **kwargs) | {"has_rare_blocks": True}  # its style sheet has the hero

    class Meta(PageWithSections.Meta):
        verbose_name = _("home page")
        verbose_name_plural = _("home pages")

    def permissions_for_user(self, user):
        return HomePermissions(user, self)


class SectionIndexPage(PageWithSections):
    """The index page of a section, such as /treatment/. It lists the pages below it."""

    template = "pages/section_index_page.html"
    parent_page_types = ["pages.HomePage"]
    subpage_types = ["pages.ContentPage"]

    class Meta(PageWithSections.Meta):
        verbose_name = _("section page")
        verbose_name_plural = _("section pages")

    def get_context(self, request, *args, **kwargs):
        children = visible(ContentPage.objects.child_of(self)).order_by("path")
        return super().get_context(request, *args, **kwargs) | {"children": children, "has_rare_blocks": True}


class ContentPage(PageWithSections):
    """A page about one topic."""

    template = "pages/page.html"
    parent_page_types = ["pages.HomePage", "pages.SectionIndexPage"]
    subpage_types = []

    class Meta(PageWithSections.Meta):
        verbose_name = _("page")
        verbose_name_plural = _("pages")
