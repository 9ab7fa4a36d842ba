"""Stage "text": the encoder learns on captions alone to say which colour is the shape's and which
the background's.

T5 has no other sense of order than its relative attention bias; at the usual learning rate that
bias never moves and the two colours stay a coin toss, so it learns twenty-five times as fast as the
rest.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from transformers import PreTrainedTokenizerFast, T5EncoderModel

from generation.starter import network, runs, words, world

STEPS, BATCH = 1500, 96
RATE, BIAS_FACTOR = 1.5e-3, 25.0
CHOICES: dict[str, tuple[str, ...]] = {
    "shape": world.SHAPES,
    "colour": world.COLOURS,
    "background": world.COLOURS,
    "fade": world.COLOURS,
    "motion": world.MOTIONS,
    "size": ("small", "large"),
    "company": world.COLOURS,
    "texture": world.TEXTURES,
    "drift": world.DRIFTS,
}


class Probe(nn.Module):
    """Reads each attribute off the encoder's output by one attention query and one linear map;
    thrown away later.
    """

    def __init__(self) -> None:
        super().__init__()
        self.queries = nn.Parameter(torch.randn(len(CHOICES), network.TEXT_WIDTH) * 0.1)
        self.heads = nn.ModuleList(
            nn.Linear(network.TEXT_WIDTH, len(options) + 1) for options in CHOICES.values()
        )

    def forward(self, states: torch.Tensor, mask: torch.Tensor) -> list[torch.Tensor]:
        """States (B, L, 128), mask (B, L) -> per attribute logits (B, options + 1), the last for
        "not said".
        """
        scores = torch.einsum("blc,ac->bal", states, self.queries)
        share = scores.masked_fill(mask[:, None] == 0, -1e4).softmax(dim=-1)
        pooled = torch.einsum("bal,blc->abc", share, states)
        return [head(part) for head, part in zip(self.heads, pooled, strict=True)]


def targets(said: list[words.Attributes]) -> torch.Tensor:
    """(attributes, B) class numbers."""
    rows = []
    for name, options in CHOICES.items():
        values = [one[name] for one in said]  # type: ignore[literal-required]
        rows.append([len(options) if value is None else options.index(value) for value in values])
    return torch.tensor(rows)


def captions(
    rng: np.random.Generator, count: int, held_out: bool
) -> tuple[list[str], list[words.Attributes]]:
    """Captions of random scenes with what they say."""
    scenes = world.sample(rng, count, held_out)
    pairs = [words.training_caption(rng, scenes, i) for i in range(count)]
    return [text for text, _ in pairs], [said for _, said in pairs]


def lesson(rng: np.random.Generator) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
    """One step's captions as tokens and mask, and what they say."""
    texts, said = captions(rng, BATCH, held_out=False)
    length = network.TEXT_LENGTH if rng.random() < 0.3 else int(rng.integers(32, 64))
    return *tokens_of(texts, length), targets(said).numpy()


@cache
def _tokenizer() -> PreTrainedTokenizerFast:
    return network.make_tokenizer()


def tokens_of(texts: list[str], length: int) -> tuple[NDArray[Any], NDArray[Any]]:
    """Token numbers (B, length) and their mask, cut after the longest text: (B, L)."""
    tokens = _tokenizer()(
        texts, padding="max_length", max_length=length, truncation=True, return_tensors="np"
    )
    longest = int(tokens["attention_mask"].sum(axis=1).max())
    return tokens["input_ids"], tokens["attention_mask"][:, :longest]


def embed(encoder: T5EncoderModel, tokens: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """States (B, L, 128) as the pipeline makes them: the encoder sees the padding, nobody after
    it.
    """
    states: torch.Tensor = encoder(tokens)[0]
    return states[:, : mask.shape[1]]


def accuracy(encoder: T5EncoderModel, probe: Probe, seed: int = 99) -> float:
    """Share of 400 held-out captions read wholly right."""
    texts, said = captions(np.random.default_rng(seed), 400, held_out=True)
    tokens, mask, wanted = runs.to_device(*tokens_of(texts, network.TEXT_LENGTH), targets(said))
    with torch.no_grad():
        guesses = probe(embed(encoder, tokens, mask), mask)
    right = torch.stack([guess.argmax(dim=1) for guess in guesses]) == wanted
    return float(right.all(dim=0).float().mean())


def train(run: runs.Run) -> tuple[T5EncoderModel, float]:
    """Train (or finish training) the encoder; returns it with its accuracy on held-out captions."""
    torch.manual_seed(run.seed)
    encoder, probe = network.make_text_encoder().to(runs.device()), Probe().to(runs.device())
    bias = [p for name, p in encoder.named_parameters() if "relative_attention_bias" in name]
    rest = [p for name, p in encoder.named_parameters() if "relative_attention_bias" not in name]
    optimizer = torch.optim.AdamW(
        [
            {"params": [*rest, *probe.parameters()], "lr": RATE},
            {"params": bias, "lr": RATE * BIAS_FACTOR},
        ],
        weight_decay=0.01,
    )
    run.keep(encoder=encoder, probe=probe, optimizer=optimizer)
    for share, data in run.feed(lesson):
        runs.set_rates([optimizer], runs.warm_then_fade(share, run.done))
        tokens, mask, wanted = runs.to_device(*data)
        with run.computing():
            guesses = probe(embed(encoder, tokens, mask), mask)
        pairs = zip(guesses, wanted, strict=True)
        loss = torch.stack([nn.functional.cross_entropy(g.float(), t) for g, t in pairs]).sum()
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_([*encoder.parameters(), *probe.parameters()], 1.0)
        optimizer.step()
        if run.done % 50 == 0:
            run.note(loss=float(loss.detach()), held_out=accuracy(encoder, probe))
    right = accuracy(encoder, probe)
    return encoder.cpu(), right
