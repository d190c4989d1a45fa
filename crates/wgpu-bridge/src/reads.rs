//! Which outputs of a session are read back. wonnx reads all of them after every run.

use std::collections::{HashMap, HashSet};

use modern::{Buffer, BufferAsyncError};

use crate::{Device, Queue};

/// The buffers that wonnx may read back, by the name it gave them, and the names nobody wants for now.
#[derive(Debug, Default)]
pub(crate) struct Reads {
    outputs: HashMap<String, Buffer>,
    unwanted: HashSet<String>,
}

impl Reads {
    pub(crate) fn add_output(&mut self, name: &str, buffer: &Buffer) {
        self.outputs.insert(name.to_owned(), buffer.clone());
    }

    pub(crate) fn leave_out(&mut self, names: impl IntoIterator<Item = String>) {
        self.unwanted = names.into_iter().collect();
    }

    fn wants(&self, buffer: &Buffer) -> bool {
        !self.unwanted.iter().any(|name| self.outputs.get(name) == Some(buffer))
    }
}

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
        if !queue.gpu().reads().wants(slice.buffer()) {
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
