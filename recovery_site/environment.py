"""Read the environment for the settings: each variable as what it must be, or one sentence that names it.

Every function takes the variable's name, and raises ImproperlyConfigured where the value is not of its kind. The
sentence never repeats the value: it may be a secret.

Values are read from `os.environ`, where django-environ puts what stands in `.env`. Its own readers take a value that
begins with $ for the name of another variable, and say that name in a traceback: it may be a password.
"""

import io
import ipaddress
import os
import re
import unicodedata
from email.utils import formataddr

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
_IN_LIST = re.compile(r'(?:"[^"]*"|[^",;])+')  # one address of several: a quoted name may hold a comma

# In an address of a server, what stands for itself and what is written as % and two digits
_LOGIN = r"(?:[^\s/?#%\[\]]|%[0-9A-Fa-f]{2})+"
_HOST = r"(?:\[[0-9A-Fa-f:.]+\]|(?:[^\s/?#@:,%\[\]]|%2[fF])+)(?::\d{1,5})?"
_POSTGRES = re.compile(
    rf"(?:postgres|postgresql|pgsql|psql)://(?:{_LOGIN}@)?(?:{_HOST}(?:,{_HOST})*)?/[^\s?#]+(?:\?\S+)?"
)
_SQLITE = re.compile(r"sqlite:///(?:[^?#%+]|%[0-9A-Fa-f]{2})+")
_SMTP = re.compile(rf"(?P<scheme>smtp(?:\+tls|\+ssl)?)://(?:(?P<login>{_LOGIN})@)?{_HOST}/?")
_ESCAPES = "In a name or password write % as %25, / as %2F, ? as %3F, # as %23, [ as %5B, ] as %5D, a blank as %20."
_SMTP_PORTS = {"smtp": 25, "smtp+tls": 587, "smtp+ssl": 465}
_NO_SERVER = re.compile(r"(?:consolemail|memorymail|dummymail)://|filemail:///\S+")


def load(path):
    """Put what a `.env` file says into the environment, which wins; do nothing where there is none.

    Raises ImproperlyConfigured for a file that is not UTF-8 text and for a line that sets nothing.
    """
    try:
        content = path.read_text(encoding="utf-8-sig")  # an editor on Windows may begin it with a byte-order mark
    except (FileNotFoundError, PermissionError):  # then whoever starts us has read it
        return
    except (OSError, UnicodeDecodeError) as error:
        raise ImproperlyConfigured(f"{path.name} can't be read. It must be a file of UTF-8 text.") from error
    lines = [line.strip() for line in content.splitlines()]
    for number, line in enumerate(lines, start=1):
        if line and not line.startswith("#") and not _LINE.match(line):
            raise ImproperlyConfigured(f"Line {number} of {path.name} sets nothing. Write NAME=value, without blanks.")
    environ.Env.read_env(io.StringIO("\n".join(lines)))


def text(name, default=""):
    """The value without blanks around it; the default where it is empty."""
    value = os.environ.get(name, "").strip()
    if not value.isprintable():
        raise ImproperlyConfigured(f"{name} holds a character that nobody can see, such as a line break. Remove it.")
    return value or default


def required(name, meaning):
    """The value, which must be there. `meaning` ends the sentence "It is ..."."""
    value = text(name)
    if not value:
        raise ImproperlyConfigured(f"{name} is not set. It is {meaning}. See .env.example.")
    return value


def items(name):
    """The parts of a value that stand between commas, without blanks around them."""
    return [item.strip() for item in text(name).split(",") if item.strip()]


def choice(name, choices, default):
    value = text(name, default)
    if value not in choices:
        raise ImproperlyConfigured(f"{name} is unknown. It must be one of: {', '.join(choices)}.")
    return value


def flag(name):
    """True or False. An empty one is False."""
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
    """A folder as a Path, made where it is missing. A relative one counts from `base`."""
    path = base / text(name, str(default))
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ImproperlyConfigured(f"{name} can't be used as a folder ({error.strerror}).") from error
    return path


def origin(name, value):
    """Scheme, host and port as a browser sends them, and the host alone: `("https://xn--bcher-kva.example", ...)`."""
    found = _ORIGIN.fullmatch(value)
    host = found and _host(found["host"])
    port = int(found["port"]) if host and found["port"] else None
    if not host or (port is not None and not 1 <= port <= 65535):
        raise ImproperlyConfigured(
            f"{name} is no web address. It must look like https://www.example.org, with nothing after it but a port."
        )
    scheme = found["scheme"].lower()
    shown_port = f":{port}" if port not in (None, _USUAL_PORTS[scheme]) else ""
    return f"{scheme}://{host}{shown_port}", host


