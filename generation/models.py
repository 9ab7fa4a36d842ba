"""A generation is an attempt to make a clip; a clip is what came of it. The rows are the truth.

States only change through the conditional updates in asking.py, leases.py and line.py.
"""

import uuid
from typing import ClassVar

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from provenance.core.records import ENTRY_LIMIT
from provenance.verify.models import Credential

from .studio_models import PRESET_LETTERS as PRESET_LETTERS
from .studio_models import Look as Look
from .studio_models import Pause as Pause
from .studio_models import Preset as Preset

MAX_SEED = 2**63 - 1
PROMPT_LETTERS = 2000
TITLE_LETTERS = 120
DESCRIPTION_LETTERS = 2000


class State(models.TextChoices):
    """Where an attempt stands; the last four are outcomes and final."""

    QUEUED = "queued", _("Waiting")
    RUNNING = "running", _("Running")
    DONE = "done", _("Done")
    FAILED = "failed", _("Failed")
    CANCELLED = "cancelled", _("Cancelled")
    REFUSED = "refused", pgettext_lazy("attempt", "Refused")


class Licence(models.TextChoices):
    """What others may do with a clip; the artist chooses it for each."""

    NONE = "none", _("No licence: ask the artist")
    CC_BY = "cc-by-4.0", _("CC BY 4.0: share and change, with credit")
    CC_BY_NC = "cc-by-nc-4.0", _("CC BY-NC 4.0: the same, not for money")
    CC0 = "cc0-1.0", _("CC0 1.0: no conditions at all")


class Use(models.TextChoices):
    """The uses by machines that a credential allows or forbids (CAWG training and data mining)."""

    INFERENCE = "ai_inference", _("Be an input to a trained model")
    GENERATIVE = "ai_generative_training", _("Train models that generate")
    TRAINING = "ai_training", _("Train other models")
    MINING = "data_mining", _("Text and data mining")


class Begin(models.TextChoices):
    """The frame of its parent that a remix begins with, where the model can."""

    NOTHING = "", _("The words alone")
    FIRST = "first", _("Its first frame")
    LAST = "last", _("Its last frame")


OPEN_STATES = (State.QUEUED, State.RUNNING)


class By(models.TextChoices):
    """In which role a person acted; the log says so, and never who it was."""

    ARTIST = "artist", _("the artist")
    CURATOR = "curator", _("a curator")
    OPERATOR = "operator", _("the operator")


class Reason(models.TextChoices):
    """Why something was withdrawn, restored or erased: short codes that the log keeps for ever."""

    OWN_WISH = "own_wish", _("the artist wished it")
    PRIVACY = "privacy", _("it tells something private")
    REAL_PERSON = "real_person", _("it portrays a real person")
    RIGHTS = "rights", _("it touches somebody else's rights")
    LAW = "law", _("the law asks for it")
    RULES = "rules", _("it is against the rules of the archive")
    MISTAKE = "mistake", _("it was a mistake")
    INTIMATE = "intimate", _("it shows a real person in an intimate way")
    CHILD = "child", _("it sexualises a child")
    DANGER = "danger", _("it calls for violence against somebody")
    HATE = "hate", _("it incites hatred against people for what they are")
    DECEPTION = "deception", _("it pretends to be somebody else, or a real recording")
    NAME = "name", _("the name insults, or belongs to somebody else")
    REPORTED = "reported", _("it was reported on the gravest grounds, and waits for a curator")
    ACCOUNT = "account_closed", _("the account was closed")


class Visibility(models.TextChoices):
    """Who can see a clip."""

    DRAFT = "draft", _("Draft")
    PUBLISHED = "published", _("Published")
    WITHDRAWN = "withdrawn", _("Withdrawn")
    ERASED = "erased", _("Erased")


