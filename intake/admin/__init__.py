"""The admissions desk, in the admin."""

from .access_log import AccessRecordAdmin
from .assessment_requests import AssessmentRequestAdmin

__all__ = ["AccessRecordAdmin", "AssessmentRequestAdmin"]
