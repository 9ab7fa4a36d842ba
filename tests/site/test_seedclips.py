"""Stories of the seeder: invented clips hang in the benchmark's database and nowhere else."""

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from generation.models import Clip
from sora_archive.gallery.management.commands import seedclips
from sora_archive.gallery.models import Hanging, Tally


@pytest.mark.django_db
def test_an_archive_refuses_invented_clips() -> None:
    with pytest.raises(CommandError, match="sora_benchmark and no other"):
        call_command("seedclips", "5")
    assert not Clip.objects.exists()


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_it_fills_up_to_a_number(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(seedclips, "DATABASE", connection.settings_dict["NAME"])
    monkeypatch.setattr(seedclips, "BATCH", 4)
    for number in (5, 9, 9):
        call_command("seedclips", str(number))
        assert Clip.objects.count() == Hanging.objects.count() == number
    years = Tally.objects.filter(facet="year").values_list("value", "clips")
    assert dict(years) == {"2026": 1, "2025": 8}