class Generation(models.Model):
    """One attempt: who asked for what, how far it is, and how it ended."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    artist = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="generations"
    )
    request_key = models.UUIDField(
        help_text="made with the form, so that a double submit asks once"
    )
    attempt = models.CharField(max_length=32, unique=True, help_text="its random name in the log")
    attempt_ticket = models.UUIDField(unique=True, help_text="the log's ticket of `attempt`")
    outcome_ticket = models.UUIDField(unique=True, null=True)

    prompt = models.TextField()
    negative_prompt = models.TextField(blank=True)
    model = models.CharField(max_length=100)
    seed = models.BigIntegerField()
    steps = models.PositiveSmallIntegerField()
    guidance = models.FloatField()
    width = models.PositiveSmallIntegerField()
    height = models.PositiveSmallIntegerField()
    frames = models.PositiveSmallIntegerField()
    fps = models.PositiveSmallIntegerField()

    title = models.CharField(
        max_length=200, blank=True, db_default="",
        help_text="what the clip shall be called; moves to the clip once there is one",
    )  # fmt: skip
    description = models.TextField(blank=True, db_default="", help_text="the same for what is seen")
    parent = models.ForeignKey(
        "Clip", on_delete=models.PROTECT, null=True, related_name="remixes",
        help_text="the clip of this archive that this one is a remix of",
    )  # fmt: skip
    begins_with = models.CharField(
        max_length=5, choices=Begin.choices, blank=True, default=Begin.NOTHING, db_default="",
        help_text="the frame of the parent that it begins with",
    )  # fmt: skip
    batch = models.UUIDField(
        null=True, help_text="shared by variations that were asked for at once"
    )
    retry_of = models.OneToOneField(
        "self", on_delete=models.PROTECT, null=True, related_name="retried_as",
        help_text="the attempt without a clip that this one repeats",
    )  # fmt: skip
    licence = models.CharField(
        max_length=20, choices=Licence.choices, default=Licence.NONE, db_default=Licence.NONE
    )
    allowed_uses = ArrayField(
        models.CharField(max_length=30, choices=Use.choices), default=list, db_default=[],
        help_text="by machines; what is not named is forbidden",
    )  # fmt: skip
    prompt_hidden = models.BooleanField(
        default=False, db_default=False, help_text="the credential holds only its commitment"
    )
    prompt_revealed_at = models.DateTimeField(null=True, help_text="when a hidden one was shown")

    prompt_erased_at = models.DateTimeField(null=True)
    name_erased_at = models.DateTimeField(
        null=True, help_text="since then it is nobody's in public"
    )

    state = models.CharField(max_length=10, choices=State.choices, default=State.QUEUED)
    step = models.PositiveSmallIntegerField(default=0)
    reason_code = models.CharField(max_length=40, blank=True)
    reason = models.TextField(blank=True)
    cancel_requested = models.BooleanField(default=False)

    tries = models.PositiveSmallIntegerField(default=0)
    lease_owner = models.UUIDField(null=True)
    lease_until = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(null=True, help_text="when the broker was last told of it")
    created_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["-created_at"]
        constraints = (
            models.UniqueConstraint("artist", "request_key", name="generation_asked_once"),
            models.CheckConstraint(
                condition=Q(state__in=State.values), name="generation_state_known"
            ),
            models.CheckConstraint(
                condition=Q(prompt_erased_at__isnull=True) & ~Q(prompt="")
                | Q(prompt_erased_at__isnull=False, prompt="", negative_prompt=""),
                name="generation_has_a_prompt_until_erased",
            ),
            models.CheckConstraint(
                condition=Q(begins_with="")
                | Q(begins_with__in=(Begin.FIRST, Begin.LAST), parent__isnull=False),
                name="generation_begins_with_a_parents_frame",
            ),
            models.CheckConstraint(
                condition=Q(licence__in=Licence.values), name="generation_licence_known"
            ),
            models.CheckConstraint(
                condition=Q(allowed_uses__contained_by=Use.values), name="generation_uses_known"
            ),
            models.CheckConstraint(
                condition=Q(prompt_revealed_at__isnull=True) | Q(prompt_hidden=True),
                name="generation_reveals_what_was_hidden",
            ),
            models.CheckConstraint(
                condition=Q(prompt_erased_at__isnull=True) | Q(title="", description=""),
                name="generation_erases_its_words_together",
            ),
            models.CheckConstraint(
                condition=Q(retry_of__isnull=True) | ~Q(retry_of=F("id")),
                name="generation_retries_another",
            ),
            models.CheckConstraint(
                condition=Q(seed__gte=0) & Q(seed__lte=MAX_SEED), name="generation_seed_in_range"
            ),
            models.CheckConstraint(
                condition=Q(step__lte=F("steps")), name="generation_step_in_range"
            ),
            models.CheckConstraint(
                condition=Q(
                    state=State.RUNNING, lease_owner__isnull=False, lease_until__isnull=False
                )
                | (~Q(state=State.RUNNING) & Q(lease_owner__isnull=True, lease_until__isnull=True)),
                name="generation_leased_while_running",
            ),
            models.CheckConstraint(
                condition=Q(
                    state__in=OPEN_STATES, outcome_ticket__isnull=True, finished_at__isnull=True
                )
                | (
                    ~Q(state__in=OPEN_STATES)
                    & Q(outcome_ticket__isnull=False, finished_at__isnull=False)
                ),
                name="generation_has_one_outcome_when_final",
            ),
        )
        indexes = (
            models.Index("artist", F("created_at").desc(), name="generation_of_artist"),
            models.Index("created_at", condition=Q(state__in=OPEN_STATES), name="generation_open"),
            models.Index(
                F("finished_at").desc(), condition=Q(state=State.DONE), name="generation_last_done"
            ),
        )

    def __str__(self) -> str:
        return f"{self.id} ({self.state})"

    def get_absolute_url(self) -> str:
        return reverse("generation:show", args=[self.pk])

    @property
    def is_final(self) -> bool:
        """Whether the outcome is known."""
        return self.state not in OPEN_STATES

    @property
    def erased(self) -> list[str]:
        """What was erased of it, by the names of the log: prompt, artist."""
        gone = {"prompt": self.prompt_erased_at, "artist": self.name_erased_at}
        return [field for field, at in gone.items() if at]

    @property
    def shown_artist(self) -> str:
        """The artist's pseudonym as everybody may read it, or that there is none any more."""
        return gettext("Unnamed artist") if self.name_erased_at else str(self.artist)

    @property
    def prompt_public(self) -> bool:
        """Whether those who may see the clip may read its prompt."""
        return not self.prompt_hidden or self.prompt_revealed_at is not None

    @property
    def shown_prompt(self) -> str:
        """The prompt as everybody may read it; empty while it is hidden."""
        return self.prompt if self.prompt_public else ""

    @property
    def shown_negative_prompt(self) -> str:
        """The negative prompt as everybody may read it; empty while it is hidden."""
        return self.negative_prompt if self.prompt_public else ""


