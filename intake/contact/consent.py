"""What a person consents to when they send the form, word for word.

If a text changes, give it a new version. Earlier records keep the version and hash of the text that was shown.
"""

import functools
import hashlib
from dataclasses import dataclass


@dataclass(frozen=True)
class Wording:
    """The exact text beside a checkbox, for one purpose."""

    purpose: str
    version: str
    text: str

    @functools.cached_property
    def sha256(self) -> str:
        return hashlib.sha256(self.text.encode()).hexdigest()


CONTACT = Wording(
    purpose="contact",
    version="2026-11",
    text=(
        "I agree that Renaissance Recovery Center may contact me about this request, in the ways I chose above. "
        "I can withdraw this at any time."
    ),
)
VOICEMAIL = Wording(purpose="voicemail", version="2026-11", text="You may leave a voicemail on this phone.")
TEXT_MESSAGE = Wording(purpose="text_message", version="2026-11", text="You may send a text message to this phone.")
EMAIL = Wording(purpose="email", version="2026-11", text="You may send email to this address.")

BY_FIELD = {"consent": CONTACT, "voicemail_ok": VOICEMAIL, "text_ok": TEXT_MESSAGE, "email_ok": EMAIL}
BY_PERMISSION = {"may_leave_voicemail": VOICEMAIL, "may_text": TEXT_MESSAGE, "may_email": EMAIL}
FOR_ONE_PHONE = ("may_leave_voicemail", "may_text")
