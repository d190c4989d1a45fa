//! Reads buffers back. wonnx does so for every output after each run, whether or not anybody wants it.

use modern::BufferAsyncError;

use crate::pass::{Device, Queue};

/// A buffer read back from the GPU.
#[derive(Debug)]
pub enum DownloadBuffer {
    /// What was there.
    Read(modern::util::DownloadBuffer),
    /// Zeros in the place of what nobody wants ([`crate::gpu::Gpu::leave_unread`]).
    LeftOut(Vec<u8>),
}

impl DownloadBuffer {
    /// Copies a buffer to main memory and calls back when it is there.
    pub fn read_buffer(
        device: &Device,
        queue: &Queue,
        slice: &modern::BufferSlice<'_>,
        callback: impl FnOnce(Result<Self, BufferAsyncError>) + Send + 'static,
    ) {
        if !queue.gpu().state().is_wanted(slice.buffer()) {
            let length = usize::try_from(slice.size()).unwrap_or_default();
            callback(Ok(Self::LeftOut(vec![0; length])));
            return;
        }
        queue.gpu().count(|work| {
            work.reads += 1;
            work.read_bytes += slice.size();
        });
        modern::util::DownloadBuffer::read_buffer(device.modern(), queue.modern(), slice, |result| {
            callback(result.map(Self::Read));
        });
    }
}

impl std::ops::Deref for DownloadBuffer {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            Self::Read(buffer) => buffer,
            Self::LeftOut(zeros) => zeros,
        }
    }
}
