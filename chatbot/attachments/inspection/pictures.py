"""Pictures: written anew from their pixels, so that nothing else of the file is left, and once more as a preview."""

import contextlib
import io
from typing import BinaryIO

from PIL import Image, ImageCms, ImageOps, ImageSequence, UnidentifiedImageError

from chatbot.attachments.inspection.documents import read_head, types_of
from chatbot.attachments.inspection.findings import NotThatType, Size, TooMuchInside
from chatbot.attachments.inspection.kinds import Kind

MAX_PIXELS = 50_000_000  # of all frames together: 200 MB while they are decoded
MAX_FRAMES = 500
PREVIEW_PIXELS = 640  # of its longer side: a bubble is half as wide, on a screen with two pixels to one
PREVIEW_QUALITY = 80
JPEG_QUALITY = 90
# What a decoder says of a file that is broken.
BROKEN = (OSError, SyntaxError, ValueError, EOFError, KeyError, IndexError, TypeError, UnidentifiedImageError)

Image.MAX_IMAGE_PIXELS = MAX_PIXELS


def rewrite(source: BinaryIO, kind: Kind, clean: BinaryIO, preview: BinaryIO) -> Size:
    """Write the picture without what came with its pixels (EXIF, comments, other files), and a preview as WebP.

    It is turned as its EXIF says. Raises NotThatType, TooMuchInside.
    """
    if kind.type not in types_of(read_head(source)):
        raise NotThatType
    try:
        _verify(source, kind)
        return _rewrite(source, kind, clean, preview)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise TooMuchInside from None
    except BROKEN:
        raise NotThatType from None


def _verify(source: BinaryIO, kind: Kind) -> None:
    source.seek(0)
    with Image.open(source, formats=[kind.mark]) as image:
        if image.width * image.height > MAX_PIXELS:
            raise TooMuchInside
        image.verify()


def _rewrite(source: BinaryIO, kind: Kind, clean: BinaryIO, preview: BinaryIO) -> Size:
    source.seek(0)
    with Image.open(source, formats=[kind.mark]) as image:
        count = getattr(image, "n_frames", 1) if kind.mark != "JPEG" else 1  # others of a JPEG: thumbnails, depth
        if count > MAX_FRAMES or image.width * image.height * count > MAX_PIXELS:
            raise TooMuchInside
        frames = [_turned(image)] if count == 1 else [frame.convert("RGBA") for frame in ImageSequence.Iterator(image)]
        durations = [_duration(frame) for frame in ImageSequence.Iterator(image)] if count > 1 else []
    frames = [_only_pixels(frame, kind) for frame in frames]
    _save(frames, durations, kind, clean)
    first = frames[0]
    size = Size(first.width, first.height)
    first = first.convert("RGBA" if first.has_transparency_data else "RGB")
    first.thumbnail((PREVIEW_PIXELS, PREVIEW_PIXELS))
    first.save(preview, "WEBP", quality=PREVIEW_QUALITY)
    return size


def _turned(image: Image.Image) -> Image.Image:
    """As its EXIF says, in the colours of every screen."""
    return _in_srgb(ImageOps.exif_transpose(image))


def _in_srgb(image: Image.Image) -> Image.Image:
    profile = image.info.get("icc_profile")
    if profile and image.mode in ("RGB", "RGBA", "CMYK"):
        mode = "RGB" if image.mode == "CMYK" else image.mode
        with contextlib.suppress(ImageCms.PyCMSError, *BROKEN):  # a broken profile: the pixels as they are
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            turned = ImageCms.profileToProfile(image, source, ImageCms.createProfile("sRGB"), outputMode=mode)
            return turned if turned is not None else image
    return image


def _only_pixels(frame: Image.Image, kind: Kind) -> Image.Image:
    """A copy that has nothing of what came with the pixels, in a mode that the format can hold."""
    if kind.mark == "JPEG" and frame.mode not in ("L", "RGB"):
        frame = frame.convert("RGB")
    clean = frame.copy()
    clean.info = {name: value for name, value in frame.info.items() if name == "transparency"}
    return clean


def _duration(frame: Image.Image) -> int:
    """In milliseconds, of a frame of an animation."""
    return int(frame.info.get("duration", 100))


def _save(frames: list[Image.Image], durations: list[int], kind: Kind, clean: BinaryIO) -> None:
    more = {"save_all": True, "append_images": frames[1:], "duration": durations, "loop": 0} if len(frames) > 1 else {}
    quality = {"quality": JPEG_QUALITY} if kind.mark in ("JPEG", "WEBP") else {}
    frames[0].save(clean, kind.mark, **more, **quality)
