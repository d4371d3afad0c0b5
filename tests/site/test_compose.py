"""compose.yaml and the image: each container has only the rights, networks and secrets that it needs."""

import re
from pathlib import Path

import pytest
import yaml
from django.conf import settings

ROOT = Path(settings.BASE_DIR)
COMPOSE = yaml.safe_load((ROOT / "compose.yaml").read_text())
SERVICES = COMPOSE["services"]
SITE = {"prepare", "web", "worker"}
SECRETS = {  # by the services that may know them
    "SECRET_KEY": SITE,
    "SECRET_KEY_FALLBACKS": SITE,
    "ENCRYPTION_KEYS": SITE,
    "INDEX_KEYS": SITE,
    "EMAIL_URL": SITE,
    "PGPASSWORD": SITE,
    "POSTGRES_PASSWORD": {"database"},
    "SITE_PASSWORD": {"database"},
    "DJANGO_SUPERUSER_PASSWORD": {"prepare"},
    "STATUS_TOKEN": {"web"},
    "SYNTHETIC_KEY": SITE | {"synthetic"},
}


def environment(service):
    return SERVICES[service].get("environment", {})


@pytest.mark.parametrize("service", SERVICES)
def test_no_container_has_more_rights_than_a_plain_process(service):
    of = SERVICES[service]
    assert (of["cap_drop"], of["security_opt"], of["read_only"]) == (["ALL"], ["no-new-privileges:true"], True)
    assert (of["mem_limit"] != "", of["pids_limit"] > 0) == (True, True)
    assert not {"privileged", "cap_add", "devices", "network_mode", "pid", "ipc", "env_file"} & set(of)


def test_no_container_runs_as_root():
    assert {SERVICES["nginx"]["user"], SERVICES["database"]["user"]} == {"101:101", "postgres"}
    assert re.search(r"^USER site$", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    built = {name for name, of in SERVICES.items() if "build" in of}
    assert (built, [name for name in built if "user" in SERVICES[name]]) == (SITE | {"synthetic"}, [])


def test_nothing_that_visitors_reach_reaches_the_database():
    networks = {name: set(of["networks"]) for name, of in SERVICES.items()}
    on = {network: {name for name in networks if network in networks[name]} for network in COMPOSE["networks"]}
    assert on == {
        "front": {"nginx", "web"},
        "behind": {"database", *SITE},
        "outside": {"worker", "synthetic"},
    }
    assert COMPOSE["networks"]["behind"]["internal"] is True
    assert [name for name, of in SERVICES.items() if "ports" in of] == ["nginx"]


def test_each_secret_goes_only_to_who_needs_it():
    knows = {secret: {name for name in SERVICES if secret in environment(name)} for secret in SECRETS}
    assert knows == SECRETS


def test_the_secret_of_one_service_is_not_given_to_another_under_a_new_name():
    given = re.compile(r"\$\{([A-Z_]+)")
    used = {name: {v for text in environment(name).values() for v in given.findall(text or "")} for name in SERVICES}
    assert used["nginx"] == {"PUBLIC_ORIGIN"}
    assert used["synthetic"] == {"PUBLIC_ORIGIN", "SYNTHETIC_KEY"}
    assert "POSTGRES_PASSWORD" not in used["web"] | used["worker"]  # of the owner, who could change the logs


def test_every_setting_reaches_web_and_worker():
    source = (ROOT / "recovery_site/settings.py").read_text()
    read = set(re.findall(r'env\.\w+\(\s*"([A-Z_]+)"', source)) - {"DEBUG", "PORT"}  # these are for development
    assert len(read) > 20
    assert (read - set(environment("web")), read - set(environment("worker"))) == (set(), {"STATUS_TOKEN"})


def test_every_app_is_in_the_image():
    allowed = set(re.findall(r"^!(\w+)$", (ROOT / ".dockerignore").read_text(), re.MULTILINE))
    ours = {path.parent.name for path in ROOT.glob("*/apps.py")}
    assert (ours - allowed, len(ours) >= 5) == (set(), True)


def test_mounted_files_exist_and_no_volume_of_the_site_reaches_the_sender():
    mounts = [mount for of in SERVICES.values() for mount in of.get("volumes", []) if mount.startswith("./")]
    files = {mount.split(":")[0] for mount in mounts} - {"./deploy/tls"}  # the owner's certificate
    assert [file for file in files if not (ROOT / file).exists()] == []
    assert all(mount.endswith(":ro") for mount in mounts)
    assert "volumes" not in SERVICES["synthetic"]


def test_all_services_of_the_site_share_one_folder():
    """Through it, a publish by the worker or a command shows with the next request (`pages/content_generation.py`)."""
    folders = {
        name: [mount for mount in of["volumes"] if mount.split(":")[1] == of["environment"]["VAR_DIR"]]
        for name, of in SERVICES.items()
        if "VAR_DIR" in (of.get("environment") or {}) and name != "synthetic"
    }
    assert folders == {name: ["site:/var/lib/site"] for name in ("prepare", "web", "worker")}
