from urllib.parse import quote

import pytest
from django.http import QueryDict

from intake.admin import wording
from intake.contact.preferences import preferences_from
from intake.models import ContactPreferences
from intake.submission.forms import AssessmentForm
from tests.intake.support.factories import bound_form, make_answers
from tests.intake.support.helpers import PERSON

LEAST = {"adult": "yes", "phone": "480-555-0142", "consent": "on"}


def errors_of(**fields):
    """The names of the fields with an error, in the order of their names."""
    return sorted(bound_form(**fields).errors)


def without(*names):
    return {name: value for name, value in LEAST.items() if name not in names}


def asked_raw(raw):
    return AssessmentForm(QueryDict(raw))


def ask_again(form, **changes):
    """Sends the form as it was shown again, with changes."""
    assert form.errors
    shown = {name: form[name].value() or "" for name in form.fields}
    return bound_form(**{name: value for name, value in (shown | changes).items() if value not in ("", False)})


def test_a_way_to_reach_the_person_their_age_and_their_consent_are_enough():
    form = bound_form(**LEAST)
    assert form.errors == {}
    assert form.answers() == {
        "for_whom": "self",
        "relation": "",
        "adult": "yes",
        "name": "",
        "phone": "480-555-0142",
        "email": "",
        "do_not_call": False,
        "voicemail_ok": False,
        "text_ok": False,
        "email_ok": False,
        "introduction": "first_name",
        "preferred_time": "asap",
        "time_zone": "America/Phoenix",
        "language": "",
        "message": "",
        "consent": True,
    }


def test_an_email_is_as_good_as_a_phone():
    assert errors_of(**without("phone"), email="me@example.org") == []


@pytest.mark.parametrize(("missing", "field"), [("phone", "phone"), ("adult", "adult"), ("consent", "consent")])
def test_without_one_of_the_three_things_that_field_is_asked_for(missing, field):
    assert errors_of(**without(missing)) == [field]


def test_an_empty_form_asks_for_three_things_only():
    assert errors_of() == ["adult", "consent", "phone"]


def test_blanks_are_no_phone_number():
    assert errors_of(**LEAST | {"phone": "   "}) == ["phone"]


def test_do_not_call_needs_an_email():
    assert errors_of(**LEAST, do_not_call="on") == ["email"]
    assert errors_of(**LEAST, do_not_call="on", email="me@example.org") == []


def test_nothing_is_ticked_or_chosen_for_the_person():
    form = AssessmentForm()
    ticked = [
        name
        for name in ("adult", "do_not_call", "voicemail_ok", "text_ok", "email_ok", "consent")
        if form[name].value()
    ]
    assert ticked == []


@pytest.mark.parametrize("field", ["for_whom", "relation", "adult", "introduction", "preferred_time", "time_zone"])
def test_a_choice_that_we_do_not_offer_is_refused(field):
    assert errors_of(**LEAST | {field: "made-up"}) == [field]


PHONES = [
    "4805550142",
    "480-555-0142",
    "480.555.0142",
    "480 555 0142",
    "(480) 555-0142",
    "(480)555-0142",
    "1-480-555-0142",
    "1 (480) 555-0142",
    "+1 480 555 0142",
    "+14805550142",
    "480-555-0142 ext. 12",
    "480-555-0142 x12",
    "+44 20 7946 0958",
    "+49 (0)30 901820",
    "+52 55 1234 5678",
    "480/555/0142",
    "480-555-0142 (my sister's, after 6)",
    "٤٨٠٥٥٥٠١٤٢",
    "tel:+1-480-555-0142",
    "４８０－５５５－０１４２",
    "480\u2011555\u20110142",
    "480\u00a0555\u00a00142",
    "+1 (480) 555 - 0142",
    "4 8 0 5 5 5 0 1 4 2",
    "711 relay, then 480-555-0142",
]


@pytest.mark.parametrize("phone", PHONES)
def test_a_phone_is_kept_as_it_was_typed(phone):
    form = bound_form(**LEAST | {"phone": phone})
    assert form.errors == {}
    assert form.answers()["phone"] == phone


