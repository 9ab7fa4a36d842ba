"""A tiny pipeline of random weights of each class the archive has cards for.

They are made from a config as the hub's models are, saved, and loaded by the same code: what is
too large for a test machine is executed all the same, only small.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from diffusers import (
    AutoencoderKLCogVideoX,
    AutoencoderKLHunyuanVideo,
    AutoencoderKLMochi,
    AutoencoderKLWan,
    CogVideoXDDIMScheduler,
    CogVideoXPipeline,
    CogVideoXTransformer3DModel,
    FlowMatchEulerDiscreteScheduler,
    HunyuanVideoPipeline,
    HunyuanVideoTransformer3DModel,
    MochiPipeline,
    MochiTransformer3DModel,
    UniPCMultistepScheduler,
    WanPipeline,
    WanTransformer3DModel,
)
from transformers import (
    CLIPTextConfig,
    CLIPTextModel,
    LlamaConfig,
    LlamaModel,
    T5Config,
    T5EncoderModel,
    UMT5Config,
    UMT5EncoderModel,
)

from generation.engines import testmodel

SEED = 3
T5 = {"vocab_size": 64, "d_model": 32, "d_kv": 8, "d_ff": 37, "num_layers": 1, "num_heads": 4}


def _t5() -> Any:
    return T5EncoderModel(T5Config(**T5))


def wan(**options: object) -> Any:
    """With `expand_timesteps` it begins with a frame too, as Wan 2.2 (5 B) does."""
    return WanPipeline(
        transformer=WanTransformer3DModel(
            patch_size=(1, 2, 2), num_attention_heads=2, attention_head_dim=12, in_channels=16,
            out_channels=16, text_dim=32, freq_dim=64, ffn_dim=32, num_layers=2,
            cross_attn_norm=True, qk_norm="rms_norm_across_heads", rope_max_seq_len=32,
        ),
        vae=AutoencoderKLWan(
            base_dim=3, z_dim=16, dim_mult=[1, 1, 1, 1], num_res_blocks=1,
            temperal_downsample=[False, True, True],
        ),
        scheduler=UniPCMultistepScheduler(
            prediction_type="flow_prediction", use_flow_sigmas=True, flow_shift=3.0
        ),
        text_encoder=UMT5EncoderModel(UMT5Config(**T5)), tokenizer=testmodel.tokenizer(),
        **options,
    )  # fmt: skip


def ltx() -> Any:
    return testmodel.pipeline()


def cogvideox() -> Any:
    return CogVideoXPipeline(
        tokenizer=testmodel.tokenizer(), text_encoder=_t5(),
        vae=AutoencoderKLCogVideoX(
            in_channels=3, out_channels=3, latent_channels=4, layers_per_block=1,
            down_block_types=("CogVideoXDownBlock3D",) * 4, norm_num_groups=2,
            up_block_types=("CogVideoXUpBlock3D",) * 4, block_out_channels=(8, 8, 8, 8),
            temporal_compression_ratio=4,
        ),
        transformer=CogVideoXTransformer3DModel(
            num_attention_heads=4, attention_head_dim=8, in_channels=4, out_channels=4,
            time_embed_dim=2, text_embed_dim=32, num_layers=1, sample_width=8, sample_height=8,
            sample_frames=17, patch_size=2, temporal_compression_ratio=4, max_text_seq_length=226,
        ),
        scheduler=CogVideoXDDIMScheduler(),
    )  # fmt: skip


def hunyuan() -> Any:
    return HunyuanVideoPipeline(
        text_encoder=LlamaModel(LlamaConfig(
            vocab_size=64, hidden_size=16, intermediate_size=37, num_hidden_layers=4,
            num_attention_heads=4, pad_token_id=0,
        )),
        tokenizer=testmodel.tokenizer(),
        transformer=HunyuanVideoTransformer3DModel(
            in_channels=4, out_channels=4, num_attention_heads=2, attention_head_dim=10,
            num_layers=1, num_single_layers=1, num_refiner_layers=1, patch_size=2, patch_size_t=1,
            guidance_embeds=True, text_embed_dim=16, pooled_projection_dim=8,
            rope_axes_dim=(2, 4, 4),
        ),
        vae=AutoencoderKLHunyuanVideo(
            in_channels=3, out_channels=3, latent_channels=4, block_out_channels=(8, 8, 8, 8),
            layers_per_block=1, norm_num_groups=4,
            down_block_types=("HunyuanVideoDownBlock3D",) * 4,
            up_block_types=("HunyuanVideoUpBlock3D",) * 4,
        ),
        scheduler=FlowMatchEulerDiscreteScheduler(shift=7.0),
        text_encoder_2=CLIPTextModel(CLIPTextConfig(
            vocab_size=64, hidden_size=8, intermediate_size=37, num_hidden_layers=1,
            num_attention_heads=2, projection_dim=8, eos_token_id=1, bos_token_id=0, pad_token_id=0,
        )),
        tokenizer_2=testmodel.tokenizer(77),
    )  # fmt: skip


def mochi() -> Any:
    return MochiPipeline(
        scheduler=FlowMatchEulerDiscreteScheduler(), text_encoder=_t5(),
        tokenizer=testmodel.tokenizer(),
        vae=AutoencoderKLMochi(
            latent_channels=12, out_channels=3, encoder_block_out_channels=(32, 32, 32, 32),
            decoder_block_out_channels=(32, 32, 32, 32), layers_per_block=(1, 1, 1, 1, 1),
        ),
        transformer=MochiTransformer3DModel(
            patch_size=2, num_attention_heads=2, attention_head_dim=8, num_layers=2,
            pooled_projection_dim=16, in_channels=12, qk_norm="rms_norm", text_embed_dim=32,
            time_embed_dim=4, activation_fn="swiglu", max_sequence_length=16,
        ),
    )  # fmt: skip


CLASSES: dict[str, Callable[[], Any]] = {
    "WanPipeline": wan, "LTXPipeline": ltx, "CogVideoXPipeline": cogvideox,
    "HunyuanVideoPipeline": hunyuan, "MochiPipeline": mochi,
}  # fmt: skip


def save(name: str, folder: Path, **changes: object) -> Path:
    """The tiny pipeline of a class as a model folder with a card; `changes` go into the card."""
    torch.manual_seed(SEED)
    CLASSES[name]().save_pretrained(str(folder), safe_serialization=True)
    card = json.loads(testmodel.CARD.read_text(encoding="utf-8"))
    frames = {"MochiPipeline": 19}.get(name, 17)
    card |= {"id": name.lower(), "pipeline": name, "vocabulary": []}
    card |= {"frames": {"default": frames, "choices": [frames]}, **changes}
    (folder / "card.json").write_text(json.dumps(card), encoding="utf-8")
    return folder
