"""Read the settings from environment variables, and check each value.

Every function takes the variable's name. It raises ImproperlyConfigured if the value is invalid. The message names the
variable but never repeats the value, which may be a secret.

Values come from `os.environ`, to which django-environ adds the variables of `.env`. We don't use django-environ's own
readers. They treat a value that begins with $ as the name of another variable, and print it in a traceback. It may be a
password.
"""

import contextlib
import io
import ipaddress
import os
import re
import unicodedata
from email.utils import formataddr
from urllib.parse import unquote

import environ
from django.core.exceptions import ImproperlyConfigured, ValidationError
from django.core.validators import validate_email

_LINE = re.compile(r"(?:export )?[A-Za-z_0-9]+=")
_YES, _NO = ("true", "yes", "on", "1"), ("false", "no", "off", "0")
_ORIGIN = re.compile(
    r"(?P<scheme>https?)://(?P<host>\[[0-9A-Fa-f:.]+\]|[^\s/?#@:\[\]\\]+)(?::(?P<port>\d{1,5}))?/*", re.I
)
_USUAL_PORTS = {"http": 80, "https": 443}
_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
_MAILBOX = re.compile(r'(?:(?P<name>"[^"]*"\s*|[^"<>@,;]*)<(?P<in_brackets>[^<>\s]+)>|(?P<bare>[^<>\s",;]+))')
_IN_LIST = re.compile(r'(?:"[^"]*"|[^",;])+')  # one address of several; a quoted name may contain a comma

# Characters of a server address: plain ones, and % with two hex digits
_LOGIN = r"(?:[^\s/?#%\[\]]|%[0-9A-Fa-f]{2})+"
_HOST = r"(?:\[[0-9A-Fa-f:.]+\]|(?:[^\s/?#@:,%\[\]]|%2[fF])+)(?::\d{1,5})?"
_POSTGRES = re.compile(
    rf"(?:postgres|postgresql|pgsql|psql)://(?:{_LOGIN}@)?(?:{_HOST}(?:,{_HOST})*)?/[^\s?#]+(?:\?\S+)?"
)
_SQLITE = re.compile(r"sqlite:///(?:[^?#%+]|%[0-9A-Fa-f]{2})+")
_SMTP = re.compile(rf"(?P<scheme>smtp(?:\+tls|\+ssl)?)://(?:(?P<login>{_LOGIN})@)?{_HOST}/?")
_ESCAPES = "In a name or password, write % as %25, / as %2F, ? as %3F, # as %23, [ as %5B, ] as %5D and a space as %20."
_SMTP_PORTS = {"smtp": 25, "smtp+tls": 587, "smtp+ssl": 465}
_NO_SERVER = re.compile(r"(?:consolemail|memorymail|dummymail)://|filemail:///\S+")


def load(path):
    """Add the variables of a `.env` file to the environment. Variables that are already set stay as they are.

    Does nothing if the file is missing. Raises ImproperlyConfigured if the file is not UTF-8 text or a line sets
    nothing.
    """
    try:
        content = path.read_text(encoding="utf-8-sig")  # editors on Windows may add a byte-order mark
    except (FileNotFoundError, PermissionError):  # no access: the process that started us has already read it
        return
    except (OSError, UnicodeDecodeError) as error:
        raise ImproperlyConfigured(f"Can't read {path.name}. It must be a UTF-8 text file.") from error
    lines = [line.strip() for line in content.splitlines()]
    for number, line in enumerate(lines, start=1):
        if line and not line.startswith("#") and not _LINE.match(line):
            raise ImproperlyConfigured(f"Line {number} of {path.name} sets nothing. Write NAME=value, without spaces.")
    environ.Env.read_env(io.StringIO("\n".join(lines)))


def text(name, default=""):
    """Return the value without spaces around it. If it is empty, return the default."""
    value = os.environ.get(name, "").strip()
    if not value.isprintable():
        raise ImproperlyConfigured(f"{name} contains an invisible character, such as a line break. Remove it.")
    return value or default


