"""A tiny LTX pipeline with random weights: proves the plumbing where no trained model is at hand.

It is of the same class as the starter model and goes through the same code; its card and every
credential made with it say that it is untrained.
"""

import json
import shutil
from pathlib import Path

import torch
from diffusers import (
    AutoencoderKLLTXVideo,
    FlowMatchEulerDiscreteScheduler,
    LTXPipeline,
    LTXVideoTransformer3DModel,
)
from tokenizers import Tokenizer, models, pre_tokenizers, processors
from transformers import PreTrainedTokenizerFast, T5Config, T5EncoderModel

SEED = 20241126
CARD = Path(__file__).with_name("untrained_card.json")


def build(folder: Path) -> None:
    """Write the model into `folder` (about 1 MB); an existing one is replaced as a whole."""
    draft = folder.with_name(folder.name + ".part")
    shutil.rmtree(draft, ignore_errors=True)
    pipeline().save_pretrained(str(draft), safe_serialization=True)
    shutil.copyfile(CARD, draft / "card.json")
    shutil.rmtree(folder, ignore_errors=True)
    draft.rename(folder)


def pipeline() -> LTXPipeline:
    """The pipeline itself; the same weights every time."""
    torch.manual_seed(SEED)
    return LTXPipeline(
        scheduler=FlowMatchEulerDiscreteScheduler(),
        vae=_autoencoder(),
        text_encoder=T5EncoderModel(
            T5Config(vocab_size=64, d_model=32, d_kv=8, d_ff=37, num_layers=2, num_heads=4)
        ),
        tokenizer=tokenizer(),
        transformer=LTXVideoTransformer3DModel(
            in_channels=8, out_channels=8, patch_size=1, patch_size_t=1,
            num_attention_heads=4, attention_head_dim=8, cross_attention_dim=32, num_layers=1,
            caption_channels=32,
        ),
    )  # fmt: skip


def _autoencoder() -> AutoencoderKLLTXVideo:
    return AutoencoderKLLTXVideo(
        in_channels=3, out_channels=3, latent_channels=8,
        block_out_channels=(8, 8, 8, 8), decoder_block_out_channels=(8, 8, 8, 8),
        layers_per_block=(1, 1, 1, 1, 1), decoder_layers_per_block=(1, 1, 1, 1, 1),
        spatio_temporal_scaling=(True, True, False, False),
        decoder_spatio_temporal_scaling=(True, True, False, False),
        decoder_inject_noise=(False, False, False, False, False),
        upsample_residual=(False, False, False, False), upsample_factor=(1, 1, 1, 1),
        timestep_conditioning=False, patch_size=1, patch_size_t=1, encoder_causal=True,
        decoder_causal=False,
    )  # fmt: skip


def tokenizer(longest: int = 128) -> PreTrainedTokenizerFast:
    """A tokenizer of the card's words that cuts texts off at `longest` tokens."""
    known = json.loads(CARD.read_text(encoding="utf-8"))["vocabulary"]
    tokens = {word: number for number, word in enumerate(["<pad>", "</s>", "<unk>", *known])}
    words = Tokenizer(models.WordLevel(tokens, unk_token="<unk>"))
    words.pre_tokenizer = pre_tokenizers.Whitespace()
    words.post_processor = processors.TemplateProcessing(
        single="$A </s>", special_tokens=[("</s>", tokens["</s>"])]
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=words, pad_token="<pad>", eos_token="</s>", unk_token="<unk>",
        model_max_length=longest,
    )  # fmt: skip
