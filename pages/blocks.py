"""The blocks that make up a page. Each has a template, `templates/pages/blocks/<name>.html`."""

import re

from django.utils.translation import gettext_lazy as _
from wagtail import blocks
from wagtail.contrib.typed_table_block.blocks import TypedTableBlock, TypedTableBlockValidationError
from wagtail.documents.blocks import DocumentChooserBlock
from wagtail.images.blocks import ImageBlock

from .rich_text import IN_A_CELL, RichTextBlock

# Each figure also has a template, `templates/includes/figures/<figure>.html`.
FIGURES = [
    ("after_you_ask", _("What happens after you ask")),
    ("leaf_and_7_oh", _("Leaf and 7-OH, side by side")),
    ("levels_of_care", _("Levels of care as steps")),
    ("out_of_100", _("People out of 100, by study")),
    ("stages_of_stopping", _("Stages of stopping (no day counts)")),
]


class SectionBlock(blocks.StructBlock):
    """A heading and the text under it."""

    heading = blocks.CharBlock(label=_("Heading"), max_length=120)
    body = RichTextBlock(label=_("Text"))

    class Meta:
        label = _("Text")
        icon = "pilcrow"
        template = "pages/blocks/text.html"
        description = _("A heading with paragraphs, lists and smaller headings. Most of a page consists of these.")


class AdviceBlock(SectionBlock):
    class Meta:
        label = _("Advice box")
        icon = "info-circle"
        template = "pages/blocks/advice.html"
        description = _("A quiet box. Example: what to bring to an assessment.")


class SoonBlock(SectionBlock):
    class Meta:
        label = _("Get help soon box")
        icon = "warning"
        template = "pages/blocks/soon.html"
        description = _("A box that stands out. Example: see a doctor soon if your skin turns yellow.")


class EmergencyBlock(SectionBlock):
    class Meta:
        label = _("Emergency box")
        icon = "warning"
        template = "pages/blocks/emergency.html"
        description = _("The strongest box. Start with the action. Example: call 911 now if you can't wake someone.")


class StepsBlock(SectionBlock):
    class Meta:
        label = _("Steps")
        icon = "list-ol"
        template = "pages/blocks/steps.html"
        description = _("A numbered list of what to do, in order.")


class DoorsBlock(SectionBlock):
    class Meta:
        label = _("Doors")
        icon = "link"
        template = "pages/blocks/doors.html"
        description = _("A list of links, each drawn as a card. Start each item with its link.")


class KeyFactsBlock(SectionBlock):
    class Meta:
        label = _("Key facts")
        icon = "pick"
        template = "pages/blocks/key_facts.html"
        description = _("A list of facts, each drawn as a card. Start each item with one to three bold words.")


class BandBlock(blocks.StructBlock):
    """What a count of checked lines may mean. The band covers counts from `least` up to the next band."""

    least = blocks.IntegerBlock(label=_("Smallest count"), min_value=0)
    text = RichTextBlock(label=_("Text"), help_text=_("Begin with the count in bold, such as “2 or 3 signs”."))

    class Meta:
        label = _("Band")


class SelfCheckBlock(SectionBlock):
    bands = blocks.ListBlock(
        BandBlock(), label=_("What a count means"), default=[], help_text=_("The reader's own band is marked.")
    )

    class Meta:
        label = _("Self-check")
        icon = "tick-inverse"
        template = "pages/blocks/self_check.html"
        description = _("A list that readers can check off on their own screen. Nothing is sent or stored.")


class QuestionsBlock(SectionBlock):
    body = RichTextBlock(label=_("Text"), required=False)

    class Meta:
        label = _("Questions")
        icon = "help"
        template = "pages/blocks/questions.html"
        description = _(
            "The FAQ questions whose topic names this page. Readers can open each answer. Edit the questions "
            "below the FAQ page."
        )


class ActionBlock(SectionBlock):
    class Meta:
        label = _("Call or ask for an assessment")
        icon = "mail"
        template = "pages/blocks/action.html"
        description = _("A short text with two buttons: call us, and ask for a free assessment.")


