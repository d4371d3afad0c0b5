"""What the server does with the collected files when it starts."""

from contextlib import closing

from django.http import HttpResponse
from django.test import RequestFactory
from whitenoise.middleware import WhiteNoiseMiddleware

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
