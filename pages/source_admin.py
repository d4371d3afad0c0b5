"""Sources in the CMS: the list, the form, and the chooser that inserts a citation mark."""

from django import forms
from django.db.models import Q
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django_filters import ChoiceFilter
from wagtail.admin import messages
from wagtail.admin.filters import WagtailFilterSet
from wagtail.admin.forms import WagtailAdminModelForm
from wagtail.admin.forms.choosers import BaseFilterForm
from wagtail.admin.panels import FieldPanel, FieldRowPanel
from wagtail.admin.ui.tables import Column
from wagtail.snippets.views.chooser import (
    ChooseResultsView,
    ChooseView,
    SnippetChooserViewSet,
    SnippetChosenView,
    SnippetCreateView,
)
from wagtail.snippets.views.snippets import SnippetViewSet

from .citing import cited, cited_message, names_of, texts_citing
from .models import Source


def mark_data(source):
    """Return the id, key, label and address of a source, for its citation mark in the editor."""
    return {"id": str(source.pk), "key": source.key, "label": str(source), "url": source.url}


class SourceForm(WagtailAdminModelForm):
    """The form for a new source in the chooser. Its field ids begin with `id_source_`.

    The page form under the chooser may also have a title and a date.
    """

    class Meta:
        model = Source
        fields = ["publisher", "title", "year", "key", "url", "archived_url", "checked_on"]

    def __init__(self, *args, **kwargs):
        super().__init__(*args, auto_id="id_source_%s", **kwargs)


class _SearchForm(BaseFilterForm):
    q = forms.CharField(
        label=_("Search term"),
        widget=forms.TextInput(attrs={"placeholder": _("Key, agency, or title")}),
        required=False,
    )

    def filter(self, objects):
        self.search_query = self.cleaned_data["q"]
        self.is_searching = bool(self.search_query)
        for word in self.search_query.split():
            objects = objects.filter(Q(key__icontains=word) | Q(publisher__icontains=word) | Q(title__icontains=word))
        return objects


class _SourceChooser:
    """The list of sources in the chooser, with a search by key, agency or title."""

    filter_form_class = _SearchForm
    results_template_name = "pages/cms/sources_found.html"

    @property
    def columns(self):
        return [
            self.title_column,
            Column("key", label=_("Key")),
            Column("year", label=_("Year")),
        ]


class _Chosen:
    def get_chosen_response_data(self, item):
        return super().get_chosen_response_data(item) | mark_data(item)


class _ChooseView(_SourceChooser, ChooseView):
    page_subtitle = None  # the title is enough


class _ChooseResultsView(_SourceChooser, ChooseResultsView):
    pass


class _ChosenView(_Chosen, SnippetChosenView):
    pass


class _CreateView(_Chosen, SnippetCreateView):
    def save_form(self, form):
        source = super().save_form(form)
        source.save_revision(user=self.request.user, log_action=True)
        return source


class SourceChooserViewSet(SnippetChooserViewSet):
    choose_view_class = _ChooseView
    choose_results_view_class = _ChooseResultsView
    chosen_view_class = _ChosenView
    create_view_class = _CreateView
    page_title = _("Choose a source")
    creation_tab_label = _("New source")
    create_action_label = _("Add and cite this source")
    creation_form_class = SourceForm


class _SourceFilterSet(WagtailFilterSet):
    cited = ChoiceFilter(label=_("Cited"), choices=[("yes", _("Cited")), ("no", _("Not cited"))], method="filter_cited")

    class Meta:
        model = Source
        fields = ["cited"]

    def filter_cited(self, queryset, name, value):
        return queryset.filter(pk__in=cited()) if value == "yes" else queryset.exclude(pk__in=cited())


class SourceViewSet(SnippetViewSet):
    model = Source
    icon = "link-external"
    list_display = ["key", "publisher", "title", "year", "checked_on"]
    search_fields = ["key", "publisher", "title"]
    filterset_class = _SourceFilterSet
    chooser_viewset_class = SourceChooserViewSet
    add_to_admin_menu = True
    panels = [
        FieldPanel("publisher"),
        FieldPanel("title"),
        FieldRowPanel([FieldPanel("year"), FieldPanel("key")]),
        FieldPanel("url"),
        FieldPanel("archived_url"),
        FieldPanel("checked_on"),
    ]


def refuse_to_delete_cited(request, instances):
    """Wagtail hook: if one of the rows is a cited source, delete nothing, go back and say why."""
    sources = [row for row in instances if isinstance(row, Source)]
    cited_by = {source: rows for source in sources if (rows := texts_citing(source))}
    if not cited_by:
        return None
    for source, rows in cited_by.items():
        messages.error(request, cited_message(source, rows))
    if len(sources) > 1:
        return redirect(SourceViewSet().get_url_name("list"))
    return redirect(reverse(SourceViewSet().get_url_name("edit"), args=[sources[0].pk]))


def name_affected_texts(request, instance):
    """Wagtail hook: after a source was changed, name the texts that cite it."""
    if isinstance(instance, Source) and (rows := texts_citing(instance)):
        messages.info(request, _("This change shows in %(names)s.") % {"names": names_of(rows)})
