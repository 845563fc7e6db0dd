"""How pictures become images for a network: a central square, in colour or grey, at one size."""

from dataclasses import dataclass, field

from PIL import ImageColor

from zeta_geom.checks import check_int, check_real

WHITE = (255, 255, 255)


@dataclass(frozen=True)
class Framing:
    """How all images of a data set are cropped, coloured and resized, as `load_image_data` describes it."""

    size: int | None = None  # pixels, by bilinear interpolation with antialiasing; None: unchanged
    crop: float | None = None  # None: the whole image, which `size` squeezes into a square
    grey: bool = False  # 0.299 red + 0.587 green + 0.114 blue
    background: str | tuple[int, int, int] = field(default=WHITE, repr=False)  # the repr enters fingerprints

    def __post_init__(self) -> None:
        if self.size is not None:
            check_int(self.size, "size", low=1)
        if self.crop is not None and check_real(self.crop, "crop", low=0, strict=True) > 1:
            raise ValueError(f"crop must be a number in (0, 1]; got {self.crop}.")
        if not isinstance(self.grey, bool):
            raise TypeError(f"grey must be True or False; got {self.grey!r}.")
        object.__setattr__(self, "background", _colour(self.background))

    def square(self, height: int, width: int) -> tuple[int, int, int] | None:
        """Return the central square as (top, left, edge) in pixels, or None for the whole image."""
        if self.crop is None:
            return None
        edge = max(1, round(self.crop * min(height, width)))
        return (height - edge) // 2, (width - edge) // 2, edge


def _colour(background: str | tuple[int, int, int]) -> tuple[int, int, int]:
    """Return the red, green and blue of a colour."""
    try:
        levels = ImageColor.getrgb(background) if isinstance(background, str) else tuple(background)
    except (ValueError, TypeError):
        levels = ()
    if len(levels) != 3:
        raise ValueError(
            f"background must be a colour without transparency: a name, '#rrggbb' or (red, green, blue); got "
            f"{background!r}."
        )
    red, green, blue = (check_int(level, "each part of background", low=0, high=255) for level in levels)
    return red, green, blue


UNFRAMED = Framing()
