"""Django's SMTP backend, which also says whom a mail server refused while it took the message for others."""

import smtplib

from django.core.mail.backends import smtp


class AcceptedInPart(smtplib.SMTPException):
    """The message is on its way to some recipients, and these were refused: address to (code, reason), as smtplib
    names them."""

    def __init__(self, recipients):
        super().__init__(recipients)
        self.recipients = recipients


class _SaysWhoWasRefused:
    """smtplib returns the refused ones where at least one was accepted, and Django drops what it returns."""

    def sendmail(self, *args, **kwargs):
        refused = super().sendmail(*args, **kwargs)
        if refused:
            raise AcceptedInPart(refused)
        return refused


class _Plain(_SaysWhoWasRefused, smtplib.SMTP):
    pass


class _Encrypted(_SaysWhoWasRefused, smtplib.SMTP_SSL):
    pass


class EmailBackend(smtp.EmailBackend):
    """Raises `AcceptedInPart` after a message that not every recipient gets. Nobody who got it may get it again."""

    @property
    def connection_class(self):
        return _Encrypted if self.use_ssl else _Plain
