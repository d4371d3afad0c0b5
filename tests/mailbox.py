"""A real mail server for tests. The fixture `mailbox` in tests/conftest.py runs one."""

import email
from email import policy

from aiosmtpd.controller import Controller

from tests.ports import free_port


class Mailbox:
    """A mail server on loopback that can be down, can refuse what it is told, and keeps what it takes."""

    def __init__(self):
        self.mails = []
        self.got = []  # each address as often as it got a mail
        self.refusals = []  # what it answers to the next mails, before it takes one
        self.rcpt_refusals = []  # the same for the next addresses
        self.refuses = {}  # what it answers for an address, each time
        self.on_mail = lambda: None
        self.port = free_port()
        self._controller = None

    async def handle_RCPT(self, server, session, envelope, address, options):
        if self.rcpt_refusals:
            return self.rcpt_refusals.pop(0)
        if address in self.refuses:
            return self.refuses[address]
        envelope.rcpt_tos.append(address)
        return "250 good"

    async def handle_DATA(self, server, session, envelope):
        self.on_mail()
        if self.refusals:
            return self.refusals.pop(0)
        self.mails.append(email.message_from_bytes(envelope.content, policy=policy.default))
        self.got += envelope.rcpt_tos
        return "250 taken"

    def start(self):
        self._controller = Controller(self, hostname="127.0.0.1", port=self.port)
        self._controller.start()

    def stop(self):
        if self._controller:
            self._controller.stop()
            self._controller = None

    @property
    def subjects(self):
        return sorted(mail["Subject"] for mail in self.mails)
