import base64
import collections
import itertools

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from intake import email_addresses, phone_numbers
from intake.crypto import blind_index
from intake.crypto.blind_index import (
    EMAIL,
    NAME,
    PHONE,
    Entry,
    entries_for,
    is_name_in,
    keyed_hash,
    keyed_hashes,
    name_forms,
    name_values_to_ask,
    name_words,
    normalized_email,
    normalized_phone,
    values_to_ask,
)
from intake.crypto.keyring import InvalidKeyring

OLD = "old:" + base64.urlsafe_b64encode(b"A" * 32).decode()
NEW = "new:" + base64.urlsafe_b64encode(b"B" * 32).decode()
ANSWERS = {"phone": "480-555-0100", "email": "Rosa@Example.org", "name": "Rosa Delgado"}


@pytest.fixture(autouse=True)
def known_keys(settings):
    settings.INDEX_KEYS = OLD


def indexed(kind, typed, rows=10_000):
    """The values under which a text is stored."""
    return [entry.value for entry in entries_for({kind: typed}, rows)]


ONE_PHONE = [
    "480-555-0100",
    "(480) 555-0100",
    "480.555.0100",
    "480 555 0100",
    "4805550100",
    "  4805550100\n",
    "480/555-0100",
    "480_555_0100",
    "480–555–0100",
    "480\u2011555\u20110100",
    "480\u00a0555\u00a00100",
    "1-480-555-0100",
    "1 (480) 555-0100",
    "+1 480 555 0100",
    "+1(480)5550100",
    "+(1) 480-555-0100",
    "001 480 555 0100",
    "011 1 480 555 0100",
    "tel:+1-480-555-0100",
    "480-555-0100 (cell)",
    "cell: 480-555-0100",
    "480-555-0100 after 5",
    "my number is 480 555 0100, thanks",
    "\u202d(480) 555-0100\u202c",
    "٤٨٠٥٥٥٠١٠٠",
    "۴۸۰-۵۵۵-۰۱۰۰",
    "४८० ५५५ ०१००",
    "４８０－５５５－０１００",
    "４８０＿５５５＿０１００",
]


@pytest.mark.parametrize("typed", ONE_PHONE)
def test_one_phone_in_any_writing_has_one_value(typed):
    assert normalized_phone(typed) == "+14805550100"
    assert indexed(PHONE, typed) == indexed(PHONE, "480-555-0100")


@pytest.mark.parametrize(
    ("typed", "normalized", "keys"),
    [
        ("480-555-0100 ext 5", "+14805550100;ext=5", ["+14805550100"]),
        ("480-555-0100, ext. 12", "+14805550100;ext=12", ["+14805550100"]),
        ("480-555-0100#5", "+14805550100;ext=5", ["+14805550100"]),
        ("480-555-0100 or 480-555-0199", "4805550100or4805550199", ["+14805550100", "+14805550199"]),
        ("480-KRATOM-1", "480kratom1", ["+14805728661"]),
        ("1-800-FLOWERS", "1800flowers", ["+18003569377"]),
        ("555-0100", "5550100", ["5550100"]),
        ("12345", "12345", ["12345"]),
        ("١٢٣٤٥", "12345", ["12345"]),
        ("911", "911", ["911"]),
        ("0", "0", ["0"]),
        ("9" * 60, "9" * 60, ["9" * 60]),
        ("+52 55 1234 5678", "+525512345678", ["+525512345678"]),
        ("011 52 55 1234 5678", "+525512345678", ["+525512345678"]),
        ("00 52 55 1234 5678", "+525512345678", ["+525512345678"]),
        ("525512345678", "525512345678", ["525512345678"]),
        ("+44 (0)20 7946 0958", "+442079460958", ["+442079460958"]),
        ("", "", []),
        (" ", "", []),
        ("call me", "callme", []),
        ("+", "", []),
        ("☎", "", []),
        ("rosa@example.org", "rosa@example.org", []),
    ],
)
def test_an_odd_phone_becomes_what_can_be_made_of_it(typed, normalized, keys):
    assert normalized_phone(typed) == normalized
    assert phone_numbers.keys(typed) == keys


