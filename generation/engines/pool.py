"""Engines that are loaded in this process: the last used ones, as many as memory allows."""

import logging
from collections import OrderedDict
from pathlib import Path

from django.conf import settings
from django.utils.module_loading import import_string

from generation.engines.base import Engine
from generation.engines.catalog import ModelCard
from generation.engines.weights import sizes

log = logging.getLogger(__name__)
Key = tuple[Path, int]


class Pool:
    """Least recently used first out; `budget` in bytes of weights, 0 keeps a single engine."""

    def __init__(self, budget: int) -> None:
        self._budget = budget
        self._engines: OrderedDict[Key, Engine] = OrderedDict()

    def get(self, card: ModelCard) -> Engine:
        """The engine for a card; loads it, and before that closes those there is no room for."""
        key = card.fingerprint
        if key not in self._engines:
            self._make_room(card)
            engine: Engine = import_string(settings.GENERATION_ENGINE)(card, settings.TORCH_THREADS)
            self._engines[key] = engine
        self._engines.move_to_end(key)
        return self._engines[key]

    def clear(self) -> None:
        """Close every engine."""
        while self._engines:
            self._close_oldest()

    def _make_room(self, card: ModelCard) -> None:
        for stale in [key for key in self._engines if key[0] == card.folder]:
            self._engines.move_to_end(stale, last=False)
            self._close_oldest()
        wanted = sum(sizes(card.folder).values()) if self._budget else 0
        while self._engines and (not self._budget or self._held() + wanted > self._budget):
            self._close_oldest()

    def _held(self) -> int:
        return sum(engine.size for engine in self._engines.values())

    def _close_oldest(self) -> None:
        (folder, _), engine = self._engines.popitem(last=False)
        engine.close()
        log.info("model %s left the memory", folder.name)


POOL = Pool(settings.MODEL_MEMORY_BYTES)


def engine_for(card: ModelCard) -> Engine:
    """The engine for a model's card, loaded at the first call; imports torch only then."""
    return POOL.get(card)
