"""What is forgotten of people once an hour: sessions, throttles and tokens that are over."""

from datetime import timedelta

from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.db import connection
from django.db.models import Q
from django.utils import timezone

from .models import Token

TOKENS_STAY = timedelta(days=30)  # so that their owner still sees that one was revoked


def sweep() -> str:
    """Forget what is over; what was done, in words."""
    now = timezone.now()
    sessions = Session.objects.filter(expire_date__lt=now).delete()[0]
    places = UserSession.objects.exclude(session_key__in=Session.objects.values("session_key"))
    traces = places.delete()[0]
    ended = Q(expires_at__lt=now - TOKENS_STAY) | Q(revoked_at__lt=now - TOKENS_STAY)
    tokens = Token.objects.filter(ended).delete()[0]
    with connection.cursor() as cursor:  # the cache itself forgets only where it is full
        cursor.execute("DELETE FROM site_cache WHERE expires < %s", [now])
    if not (sessions or traces or tokens):
        return ""
    return f"{sessions} sessions, {traces} traces of them and {tokens} tokens forgotten"
