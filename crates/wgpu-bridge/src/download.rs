//! Reads buffers back. wonnx does so for one output after the other after each run, whether or not anybody wants it, each with
//! a submit of its own. Here the copies of all that are wanted are part of the run, and all are mapped as soon as the first is
//! asked for: in a browser each submit and each answer takes a way to the GPU's process and back.

use modern::{Buffer, BufferAsyncError, CommandEncoder};

use crate::gpu::Gpu;
use crate::pass::{Device, Queue};
use crate::staging::{PendingRead, Staging};

/// What was read back from the GPU; zeros in the place of what nobody wants ([`crate::gpu::Gpu::leave_unread`]).
#[derive(Debug)]
pub struct DownloadBuffer(Vec<u8>);

impl Gpu {
    /// Copies every output that somebody wants to memory that can be read, as the last commands of a run.
    pub(crate) fn record_reads(&self, encoder: &mut CommandEncoder) {
        let wanted = self.state().wanted();
        let copies: Vec<(Buffer, Staging)> = wanted
            .into_iter()
            .map(|output| {
                let staging = self.staging(output.size());
                staging.record_copy(&output, encoder);
                (output, staging)
            })
            .collect();
        self.state().copies = copies;
    }

    fn staging(&self, size: u64) -> Staging {
        let found = self.state().stagings.iter().find(|staging| staging.take(size)).cloned();
        found.unwrap_or_else(|| {
            let staging = Staging::new(self.device(), size);
            self.state().stagings.push(staging.clone());
            staging
        })
    }

    /// The read of an output: begun before, or begun now together with those of the others.
    fn read_output(&self, output: &Buffer) -> PendingRead {
        let copies = std::mem::take(&mut self.state().copies);
        self.count(|work| {
            work.reads += copies.len();
            work.read_bytes += copies.iter().map(|(output, _)| output.size()).sum::<u64>();
        });
        let begun: Vec<(Buffer, PendingRead)> =
            copies.into_iter().map(|(output, staging)| (output, staging.map())).collect();
        self.state().reads.extend(begun);
        let read = self.state().take_read(output);
        read.unwrap_or_else(|| self.copy_and_read(output))
    }

    /// For a buffer that no run has copied.
    fn copy_and_read(&self, buffer: &Buffer) -> PendingRead {
        let mut encoder = self.device().create_command_encoder(&modern::CommandEncoderDescriptor::default());
        let staging = self.staging(buffer.size());
        staging.record_copy(buffer, &mut encoder);
        self.queue().submit([encoder.finish()]);
        staging.map()
    }
}

impl DownloadBuffer {
    /// Copies a buffer to main memory and calls back when it is there.
    pub fn read_buffer(
        _: &Device,
        queue: &Queue,
        slice: &modern::BufferSlice<'_>,
        callback: impl FnOnce(Result<Self, BufferAsyncError>) + Send + 'static,
    ) {
        let gpu = queue.gpu();
        if !gpu.state().is_wanted(slice.buffer()) {
            let length = usize::try_from(slice.size()).unwrap_or_default();
            callback(Ok(Self(vec![0; length])));
            return;
        }
        gpu.read_output(slice.buffer()).ask(|result| callback(result.map(Self)));
    }
}

impl std::ops::Deref for DownloadBuffer {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0
    }
}
