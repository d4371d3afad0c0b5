"""One of two linked requests is withdrawn, erased or changed: staff say whether the other is the same person's."""

from django.conf import settings
from django.db import migrations, models

URGENCY = ["queue_group", "due_at", "received_at", "id"]
IS_OPEN = models.Q(("stage", "closed"), _negated=True)
URGENT = (
    models.Index(condition=IS_OPEN, fields=URGENCY, name="open_by_urgency"),
    models.Index(condition=IS_OPEN, fields=["owner", *URGENCY], name="open_by_owner"),
    models.Index(condition=models.Q(("owner", None), IS_OPEN), fields=URGENCY, name="unassigned_by_urgency"),
    models.Index(
        condition=models.Q(("quarantined_at__isnull", False), IS_OPEN), fields=URGENCY, name="quarantine_by_urgency"
    ),
)


class Migration(migrations.Migration):
    dependencies = [
        ("intake", "0014_same_device"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="assessmentrequest",
            name="request_closed_is_nobodys_turn",
        ),
        migrations.RemoveConstraint(
            model_name="event",
            name="event_code_is_known",
        ),
        migrations.RemoveConstraint(
            model_name="notice",
            name="notice_is_about_a_request_or_a_day",
        ),
        migrations.AddField(
            model_name="assessmentrequest",
            name="to_confirm_since",
            field=models.DateTimeField(
                blank=True,
                editable=False,
                help_text="A linked request was withdrawn, erased or changed; staff must say whether this is the same person",
                null=True,
            ),
        ),
        migrations.AddField(
            model_name="contactprofile",
            name="is_from_link",
            field=models.BooleanField(
                default=False,
                help_text="Written by linking or unlinking a duplicate: nobody said this about the request itself",
            ),
        ),
        # A generated column can't be altered: it is made anew, with the indexes that hold it.
        *(migrations.RemoveIndex(model_name="assessmentrequest", name=index.name) for index in URGENT),
        migrations.RemoveField(model_name="assessmentrequest", name="queue_group"),
        migrations.AddField(
            model_name="assessmentrequest",
            name="queue_group",
            field=models.GeneratedField(
                db_persist=True,
                expression=models.Case(
                    models.When(
                        models.Q(
                            ("called_back_at__isnull", False), ("to_confirm_since__isnull", False), _connector="OR"
                        ),
                        then=0,
                    ),
                    models.When(stage__in=["new", "reaching"], then=1),
                    default=2,
                ),
                output_field=models.PositiveSmallIntegerField(),
            ),
        ),
        *(migrations.AddIndex(model_name="assessmentrequest", index=index) for index in URGENT),
        migrations.AlterField(
            model_name="event",
            name="code",
            field=models.CharField(
                choices=[
                    ("received", "Received"),
                    ("amended", "Sent again with changes"),
                    ("added", "Person added words"),
                    ("window_set", "Person chose another time"),
                    ("stage_set", "Stage set"),
                    ("booked", "Assessment booked"),
                    ("taken", "Taken from the queue"),
                    ("lapsed", "Back in the queue: nothing was done in time"),
                    ("assigned", "Assigned"),
                    ("released", "Released"),
                    ("attempted", "Attempt"),
                    ("kept_trying", "Decided to keep trying"),
                    ("snoozed", "Put off"),
                    ("woken", "Back in the queue"),
                    ("corrected", "Details corrected"),
                    ("linked", "Linked as a duplicate"),
                    ("unlinked", "Duplicate unlinked"),
                    ("to_confirm", "Linked request changed: is it the same person?"),
                    ("another", "Decided: another person"),
                    ("note_added", "Note added"),
                    ("closed", "Closed"),
                    ("reopened", "Reopened"),
                    ("withdrawn", "Withdrawn by the person"),
                    ("erased", "Words erased"),
                    ("hidden", "Words hidden"),
                    ("suspected", "Put in quarantine"),
                    ("cleared", "Taken out of quarantine"),
                    ("hold_set", "Legal hold set"),
                    ("hold_lifted", "Legal hold lifted"),
                ],
                max_length=12,
            ),
        ),
        migrations.AlterField(
            model_name="notice",
            name="kind",
            field=models.CharField(
                choices=[
                    ("new_request", "To staff: a request came in"),
                    ("to_confirm", "To staff: is it the same person?"),
                    ("acknowledgement", "To the person: we have your message"),
                    ("failures", "To staff: what could not be sent"),
                    ("week", "To the lead: the figures of the week"),
                ],
                default="new_request",
                max_length=20,
            ),
        ),
        migrations.AddConstraint(
            model_name="assessmentrequest",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("stage", "closed"), _negated=True),
                    models.Q(("called_back_at", None), ("claimed_until", None), ("to_confirm_since", None)),
                    _connector="OR",
                ),
                name="request_closed_is_nobodys_turn",
            ),
        ),
        migrations.AddConstraint(
            model_name="event",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "code__in",
                        [
                            "received",
                            "amended",
                            "added",
                            "window_set",
                            "stage_set",
                            "booked",
                            "taken",
                            "lapsed",
                            "assigned",
                            "released",
                            "attempted",
                            "kept_trying",
                            "snoozed",
                            "woken",
                            "corrected",
                            "linked",
                            "unlinked",
                            "to_confirm",
                            "another",
                            "note_added",
                            "closed",
                            "reopened",
                            "withdrawn",
                            "erased",
                            "hidden",
                            "suspected",
                            "cleared",
                            "hold_set",
                            "hold_lifted",
                        ],
                    )
                ),
                name="event_code_is_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="notice",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("day__isnull", False), ("kind__in", ["failures", "week"]), ("request", None)),
                    models.Q(
                        ("day", None),
                        ("kind__in", ["new_request", "to_confirm", "acknowledgement"]),
                        ("request__isnull", False),
                    ),
                    _connector="OR",
                ),
                name="notice_is_about_a_request_or_a_day",
            ),
        ),
    ]
