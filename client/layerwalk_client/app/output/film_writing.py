"""Where a film's frames go: an MP4 file without sound, or a folder of numbered PNG pictures."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from layerwalk_client.app.output.writing import check_writable, drafted, drafted_folder
from layerwalk_shared.errors import InvalidRequestError, LayerwalkError

ENCODER: Final = "libx264"
QUALITY = "16"
"""x264's constant rate factor: below what an eye tells from the frames."""


class FrameSink(Protocol):
    """Takes the frames of a film in order."""

    def add(self, pixels: NDArray[np.uint8]) -> None:
        """Take a frame, uint8 `[H, W, 3]`."""


def check_film(out: Path, size_wh: tuple[int, int]) -> None:
    """Refuse at once what could not be written after all the work.

    Raises:
        InvalidRequestError: an ending that is no film's, odd sides of an MP4, a folder that holds
            something, or nowhere to write.
        LayerwalkError: PyAV, which encodes, is not installed.
    """
    if out.suffix == "":
        if not out.parent.is_dir():
            raise InvalidRequestError(f"{out} cannot be made: there is no folder {out.parent}")
        if out.exists() and not (out.is_dir() and not any(out.iterdir())):
            raise InvalidRequestError(f"{out} holds something already: name a new or empty folder")
        return
    if out.suffix.lower() != ".mp4":
        raise InvalidRequestError(f"{out}: a film is an .mp4 file, or a folder (no ending) of PNGs")
    if size_wh[0] % 2 or size_wh[1] % 2:
        raise InvalidRequestError(
            f"{size_wh[0]}x{size_wh[1]}: an MP4 has even sides; a folder of PNGs takes any"
        )
    check_writable(out)
    try:
        import av
    except ModuleNotFoundError as error:
        raise LayerwalkError(
            "av (PyAV) is not installed: pip install 'layerwalk[film]', or name a folder for PNGs"
        ) from error
    if ENCODER not in av.codecs_available:
        raise LayerwalkError(f"this build of PyAV has no {ENCODER}: name a folder for PNGs")


@contextmanager
def film_sink(out: Path, size_wh: tuple[int, int], fps: int) -> Iterator[FrameSink]:
    """Yield what takes the frames; the film is there at the end, whole or not at all.

    Args:
        out: `.mp4`, or a folder (no ending).
        size_wh: of every frame.
        fps: frames per second.

    Raises:
        InvalidRequestError: it cannot be written.
    """
    if out.suffix == "":
        with drafted_folder(out) as folder:
            yield _Pictures(folder)
        return
    with drafted(out) as file:
        film = _Mp4(file, size_wh, fps)
        try:
            yield film
            film.finish()
        finally:
            film.close()


class _Pictures:
    """Numbered PNG files. Mutable, owned by the main thread."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._count = 0

    def add(self, pixels: NDArray[np.uint8]) -> None:
        """Write a frame."""
        Image.fromarray(pixels).save(self._folder / f"frame-{self._count:05d}.png")
        self._count += 1


class _Mp4:
    """H.264 in an MP4, 4:2:0, told to be BT.709. Mutable, owned by the main thread."""

    def __init__(self, path: Path, size_wh: tuple[int, int], fps: int) -> None:
        import av
        from av.video.reformatter import ColorPrimaries, ColorRange, Colorspace, ColorTrc

        self._video = av
        self._matrix = Colorspace.ITU709
        self._container = av.open(str(path), "w", format="mp4", options={"movflags": "+faststart"})
        stream = self._container.add_stream(
            ENCODER, rate=fps, options={"crf": QUALITY, "preset": "medium"}
        )
        stream.width, stream.height = size_wh
        stream.pix_fmt = "yuv420p"
        stream.codec_context.colorspace = Colorspace.ITU709
        stream.codec_context.color_primaries = ColorPrimaries.BT709
        stream.codec_context.color_trc = ColorTrc.BT709
        stream.codec_context.color_range = ColorRange.MPEG
        self._stream = stream

    def add(self, pixels: NDArray[np.uint8]) -> None:
        """Encode a frame."""
        frame = self._video.VideoFrame.from_ndarray(pixels, format="rgb24")
        frame = frame.reformat(format="yuv420p", dst_colorspace=self._matrix)
        for packet in self._stream.encode(frame):
            self._container.mux(packet)

    def finish(self) -> None:
        """Write what the encoder holds back."""
        for packet in self._stream.encode():
            self._container.mux(packet)

    def close(self) -> None:
        """Close the file."""
        self._container.close()
