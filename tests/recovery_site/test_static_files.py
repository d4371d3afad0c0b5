"""What the server does with the collected files when it starts."""

from contextlib import closing

import pytest
from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import FileSystemStorage
from django.http import HttpResponse
from django.test import RequestFactory
from whitenoise.middleware import WhiteNoiseMiddleware

from recovery_site.static_files import StaticFilesStorage, smaller

LOGGER = "recovery_site.static_files"
PLAIN = ["admin/js/jquery.init.js", "prose/editor.js.map", "admin/img/LICENSE", "pages/site.css"]
HASHED = ["admin/js/jquery.init.b7781a0897fc.js", "prose/editor.js.d18d9cde4981.map", "admin/img/LICENSE.2c54f4e1ca1c"]


def test_a_start_logs_no_file_that_no_page_asks_for(settings, tmp_path, caplog):
    for name in PLAIN + HASHED:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x")
    (tmp_path / "staticfiles.json").write_text('{"version": "1.1", "hash": "x", "paths": {}}')
    settings.DEBUG, settings.WHITENOISE_AUTOREFRESH, settings.STATIC_ROOT = False, False, str(tmp_path)
    ours = {"BACKEND": "recovery_site.static_files.StaticFilesStorage"}
    settings.STORAGES = {**settings.STORAGES, "staticfiles": ours}
    server = WhiteNoiseMiddleware(lambda request: HttpResponse(status=404))
    assert [record.getMessage() for record in caplog.records if record.name == LOGGER] == []
    kept = {}
    for name in PLAIN + HASHED:
        with closing(server(RequestFactory().get(f"/static/{name}"))) as response:
            kept[name] = "immutable" in response["Cache-Control"]
    assert kept == dict.fromkeys(PLAIN, False) | dict.fromkeys(HASHED, True)


@pytest.mark.parametrize(
    ("css", "stored"),
    [
        (
            'a:hover { color: red; }\n/* It\'s "this". */\n\nb c,\nd > e {\n  margin: 0 -1px;\n}\n',
            "a:hover{color:red}b c,d > e{margin:0 -1px}",
        ),
        (
            'i::before { content: "a,  /* b */ ; c"; width: calc(1rem + 2px) }',
            'i::before{content:"a,  /* b */ ; c";width:calc(1rem + 2px)}',
        ),
        ("p :is(a, b) { font: 1rem 'X  Y' }", "p :is(a,b){font:1rem 'X  Y'}"),
        ("/* First. */\na {\n  margin:\n    0  1px;\n}\n/* Last. */\n", "a{margin:0 1px}"),
    ],
    ids=["spaces", "strings", "selectors", "comments at both ends"],
)
def test_style_sheet_loses_only_what_has_no_meaning(css, stored):
    assert (smaller(css), smaller(stored)) == (stored, stored)


def small_sheets(settings):
    sheets = [path for app in ("pages", "intake") for path in settings.BASE_DIR.glob(f"{app}/static/{app}/*.css")]
    return {path.name: smaller(path.read_text()) for path in sheets}


def test_small_style_sheet_gets_no_smaller(settings):
    small = small_sheets(settings)
    assert {name: smaller(css) for name, css in small.items()} == small
    assert "site.css" in small


def test_style_sheet_closes_each_block_that_it_opens(settings):
    braces = {name: (css.count("{"), css.count("}")) for name, css in small_sheets(settings).items()}
    assert {name: counts for name, counts in braces.items() if counts[0] != counts[1]} == {}


@pytest.mark.parametrize(("name", "is_smaller"), [("pages/a.css", True), ("admin/a.css", False), ("pages/a.js", False)])
def test_collected_style_sheets_of_readers_are_smaller(tmp_path, name, is_smaller):
    text = "a { b: c; } /* d */"
    source, files = FileSystemStorage(tmp_path / "source"), StaticFilesStorage(tmp_path / "collected", "/static/")
    for storage in (source, files):
        storage.save(name, ContentFile(text.encode()))
    list(files.post_process({name: (source, name)}))
    for stored in (name, files.stored_name(name)):
        assert (tmp_path / "collected" / stored).read_text() == (smaller(text) if is_smaller else text)


OUR_SHEETS = sorted(
    path
    for app in ("pages", "intake", "recovery_site", "staff")
    for path in (settings.BASE_DIR / app / "static").rglob("*.css")
)


@pytest.mark.parametrize("sheet", OUR_SHEETS, ids=lambda path: path.name)
def test_every_rule_of_our_sheets_ends(sheet):
    css = smaller(sheet.read_text())
    assert (css.count("{"), css.count("(")) == (css.count("}"), css.count(")"))