class Clip(models.Model):
    """A finished video; it cannot exist without its credential and its entry for the log.

    The signed file lies under its credential's hash; PICTURES are the columns that name the rest.
    """

    PICTURES = ("poster_sha256", "poster_avif_sha256", "poster_jpeg_sha256", "preview_sha256")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    generation = models.OneToOneField(Generation, on_delete=models.PROTECT, related_name="clip")
    credential = models.OneToOneField(Credential, on_delete=models.PROTECT, related_name="+")
    title = models.CharField(max_length=200)
    model_title = models.CharField(max_length=200)
    untrained = models.BooleanField()
    description = models.TextField(
        blank=True, db_default="", max_length=DESCRIPTION_LETTERS,
        help_text="what is seen, in the artist's words, for those who cannot see it",
    )  # fmt: skip
    poster_sha256 = models.CharField(max_length=64, help_text="as WebP")
    poster_avif_sha256 = models.CharField(max_length=64, blank=True, db_default="")
    poster_jpeg_sha256 = models.CharField(max_length=64, blank=True, db_default="")
    preview_sha256 = models.CharField(max_length=64)
    width = models.PositiveSmallIntegerField()
    height = models.PositiveSmallIntegerField()
    frames = models.PositiveSmallIntegerField()
    fps = models.PositiveSmallIntegerField()
    visibility = models.CharField(
        max_length=10, choices=Visibility.choices, default=Visibility.DRAFT
    )
    publication_ticket = models.UUIDField(unique=True, null=True)
    withdrawal_ticket = models.UUIDField(unique=True, null=True, help_text="while it is withdrawn")
    created_at = models.DateTimeField(auto_now_add=True)
    published_at = models.DateTimeField(null=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["-published_at", "-id"]
        constraints = (
            models.CheckConstraint(
                condition=Q(visibility__in=Visibility.values), name="clip_visibility_known"
            ),
            models.CheckConstraint(
                condition=Q(
                    visibility=Visibility.DRAFT,
                    published_at__isnull=True,
                    publication_ticket__isnull=True,
                    withdrawal_ticket__isnull=True,
                )
                | Q(
                    visibility=Visibility.PUBLISHED,
                    published_at__isnull=False,
                    publication_ticket__isnull=False,
                    withdrawal_ticket__isnull=True,
                )
                | Q(
                    visibility=Visibility.WITHDRAWN,
                    published_at__isnull=False,
                    publication_ticket__isnull=False,
                    withdrawal_ticket__isnull=False,
                )
                | Q(visibility=Visibility.ERASED),
                name="clip_seen_and_gone_with_a_log_entry",
            ),
        )
        indexes = (
            models.Index(
                F("published_at").desc(),
                F("id").desc(),
                condition=Q(visibility=Visibility.PUBLISHED),
                name="clip_newest_published",
            ),
        )

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return reverse("gallery:clip", args=[self.pk])

    @property
    def seconds(self) -> float:
        """Length of the clip in seconds."""
        return self.frames / self.fps

    @property
    def published(self) -> bool:
        """Whether the public may see it."""
        return self.visibility == Visibility.PUBLISHED


class Act(models.Model):
    """What was done to an attempt or its clip after it was finished; the log has it as an entry."""

    class Kind(models.TextChoices):
        """The acts, each by a person with a reason."""

        WITHDRAWAL = "withdrawal", _("withdrawn")
        RESTORATION = "restoration", _("restored")
        PROMPT_ERASED = "prompt", _("prompt erased")
        NAME_ERASED = "artist", _("name erased")
        CLIP_ERASED = "clip", _("clip erased")

    ERASURES = (Kind.PROMPT_ERASED, Kind.NAME_ERASED, Kind.CLIP_ERASED)

    generation = models.ForeignKey(Generation, on_delete=models.PROTECT, related_name="acts")
    kind = models.CharField(max_length=12, choices=Kind.choices)
    by = models.CharField(max_length=10, choices=By.choices)
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+",
        help_text="who acted in that role; the log never says it",
    )  # fmt: skip
    reason = models.CharField(max_length=40, help_text="a code, mostly one of Reason")
    ticket = models.UUIDField(unique=True, null=True, help_text="null: nothing was left to erase")
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["id"]
        constraints = (
            models.CheckConstraint(condition=Q(by__in=By.values), name="act_by_a_known_role"),
            models.CheckConstraint(
                condition=Q(reason__regex="^[a-z][a-z0-9_]{0,39}$"), name="act_reason_is_a_code"
            ),
            models.UniqueConstraint(
                "generation", "kind",
                condition=Q(kind__in=("prompt", "artist", "clip")), name="act_erases_once",
            ),
            models.CheckConstraint(
                condition=Q(kind__in=("prompt", "artist", "clip")) | Q(ticket__isnull=False),
                name="act_has_an_entry",
            ),
        )  # fmt: skip

    def __str__(self) -> str:
        return f"{self.kind} of {self.generation_id}"

    @property
    def keeper(self) -> str:
        """Who acted, where it was not the artist: their acts bear their name."""
        return "" if self.by == By.ARTIST or self.person is None else str(self.person)

    @property
    def reason_words(self) -> str:
        """The reason in words, or the code where it is none of ours."""
        return str(dict(Reason.choices).get(self.reason, self.reason))