def required(name, meaning):
    """Return a value that must be set. `meaning` completes the sentence "It is ..."."""
    value = text(name)
    if not value:
        raise ImproperlyConfigured(f"{name} is not set. It is {meaning}. See .env.example.")
    return value


def items(name):
    """Return the parts of a value that commas separate, without spaces around each part and without empty parts."""
    return [item.strip() for item in text(name).split(",") if item.strip()]


def choice(name, choices, default):
    value = text(name, default)
    if value not in choices:
        raise ImproperlyConfigured(f"{name} is unknown. It must be one of: {', '.join(choices)}.")
    return value


def flag(name):
    """Return True or False. An empty value means False."""
    value = text(name, "false").lower()
    if value not in (*_YES, *_NO):
        raise ImproperlyConfigured(f"{name} must be True or False.")
    return value in _YES


def number(name, default, least, most):
    value = text(name, str(default))
    if not (value.isascii() and value.isdigit() and len(value) < 12 and least <= int(value) <= most):
        raise ImproperlyConfigured(f"{name} must be a whole number from {least} to {most}.")
    return int(value)


def folder(name, base, default):
    """Return a folder as a Path. Create it for its owner only if it is missing. A relative path starts at `base`."""
    path = base / text(name, str(default))
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise ImproperlyConfigured(f"{name} is not a usable folder ({error.strerror}).") from error
    return path


def origin(name, value):
    """Return two values: the origin as a browser sends it ("https://xn--bcher-kva.example"), and its host."""
    found = _ORIGIN.fullmatch(value)
    host = found and _host(found["host"])
    port = int(found["port"]) if host and found["port"] else None
    if not host or (port is not None and not 1 <= port <= 65535):
        raise ImproperlyConfigured(
            f"{name} is not a web address. It must look like https://www.example.org, with nothing after it but a port."
        )
    scheme = found["scheme"].lower()
    shown_port = f":{port}" if port not in (None, _USUAL_PORTS[scheme]) else ""
    return f"{scheme}://{host}{shown_port}", host


def hosts(name):
    """Return host names for ALLOWED_HOSTS. Each is a name, a name with a leading dot (for all subdomains), or an IP
    address."""
    found = []
    for item in items(name):
        bare = item.removeprefix(".")
        host = _host(f"[{bare}]" if bare.count(":") > 1 and not bare.startswith("[") else bare)
        if host is None:
            raise ImproperlyConfigured(
                f"{name} contains an invalid host name. Each must look like example.org or www.example.org: no "
                f"scheme, no port, no *."
            )
        found.append("." + host if item != bare else host)
    return found


def _host(host):
    """Return a host as browsers send it: lowercase, with an international name in its xn-- form. None if it is invalid.

    Python follows the older rules for international names. If the newer rules give another name (as with ß), return
    None, so that the owner enters the xn-- form.
    """
    if host.startswith("["):
        if not host.endswith("]"):
            return None
        try:
            return f"[{ipaddress.IPv6Address(host[1:-1])}]"
        except ValueError:
            return None
    name = unicodedata.normalize("NFKC", host.lower()).removesuffix(".")
    try:
        in_ascii = name.encode("idna").decode()
        if not name.isascii() and in_ascii.encode().decode("idna") != name:
            return None
        if re.fullmatch(r"[\d.]+", in_ascii):
            return str(ipaddress.IPv4Address(in_ascii))
    except ValueError:  # UnicodeError is a ValueError
        return None
    return in_ascii if all(_LABEL.fullmatch(label) for label in in_ascii.split(".")) else None


def address(name, value):
    """Return one email address in the form `desk@example.org` or `Front desk <desk@example.org>`."""
    parts = _parts_of_address(value)
    if parts is None:
        raise ImproperlyConfigured(
            f"{name} is not an email address. It must look like desk@example.org or Front desk <desk@example.org>."
        )
    return formataddr(parts)


