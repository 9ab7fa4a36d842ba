"""The forms of people: allauth's for signing in, with labels instead of placeholders, and ours."""

from collections.abc import Sequence
from typing import Any

from allauth.account.forms import LoginForm
from allauth.account.forms import ReauthenticateForm as PasswordForm
from allauth.mfa.base.forms import AuthenticateForm, ReauthenticateForm
from allauth.mfa.totp.forms import ActivateTOTPForm
from django import forms
from django.contrib.auth.password_validation import validate_password
from django.contrib.auth.validators import UnicodeUsernameValidator
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from .invitations import Newcomer, Terms
from .models import Role, Scope, User
from .names import clean_pseudonym

CODE = _("Code")


def _without_placeholders(form: forms.Form) -> None:
    for field in form.fields.values():
        field.widget.attrs.pop("placeholder", None)


class SignInForm(LoginForm):  # type: ignore[misc]  # allauth is untyped
    """Name and password."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _without_placeholders(self)
        self.fields["login"].label = _("Name")


class ConfirmPasswordForm(PasswordForm):  # type: ignore[misc]
    """The password again."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _without_placeholders(self)


class _CodeForm(forms.Form):
    """Mixed into allauth's forms that take a code."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _without_placeholders(self)
        self.fields["code"].widget.attrs |= {
            "inputmode": "numeric",
            "autocomplete": "one-time-code",
        }


class CodeForm(_CodeForm, AuthenticateForm):  # type: ignore[misc]
    """The second step of a sign-in."""


class ConfirmCodeForm(_CodeForm, ReauthenticateForm):  # type: ignore[misc]
    """The second step again."""


class ActivateAppForm(_CodeForm, ActivateTOTPForm):  # type: ignore[misc]
    """The first code of an authenticator app."""


class _PersonForm(forms.Form):
    """Name and e-mail of an account."""

    pseudonym = forms.CharField(
        label=_("Name that the public sees"),
        help_text=_("Of your own choosing. It stands beside your clips and inside their files."),
    )
    email = forms.EmailField(
        label=_("E-mail address"),
        required=False,
        help_text=_("May stay empty. Nobody sees it but you and the operator; no mail is sent."),
    )
    own: User | None = None

    def clean_pseudonym(self) -> str:
        return clean_pseudonym(self.cleaned_data["pseudonym"], self.own)


class NameForm(_PersonForm):
    """Name and e-mail, to be changed."""

    def __init__(self, person: User, data: QueryDict | None = None) -> None:
        super().__init__(data, initial={"pseudonym": person.pseudonym, "email": person.email})
        self.own = person


class NewcomerForm(_PersonForm):
    """What somebody gives who takes an invitation up."""

    username = forms.CharField(
        label=_("Name to sign in with"),
        max_length=150,
        validators=[UnicodeUsernameValidator()],
        widget=forms.TextInput(attrs={"autocomplete": "username"}),
        help_text=_("Only you need it. Letters, digits and @ . + - _"),
    )
    password = forms.CharField(
        label=_("Password"),
        required=False,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=_("At least 8 letters. Leave it empty to sign in with a passkey alone."),
    )
    field_order = ("pseudonym", "username", "password", "email")

    def clean_username(self) -> str:
        name: str = self.cleaned_data["username"]
        if User.objects.filter(username__iexact=name).exists():
            raise forms.ValidationError(_("Choose another name."), code="taken")
        return name

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if password := cleaned.get("password"):
            person = User(username=cleaned.get("username", ""), email=cleaned.get("email", ""))
            try:
                validate_password(password, person)
            except forms.ValidationError as error:
                self.add_error("password", error)
        return cleaned

    def newcomer(self) -> Newcomer:
        """Who a valid form describes."""
        return Newcomer(**{name: self.cleaned_data[name] for name in self.field_order})


class NewPasswordForm(forms.Form):
    """A new password for an account that is opened again."""

    password = forms.CharField(
        label=_("New password"),
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def clean_password(self) -> str:
        password: str = self.cleaned_data["password"]
        validate_password(password)
        return password


class InviteForm(forms.Form):
    """What a curator decides of a newcomer."""

    role = forms.ChoiceField(label=_("As"))
    generations = forms.IntegerField(
        label=_("Clips they may ask for"),
        required=False,
        min_value=1,
        max_value=1_000_000,
        help_text=_("In all. Leave it empty for any number."),
    )
    reason = forms.CharField(
        label=_("Whom and why"),
        max_length=300,
        help_text=_("Curators see it, with your name and the date."),
    )

    def __init__(self, roles: Sequence[Role], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["role"].choices = [(role.value, role.label) for role in roles]  # type: ignore[attr-defined]

    def terms(self) -> Terms:
        """What a valid form says."""
        given = self.cleaned_data
        return Terms(Role(given["role"]), given["generations"], given["reason"])


class AllowForm(forms.Form):
    """How many clips somebody may ask for from now on."""

    generations = forms.IntegerField(
        label=_("Clips they may ask for"), required=False, min_value=0, max_value=1_000_000,
        help_text=_("In all, those already asked for included. Empty: any number."),
    )  # fmt: skip
    reason = forms.CharField(label=_("Why"), max_length=300)


class TokenForm(forms.Form):
    """What a new token is for."""

    name = forms.CharField(
        label=_("What it is for"), max_length=80, help_text=_("So that you know it again.")
    )
    scopes = forms.MultipleChoiceField(
        label=_("What it may do"), choices=Scope.choices, widget=forms.CheckboxSelectMultiple
    )
    days = forms.TypedChoiceField(
        label=_("Works for"),
        coerce=int,
        choices=[(30, _("30 days")), (90, _("90 days")), (365, _("a year"))],
        initial=90,
    )


class EraseForm(forms.Form):
    """That somebody means it."""

    name = forms.CharField(label=_("Your name here, as a sign that you mean it"))

    def __init__(self, person: User, data: QueryDict | None = None) -> None:
        super().__init__(data)
        self.person = person

    def clean_name(self) -> str:
        if self.cleaned_data["name"] != self.person.pseudonym:
            raise forms.ValidationError(_("That is not the name of this account."))
        return self.person.pseudonym
