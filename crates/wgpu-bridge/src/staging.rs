//! Memory that outputs are copied to and read from.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use modern::{Buffer, BufferAsyncError, BufferUsages, CommandEncoder};

type ReadResult = Result<Vec<u8>, BufferAsyncError>;

/// Memory that an output is copied to. It is used again by later runs.
#[derive(Clone, Debug)]
pub(crate) struct Staging {
    buffer: Buffer,
    in_use: Arc<AtomicBool>,
}

/// A read that was begun: what comes first, the bytes or who asks for them, waits for the other.
#[derive(Clone, Default)]
pub(crate) struct PendingRead(Arc<Mutex<Slot>>);

#[derive(Default)]
enum Slot {
    #[default]
    Begun,
    Arrived(ReadResult),
    Awaited(Box<dyn FnOnce(ReadResult) + Send>),
}

impl std::fmt::Debug for PendingRead {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PendingRead")
    }
}

impl PendingRead {
    fn arrive(&self, result: ReadResult) {
        let mut slot = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match std::mem::take(&mut *slot) {
            Slot::Awaited(callback) => {
                drop(slot);
                callback(result);
            }
            _ => *slot = Slot::Arrived(result),
        }
    }

    /// Calls back with the bytes, as soon as they are there.
    pub(crate) fn ask(&self, callback: impl FnOnce(ReadResult) + Send + 'static) {
        let mut slot = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match std::mem::take(&mut *slot) {
            Slot::Arrived(result) => {
                drop(slot);
                callback(result);
            }
            _ => *slot = Slot::Awaited(Box::new(callback)),
        }
    }
}

impl Staging {
    /// Memory of so many bytes, in use.
    pub(crate) fn new(device: &modern::Device, size: u64) -> Self {
        let buffer = device.create_buffer(&modern::BufferDescriptor {
            label: Some("read back"),
            size,
            usage: BufferUsages::MAP_READ | BufferUsages::COPY_DST,
            mapped_at_creation: false,
        });
        Self { buffer, in_use: Arc::new(AtomicBool::new(true)) }
    }

    /// Whether it has that size and was free; it is in use now.
    pub(crate) fn take(&self, size: u64) -> bool {
        self.buffer.size() == size && !self.in_use.swap(true, Ordering::AcqRel)
    }

    /// Copies a buffer of its size to it.
    pub(crate) fn record_copy(&self, from: &Buffer, encoder: &mut CommandEncoder) {
        encoder.copy_buffer_to_buffer(from, 0, &self.buffer, 0, from.size());
    }

    /// Begins to read it; it is free again when that is done.
    pub(crate) fn map(self) -> PendingRead {
        let pending = PendingRead::default();
        let arriving = pending.clone();
        let Self { buffer, in_use } = self;
        let mapped = buffer.clone();
        buffer.slice(..).map_async(modern::MapMode::Read, move |result| {
            let view = result.and_then(|()| mapped.slice(..).get_mapped_range().map_err(|_| BufferAsyncError));
            let bytes = view.map(|view| view.to_vec());
            if bytes.is_ok() {
                mapped.unmap();
                in_use.store(false, Ordering::Release);
            }
            arriving.arrive(bytes);
        });
        pending
    }
}
