"""Makes the photos beside this file: kinds that the Rust encoders of the tests cannot write. Pillow 13.0.0.

Every photo shows the same 24 x 16 picture, lossy ones nearly so.
"""

from pathlib import Path

from PIL import Image

FOLDER = Path(__file__).parent
WIDTH, HEIGHT = 24, 16


def picture() -> Image.Image:
    """Smooth, of strong colours, and different in each corner."""
    image = Image.new("RGB", (WIDTH, HEIGHT))
    for y in range(HEIGHT):
        for x in range(WIDTH):
            image.putpixel((x, y), (40 + 8 * x, 200 - 10 * y, 90 + 3 * x + 4 * y))
    return image


def main() -> None:
    photo = picture()
    second = photo.transpose(Image.Transpose.ROTATE_180)
    photo.save(FOLDER / "picture.png")
    photo.save(FOLDER / "baseline-420.jpg", quality=95)
    photo.save(FOLDER / "restart.jpg", quality=95, restart_marker_blocks=1)
    photo.save(FOLDER / "progressive.jpg", quality=95, subsampling=0, progressive=True)
    photo.convert("CMYK").save(FOLDER / "cmyk.jpg", quality=95)
    photo.convert("L").save(FOLDER / "grey.jpg", quality=95)
    photo.save(FOLDER / "lossy.webp", quality=95)
    photo.save(FOLDER / "animated.webp", save_all=True, append_images=[second], lossless=True)
    photo.save(FOLDER / "animated.gif", save_all=True, append_images=[second])
    photo.save(FOLDER / "animated.png", save_all=True, append_images=[second])
    photo.quantize(256).save(FOLDER / "palette.png")
    photo.convert("CMYK").save(FOLDER / "cmyk.tif")
    photo.save(FOLDER / "jpeg.tif", compression="jpeg", quality=95)
    photo.save(FOLDER / "orientation-6.tif", tiffinfo={274: 6})
    photo.save(FOLDER / "photo.avif")


if __name__ == "__main__":
    main()
