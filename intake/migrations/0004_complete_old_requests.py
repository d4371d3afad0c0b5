"""What requests from before `0003_asking` lack: which key opens each text, and the codes of contact.

Their blind indexes are made by `manage.py rotate_keys`, which can be stopped and resumed.
"""

import json

from django.db import migrations, models

from intake import sealed


def complete(apps, schema_editor):
    apps.get_model("intake", "AssessmentRequest").objects.update(confirmed_at=models.F("received_at"))
    SealedText, ContactProfile = apps.get_model("intake", "SealedText"), apps.get_model("intake", "ContactProfile")
    for text in SealedText.objects.filter(key_id="").order_by("at", "pk").iterator(chunk_size=500):
        try:
            text.key_id = sealed.key_id_of(text.envelope)
        except sealed.CannotOpen:
            continue  # damaged: the desk says so, and it must not stop the others
        text.save(update_fields=["key_id"])
        answers = _answers_in(text)
        if answers is not None:
            ContactProfile.objects.create(request_id=text.request_id, at=text.at, **_codes(answers))


def _answers_in(text):
    if text.kind not in ("answers", "amendment"):
        return None
    place = sealed.Place(table="intake_sealedtext", column="envelope", row=str(text.pk))
    try:
        return json.loads(sealed.open_envelope(text.envelope, place))
    except sealed.CannotOpen:
        return None  # the desk says that it can't be read; nothing here can mend it


def _codes(answers):
    has_phone, has_email = bool(answers["phone"]), bool(answers["email"])
    may_call = has_phone and not answers["do_not_call"]
    return {
        "for_whom": answers["for_whom"],
        "may_call": may_call,
        "may_leave_voicemail": may_call and answers["voicemail_ok"],
        "may_text": has_phone and answers["text_ok"],
        "may_email": has_email and (answers["email_ok"] or not may_call),
        "introduction": answers["introduction"],
        "best_time": answers["best_time"],
        "time_zone": answers["time_zone"],
    }


class Migration(migrations.Migration):
    dependencies = [("intake", "0003_asking")]

    operations = [migrations.RunPython(complete, migrations.RunPython.noop)]
