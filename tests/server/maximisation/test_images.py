"""What is optimised gives the images that the formulas say, and each has its own start."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
import torch

from layerwalk.maximisation.images import (
    COLOURS_OF_PHOTOGRAPHS,
    FOURIER_MARGIN,
    Fourier,
    Parameters,
    Phase,
    Pixels,
    fallback_spectrum,
    frequencies,
    spectrum_of,
)
from layerwalk_shared.errors import InvalidRequestError

MEAN, STD = (0.5, 0.4, 0.3), (0.2, 0.25, 0.3)
SHAPES = [(3, 8, 8), (1, 28, 28), (3, 33, 20), (1, 9, 512)]


def _generators(count: int, *, first: int = 0) -> list[np.random.Generator]:
    return [np.random.default_rng(first + index) for index in range(count)]


def _of(
    name: str, shape: tuple[int, int, int], generators: list[np.random.Generator]
) -> Parameters:
    if name == "fourier":
        return Fourier(shape, generators)
    if name == "phase":
        return Phase(shape, generators, spectrum=fallback_spectrum(shape))
    values = [generator.standard_normal(shape, np.float32) for generator in generators]
    return Pixels(torch.from_numpy(np.stack(values)))


def _photographs(count: int, size: tuple[int, int]) -> list[npt.NDArray[np.uint8]]:
    """Noise that is smooth and whose colours go together, as those of photographs do."""
    rng = np.random.default_rng(0)
    height, width = size
    smooth = np.fft.irfft2(
        np.fft.rfft2(rng.standard_normal((count, 3, height, width)))
        * fallback_spectrum((1, *size)),
        s=size,
    )
    colours = np.einsum("ij,njhw->nhwi", COLOURS_OF_PHOTOGRAPHS, smooth)
    return list(np.clip(128 + 30 * colours / colours.std(), 0, 255).astype(np.uint8))


@pytest.mark.parametrize("name", ["pixels", "fourier", "phase"])
@pytest.mark.parametrize("shape", SHAPES)
class TestAll:
    def test_images_have_the_shape_and_depend_on_every_leaf_alone(
        self, name: str, shape: tuple[int, int, int]
    ) -> None:
        parameters = _of(name, shape, _generators(3))
        images = parameters.images()
        assert images.shape == (3, *shape)
        assert torch.isfinite(images).all()
        gradients = torch.autograd.grad((images[1] ** 2).sum(), parameters.leaves)
        for gradient in gradients:
            assert torch.isfinite(gradient).all()
            assert gradient[1].abs().max() > 0
            assert gradient[[0, 2]].abs().max() == 0

    def test_an_image_begins_the_same_in_any_batch(
        self, name: str, shape: tuple[int, int, int]
    ) -> None:
        together = _of(name, shape, _generators(4)).images()
        alone = _of(name, shape, _generators(1, first=2)).images()
        assert torch.allclose(alone[0], together[2], atol=2e-5)
        assert not torch.allclose(together[1], together[2], atol=1e-3)


class TestPixels:
    def test_it_begins_at_a_copy(self) -> None:
        start = torch.zeros(2, 784)
        pixels = Pixels(start)
        with torch.no_grad():
            pixels.leaves[0].add_(1.0)
        assert start.max() == 0
        assert torch.equal(pixels.images(), torch.ones(2, 784))


class TestFourier:
    def test_images_are_what_the_formula_makes_of_the_coefficients(self) -> None:
        fourier = Fourier((3, 21, 30), _generators(2), decay=0.8, mean=MEAN, std=STD)
        coefficients = fourier.leaves[0].detach().double().numpy()
        assert coefficients.shape == (2, 3, 25, 18, 2)
        # The sum of waves, written out: no FFT.
        height, width = 25, 35
        waves_y = np.fft.fftfreq(height)
        waves_x = np.arange(18) / width
        scale = (
            np.sqrt(height * width) / np.maximum(np.hypot(waves_y[:, None], waves_x), 1 / 35) ** 0.8
        )
        spectrum = (coefficients[..., 0] + 1j * coefficients[..., 1]) * scale
        twice = np.where(np.arange(18) == 0, 1.0, 2.0)  # an odd width has no wave of half its own
        by_row = np.exp(2j * np.pi * np.outer(np.arange(height), waves_y))
        by_column = np.exp(2j * np.pi * np.outer(waves_x, np.arange(width)))
        plain = np.einsum("yk,nckl,lx->ncyx", by_row, spectrum * twice, by_column).real
        plain = plain[:, :, 2:23, 2:32] / (height * width) / 4
        colours = np.einsum("ij,njyx->niyx", COLOURS_OF_PHOTOGRAPHS, plain)
        picture = 1 / (1 + np.exp(-colours))

        got = fourier.images().detach().numpy()
        shown = got * np.array(STD).reshape(3, 1, 1) + np.array(MEAN).reshape(3, 1, 1)
        np.testing.assert_allclose(shown, picture, atol=1e-5)

    @pytest.mark.parametrize("shape", SHAPES)
    @pytest.mark.parametrize("is_decorrelated", [True, False])
    def test_it_begins_at_a_given_image(
        self, shape: tuple[int, int, int], *, is_decorrelated: bool
    ) -> None:
        picture = torch.rand(2, *shape, generator=torch.Generator().manual_seed(0))
        mean, std = ((0.4,), (0.3,)) if shape[0] == 1 else (MEAN, STD)
        std_here = torch.tensor(std).view(-1, 1, 1)
        start = (picture - torch.tensor(mean).view(-1, 1, 1)) / std_here
        fourier = Fourier(
            shape, _generators(2), mean=mean, std=std, start=start, is_decorrelated=is_decorrelated
        )  # fmt: skip
        assert ((fourier.images() - start) * std_here).abs().max() < 2e-3

    def test_black_and_white_are_a_start_too(self) -> None:
        start = torch.zeros(1, 1, 16, 16)
        start[..., 8:] = 1.0
        assert (
            Fourier((1, 16, 16), _generators(1), start=start).images() - start
        ).abs().max() < 2e-3

    def test_the_deviation_of_the_start_is_that_of_the_coefficients(self) -> None:
        coefficients = Fourier((3, 64, 64), _generators(4), deviation=0.3).leaves[0]
        assert abs(float(coefficients.detach().std()) - 0.3) < 0.005

    def test_opposite_edges_of_an_image_are_not_one_place(self) -> None:
        shape = (1, 32, 32)
        left, right = [], []
        for image in Fourier(shape, _generators(200), deviation=1.0).images().detach()[:, 0]:
            left.append(image[:, 0].numpy())
            right.append(image[:, -1].numpy())
        together = np.corrcoef(np.ravel(left), np.ravel(right))[0, 1]
        neighbours = np.corrcoef(np.ravel(left), np.ravel(np.roll(left, 1, axis=1)))[0, 1]
        assert FOURIER_MARGIN > 1
        assert together < neighbours - 0.1


class TestPhase:
    def test_magnitudes_stay_those_of_the_data_whatever_the_phases(self) -> None:
        shape = (1, 32, 33)
        spectrum = spectrum_of([picture[..., 0] for picture in _photographs(20, shape[1:])])
        phase = Phase(shape, _generators(2), spectrum=spectrum)
        with torch.no_grad():
            phase.leaves[0].mul_(50).add_(3)
        picture = phase.images().detach().double().numpy()
        got = np.abs(np.fft.rfft2(np.log(picture / (1 - picture))))
        # The waves that are their own mirror (of the first column) have but two phases.
        for one in got:
            ratio = one[0, :, 1:] / spectrum[0, :, 1:]
            np.testing.assert_allclose(ratio, ratio.mean(), rtol=2e-3)

    def test_a_picture_has_deviation_one_before_its_colours(self) -> None:
        phase = Phase((3, 40, 24), _generators(3), spectrum=fallback_spectrum((3, 40, 24)))
        picture = phase.images().detach().double().numpy()
        plain = np.einsum(
            "ij,njyx->niyx", np.linalg.inv(COLOURS_OF_PHOTOGRAPHS), np.log(picture / (1 - picture))
        )
        np.testing.assert_allclose(plain.mean(axis=(1, 2, 3)), 0, atol=1e-3)
        np.testing.assert_allclose(plain.std(axis=(1, 2, 3)), 1, atol=1e-3)

    def test_it_begins_at_the_phases_of_a_given_image(self) -> None:
        picture = torch.rand(2, 1, 24, 30, generator=torch.Generator().manual_seed(0)) * 0.9 + 0.05
        light = np.log(picture.double().numpy() / (1 - picture.double().numpy()))
        own = np.abs(np.fft.rfft2(light[0]))
        phase = Phase((1, 24, 30), _generators(2), spectrum=own, start=picture)
        back = phase.images().detach().double().numpy()[0]
        expected = (light[0] - light[0].mean()) / light[0].std()
        np.testing.assert_allclose(np.log(back / (1 - back)), expected, atol=2e-3)

    def test_no_place_is_brighter_than_others_at_the_start(self) -> None:
        phase = Phase((1, 32, 32), _generators(60), spectrum=fallback_spectrum((1, 32, 32)))
        picture = phase.images().detach()[:, 0]
        corners = torch.stack([picture[:, y, x] for y in (0, -1) for x in (0, -1)])
        assert abs(float(corners.mean() - picture.mean())) < 0.05

    def test_wrong_spectra_are_told(self) -> None:
        with pytest.raises(InvalidRequestError, match=r"expected \[3, 8, 5\]"):
            Phase((3, 8, 8), _generators(1), spectrum=fallback_spectrum((1, 8, 8)))
        with pytest.raises(InvalidRequestError, match="not all zero"):
            Phase((1, 8, 8), _generators(1), spectrum=np.zeros((1, 8, 5)))


class TestSpectrum:
    def test_one_wave_has_its_own_coefficient(self) -> None:
        x = np.arange(16)
        wave = np.tile(0.5 + 0.25 * np.cos(2 * np.pi * 3 * x / 16), (16, 1))
        spectrum = spectrum_of([wave, wave[:, ::-1]])
        expected = np.zeros((1, 16, 9))
        expected[0, 0, 3] = 0.25 * 16 * 16 / 2
        np.testing.assert_allclose(spectrum, expected, atol=1e-4)

    def test_bytes_and_fractions_are_one_picture(self) -> None:
        pictures = _photographs(3, (12, 10))
        np.testing.assert_allclose(
            spectrum_of(pictures),
            spectrum_of([one / 255 for one in pictures]),
            rtol=1e-5,
            atol=1e-4,
        )

    def test_decorrelated_colours_are_about_as_strong_as_each_other(self) -> None:
        spectrum = spectrum_of(_photographs(30, (32, 32)))
        strength = spectrum[:, 1:8, 1:8].mean(axis=(1, 2))
        assert spectrum.shape == (3, 32, 17)
        assert strength.max() / strength.min() < 1.2

    def test_the_fallback_falls_with_the_frequency(self) -> None:
        spectrum = fallback_spectrum((3, 20, 31))
        frequency = frequencies(20, 31)
        assert spectrum.shape == (3, 20, 16)
        np.testing.assert_allclose((spectrum[0] * frequency).ravel()[1:], 1, rtol=1e-5)
        assert spectrum[0, 0, 0] == pytest.approx(31)

    def test_no_pictures_and_different_ones_are_told(self) -> None:
        with pytest.raises(InvalidRequestError, match="no pictures"):
            spectrum_of([])
        with pytest.raises(InvalidRequestError, match=r"picture 1 has shape \[8, 9, 3\]"):
            spectrum_of([np.zeros((8, 8, 3)), np.zeros((8, 9, 3))])


def test_inputs_that_are_no_images_and_other_starts_are_told() -> None:
    with pytest.raises(InvalidRequestError, match=r"\[784\], expected images"):
        Fourier((784,), _generators(1))
    with pytest.raises(InvalidRequestError, match=r"expected \[2, 3, 8, 8\]"):
        Fourier((3, 8, 8), _generators(2), start=torch.zeros(1, 3, 8, 8))