def hosts(name):
    """Host names for ALLOWED_HOSTS: a name, a name with a dot before it (for all below it), or an IP address."""
    found = []
    for item in items(name):
        bare = item.removeprefix(".")
        host = _host(f"[{bare}]" if bare.count(":") > 1 and not bare.startswith("[") else bare)
        if host is None:
            raise ImproperlyConfigured(
                f"{name} holds something that is no host name. It must look like example.org, www.example.org: "
                "no scheme, no port, no *."
            )
        found.append("." + host if item != bare else host)
    return found


def _host(host):
    """A host as browsers send it: small letters, an international name in its xn-- form. None where it is none.

    Python knows the older rules for international names. Where the newer ones mean another name (such as with ß), the
    owner has to say which.
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
    except ValueError:  # UnicodeError is one
        return None
    return in_ascii if all(_LABEL.fullmatch(label) for label in in_ascii.split(".")) else None


def address(name, value):
    """One e-mail address, alone or as `Name <address>`."""
    parts = _parts_of_address(value)
    if parts is None:
        raise ImproperlyConfigured(
            f"{name} is no email address. It must look like desk@example.org or Front desk <desk@example.org>."
        )
    return formataddr(parts)


def addresses(name, default=""):
    """Several addresses, with commas or semicolons between them, each once."""
    value = text(name, default)
    found = {}
    for item in _IN_LIST.findall(value) if value.count('"') % 2 == 0 else [value]:
        if item.strip():
            parts = _parts_of_address(item.strip())
            if parts is None:
                raise ImproperlyConfigured(
                    f"{name} holds something that is no email address. It must look like "
                    "desk@example.org, Front desk <front@example.org>."
                )
            found.setdefault(parts[1].lower(), formataddr(parts))
    if not found:
        raise ImproperlyConfigured(f"{name} holds no email address. It must look like desk@example.org.")
    return list(found.values())


def _parts_of_address(value):
    """The name, which may be empty, and the address with its domain in ASCII; None where it is no address."""
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
    """What DATABASES wants: PostgreSQL, or SQLite in a file (`default` without the variable; relative to `base`)."""
    url = text(name)
    if not url:
        return {"ENGINE": "django.db.backends.sqlite3", "NAME": str(default)}
    config = None
    if _POSTGRES.fullmatch(url) or _SQLITE.fullmatch(url):
        try:
            config = environ.Env.db_url_config(url)
        except ValueError:  # a port that is none
            config = None
    if config is None or config["NAME"] in ("", ":memory:"):
        raise ImproperlyConfigured(
            f"{name} can't be read. It must look like postgres://name:password@host:5432/database or "
            f"sqlite:////folder/file. {_ESCAPES}"
        )
    if config["ENGINE"].endswith("sqlite3"):
        config["NAME"] = str(base / config["NAME"])
    return config


def mail_server(name, default="", *, must_send):
    """The settings EMAIL_... for a mail server. Unless it `must_send`, mail may go to the console or a folder too."""
    url = text(name, default)
    smtp = _SMTP.fullmatch(url)
    config = None
    if smtp or (not must_send and _NO_SERVER.fullmatch(url)):
        try:
            config = environ.Env.email_url_config(url)
        except ValueError:  # a port that is none
            config = None
    has_login = smtp is None or not smtp["login"] or bool(config and config["EMAIL_HOST_PASSWORD"])
    if config is None or not has_login:
        raise ImproperlyConfigured(
            f"{name} can't be read. It must look like smtp+tls://name:password@host:587 (or smtp+ssl, port 465). "
            f"{_ESCAPES}"
        )
    if smtp:
        config["EMAIL_BACKEND"] = "intake.notifications.smtp.EmailBackend"
        config["EMAIL_PORT"] = config["EMAIL_PORT"] or _SMTP_PORTS[smtp["scheme"]]
    return config


def security_contact(name):
    """An address for reports of security holes, or an empty text."""
    value = text(name)
    if value and not re.fullmatch(r"(?:mailto:|https://|tel:)\S+", value):
        raise ImproperlyConfigured(f"{name} must begin with mailto:, https:// or tel: and hold no blank.")
    return value


def token(name):
    """A secret that is sent in a header, or an empty text."""
    value = text(name)
    if not re.fullmatch(r"[!-~]*", value):
        raise ImproperlyConfigured(f"{name} must hold letters, digits and signs of ASCII alone, without blanks.")
    return value
