//! Lets the browser decode what the crate `image` cannot: HEIC on Apple's, AVIF on all of today's.

use js_sys::{Array, Promise, Uint8Array};
use wasm_bindgen::{JsCast as _, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{Blob, ImageBitmap, OffscreenCanvas, OffscreenCanvasRenderingContext2d, WorkerGlobalScope};

use crate::photo::{Limits, Photo};

/// The photo, upright, or `None` if this browser cannot decode it either.
pub(super) async fn decode(bytes: &[u8]) -> Option<Photo> {
    let scope: WorkerGlobalScope = js_sys::global().dyn_into().ok()?;
    let parts = Array::of1(&Uint8Array::from(bytes));
    let blob = Blob::new_with_u8_array_sequence(&parts).ok()?;
    let promise: Promise = scope.create_image_bitmap_with_blob(&blob).ok()?;
    let bitmap: ImageBitmap = JsFuture::from(promise).await.ok()?.dyn_into().ok()?;
    let pixels = read(&bitmap);
    let (width, height) = (bitmap.width(), bitmap.height());
    bitmap.close();
    Photo::from_rgba(pixels.ok()?, width, height, &Limits::default()).ok()
}

fn read(bitmap: &ImageBitmap) -> Result<Vec<u8>, JsValue> {
    let (width, height) = (bitmap.width(), bitmap.height());
    let canvas = OffscreenCanvas::new(width, height)?;
    let context: OffscreenCanvasRenderingContext2d =
        canvas.get_context("2d")?.ok_or(JsValue::NULL)?.dyn_into().map_err(JsValue::from)?;
    context.draw_image_with_image_bitmap(bitmap, 0.0, 0.0)?;
    Ok(context.get_image_data(0.0, 0.0, f64::from(width), f64::from(height))?.data().0)
}
