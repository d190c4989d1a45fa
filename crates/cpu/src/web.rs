//! What JavaScript sees of the shares: `www/interface/cpu-helper.js` and `www/interface/cpu-helpers.js` go through here.

use wasm_bindgen::prelude::*;

use crate::number::Number;
use crate::share::{Share, Shares};
use crate::warm_up::warm_up;

/// Shares of the convolutions of one network.
#[wasm_bindgen]
#[derive(Debug)]
pub struct WebShares(Kind);

#[derive(Debug)]
enum Kind {
    Integers(Shares<i16>),
    Floats(Shares<f32>),
}

#[wasm_bindgen]
impl WebShares {
    /// `floats`: of a network in f32, else of one in integers. Has the browser compile the loops meanwhile.
    #[wasm_bindgen(constructor)]
    pub fn new(floats: bool) -> Self {
        Self(if floats { Kind::Floats(warm()) } else { Kind::Integers(warm()) })
    }

    /// Takes one more in: the fields of [`Share`].
    ///
    /// # Errors
    /// It is broken.
    pub fn add(&mut self, shape: &[u32], weights: &[u8], factors: &[f32], biases: &[f32]) -> Result<(), JsError> {
        let shape =
            shape.try_into().map_err(|_| JsError::new("a share whose shape has too few or too many numbers"))?;
        let share = Share { shape, weights: weights.into(), factors: factors.into(), biases: biases.into() };
        match &mut self.0 {
            Kind::Integers(shares) => shares.add(&share),
            Kind::Floats(shares) => shares.add(&share),
        }
        .map_err(|reason| JsError::new(&reason))
    }

    /// The address of the bytes that the next run reads; the same until one more share is added.
    pub fn image(&mut self) -> usize {
        match &mut self.0 {
            Kind::Integers(shares) => shares.image().as_ptr().addr(),
            Kind::Floats(shares) => shares.image().as_ptr().addr(),
        }
    }

    /// Computes the share of this number: the address of its bytes, which lie there until the next run.
    ///
    /// # Errors
    /// There is no such share.
    pub fn run(&mut self, index: usize) -> Result<usize, JsError> {
        match &mut self.0 {
            Kind::Integers(shares) => shares.run(index).map(|result| result.as_ptr().addr()),
            Kind::Floats(shares) => shares.run(index).map(|result| result.as_ptr().addr()),
        }
        .map_err(|reason| JsError::new(&reason))
    }
}

fn warm<N: Number>() -> Shares<N> {
    warm_up::<N>();
    Shares::default()
}
