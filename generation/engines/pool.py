"""Engines that are loaded in this process: one, the last used, kept for the next request."""

from functools import lru_cache
from pathlib import Path

from django.conf import settings
from django.utils.module_loading import import_string

from generation.engines.base import Engine


@lru_cache(maxsize=1)
def engine_for(folder: Path) -> Engine:
    """The engine for a model folder, loaded at the first call; imports torch only then."""
    engine: Engine = import_string(settings.GENERATION_ENGINE)(folder, settings.TORCH_THREADS)
    return engine