class FactsBlock(SectionBlock):
    body = RichTextBlock(label=_("Text"), required=False)

    class Meta:
        label = _("How to reach us")
        icon = "home"
        template = "pages/blocks/facts.html"
        description = _(
            "The center's address, phone numbers, opening hours, holidays, directions and languages. Missing facts "
            "are left out."
        )


class FigureBlock(blocks.StructBlock):
    figure = blocks.ChoiceBlock(label=_("Figure"), choices=FIGURES)

    class Meta:
        label = _("Figure")
        icon = "image"
        template = "pages/blocks/figure.html"
        description = _("A drawing that contains text. The text above it should say the same.")


class QuoteBlock(blocks.StructBlock):
    text = blocks.TextBlock(label=_("What the person said"), max_length=600)
    attribution = blocks.CharBlock(label=_("Who said it"), max_length=160, required=False)

    class Meta:
        label = _("Quote")
        icon = "openquote"
        template = "pages/blocks/quote.html"
        description = _("The words of a person who agreed to be quoted. Never make up a quote.")


class PictureBlock(blocks.StructBlock):
    picture = ImageBlock(label=_("Picture"))  # asks for a description, or for a note that the picture is decorative
    caption = blocks.CharBlock(label=_("Caption"), max_length=300, required=False)

    class Meta:
        label = _("Picture")
        icon = "image"
        template = "pages/blocks/picture.html"
        description = _("A picture from the library. Describe it for people who can't see it.")


class DownloadBlock(blocks.StructBlock):
    title = blocks.CharBlock(label=_("Text of the link"), max_length=120)
    document = DocumentChooserBlock(label=_("Document"))

    class Meta:
        label = _("Download")
        icon = "doc-full"
        template = "pages/blocks/download.html"
        description = _("A PDF that readers can save. The link shows its file type and size.")


class TableWithCaption(TypedTableBlock):
    """Wagtail's table. It requires a caption and column headings, because screen readers need them."""

    def clean(self, value):
        table = super().clean(value)
        errors = []
        if not table.columns or not table.row_data:
            errors.append(_("Add at least one column and one row."))
        if not table.caption.strip():
            errors.append(_("Write a caption that says what the table shows."))
        if not all(column["heading"].strip() for column in table.columns):
            errors.append(_("Write a heading for each column."))
        if errors and not self.is_deferred_validation:
            raise TypedTableBlockValidationError(non_block_errors=errors)
        return table


class TableBlock(blocks.StructBlock):
    table = TableWithCaption([("text", RichTextBlock(label=_("Text"), features=IN_A_CELL, required=False))])
    first_column_names_rows = blocks.BooleanBlock(
        label=_("The first column names each row"), required=False, default=True
    )

    class Meta:
        label = _("Table")
        icon = "table"
        template = "pages/blocks/table.html"
        description = _("Columns with headings, a caption and short texts. Use it for facts that readers compare.")


SECTIONS = [
    ("text", SectionBlock()),
    ("advice", AdviceBlock()),
    ("soon", SoonBlock()),
    ("emergency", EmergencyBlock()),
    ("steps", StepsBlock()),
    ("doors", DoorsBlock()),
    ("key_facts", KeyFactsBlock()),
    ("self_check", SelfCheckBlock()),
    ("questions", QuestionsBlock()),
    ("action", ActionBlock()),
    ("facts", FactsBlock()),
    ("figure", FigureBlock()),
    ("quote", QuoteBlock()),
    ("picture", PictureBlock()),
    ("table", TableBlock()),
    ("download", DownloadBlock()),
]


class Sections(blocks.StreamBlock):
    """The blocks of a page. A block with an invalid id gets a new id.

    Wagtail's editor writes ids into its page unescaped. So a crafted id could run a script when the next person opens
    the text.
    """

    def value_from_datadict(self, data, files, prefix):
        value = super().value_from_datadict(data, files, prefix)
        for child in value:
            if not re.fullmatch(r"[a-zA-Z0-9-]+", child.id or ""):
                child.id = None
        return value
