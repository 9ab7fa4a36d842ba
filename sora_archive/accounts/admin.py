"""People in Django's admin, for the operator: who may do what, and who may sign in at all."""

from django.contrib import admin
from django.forms import ModelForm
from django.http import HttpRequest

from sora_archive.reasoned import Reasoned

from .models import User
from .people import give_role


@admin.register(User)
class PeopleAdmin(Reasoned):
    """People come by invitation and go by erasure; here only role and closing are changed."""

    list_display = ("pseudonym", "role", "is_active", "date_joined")
    list_filter = ("role", "is_active")
    search_fields = ("pseudonym",)
    fields = ("pseudonym", "role", "is_active", "reason", "date_joined", "last_login")
    readonly_fields = ("pseudonym", "date_joined", "last_login")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return False

    def save_model(
        self, request: HttpRequest, obj: User, form: "ModelForm[User]", change: bool
    ) -> None:
        give_role(obj, obj.role)
        obj.save()
