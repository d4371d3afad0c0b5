"""Django's SMTP backend, extended to report the addresses that were refused when others were accepted."""

import smtplib

from django.core.mail.backends import smtp

from staff.mail import AcceptedInPart


class _ReportsRefused:
    """An SMTP connection that raises `AcceptedInPart` if only some recipients were refused.

    smtplib returns them, and Django would drop them.
    """

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
    """An email backend that raises `AcceptedInPart` if some recipients refused a message.

    The caller must not send the message again to those who got it.
    """

    @property
    def connection_class(self):
        return _Encrypted if self.use_ssl else _Plain
