"""One form, its view and a page of thanks. The form has the same field types and choices as the assessment form."""

from django import forms
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import path, reverse
from django.views.generic import TemplateView

from .models import Row


def choices(*names):
    return [(name, name) for name in names]


class BareForm(forms.Form):
    adult = forms.ChoiceField(choices=choices("yes", "no"), widget=forms.RadioSelect)
    for_whom = forms.ChoiceField(
        choices=choices("self", "other", "professional"), widget=forms.RadioSelect, required=False
    )
    relation = forms.ChoiceField(
        choices=choices("", "parent", "partner", "child", "sibling", "friend", "other"), required=False
    )
    name = forms.CharField(max_length=200, required=False)
    phone = forms.CharField(max_length=60, required=False)
    email = forms.EmailField(max_length=254, required=False)
    do_not_call = forms.BooleanField(required=False)
    voicemail_ok = forms.BooleanField(required=False)
    text_ok = forms.BooleanField(required=False)
    email_ok = forms.BooleanField(required=False)
    introduction = forms.ChoiceField(choices=choices("first_name", "center"), widget=forms.RadioSelect, required=False)
    preferred_time = forms.ChoiceField(
        choices=choices("asap", "morning", "afternoon", "evening"), widget=forms.RadioSelect, required=False
    )
    time_zone = forms.ChoiceField(
        choices=choices("America/Phoenix", "America/Denver", "America/Chicago", "America/New_York"), required=False
    )
    language = forms.CharField(max_length=100, required=False)
    message = forms.CharField(max_length=1000, widget=forms.Textarea, required=False)
    consent = forms.BooleanField()
    asked_about = forms.CharField(max_length=400, widget=forms.HiddenInput, required=False)
    website = forms.CharField(required=False)


def ask(request):
    form = BareForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        answers = {name: value for name, value in form.cleaned_data.items() if name not in ("asked_about", "website")}
        row = Row.objects.create(**answers)
        return HttpResponseRedirect(reverse("thanks", args=[row.pk]), status=303)
    return render(request, "bare/form.html", {"form": form})


urlpatterns = [
    path("assessment/", ask, name="ask"),
    path("thanks/<int:pk>/", TemplateView.as_view(template_name="bare/thanks.html"), name="thanks"),
    path("healthz", lambda request: HttpResponse("ok")),
]