def test_different_phones_have_different_values():
    phones = ["480-555-0100", "480-555-0101", "602-555-0100", "555-0100", "+44 480 555 0100", "12345"]
    assert len({value for phone in phones for value in indexed(PHONE, phone)}) == len(phones)


@pytest.mark.parametrize(
    ("typed", "normalized"),
    [
        ("rosa@example.org", "rosa@example.org"),
        (" Rosa@Example.ORG\n", "rosa@example.org"),
        ("ｒｏｓａ＠ｅｘａｍｐｌｅ．ｏｒｇ", "rosa@example.org"),
        ("jose\u0301@example.org", "josé@example.org"),
        ("JOSÉ@example.org", "josé@example.org"),
        ("rosa+kratom@example.org", "rosa+kratom@example.org"),
        ("r.o.s.a@example.org", "r.o.s.a@example.org"),
        ("ro\u200bsa@example.org", "rosa@example.org"),
        ("\u202arosa@example.org\u202c", "rosa@example.org"),
        ("Rosa <rosa@example.org>;", "rosa@example.org"),
        ("MAILTO:rosa@example.org?subject=Hi", "rosa@example.org"),
        ("no address", "no address"),
        ("", ""),
        (" \t", ""),
    ],
)
def test_an_email_loses_case_and_what_stands_around_it_and_nothing_else(typed, normalized):
    assert normalized_email(typed) == normalized
    assert indexed(EMAIL, typed) == indexed(EMAIL, normalized)


@given(st.text(max_size=60))
@hypothesis_settings(deadline=None, database=None)
def test_a_normalized_email_is_normal(typed):
    assert normalized_email(normalized_email(typed)) == normalized_email(typed)


WRAPPED = st.lists(st.sampled_from([*"<>()[]{}'\"“”.,;:!? @a", "mailto:", "rosa@example.org", "\u200b"]), max_size=12)


@given(WRAPPED.map("".join) | st.text(max_size=60))
@hypothesis_settings(deadline=None, database=None, max_examples=500)
def test_an_email_that_was_cleaned_stays_as_it_is(typed):
    cleaned = email_addresses.cleaned(typed)
    assert email_addresses.cleaned(cleaned) == cleaned
    assert cleaned in typed.replace("\u200b", "") or cleaned == typed.strip() or not typed.isascii()


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("Rosa Delgado", ["rosa", "delgado"]),
        ("José", ["jose"]),
        ("Jose\u0301", ["jose"]),
        ("JOSÉ", ["jose"]),
        ("O'Neil", ["oneil"]),
        ("O’Neil", ["oneil"]),
        ("O´Neil", ["oneil"]),
        ("Kaʻiulani", ["kaiulani"]),
        ("Anne-Marie d'Angelo", ["anne", "marie", "dangelo"]),
        ("rosa_delgado", ["rosa", "delgado"]),
        ("Đặng", ["dang"]),
        ("Łukasz", ["lukasz"]),
        ("Søren", ["soren"]),
        ("Işık", ["isik"]),
        ("Ægir", ["aegir"]),
        ("Þórður Guðrún", ["thordur", "gudrun"]),
        ("Əliyev Œuvre Ɓala Ħal", ["eliyev", "oeuvre", "bala", "hal"]),
        ("Straße", ["strasse"]),
        ("İbrahim", ["ibrahim"]),
        ("ﬁona", ["fiona"]),
        ("R2 D2", ["r2", "d2"]),
        ("John JOHN john", ["john"]),
        ("J. R. Smith", ["smith"]),
        ("X", ["x"]),
        ("J R", ["j", "r"]),
        ("aa bb cc dd ee ff gg", ["aa", "bb", "cc", "dd", "ee", "ff"]),
        ("a aa b bb c cc d dd e ee f ff g gg", ["aa", "bb", "cc", "dd", "ee", "ff"]),
        ("Иванов Пётр", ["иванов", "петр"]),
        ("А. Иванов", ["иванов"]),
        ("Ὀδυσσεύς", ["οδυσσευσ"]),
        ("王", ["王"]),
        ("王小明", ["王小明"]),
        ("王 小明", ["王", "小明"]),
        ("김 민수", ["김", "민수"]),
        ("佐々木 さくら", ["佐々木", "さくら"]),
        ("محمد علي", ["محمد", "علي"]),
        ("مُحَمَّد", ["محمد"]),
        ("محـــمد", ["محمد"]),
        ("علی\u200cرضا", ["علیرضا"]),
        ("ي", ["ي"]),
        ("\u202eRosa\u202c", ["rosa"]),
        ("", []),
        (" . - ' ", []),
        ("🌱", []),
    ],
)
def test_a_name_gives_its_words(typed, words):
    assert name_words(typed) == words


