"""The starter model's parts, each a stock class of diffusers or transformers with small numbers,
and the folder they are saved to. Nothing here is custom code at inference: the folder loads with
`DiffusionPipeline.from_pretrained`.
"""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import torch
from diffusers import (
    AutoencoderKLLTXVideo,
    FlowMatchEulerDiscreteScheduler,
    LTXPipeline,
    LTXVideoTransformer3DModel,
)
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.normalizers import Lowercase, Replace, Sequence
from tokenizers.pre_tokenizers import Whitespace
from tokenizers.processors import TemplateProcessing
from transformers import PreTrainedTokenizerFast, T5Config, T5EncoderModel

from generation.starter import latent, words

TEXT_WIDTH, TEXT_LENGTH = 128, 128
DIT_HEADS, DIT_HEAD_WIDTH, DIT_LAYERS = 6, 32, 10
DECODER_WIDTH, UP_WIDTHS = 64, (64, 64, 64)
"""Channels of the video decoder before and after each of its three up-samplers."""
DECODER_LAYERS = (2, 1, 3, 0)
"""Residual blocks of the decoder at each of these four widths."""
SHIFT = 5.0
WEIGHTS = Path(__file__).parent / "weights"


def use_threads(count: int) -> None:
    """How many threads torch may use in this process."""
    torch.set_num_threads(count)


def make_tokenizer(*, shipped: bool = False) -> PreTrainedTokenizerFast:
    """One token per known word; punctuation is dropped, anything else is the unknown token.

    The shipped one gives the words that are left out no number, and the others the same.
    """
    known = [words.PADDING, words.UNKNOWN, words.END, *words.vocabulary()]
    kept = {*known[:3], *(words.shipped_vocabulary() if shipped else known)}
    tokenizer = Tokenizer(
        WordLevel(
            {word: i for i, word in enumerate(known) if word in kept}, unk_token=words.UNKNOWN
        )
    )
    tokenizer.normalizer = Sequence(
        [Lowercase(), Replace("[unk]", " unknownword "), *_without_punctuation()]
    )
    tokenizer.pre_tokenizer = Whitespace()
    end = known.index(words.END)
    tokenizer.post_processor = TemplateProcessing(
        single=f"$A {words.END}", pair=f"$A $B {words.END}", special_tokens=[(words.END, end)]
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        unk_token=words.UNKNOWN,
        pad_token=words.PADDING,
        eos_token=words.END,
        model_max_length=TEXT_LENGTH,
    )


def _without_punctuation() -> list[Replace]:
    return [Replace(mark, " ") for mark in ",.;:!?\"'()-"]


def make_text_encoder() -> T5EncoderModel:
    """A T5 encoder of 0.6 million parameters."""
    return T5EncoderModel(
        T5Config(
            vocab_size=len(words.vocabulary()) + 3,
            d_model=TEXT_WIDTH,
            d_kv=32,
            num_heads=4,
            d_ff=320,
            num_layers=3,
            dropout_rate=0.0,
            pad_token_id=0,
            eos_token_id=2,
        )
    )


def make_transformer() -> LTXVideoTransformer3DModel:
    """The denoiser: 6.6 million parameters over 48 tokens."""
    width = DIT_HEADS * DIT_HEAD_WIDTH
    return LTXVideoTransformer3DModel(
        in_channels=latent.CHANNELS,
        out_channels=latent.CHANNELS,
        num_attention_heads=DIT_HEADS,
        attention_head_dim=DIT_HEAD_WIDTH,
        cross_attention_dim=width,
        num_layers=DIT_LAYERS,
        caption_channels=TEXT_WIDTH,
    )


def make_vae() -> AutoencoderKLLTXVideo:
    """The video autoencoder; only its decoder is trained, the encoder is the smallest the class
    allows.
    """
    wide = DECODER_WIDTH
    narrowing = tuple(a // b for a, b in pairwise((wide, *UP_WIDTHS)))
    vae = AutoencoderKLLTXVideo(
        latent_channels=latent.CHANNELS,
        block_out_channels=(8, 8, 8),
        down_block_types=("LTXVideoDownBlock3D",) * 3,
        decoder_block_out_channels=(wide, wide, wide),
        layers_per_block=(0, 0, 0, 0),
        decoder_layers_per_block=DECODER_LAYERS[::-1],
        spatio_temporal_scaling=(True, True, True),
        decoder_spatio_temporal_scaling=(True, True, True),
        decoder_inject_noise=(False,) * 4,
        downsample_type=("conv",) * 3,
        upsample_residual=(False,) * 3,
        upsample_factor=narrowing[::-1],
        patch_size=4,
        encoder_causal=True,
        decoder_causal=False,
    )
    mean, scale = latent.statistics()
    vae.latents_mean.copy_(torch.from_numpy(mean))
    vae.latents_std.copy_(torch.from_numpy(scale))
    return vae


def make_scheduler(shift: float = SHIFT) -> FlowMatchEulerDiscreteScheduler:
    """Rectified flow; the shift spends the steps on high noise, where 48 agreeing tokens make their
    decisions.
    """
    return FlowMatchEulerDiscreteScheduler(shift=shift, use_dynamic_shifting=False)


def make_pipeline(
    transformer: LTXVideoTransformer3DModel,
    text_encoder: T5EncoderModel,
    vae: AutoencoderKLLTXVideo,
    shift: float = SHIFT,
) -> LTXPipeline:
    """The parts put together as the stock pipeline."""
    return LTXPipeline(
        scheduler=make_scheduler(shift),
        vae=vae,
        text_encoder=text_encoder,
        tokenizer=make_tokenizer(shipped=True),
        transformer=transformer,
    )


def size_of(part: torch.nn.Module) -> int:
    """Parameters of a part."""
    return sum(parameter.numel() for parameter in part.parameters())
