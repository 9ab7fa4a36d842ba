"""What the archive keeps about people, why and for how long, and the pages that say so.

The inventory names every table of the database; a test holds it against the models, so that nothing
can be stored that the page on privacy does not tell.
"""

from dataclasses import dataclass

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe


@dataclass(frozen=True)
class Kept:
    """Data of one kind: of whom, what, for what, how long, and the tables that hold it."""

    of: Promise
    what: Promise
    purpose: Promise
    time: Promise
    tables: tuple[str, ...] = ()


_SIGNATORIES, _ACCOUNTS = _("Who signs the statement"), _("Who has an account")
_EVERYBODY, _READERS = _("Everybody"), _("Who reads, watches or checks a file")

INVENTORY: tuple[Kept, ...] = (
    Kept(
        _READERS,
        _("Nothing about a visit: the server keeps no list of pages and addresses."),
        _("So that nobody can be asked for it."),
        _("No time at all."),
    ),
    Kept(
        _READERS,
        _("A report about each file that is checked: its hash and size, what its credential says, "
          "the verdict; the file itself only if you chose to leave it."),
        _("To show the verdict again under an address that nobody can guess, and to check again."),
        _("Until it is deleted by the link that comes with it, or nobody has opened it for as long "
          "as the page of the check says."),
        ("verify_report", "verify_finding", "verify_trustsnapshot"),
    ),
    Kept(
        _READERS,
        _("A cookie against forged forms, on pages with a form; a cookie with language, time zone "
          "and motion, for those who choose them."),
        _("That a form comes from our own page; that the pages are as you chose."),
        _("A year, in your browser alone."),
    ),
    Kept(
        _SIGNATORIES,
        _("E-mail address, name, and what you filled in, before you confirm."),
        _("To send you the link, and to show what you are about to sign."),
        _("Until you confirm, at most three days."),
        ("statement_signature",),
    ),
    Kept(
        _SIGNATORIES,
        _("Name, what you do, where, your page, as whom you sign, and the time, once confirmed."),
        _("The public list; without a name on it, if you asked for that."),
        _("Until you take the signature back or have your name erased."),
        ("statement_signature", "statement_act"),
    ),
    Kept(
        _SIGNATORIES,
        _("A keyed hash of your e-mail address. The key lies apart from the database."),
        _("That one person signs once."),
        _("Until you take the signature back."),
        ("statement_signature",),
    ),
    Kept(
        _SIGNATORIES,
        _("Your e-mail address itself, only if you asked for news."),
        _("To write to you when there is a new version."),
        _("Until you say stop, take the signature back or have it erased."),
        ("statement_signature",),
    ),
    Kept(
        _SIGNATORIES,
        _("Hashes of the links in your letters."),
        _("To know a link again when it is opened, without being able to make one."),
        _("With the signature; they say nothing about you."),
        ("statement_link",),
    ),
    Kept(
        _SIGNATORIES,
        _("Keyed hashes of the range of addresses that a sign-up came from (the first 24 bits of "
          "the address, or 48 of a long one) and of its mail domain."),
        _("To hold floods of false signatures back and to find them."),
        _("At most 30 days after the last sign-up from there."),
        ("statement_source", "statement_trace"),
    ),
    Kept(
        _SIGNATORIES,
        _("While no mail server is set up: the letters, which only the operator can read."),
        _("That the archive can be tried out."),
        _("Three days."),
    ),
    Kept(
        _EVERYBODY,
        _("Reports of a clip or a name: what is reported, the reason and the words; not by whom. "
          "Decisions about them, and an artist's appeal, with reasons and the curator."),
        _("To keep out what should not be here, and to answer for each decision."),
        _("As long as the archive exists; a file under legal hold as long as the decision says."),
        ("moderation_report", "moderation_decision", "moderation_appeal", "moderation_held"),
    ),
    Kept(
        _EVERYBODY,
        _("Words that no prompt may hold and hashes of files that are refused, with reasons and "
          "the curator."),
        _("That the same need not be decided twice."),
        _("As long as the archive exists; beside those that hold no longer stands who ended them, "
          "and why."),
        ("moderation_refusedword", "moderation_blockedfile"),
    ),
    Kept(
        _EVERYBODY,
        _("Decisions that signatures do not count, with reason, curator and criteria; among these "
          "can be a part of a name that a curator searched by, which no page shows."),
        _("That the count can be understood."),
        _("As long as the archive exists."),
        ("statement_invalidation",),
    ),
    Kept(
        _EVERYBODY,
        _("The statement, its drafts, versions and translations, and which curator made them."),
        _("That it can be cited word for word."),
        _("As long as the archive exists; a curator's name until the account is deleted."),
        ("statement_version", "statement_draft", "statement_translation"),
    ),
    Kept(
        _ACCOUNTS,
        _("User name, pseudonym, role, a hash of the password, the times of joining and of the "
          "last sign-in; an e-mail address or a civil name only if the operator entered one."),
        _("To sign in, and to show clips under the name you chose."),
        _("Until the account is deleted."),
        ("accounts_user", "accounts_user_groups", "accounts_user_user_permissions",
         "account_emailaddress", "account_emailconfirmation"),
    ),
    Kept(
        _ACCOUNTS,
        _("Passkeys (their public half), the secret of an authenticator app, recovery codes, and "
          "when each was last used."),
        _("The second step of signing in."),
        _("Until you take it away, or the account is deleted."),
        ("mfa_authenticator",),
    ),
    Kept(
        _ACCOUNTS,
        _("If you sign your requests with a passkey: its public half, each signature, and what "
          "waits for one."),
        _("That everybody can see that a request was yours."),
        _("With the request that was signed; an unsigned one for minutes."),
        ("accounts_artistkey", "generation_proposal", "generation_requestsignature"),
    ),
    Kept(
        _ACCOUNTS,
        _("Where you are signed in: a random number in a cookie and its row here, with the name of "
          "the browser, the range of addresses and the time."),
        _("That you need not sign in on every page, and can see and end what is not you."),
        _("Two weeks, or until you sign out."),
        ("django_session", "usersessions_usersession"),
    ),
    Kept(
        _ACCOUNTS,
        _("Hashes of the tokens that you made for your programs, with their names and when each "
          "was last used."),
        _("That a program of yours can ask for clips."),
        _("Until a month after you take a token away or it ends."),
        ("accounts_token",),
    ),
    Kept(
        _ACCOUNTS,
        _("How often signing in failed, by name and by range of addresses."),
        _("To slow down whoever guesses passwords."),
        _("Minutes to hours."),
        ("site_cache",),
    ),
    Kept(
        _ACCOUNTS,
        _("Who was invited by whom and why, as a hash of the link; how many clips an artist may "
          "ask for, who said so, and why."),
        _("That it can be answered for who is here."),
        _("As long as the archive exists; without your name once the account is deleted."),
        ("accounts_invitation", "generation_allowance"),
    ),
    Kept(
        _ACCOUNTS,
        _("What you asked for: prompt, settings, licence, title, description, times, progress, "
          "outcome, and what was done to it later."),
        _("To make the clip, and to show it with what was asked."),
        _("Until it is erased at your wish, else as long as the archive exists."),
        ("generation_generation", "generation_clip", "generation_act", "verify_credential",
         "verify_revealed", "gallery_hanging", "gallery_word", "gallery_tally"),
    ),
    Kept(
        _ACCOUNTS,
        _("While a clip is rendered: a small picture of it, which you alone can see."),
        _("That you see what is being drawn, and can stop it."),
        _("Until the clip is there or the attempt has ended otherwise."),
        ("generation_look",),
    ),
    Kept(
        _ACCOUNTS,
        _("Presets: what stood in the form when you kept it, under a name of yours."),
        _("That you can begin with it again. Nobody else sees it."),
        _("Until you take it away, or the account is deleted."),
        ("generation_preset",),
    ),
    Kept(
        _ACCOUNTS,
        _("Which curator or operator paused the asking for clips, when, and the public notice."),
        _("That it can be answered for."),
        _("As long as the archive exists."),
        ("generation_pause",),
    ),
    Kept(
        _ACCOUNTS,
        _("Collections of clips, with their words, and which curator made them."),
        _("To show clips together."),
        _("As long as the collection is there."),
        ("gallery_collection", "gallery_piece"),
    ),
    Kept(
        _EVERYBODY,
        _("The public log: what happened and when, with salted hashes in place of names, prompts "
          "and files; beside it, apart, the salts."),
        _("That nothing can be rewritten unnoticed."),
        _("The log for ever; salts until the name, prompt or file is erased, and then the hash in "
          "the log says nothing any more."),
        ("log_origin", "log_pending", "log_opening", "log_entry", "log_openattempt", "log_tile",
         "log_head", "log_checkpoint", "log_heartbeat", "log_mention", "log_anchor",
         "log_cosignature", "log_witness", "log_contradiction", "verify_keyevent"),
    ),
    Kept(
        _EVERYBODY,
        _("The record: names of people and houses as public sources give them, with the sources "
          "and, where a curator kept one, a copy."),
        _("To tell what happened, who says so, and what is disputed."),
        _("As long as the archive exists; a line that should not stand is withdrawn for a reason."),
        ("record_source", "record_question", "record_document", "record_fact", "record_version",
         "record_citation", "record_capture"),
    ),
    Kept(
        _READERS,
        _("What somebody reports: which clip or name, on what grounds, and what they write. "
          "Nothing about who it was; a link that only they have leads back to it."),
        _("That a curator can decide, and the reporter read the reasons."),
        _("As long as the archive exists: a decision rests on it."),
        ("moderation_report",),
    ),
    Kept(
        _ACCOUNTS,
        _("Decisions about clips and names with the curator's pseudonym and reasons, appeals in "
          "the artist's words, clips that wait for a curator, and who put a word or a file on the "
          "lists of what is not made or shown."),
        _("That everybody can see what was decided, by whom and why, and have it looked at again."),
        _("As long as the archive exists."),
        ("moderation_decision", "moderation_appeal", "moderation_held", "moderation_refusedword",
         "moderation_blockedfile"),
    ),
    Kept(
        _ACCOUNTS,
        _("What curators and the operator changed on the pages of the administration."),
        _("That it is known who changed what."),
        _("As long as the archive exists."),
        ("django_admin_log",),
    ),
    Kept(
        _EVERYBODY,
        _("Technical tables without anything about people."),
        _("To run the program."),
        _("As long as the archive exists."),
        ("django_content_type", "django_migrations", "auth_permission", "auth_group",
         "auth_group_permissions"),
    ),
)  # fmt: skip


@require_safe
def privacy(request: HttpRequest) -> HttpResponse:
    """Every stored datum, its purpose and its time."""
    groups = (_READERS, _SIGNATORIES, _ACCOUNTS, _EVERYBODY)
    ordered = sorted(INVENTORY, key=lambda kept: groups.index(kept.of))
    return render(request, "notices/privacy.html", _context() | {"inventory": ordered})


@require_safe
def terms(request: HttpRequest) -> HttpResponse:
    """What the archive promises, and what it asks for."""
    return render(request, "notices/terms.html", _context())


@require_safe
def contact(request: HttpRequest) -> HttpResponse:
    """Who runs the archive, and how to reach them."""
    return render(request, "notices/contact.html", _context())


def _context() -> dict[str, object]:
    address: str = settings.OPERATOR_CONTACT
    return {
        "operator": settings.OPERATOR_NAME,
        "contact": address,
        "contact_words": address.removeprefix("mailto:"),
        "security": settings.SECURITY_CONTACT,
        "security_words": settings.SECURITY_CONTACT.removeprefix("mailto:"),
    }
