"""People in Django's admin, for the operator: who may do what, and who may sign in at all."""

from typing import TYPE_CHECKING, TypeAlias

from django.contrib import admin
from django.forms import ModelForm
from django.http import HttpRequest

from .models import User
from .people import give_role

if TYPE_CHECKING:
    _UserAdmin: TypeAlias = admin.ModelAdmin[User]
else:
    _UserAdmin = admin.ModelAdmin


@admin.register(User)
class PeopleAdmin(_UserAdmin):
    """People come by invitation and go by erasure; here only role and closing are changed."""

    list_display = ("pseudonym", "role", "is_active", "date_joined")
    list_filter = ("role", "is_active")
    search_fields = ("pseudonym",)
    fields = ("pseudonym", "role", "is_active", "date_joined", "last_login")
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