def addresses(name, default=""):
    """Return a list of email addresses, without duplicates. Commas or semicolons separate them in the value."""
    value = text(name, default)
    found = {}
    for item in _IN_LIST.findall(value) if value.count('"') % 2 == 0 else [value]:
        if item.strip():
            parts = _parts_of_address(item.strip())
            if parts is None:
                raise ImproperlyConfigured(
                    f"{name} contains an invalid email address. Each must look like desk@example.org or Front desk "
                    f"<front@example.org>."
                )
            found.setdefault(parts[1].lower(), formataddr(parts))
    if not found:
        raise ImproperlyConfigured(f"{name} contains no email address. It must look like desk@example.org.")
    return list(found.values())


def _parts_of_address(value):
    """Return the name, which may be empty, and the email address, with its domain in ASCII. None if the address is
    invalid."""
    found = _MAILBOX.fullmatch(value)
    if not found:
        return None
    user, _at, domain = (found["in_brackets"] or found["bare"]).rpartition("@")
    host = _host(domain)
    try:
        validate_email(f"{user}@{host}")
    except ValidationError:
        return None
    return (found["name"] or "").strip().strip('"').strip(), f"{user}@{host}"


def database(name, base, default):
    """Return the settings for DATABASES: PostgreSQL or an SQLite file. If the variable is empty, use the file
    `default`."""
    url = text(name)
    if not url:
        return {"ENGINE": "django.db.backends.sqlite3", "NAME": str(default)}
    config = None
    if _POSTGRES.fullmatch(url) or _SQLITE.fullmatch(url):
        try:
            config = environ.Env.db_url_config(url)
        except ValueError:  # an invalid port
            config = None
    if config is None or config["NAME"] in ("", ":memory:"):
        raise ImproperlyConfigured(
            f"{name} is not valid. It must look like postgres://name:password@host:5432/database or "
            f"sqlite:////folder/file. {_ESCAPES}"
        )
    if config["ENGINE"].endswith("sqlite3"):
        config["NAME"] = str(base / config["NAME"])
    config["HOST"] = unquote(config["HOST"])  # the path of a socket, which django-environ leaves as %2Frun%2F...
    return config


def create_privately(path):
    """Create an empty file that only its owner may read, if it is missing. SQLite itself would let everyone read it.

    Its write-ahead log gets the same mode.
    """
    with contextlib.suppress(OSError):  # it exists, or the folder is missing, which the database reports better
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))


def mail_server(name, default="", *, must_send):
    """Return the EMAIL_... settings for a mail server. Without `must_send`, emails may go to the console or a
    folder."""
    url = text(name, default)
    smtp = _SMTP.fullmatch(url)
    config = None
    if smtp or (not must_send and _NO_SERVER.fullmatch(url)):
        try:
            config = environ.Env.email_url_config(url)
        except ValueError:  # an invalid port
            config = None
    has_login = smtp is None or not smtp["login"] or bool(config and config["EMAIL_HOST_PASSWORD"])
    if config is None or not has_login:
        raise ImproperlyConfigured(
            f"{name} is not valid. It must look like smtp+tls://name:password@host:587 (or smtp+ssl, port 465). "
            f"{_ESCAPES}"
        )
    if smtp:
        config["EMAIL_BACKEND"] = "intake.notifications.smtp.EmailBackend"
        config["EMAIL_PORT"] = config["EMAIL_PORT"] or _SMTP_PORTS[smtp["scheme"]]
    return config


def security_contact(name):
    """Return the contact for security reports. It may be empty."""
    value = text(name)
    if value and not re.fullmatch(r"(?:mailto:|https://|tel:)\S+", value):
        raise ImproperlyConfigured(f"{name} must begin with mailto:, https:// or tel: and contain no spaces.")
    return value


def token(name):
    """Return a secret that callers send in a header. It may be empty."""
    value = text(name)
    if not re.fullmatch(r"[!-~]*", value):
        raise ImproperlyConfigured(f"{name} may contain only ASCII letters, digits and symbols, without spaces.")
    return value
