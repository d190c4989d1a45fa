//! Lets the browser decode what the crate `image` cannot: HEIC on Apple's, AVIF on all of today's.

use js_sys::{Array, Promise, Uint8Array};
use wasm_bindgen::{Clamped, JsCast as _, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{Blob, ImageBitmap, ImageData, OffscreenCanvas, OffscreenCanvasRenderingContext2d, WorkerGlobalScope};

use crate::photo::{Limits, Photo, PhotoError, PhotoFormat};

/// Side of the pattern that tells whether pixels can be read back.
const PATTERN: u32 = 16;
/// Colours may be off by so much: canvases with other colour spaces round.
const TOLERANCE: u8 = 2;

/// The photo, upright, or `None` if this browser cannot decode it either.
///
/// # Errors
/// [`PhotoError::TooManyPixels`] and the like, and [`PhotoError::Blocked`] where the browser puts noise in the place of pixels
/// that are read back.
pub(super) async fn decode(bytes: &[u8], limits: &Limits) -> Result<Option<Photo>, PhotoError> {
    // Before the browser decodes anything.
    limits.check_declared(bytes)?;
    let Some(bitmap) = bitmap_of(bytes).await else { return Ok(None) };
    let (width, height) = (bitmap.width(), bitmap.height());
    let pixels = limits.check_foreign(width, height).and_then(|()| {
        let broken = |error: JsValue| PhotoError::Broken { format: PhotoFormat::Pixels, reason: format!("{error:?}") };
        read(&bitmap).map_err(broken)?.ok_or(PhotoError::Blocked)
    });
    bitmap.close();
    Photo::from_rgba(pixels?, width, height, limits).map(Some)
}

async fn bitmap_of(bytes: &[u8]) -> Option<ImageBitmap> {
    let scope: WorkerGlobalScope = js_sys::global().dyn_into().ok()?;
    let parts = Array::of1(&Uint8Array::from(bytes));
    let blob = Blob::new_with_u8_array_sequence(&parts).ok()?;
    let promise: Promise = scope.create_image_bitmap_with_blob(&blob).ok()?;
    JsFuture::from(promise).await.ok()?.dyn_into().ok()
}

/// The pixels, or `None` where a pattern does not come back as it was drawn.
fn read(bitmap: &ImageBitmap) -> Result<Option<Vec<u8>>, JsValue> {
    let (width, height) = (bitmap.width(), bitmap.height());
    let canvas = OffscreenCanvas::new(width.max(PATTERN), height.max(PATTERN))?;
    let context: OffscreenCanvasRenderingContext2d =
        canvas.get_context("2d")?.ok_or(JsValue::NULL)?.dyn_into().map_err(JsValue::from)?;
    let pixels = |width: u32, height: u32| {
        Ok::<_, JsValue>(context.get_image_data(0.0, 0.0, f64::from(width), f64::from(height))?.data().0)
    };
    let pattern: Vec<u8> =
        (0..PATTERN * PATTERN).flat_map(|i| [(i * 7) as u8, (i * 31) as u8, (i * 101) as u8, 255]).collect();
    let drawn = ImageData::new_with_u8_clamped_array_and_sh(Clamped(&pattern), PATTERN, PATTERN)?;
    context.put_image_data(&drawn, 0.0, 0.0)?;
    let found = pixels(PATTERN, PATTERN)?;
    if found.iter().zip(&pattern).any(|(found, drawn)| found.abs_diff(*drawn) > TOLERANCE) {
        return Ok(None);
    }
    context.clear_rect(0.0, 0.0, f64::from(PATTERN), f64::from(PATTERN));
    context.draw_image_with_image_bitmap(bitmap, 0.0, 0.0)?;
    pixels(width, height).map(Some)
}
