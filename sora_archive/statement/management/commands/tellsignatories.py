"""`manage.py tellsignatories`: write to those who asked to hear of a new version."""

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from sora_archive.statement import news
from sora_archive.statement.errors import MailNotSent


class Command(BaseCommand):
    """Run it after a version was made; a second run writes only to those not yet told."""

    help = "Tell of the newest version whoever signed an earlier one and asked for news."

    def handle(self, *args: object, **options: object) -> None:
        with tqdm(unit=" letters", file=self.stderr, mininterval=0.5) as bar:

            def tell(done: int, total: int) -> None:
                bar.total = total
                bar.update(done - bar.n)

            try:
                told = news.tell(tell)
            except MailNotSent as error:
                raise CommandError(
                    "The mail server takes no more letters. Run this again later: whoever has been "
                    "told is not told again."
                ) from error
        kept = " They are kept for the operator (EMAIL_URL is not set)." * settings.MAIL_IS_KEPT
        self.stdout.write(f"{told} letters sent.{kept}")
