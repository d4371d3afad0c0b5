# Two stages: the first builds the virtual environment and collects the static files, the second runs the site.

FROM python:3.11-slim AS build
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PYTHONDONTWRITEBYTECODE=1
RUN python -m venv /opt/venv
COPY requirements-runtime.lock /tmp/
RUN /opt/venv/bin/pip install --quiet --require-hashes -r /tmp/requirements-runtime.lock
COPY . /srv/site
WORKDIR /srv/site
# collectstatic needs no secrets, but the settings don't load without them. Create temporary ones and delete them.
RUN /opt/venv/bin/python -m recovery_site.create_dev_env .env \
 && VAR_DIR=/tmp/build-var /opt/venv/bin/python manage.py collectstatic --noinput --verbosity 0 \
 && mkdir -p /srv/static && cp -r /tmp/build-var/static/. /srv/static/ \
 && rm -rf .env /tmp/build-var

FROM python:3.11-slim
ENV PATH=/opt/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 VAR_DIR=/var/lib/site STATIC_DIR=/srv/static \
    SPOOL_DIR=/var/spool/site
RUN useradd --system --uid 10001 --home-dir /var/lib/site --create-home site \
 && install --directory --owner site --mode 700 /var/spool/site /var/lib/site \
 && install --directory --owner site --mode 755 /var/lib/site/media
COPY --from=build /opt/venv /opt/venv
COPY --from=build /srv/static /srv/static
COPY --from=build /srv/site /srv/site
WORKDIR /srv/site
USER site
VOLUME /var/lib/site /var/lib/site/media /var/spool/site
EXPOSE 8000
HEALTHCHECK --interval=15s --timeout=5s --start-period=20s \
  CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/healthz', timeout=4)"]
CMD ["gunicorn", "recovery_site.wsgi", "--bind", "0.0.0.0:8000"]
