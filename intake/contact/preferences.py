"""From answers to the codes that say how a person may be reached."""

from intake import email_addresses
from intake.models import ContactPreferences
from intake.models.contact import BestTime


def profile_of(answers):
    """The codes of a `ContactPreferences` for the cleaned answers of the form.

    A number and consent allow a live call; an email address in the phone box does not. Where an e-mail address is the
    only way to reach someone, or the way they chose instead of calls or before them, giving it allows the one neutral
    e-mail. Everything else has its own box.
    """
    has_phone = bool(answers["phone"]) and not email_addresses.is_in(answers["phone"])
    has_email = bool(answers["email"])
    may_call = has_phone and not answers["do_not_call"]
    wants_to_confirm = answers["best_time"] == BestTime.CONFIRMED
    return {
        "for_whom": answers["for_whom"],
        "may_call": may_call,
        "may_leave_voicemail": may_call and answers["voicemail_ok"],
        "may_text": has_phone and answers["text_ok"],
        "may_email": has_email and (answers["email_ok"] or not may_call or wants_to_confirm),
        "introduction": answers["introduction"],
        "best_time": answers["best_time"],
        "time_zone": answers["time_zone"],
    }


def ways_to_try(profile, may_ever_call):
    """The channels of a profile, the first choice first. Who can't be called at the time they asked for is written to
    first; who wants to confirm a time is not called at all until staff have written down another time."""
    if may_ever_call:
        return profile.channels
    written = [channel for channel in profile.channels if channel != "call"]
    is_called = profile.may_call and profile.best_time != BestTime.CONFIRMED
    return [*written, "call"] if is_called else written


def newest_profile(request):
    """The profile that counts, or None where the words were erased."""
    return newest_of(ContactPreferences.objects.filter(request=request))


def newest_of(profiles):
    """The one that counts among the profiles of one request, or None."""
    return max(profiles, key=lambda profile: (profile.at, profile.pk), default=None)