EMAILS = [
    "me@example.org",
    "me+kratom.help@example.org",
    "o'brien@example.org",
    "Me@Example.ORG",
    "a@b.co",
    "first.last_name-1@sub.domain.example.museum",
    "me@xn--fsqu00a.xn--0zwm56d",
    "#!$%&'*/=?^`{|}~@example.org",
    "a" * 64 + "@example.org",
    "me@example.technology",
]


@pytest.mark.parametrize("email", EMAILS)
def test_an_email_is_kept_as_it_was_typed(email):
    form = bound_form(**without("phone"), email=email)
    assert form.errors == {}
    assert form.answers()["email"] == email


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("phone", "12"),
        ("phone", "my brother knows"),
        ("phone", "480-55"),
        ("phone", "1234567890123456"),
        ("phone", "480-555-0142 or 602-555-0199"),
        ("phone", "480-555-010"),
        ("phone", "12/25/1985"),
        ("phone", "480-555-0142 007"),
        ("email", "josé@example.org"),
        ("email", "用户@例子.公司"),
        ("email", "me@example..org"),
        ("email", "me@example"),
        ("email", "example.org"),
        ("email", "me@@example.org"),
        ("email", "me @example.org"),
    ],
)
def test_what_looks_odd_is_asked_about_once_and_then_kept(field, value):
    fields = without("phone") | {field: value}
    first = bound_form(**fields)
    assert list(first.errors) == [field]
    assert first[field].value() == value
    second = ask_again(first)
    assert second.errors == {}
    assert second.answers()[field] == value


def test_phone_and_email_that_both_look_odd_are_asked_about_together_and_once():
    first = bound_form(**LEAST | {"phone": "12", "email": "me@example"})
    assert sorted(first.errors) == ["email", "phone"]
    assert ask_again(first).errors == {}


def test_an_odd_value_that_was_changed_to_another_odd_one_is_asked_about_anew():
    first = bound_form(**LEAST | {"phone": "12"})
    second = ask_again(first, phone="13")
    assert list(second.errors) == ["phone"]
    assert ask_again(second).errors == {}


def test_an_odd_email_is_kept_when_something_else_was_mended_too():
    first = bound_form(**LEAST | {"phone": "12", "consent": ""})
    assert sorted(first.errors) == ["consent", "phone"]
    second = ask_again(first, consent="on", email="me@example")
    assert list(second.errors) == ["email"]
    assert ask_again(second).errors == {}


def test_even_the_longest_odd_values_are_no_dead_end():
    form = bound_form(**LEAST | {"phone": "p" * 60, "email": "a" * 254})
    for letter in "bcd":
        form = ask_again(form, email=letter * 254)
        assert "email" in form.errors
    form = ask_again(form)
    assert ask_again(form).errors == {}


def test_what_was_asked_about_is_not_part_of_the_answers():
    form = ask_again(bound_form(**LEAST | {"phone": "12"}))
    assert form.errors == {}
    assert form.cleaned_data["asked_about"] == "12"
    assert "asked_about" not in form.answers()


HONEST = {
    "Chinese": "王小明",
    "Arabic": "محمد الأمين",
    "Hebrew with a mark for the direction": "\u200fשָׂרָה",
    "Thai": "สมชาย",
    "Devanagari with a joiner": "क्ष\u200dत्रिय",
    "Persian with a non-joiner": "می\u200cخواهم",
    "accents that stand alone": "Zoe\u0308",
    "Hawaiian": "Kaʻiulani Kahanamoku",
    "an apostrophe": "O'Brien",
    "a curly apostrophe": "D’Angelo",
    "a hyphen and dots": "Jean-Luc Jr.",
    "one letter": "X",
    "one letter of another script": "Ж",
    "a number": "Jennifer 8. Lee",
    "an emoji": "🌵",
    "a family of emoji": "👨‍👩‍👧‍👦",
    "an emoji with a skin tone": "👍🏾",
    "a flag made of tags": "🏴󠁧󠁢󠁳󠁣󠁴󠁿",
    "marks of HTML": '<b>Ann</b> & "co"',
    "marks of a template": "{{ Ann }} {% now %}",
    "marks of a query": "Robert'); DROP TABLE intake_event;--",
    "the word null": "Null",
    "a letter beyond the first plane": "𠮷野家",
    "digits alone": "007",
    "two apostrophes": "N'Golo D'Souza",
    "an okina": "Nāʻālehu",
    "a click": "ǃXóõ",
    "capitals": "ANN",
    "a particle": "van der Berg",
    "Hebrew": "שרה",
    "Korean": "김민준",
    "Japanese": "さくら",
    "Greek": "Ελένη",
    "Cherokee": "ᏣᎳᎩ",
    "Navajo": "Diné Bizaad, Yázhí",
    "Vietnamese": "Nguyễn Thị Ánh",
    "a dot": ".",
    "a street name": 'Little "Bit"',
}


