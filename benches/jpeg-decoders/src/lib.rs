//! JPEG decoders behind one signature: bytes of a file to interleaved RGB.

/// Pixels, or what went wrong in the decoder's own words.
pub type Decoded = Result<Vec<u8>, String>;

/// zune-jpeg, as skintree uses it.
#[cfg(feature = "zune")]
pub fn zune(bytes: &[u8]) -> Decoded {
    zune_to(bytes, zune_core::colorspace::ColorSpace::RGB)
}

/// zune-jpeg without its colour conversion: interleaved Y, Cb, Cr.
#[cfg(feature = "zune")]
pub fn zune_ycbcr(bytes: &[u8]) -> Decoded {
    zune_to(bytes, zune_core::colorspace::ColorSpace::YCbCr)
}

#[cfg(feature = "zune")]
fn zune_to(bytes: &[u8], colours: zune_core::colorspace::ColorSpace) -> Decoded {
    let options = zune_core::options::DecoderOptions::default().set_strict_mode(true).jpeg_set_out_colorspace(colours);
    let source = zune_core::bytestream::ZCursor::new(bytes);
    zune_jpeg::JpegDecoder::new_with_options(source, options).decode().map_err(|error| error.to_string())
}

/// libjpeg-turbo-rs.
#[cfg(feature = "turbo")]
pub fn turbo(bytes: &[u8]) -> Decoded {
    let decoded = libjpeg_turbo_rs::decompress_to(bytes, libjpeg_turbo_rs::PixelFormat::Rgb);
    decoded.map(|image| image.data).map_err(|error| error.to_string())
}

/// jpeg-decoder, formerly that of the crate `image`.
#[cfg(feature = "image-rs")]
pub fn image_rs(bytes: &[u8]) -> Decoded {
    jpeg_decoder::Decoder::new(bytes).decode().map_err(|error| error.to_string())
}

/// For the size of a decoder in wasm: `cargo build --release --target wasm32-unknown-unknown --no-default-features
/// --features NAME`, of one decoder.
///
/// # Safety
/// `bytes` points to `length` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn decode(bytes: *const u8, length: usize) -> usize {
    let bytes = unsafe { std::slice::from_raw_parts(bytes, length) };
    let mut pixels = bytes.len();
    #[cfg(feature = "zune")]
    (pixels += zune(bytes).map_or(0, |decoded| decoded.leak().as_ptr() as usize));
    #[cfg(feature = "turbo")]
    (pixels += turbo(bytes).map_or(0, |decoded| decoded.leak().as_ptr() as usize));
    #[cfg(feature = "image-rs")]
    (pixels += image_rs(bytes).map_or(0, |decoded| decoded.leak().as_ptr() as usize));
    pixels
}