@given(st.text(max_size=60))
@hypothesis_settings(deadline=None, database=None)
def test_words_of_a_name_are_few_and_normal(typed):
    words = name_words(typed)
    assert len(words) == len(set(words)) <= 6
    assert name_words(" ".join(words)) == words


@pytest.mark.parametrize(
    ("typed", "forms"),
    [
        ("Rosa", ["rosa"]),
        ("Mary Ann", ["mary", "ann", "maryann"]),
        ("De La Cruz", ["de", "la", "cruz", "dela", "delacruz", "lacruz"]),
        ("O Brien", ["brien", "obrien"]),
        ("王 小明", ["王", "小明", "王小明"]),
        ("Ana Ana", ["ana", "anaana"]),
        ("", []),
    ],
)
def test_a_name_is_indexed_under_its_words_apart_and_together(typed, forms):
    assert name_forms(typed) == forms


@pytest.mark.parametrize(
    ("asked", "stored"),
    [
        ("Maryann", "Mary Ann"),
        ("Mary Ann", "Maryann"),
        ("Maryann Smith", "Mary Ann Smith"),
        ("smith, mary ann", "Maryann Smith"),
        ("Delacruz", "Maria De La Cruz"),
        ("De La Cruz", "Maria Delacruz"),
        ("Dela Cruz", "Maria De Lacruz"),
        ("Maria Dela Cruz", "Maria de la Cruz"),
        ("Annemarie", "Anne-Marie d'Angelo"),
        ("O Brien", "O'Brien"),
        ("O'Brien", "O Brien"),
        ("Canary W", "Wilhelmina Canary"),
        ("Dang", "Đặng Thị"),
        ("王小明", "王 小明"),
    ],
)
def test_a_name_is_the_same_apart_and_together(asked, stored):
    assert is_name_in(asked, stored)
    indexed_as = indexed(NAME, stored)
    assert [word for word, values in name_values_to_ask(asked).items() if not set(values) & set(indexed_as)] == []


@pytest.mark.parametrize(
    ("asked", "stored"),
    [("Mary", "Maryann"), ("Ann", "Maryann"), ("Maryann", "Mary Beth"), ("Ann Mary", "Maryann"), ("", "Ann")],
)
def test_a_part_of_a_word_is_not_the_name(asked, stored):
    assert not is_name_in(asked, stored)


NAMES = st.lists(st.text(alphabet="abcdefgłøđ王ي", min_size=2, max_size=8), min_size=2, max_size=4)


@given(NAMES, st.integers(0, 2), st.integers(2, 3))
@hypothesis_settings(deadline=None, database=None)
def test_a_name_is_found_apart_and_together(words, start, size):
    joined = [*words[:start], "".join(words[start : start + size]), *words[start + size :]]
    apart, together = " ".join(words), " ".join(joined)
    for asked, stored in [(apart, together), (together, apart), (apart, apart), (together, together)]:
        indexed_as = {entry.value for entry in entries_for({NAME: stored}, rows=10**9)}
        assert is_name_in(asked, stored)
        assert all(set(values) & indexed_as for values in name_values_to_ask(asked).values())


