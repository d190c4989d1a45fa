//! Convolutions that are computed elsewhere: in other threads, or by code for processors that can do more.

use std::fmt;
use std::future::Future;
use std::pin::Pin;

use skintree_cpu::{Conv, Number, Share, View, channels_of_shares};

/// Those who compute shares of convolutions, the same number of shares each time.
pub trait Helpers: fmt::Debug {
    /// How many shares a convolution has, each of which a thread computes.
    fn count(&self) -> usize;

    /// Hands over one share of a convolution, to be computed by the helper of this number from now on.
    ///
    /// # Errors
    /// Why it is not taken.
    fn add(&mut self, helper: usize, share: &Share<'_>) -> Result<(), String>;

    /// Computes all shares of a convolution, which has the number of those that were handed over before it, of the bytes of an image: the bytes
    /// of the pixels of each share, one share after the other.
    ///
    /// # Errors
    /// Why it could not be computed.
    fn run(&mut self, convolution: usize, image: &[u8], results: &mut [u8]) -> Result<(), String>;

    /// What reports say of their code, if its numbers may be other ones.
    fn kernels(&self) -> Option<String>;
}

/// Helpers, once they are ready; `None` where there are none.
pub type Started = Pin<Box<dyn Future<Output = Option<Box<dyn Helpers>>>>>;

/// Starts helpers if a CPU engine is made.
pub trait StartHelpers: fmt::Debug {
    /// `floats`: for a network in f32, else for one in integers.
    fn start(&self, floats: bool) -> Started;
}

/// Helpers, and how many convolutions they have.
#[derive(Debug)]
pub(super) struct Helped<N> {
    helpers: Box<dyn Helpers>,
    convolutions: usize,
    /// Memory to work with.
    results: Vec<N>,
}

/// A convolution that helpers have.
#[derive(Clone, Copy, Debug)]
pub(super) struct Remote {
    pub(super) from: View,
    pub(super) to: View,
    convolution: usize,
}

impl<N: Number> Helped<N> {
    pub(super) fn new(helpers: Box<dyn Helpers>) -> Self {
        Self { helpers, convolutions: 0, results: Vec::new() }
    }

    pub(super) fn helpers(&self) -> &dyn Helpers {
        &*self.helpers
    }

    /// Hands over a convolution.
    pub(super) fn add(&mut self, conv: &Conv<N>) -> Result<Remote, String> {
        for (helper, channels) in channels_of_shares(conv.to.channels, self.helpers.count()).enumerate() {
            self.helpers.add(helper, &conv.share(channels))?;
        }
        let convolution = self.convolutions;
        self.convolutions += 1;
        Ok(Remote { from: conv.from, to: conv.to, convolution })
    }

    /// Computes it.
    pub(super) fn run(&mut self, remote: &Remote, image: &[N], result: &mut [N]) -> Result<(), String> {
        let Remote { from, to, convolution } = remote;
        self.results.resize(to.area() * to.channels, N::default());
        let image = &image[from.start..][..from.span(N::STEP)];
        self.helpers.run(*convolution, bytemuck::cast_slice(image), bytemuck::cast_slice_mut(&mut self.results))?;
        let mut rest = self.results.as_slice();
        for channels in channels_of_shares(to.channels, self.helpers.count()).filter(|channels| !channels.is_empty()) {
            let (share, others) = rest.split_at(to.area() * channels.len());
            for (pixel, values) in share.chunks_exact(channels.len()).enumerate() {
                result[to.at(pixel) + channels.start..][..channels.len()].copy_from_slice(values);
            }
            rest = others;
        }
        Ok(())
    }
}