@pytest.mark.parametrize("words", HONEST.values(), ids=HONEST)
def test_honest_words_are_kept_as_they_were_typed(words):
    typed = {"name": words, "language": words, "message": words, "phone": "480-555-0142 is of " + words}
    answers = make_answers(**typed)
    assert {field: answers[field] for field in typed} == typed


def test_two_hundred_characters_of_a_wide_script_fit_into_the_name():
    assert make_answers(name="𠮷" * 200)["name"] == "𠮷" * 200


UNREADABLE = {
    "a null": "%00",
    "half a surrogate pair": "%ED%A0%80",
    "a byte that is no text": "%FF",
    "text in Latin-1": "%E9",
    "the bell": "%07",
    "an escape sequence": "%1B[2J",
    "a control of the second set": "%C2%81",
}


@pytest.mark.parametrize("code", UNREADABLE.values(), ids=UNREADABLE)
@pytest.mark.parametrize("field", ["name", "phone", "email", "language", "message"])
def test_what_can_not_be_a_typed_word_is_asked_to_be_taken_out(field, code):
    raw = "&".join(f"{name}={quote(value)}" for name, value in LEAST.items() if name != field)
    readable_too = "" if field == "email" else "&email=me%40example.org"
    form = asked_raw(f"{raw}{readable_too}&{field}=ab{code}cd")
    assert form.errors.as_data().keys() == {field}
    assert [error.code for error in form.errors.as_data()[field]] == ["unreadable"]


@pytest.mark.parametrize("field", [*PERSON, "do_not_call", "asked_about"])
def test_a_field_that_comes_twice_is_refused(field):
    value = PERSON.get(field, "on")
    fields = PERSON | {"email": "me@example.org"} | {field: [value, value]}
    form = bound_form(**fields)
    assert field in form.errors
    assert "two answers" in " ".join(form.errors[field])


def test_two_different_phones_are_both_kept_out_of_the_answers():
    form = bound_form(**LEAST | {"phone": ["480-555-0142", "480-555-0199"]})
    assert list(form.errors) == ["phone"]
    assert "phone" not in form.cleaned_data


@pytest.mark.parametrize(
    ("field", "most"), [("name", 200), ("phone", 60), ("email", 254), ("language", 100), ("message", 1000)]
)
def test_what_is_too_long_is_refused_with_everything_kept(field, most):
    fits, too_long = (PERSON | {field: "9" * length} for length in (most, most + 1))
    assert field not in bound_form(**fits, asked_about="9" * most).errors
    form = bound_form(**too_long)
    assert list(form.errors) == [field]
    assert {name: form[name].value() for name in too_long} == too_long | {
        name: True for name, value in too_long.items() if value == "on"
    }


def test_no_field_lets_the_browser_cut_what_was_pasted():
    assert [field.name for field in AssessmentForm() if "maxlength" in str(field)] == []


def test_a_message_of_a_thousand_characters_may_have_line_breaks():
    message = ("x" * 99 + "\n") * 9 + "y" * 100
    assert len(message) == 1000
    form = bound_form(**LEAST, message=message.replace("\n", "\r\n"))
    assert form.errors == {}
    assert form.answers()["message"] == message


def test_a_message_that_is_too_long_is_told_its_length():
    form = bound_form(**LEAST, message="x" * 1001)
    assert form.errors == {"message": ["This is too long. Please shorten it from 1001 to 1000 characters."]}