def test_every_kind_of_answer_is_indexed_under_the_newest_key(settings):
    settings.INDEX_KEYS = f"{NEW},{OLD}"
    entries = entries_for(ANSWERS, rows=10_000)
    assert [(entry.kind, entry.key_id) for entry in entries] == [
        (PHONE, "new"),
        (EMAIL, "new"),
        (NAME, "new"),
        (NAME, "new"),
        (NAME, "new"),
    ]
    settings.INDEX_KEYS = NEW
    assert entries_for(ANSWERS, rows=10_000) == entries


@pytest.mark.parametrize(
    "answers",
    [
        {},
        {"phone": "", "email": "", "name": ""},
        {"phone": None, "email": None, "name": None},
        {"phone": "call me", "email": " ", "name": "…"},
        {"message": "480-555-0100"},
    ],
)
def test_answers_without_anything_to_find_them_by_make_no_entry(answers):
    assert entries_for(answers, rows=10_000) == []


def test_words_that_share_a_value_make_one_entry():
    assert entries_for({"name": "Rosa Delgado"}, rows=0) == [Entry(kind=NAME, value="0:0", key_id="old")]


def test_values_stay_the_same_over_time():
    """Written once and kept: whoever changes how values are made must index every request anew."""
    assert [(entry.kind, entry.value) for entry in entries_for(ANSWERS | {"name": "José"}, rows=10_000)] == [
        (PHONE, "P7zRuSQN1uk9imoJYQIY1BdN3roDd4PV"),
        (EMAIL, "JSX4wRtEot1FUSPAigmxpu2DQ02bZe_b"),
        (NAME, "7:1c"),
    ]
    assert keyed_hash("form", "a", "bc") == "9924c7f7f81db171030dba356cd735265ffc46120a86cbb895a7db8e44a4c3e9"


def test_values_hold_nothing_of_the_text():
    answers = {"phone": "4805550100", "email": "rosa@example.org", "name": "4805550100 rosa example"}
    values = [entry.value.lower() for entry in entries_for(answers, rows=10**9)]
    values += [value for kind, typed in answers.items() for value in values_to_ask(kind, typed)]
    assert len(values) > 60
    stored = ["4805550100", "5550100", "rosa", "example", "rosa@example.org"]
    stored += [base64.urlsafe_b64encode(text.encode()).decode().rstrip("=").lower() for text in stored]
    assert [(text, value) for text in stored for value in values if text in value] == []


def test_one_text_has_another_value_as_another_kind():
    assert indexed(PHONE, "12345") != indexed(EMAIL, "12345")
    assert values_to_ask(PHONE, "12345") != values_to_ask(EMAIL, "12345")
    assert values_to_ask(NAME, "12345")[20] == indexed(NAME, "12345", rows=10**9)[0]


@pytest.mark.parametrize("rows", [0, 100, 10_000, 10**6, 10**9])
def test_what_was_indexed_is_found_in_another_writing(rows):
    others = {"phone": "(480) 555 0100", "email": "rosa@EXAMPLE.org ", "name": "ROSA delgado"}
    for entry in entries_for(ANSWERS, rows):
        assert (entry.kind, values_to_ask(entry.kind, others[entry.kind]).count(entry.value)) == (entry.kind, 1)


@pytest.mark.parametrize(("kind", "typed"), ANSWERS.items())
def test_what_was_indexed_with_an_older_key_is_found_while_the_ring_holds_it(settings, kind, typed):
    before = indexed(kind, typed, rows=10**9)  # the narrow values of two keys are often the same
    settings.INDEX_KEYS = f"{NEW},{OLD}"
    after = indexed(kind, typed, rows=10**9)
    assert set(before).isdisjoint(after)
    assert set(before + after) <= set(values_to_ask(kind, typed))
    settings.INDEX_KEYS = NEW
    assert set(before).isdisjoint(values_to_ask(kind, typed))
    assert set(after) <= set(values_to_ask(kind, typed))


