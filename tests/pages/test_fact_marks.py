import datetime as dt

import pytest
from django.core.exceptions import ValidationError

from pages import fact_marks
from pages.facts import Facts, Texts
from pages.models import Center, OpeningHours
from pages.rich_text import RichTextBlock, RichTextField

BARE = Facts(center=Center(name="The <Center>", phone="(480) 526-7738", town="Gilbert", state="Arizona"))
TOLD = Facts(
    center=Center(
        name="The Center",
        phone="(480) 526-7738",
        fax="(480) 526-7739",
        town="Gilbert",
        state="Arizona",
        street="1 Example Way",
        postal_code="85233",
        contact_target_hours=4,
    ),
    opening_hours=tuple(OpeningHours(weekday=day, opens=dt.time(9), closes=dt.time(17)) for day in range(5)),
    texts_by_language=(Texts("en-us", "", "English, Spanish"),),
)
PHONE = '<a href="tel:+14805267738">(480) 526-7738</a>'


@pytest.mark.parametrize(
    ("text", "filled"),
    [
        ("<p>Call {phone}.</p>", f"<p>Call {PHONE}.</p>"),
        ('<p><a href="/contact/">Call {phone}</a>.</p>', '<p><a href="/contact/">Call (480) 526-7738</a>.</p>'),
        (
            "<p>Fax: {fax}. Come to {address}.</p>",
            "<p>Fax: (480) 526-7739. Come to 1 Example Way, Gilbert, Arizona 85233.</p>",
        ),
        ("<p>We are open {hours}.</p>", "<p>We are open Monday to Friday, 9 AM to 5 PM.</p>"),
        ("<p>Within {reply_time}. In {languages}.</p>", "<p>Within 4 open hours. In English, Spanish.</p>"),
        ("<p>No fact: {telephone}, {}, {1}.</p>", "<p>No fact: {telephone}, {}, {1}.</p>"),
        ('<p><a href="/?{phone}">x</a></p>', '<p><a href="/?{phone}">x</a></p>'),
    ],
)
def test_mark_becomes_the_fact_that_was_told(text, filled):
    assert fact_marks.fill(text, TOLD) == filled


@pytest.mark.parametrize(
    ("text", "filled"),
    [
        ("<p>One. We answer within {reply_time}. Two.</p>", "<p>One. Two.</p>"),
        ("<p>We answer within {reply_time}.</p><p>Two.</p>", "<p>Two.</p>"),
        ("<ul><li>{fax}</li><li>Call {phone}</li></ul>", f"<ul><li>Call {PHONE}</li></ul>"),
        ("<ul><li>Fax: {fax}</li></ul><p>Two.</p>", "<p>Two.</p>"),
        ("<p>One. <b>Fax us at {fax}!</b> Two.</p>", "<p>One. Two.</p>"),
        ("<p><b>Bold. Our fax is {fax}. Still bold.</b></p>", "<p><b>Bold. Still bold.</b></p>"),
        ("<p>We are {name}.</p>", "<p>We are The &lt;Center&gt;.</p>"),
    ],
)
def test_sentence_of_a_fact_that_was_not_told_is_left_out(text, filled):
    assert fact_marks.fill(text, BARE).replace(". </", ".</") == filled


def test_reply_time_is_named_only_with_hours_and_target():
    for known in (BARE, Facts(center=TOLD.center), Facts(center=BARE.center, opening_hours=TOLD.opening_hours)):
        assert fact_marks.fill("<p>Within {reply_time}.</p>", known) == ""


def test_without_a_center_every_sentence_with_a_fact_is_left_out():
    assert fact_marks.fill("<p>Call {phone}. We listen.</p>", Facts()) == "<p>We listen.</p>"


def test_mark_that_names_no_fact_is_refused_with_the_ones_there_are():
    with pytest.raises(ValidationError) as refusal:
        fact_marks.validate("<p>Call {telephone}.</p>")
    assert refusal.value.messages == [
        "There is no fact {telephone}. You can use: {phone}, {referral_line}, {fax}, {address}, {hours}, "
        "{reply_time}, {languages}, {name}, {license}."
    ]
    fact_marks.validate("<p>Call {phone} at any of {hours}.</p>")


def test_editor_is_told_of_a_mark_that_names_no_fact():
    block, field = RichTextBlock(), RichTextField()
    block.clean(block.to_python("<p>Call {phone}.</p>"))
    field.clean("<p>Call {phone}.</p>", None)
    with pytest.raises(ValidationError, match="There is no fact"):
        block.clean(block.to_python("<p>Call {telephone}.</p>"))
    with pytest.raises(ValidationError, match="There is no fact"):
        field.clean("<p>Call {telephone}.</p>", None)