CHANGES_AND_RULES = {
    "phone alone": ({"voicemail_ok": "", "email": ""}, ["Call. Leave no message.", "Do not text.", "Do not email."]),
    "voicemail": ({"email": ""}, ["Call. Voicemail is allowed.", "Do not text.", "Do not email."]),
    "text": ({"text_ok": "on"}, ["Call. Voicemail is allowed.", "Text messages are allowed.", "Do not email."]),
    "email too": (
        {"email_ok": "on"},
        ["Call. Voicemail is allowed.", "Do not text.", "Neutral emails are allowed."],
    ),
    "no calls": ({"do_not_call": "on"}, ["Do not call.", "Do not text.", "One neutral email is allowed."]),
    "email alone": ({"phone": ""}, ["Do not call.", "Do not text.", "One neutral email is allowed."]),
}


@pytest.mark.parametrize(("changes", "rules"), CHANGES_AND_RULES.values(), ids=CHANGES_AND_RULES)
def test_the_rules_of_contact_allow_only_what_the_person_ticked(changes, rules):
    changed = {name: value for name, value in (PERSON | changes).items() if value}
    answers = asked_valid(changed).answers()
    is_called = rules[0] != "Do not call."
    assert wording.contact_rules(ContactPreferences(**preferences_from(answers)), answers["email_ok"]) == [
        *rules,
        *(
            ["Say your name and the center's. Do not say why you call until you are sure you are talking to them."]
            if is_called
            else []
        ),
        "Preferred time: in the evening, Mountain time.",
    ]


def asked_valid(fields):
    form = bound_form(**fields)
    assert form.errors == {}
    return form


def test_staff_read_answers_in_words_without_empty_ones_and_rules():
    assert wording.labeled_answers(make_answers(message="", relation="", voicemail_ok="on")) == [
        ("Phone number", "(602) 555-0142"),
        ("Email address", "canary@nightingale.example"),
        ("Are you 18 or older?", "Yes"),
        ("Who are you asking for?", "Myself"),
        ("What should we call you?", "Wilhelmina Canary"),
        ("Language you prefer", "Canarian whistling"),
    ]


LINE_BREAKS = ["\r\n", "\r", "\n", "\v", "\f", "\x85", "\u2028", "\u2029"]


@pytest.mark.parametrize("line_break", LINE_BREAKS, ids=ascii)
def test_a_line_break_of_any_program_is_one(line_break):
    form = bound_form(**LEAST, message=f"one{line_break}two", name=f"Ana{line_break}Lu")
    assert form.errors == {}
    assert form.answers()["message"] == "one\ntwo"
    assert form.answers()["name"] == "Ana Lu"


def test_a_phone_with_a_line_break_is_no_dead_end():
    first = bound_form(**LEAST | {"phone": "602-555\u2028014"})
    assert list(first.errors) == ["phone"]
    assert ask_again(first).errors == {}


def test_an_apostrophe_that_was_read_wrongly_is_kept_as_one():
    assert make_answers(message="my mother\x92s \x93tea\x94 \x96 daily\x85ok")["message"] == (
        "my mother\u2019s \u201ctea\u201d \u2013 daily\nok"
    )


WHERE = {
    "I take it\0 daily": "We can't read the text between “I take it” and “daily”.",
    "I take it daily\ufffd": "We can't read the text at the end, after “I take it daily”.",
    "\x1b daily": "We can't read the text at the beginning, before “daily”.",
    "\x07": "We can't read this text.",
    "a very long story of my own\0and another long one": (
        "We can't read the text between “long story of my own” and “and another long one”."
    ),
}


@pytest.mark.parametrize("message", WHERE, ids=ascii)
def test_what_can_not_be_kept_is_named_with_the_words_around_it(message):
    form = bound_form(**LEAST, message=message)
    assert list(form.errors) == ["message"]
    assert form.errors["message"][0].startswith(WHERE[message])
    assert form["message"].value() == message


