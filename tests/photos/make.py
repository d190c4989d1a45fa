"""Makes the photos beside this file: kinds that the Rust encoders of the tests cannot write. Pillow 13.0.0, pydicom 3.0.2.

Every photo shows the same 24 x 16 picture, lossy ones nearly so.
"""

from pathlib import Path

import pydicom
from PIL import Image
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.uid import ExplicitVRLittleEndian, JPEGBaseline8Bit, UID, VLPhotographicImageStorage

FOLDER = Path(__file__).parent
WIDTH, HEIGHT = 24, 16


def picture() -> Image.Image:
    """Smooth, of strong colours, and different in each corner."""
    image = Image.new("RGB", (WIDTH, HEIGHT))
    for y in range(HEIGHT):
        for x in range(WIDTH):
            image.putpixel((x, y), (40 + 8 * x, 200 - 10 * y, 90 + 3 * x + 4 * y))
    return image


def save_dicom(path: Path, syntax: UID, photometric: str, pixels: bytes) -> None:
    """As a hospital would: with a patient, of whom nothing may come out again."""
    data = Dataset()
    data.file_meta = FileMetaDataset()
    data.file_meta.TransferSyntaxUID = syntax
    data.file_meta.MediaStorageSOPClassUID = data.SOPClassUID = VLPhotographicImageStorage
    data.file_meta.MediaStorageSOPInstanceUID = data.SOPInstanceUID = "2.25.1"
    data.PatientName, data.PatientID, data.PatientBirthDate = "Mustermann^Erika", "0815-4711", "19640812"
    data.Modality, data.Rows, data.Columns = "XC", HEIGHT, WIDTH
    data.SamplesPerPixel, data.BitsAllocated, data.BitsStored, data.HighBit = 3, 8, 8, 7
    data.PixelRepresentation, data.PlanarConfiguration, data.PhotometricInterpretation = 0, 0, photometric
    data["PixelData"] = pydicom.DataElement("PixelData", "OB", pixels)
    data["PixelData"].is_undefined_length = syntax.is_compressed
    data.save_as(path, enforce_file_format=True)


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
    jpeg = (FOLDER / "baseline-420.jpg").read_bytes()
    save_dicom(FOLDER / "jpeg.dcm", JPEGBaseline8Bit, "YBR_FULL_422", encapsulate([jpeg]))
    save_dicom(FOLDER / "plain.dcm", ExplicitVRLittleEndian, "RGB", photo.tobytes())


if __name__ == "__main__":
    main()
