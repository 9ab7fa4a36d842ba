"""What each pipeline class of diffusers calls things, and what sizes it takes; knows no torch.

Read off the classes' own `__call__` in diffusers 0.42. A class that is not listed is called by the
names most of them share, as far as it accepts them.
"""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Profile:
    """One class: sides in pixels are multiples of `multiple`, frames are `frame_step` * n + 1.

    `true_guidance` names the argument without which the class ignores a negative prompt;
    `latents` is the order of the axes a callback sees: batch, channel, frame, height, width, or
    "packed" for (batch, tokens, channels); `normalised` says that the VAE's latents_mean and
    latents_std scale them; `image` names the sister class that begins with a frame.
    """

    multiple: int = 16
    frame_step: int = 4
    rate: str = ""
    true_guidance: str = ""
    latents: str = "bcfhw"
    normalised: bool = False
    image: str = ""


PROFILES: Mapping[str, Profile] = {
    "WanPipeline": Profile(image="WanImageToVideoPipeline"),
    "LTXPipeline": Profile(
        multiple=32, frame_step=8, rate="frame_rate", latents="packed", normalised=True,
        image="LTXImageToVideoPipeline",
    ),
    "CogVideoXPipeline": Profile(latents="bfchw"),
    "HunyuanVideoPipeline": Profile(true_guidance="true_cfg_scale"),
    "MochiPipeline": Profile(frame_step=6),
}  # fmt: skip


def profile(pipeline: str) -> Profile:
    """The profile of a class by its name; the common one where none is listed."""
    return PROFILES.get(pipeline, Profile(multiple=8, frame_step=1))


def complaint(pipeline: str, width: int, height: int, frames: int) -> str:
    """Why a class cannot make this size (pixels, frames), in words; empty where it can."""
    known = profile(pipeline)
    if width % known.multiple or height % known.multiple:
        return f"{pipeline} makes sides that are multiples of {known.multiple} pixels only."
    if (frames - 1) % known.frame_step:
        return f"{pipeline} makes {known.frame_step} times n plus 1 frames only."
    return ""