WRAPPED = [
    "me\u200b@example.org",
    "\u202ame@example.org\u202c",
    "\ufeffme@example.org",
    "<me@example.org>",
    "(me@example.org)",
    "[me@example.org]",
    "'me@example.org'",
    "“me@example.org”",
    "mailto:me@example.org",
    "MAILTO:me@example.org?subject=Help",
    "Me Myself <me@example.org>",
    "me@example.org.",
    "me@example.org,",
    "me@example.org;",
    " me@example.org)",
    "<mailto:me@example.org>,",
    "me@example.org。",
    "（me@example.org）",
    "「me@example.org」、",
    "：me@example.org！",
]


@pytest.mark.parametrize("email", WRAPPED, ids=ascii)
def test_what_pasting_wraps_around_an_email_is_taken_off(email):
    form = bound_form(**without("phone"), email=email)
    assert form.errors == {}
    assert form.answers()["email"] == "me@example.org"


IN_THE_WRONG_BOX = {
    "an email as the phone": ({"phone": "<me@example.org>"}, "phone", ("", "me@example.org")),
    "a phone as the email": ({"email": "(602) 555-0142"}, "email", ("(602) 555-0142", "")),
    "both": ({"phone": "me@example.org", "email": "602-555-0142"}, "phone", ("602-555-0142", "me@example.org")),
    "the same email twice": ({"phone": "me@b.org", "email": "me@b.org"}, "phone", ("", "me@b.org")),
    "two emails": ({"phone": "me@b.org", "email": "me@c.org"}, "phone", ("me@b.org", "me@c.org")),
    "two phones": ({"phone": "602-555-0142", "email": "602-555-0143"}, "email", ("602-555-0142", "602-555-0143")),
}


@pytest.mark.parametrize(("fields", "about", "kept"), IN_THE_WRONG_BOX.values(), ids=IN_THE_WRONG_BOX)
def test_what_stands_in_the_wrong_box_is_asked_about_once_and_kept_as_what_it_is(fields, about, kept):
    first = bound_form(**without("phone") | fields)
    looks_like = {"phone": "This looks like an email address.", "email": "This looks like a phone number."}[about]
    assert first.errors[about][0].startswith(looks_like)
    assert first[about].value() == fields[about]
    second = ask_again(first)
    assert second.errors == {}
    answers = second.answers()
    assert (answers["phone"], answers["email"]) == kept


def test_a_phone_as_the_email_of_someone_who_wants_no_calls_is_no_email():
    first = bound_form(**without("phone"), email="602-555-0142", do_not_call="on")
    second = ask_again(first)
    assert second.errors == {"email": ["You asked us not to call. Enter an email address, so that we can reach you."]}
    assert ask_again(second, do_not_call="").errors == {}


def test_a_field_that_one_form_changes_is_as_before_in_another():
    one, other = bound_form(**LEAST), bound_form(**LEAST)
    for name, field in one.fields.items():
        field.required, field.label = not field.required, "changed"
        field.widget.attrs["data-changed"] = "yes"
        assert (other.fields[name].label, AssessmentForm.base_fields[name].label) != ("changed", "changed")
        assert "data-changed" not in other.fields[name].widget.attrs
    one.fields["time_zone"].choices = []
    assert bound_form(**LEAST).errors == other.errors == {}


@pytest.mark.parametrize(
    ("changes", "has_more"),
    [
        ({}, False),
        ({"for_whom": "", "introduction": "", "preferred_time": "", "time_zone": ""}, False),
        ({"name": "Ana"}, True),
        ({"for_whom": "other"}, True),
        ({"text_ok": "on"}, True),
        ({"time_zone": "America/Denver"}, True),
        ({"preferred_time": "made-up"}, True),
        ({"message": "x" * 1001}, True),
        ({"consent": "", "adult": "", "phone": "12"}, False),
    ],
)
def test_folded_questions_are_shown_if_one_has_another_answer_or_an_error(changes, has_more):
    assert bound_form(**LEAST | changes).has_more is has_more


def test_folded_questions_of_a_fresh_form_stay_folded():
    assert AssessmentForm().has_more is False
    assert AssessmentForm(initial={"language": "Navajo"}).has_more is True
