from .security_event import SecurityEvent
from .session import StaffSession
from .sign_in_attempt import SignInAttempt

__all__ = ["SecurityEvent", "SignInAttempt", "StaffSession"]
