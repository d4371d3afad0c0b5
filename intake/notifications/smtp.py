"""Django's SMTP backend, extended to report the addresses that a mail server refused while it accepted others."""

import smtplib

from django.core.mail.backends import smtp


class AcceptedInPart(smtplib.SMTPException):
    """Some recipients were accepted and these refused: address to (code, reason), as in smtplib."""

    def __init__(self, recipients):
        super().__init__(recipients)
        self.recipients = recipients


class _ReportsRefused:
    """Raise `AcceptedInPart` if only some addresses were refused. smtplib returns them, and Django would drop them."""

    def sendmail(self, *args, **kwargs):
        refused = super().sendmail(*args, **kwargs)
        if refused:
            raise AcceptedInPart(refused)
        return refused


class _Plain(_ReportsRefused, smtplib.SMTP):
    pass


class _Encrypted(_ReportsRefused, smtplib.SMTP_SSL):
    pass


class EmailBackend(smtp.EmailBackend):
    """Raises `AcceptedInPart` after a message that not every recipient gets. Nobody who got it may get it again."""

    @property
    def connection_class(self):
        return _Encrypted if self.use_ssl else _Plain