@pytest.mark.parametrize(("kind", "typed"), [(PHONE, ""), (PHONE, "call me"), (EMAIL, " "), (NAME, ""), (NAME, "…")])
def test_nothing_is_asked_for_what_can_not_be_indexed(kind, typed):
    assert values_to_ask(kind, typed) == []


def test_names_are_asked_for_in_every_width_under_every_key(settings):
    asked = values_to_ask(NAME, "Rosa")
    assert [int(value.partition(":")[0]) for value in asked] == list(range(21))
    assert asked == [value for width in range(21) for value in indexed(NAME, "Rosa", rows=50 * 2**width)]
    apart_and_together = ("Rosa", "Delgado", "RosaDelgado")
    together = {value for name in apart_and_together for value in values_to_ask(NAME, name)}
    settings.INDEX_KEYS = NEW
    together.update(value for name in apart_and_together for value in values_to_ask(NAME, name))
    settings.INDEX_KEYS = f"{NEW},{OLD}"
    assert sorted(values_to_ask(NAME, "Rosa Delgado")) == sorted(together)


@pytest.mark.parametrize(
    ("rows", "width"),
    [
        (0, 0),
        (1, 0),
        (99, 0),
        (100, 1),
        (199, 1),
        (200, 2),
        (10_000, 7),
        (10**6, 14),
        (50 * 2**20 - 1, 19),
        (50 * 2**20, 20),
        (10**9, 20),
    ],
)
def test_the_width_of_a_name_grows_with_the_rows(rows, width):
    (value,) = indexed(NAME, "Rosa", rows)
    prefix, _, bits = value.partition(":")
    assert int(prefix) == width
    assert int(bits, 16) < 2**width


def test_about_fifty_rows_share_the_value_of_a_word():
    syllables = ["ba", "de", "fi", "go", "lu", "ma", "ne", "ri", "so", "tu"]
    words = ["".join(parts) for parts in itertools.product(syllables, repeat=4)]
    shares = collections.Counter(value for word in words for value in indexed(NAME, word, rows=len(words)))
    assert (len(words), shares.total(), len(shares)) == (10_000, 10_000, 128)
    assert 50 <= shares.total() / len(shares) < 100
    assert min(shares.values()) >= 40
    assert max(shares.values()) <= 120


def test_a_keyed_hash_depends_on_purpose_parts_and_key(settings):
    calls = [
        ("form", "a", "bc"),
        ("form", "ab", "c"),
        ("form", "abc"),
        ("form", "abc", ""),
        ("form", "", "abc"),
        ("form",),
        ("form", ""),
        ("prefix", "abc"),
        ("form", "é"),
    ]
    under_old = [keyed_hash(*call) for call in calls]
    settings.INDEX_KEYS = f"{NEW},{OLD}"
    under_new = [keyed_hash(*call) for call in calls]
    assert len(set(under_old + under_new)) == 2 * len(calls)
    assert {len(value) for value in under_old} == {64}
    assert [keyed_hashes(*call) for call in calls] == [[*pair] for pair in zip(under_new, under_old, strict=True)]


USES = {
    "entries_for": lambda: entries_for(ANSWERS, rows=0),
    "values_to_ask": lambda: values_to_ask(PHONE, "480-555-0100"),
    "keyed_hash": lambda: keyed_hash("form", "a"),
    "check_keys": blind_index.check_keys,
}


@pytest.mark.parametrize("ring", ["", "k1", "k1:short", f"{OLD},{OLD}"])
@pytest.mark.parametrize("use", USES.values(), ids=USES)
def test_a_wrong_ring_is_refused_by_its_name(settings, use, ring):
    settings.INDEX_KEYS = ring
    with pytest.raises(InvalidKeyring, match="INDEX_KEYS"):
        use()