class Allowance(models.Model):
    """How many generations an artist may ask for in all; whoever has none may ask without end."""

    artist = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, primary_key=True, related_name="+"
    )
    generations = models.PositiveIntegerField()
    given_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    given_at = models.DateTimeField(auto_now=True)
    reason = models.CharField(max_length=300)

    def __str__(self) -> str:
        return f"{self.generations} generations"


class Proposal(models.Model):
    """A request whose entry for the log is fixed to the byte and waits for the artist's signature.

    Nothing is asked for yet and nothing logged; it is gone once it is used, or after a while.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    artist = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="proposals"
    )
    request = models.JSONField(help_text="the columns of the generation that will come of it")
    data = models.BinaryField(max_length=ENTRY_LIMIT, help_text="the entry `attempt`")
    openings = models.JSONField()
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return str(self.id)


class RequestSignature(models.Model):
    """That the artist signed a request with a key of theirs; the log holds what was signed."""

    generation = models.OneToOneField(
        Generation, on_delete=models.CASCADE, primary_key=True, related_name="signature"
    )
    ticket = models.UUIDField(unique=True, help_text="the log's ticket of `attempt_signed`")
    credential = models.CharField(max_length=1400, help_text="the key's id, base64url")
    shared = models.BooleanField(
        default=False, help_text="the artist lets it travel with the published clip"
    )
    signed_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        indexes = (models.Index("credential", name="signature_of_key"),)

    def __str__(self) -> str:
        return f"signature of {self.generation_id}"
