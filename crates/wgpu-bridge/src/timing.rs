//! Times kernels on an adapter, apart from any session.

use std::collections::HashMap;
use std::time::Duration;

use futures_channel::oneshot;
use web_time::Instant;

use crate::gpu::{Gpu, GpuError};
use crate::kernels::{Dispatch, Kernel};
use crate::pass::Ready;

/// What is in a buffer of a [`Job`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Contents {
    /// So many bytes of 0, shared with other jobs.
    Zeros(u64),
    /// These.
    Bytes(Vec<u8>),
}

/// A kernel and what it is bound to, in the order of its bindings.
#[derive(Clone, Debug)]
pub struct Job {
    /// The kernel.
    pub kernel: Kernel,
    /// Its buffers.
    pub buffers: Vec<Contents>,
}

impl Gpu {
    /// How long the GPU takes for the jobs one after the other, all of them `rounds` times; buffers hold zeros. Every
    /// kernel has run once before the clock starts. The clock is that of the GPU where it has one that can be read.
    ///
    /// # Errors
    /// Any [`GpuError`].
    pub async fn time(&self, jobs: &[Job], rounds: usize) -> Result<Duration, GpuError> {
        self.watch(async {
            let mut pool = Pool::new();
            let ready: Vec<Ready> = jobs.iter().map(|job| self.prepare(job, &mut pool)).collect();
            self.run(&ready, 1).await;
            self.run(&ready, rounds).await
        })
        .await
    }

    /// [`Self::time`] of dispatches over buffers that were made by name.
    ///
    /// # Errors
    /// As there.
    pub async fn time_dispatches(&self, dispatches: &[Dispatch], rounds: usize) -> Result<Duration, GpuError> {
        self.watch(async {
            let ready: Vec<Ready> = dispatches.iter().map(|dispatch| self.ready_by_name(dispatch)).collect();
            self.run(&ready, 1).await;
            self.run(&ready, rounds).await
        })
        .await
    }

    fn prepare(&self, Job { kernel, buffers }: &Job, pool: &mut Pool) -> Ready {
        let make = |size: u64| {
            self.device().create_buffer(&modern::BufferDescriptor {
                label: Some("timing"),
                size,
                usage: modern::BufferUsages::STORAGE | modern::BufferUsages::UNIFORM | modern::BufferUsages::COPY_DST,
                mapped_at_creation: false,
            })
        };
        let buffers: Vec<modern::Buffer> = buffers
            .iter()
            .enumerate()
            .map(|(position, contents)| match contents {
                &Contents::Zeros(size) => pool.entry((position, size)).or_insert_with(|| make(size)).clone(),
                Contents::Bytes(bytes) => {
                    let buffer = make(bytes.len() as u64);
                    self.queue().write_buffer(&buffer, 0, bytes);
                    buffer
                }
            })
            .collect();
        self.ready(kernel, &buffers)
    }

    async fn run(&self, ready: &[Ready], rounds: usize) -> Duration {
        let clock = Clock::of(self.device());
        let mut encoder = self.device().create_command_encoder(&modern::CommandEncoderDescriptor::default());
        {
            let timestamp_writes = clock.as_ref().map(Clock::writes);
            let mut pass =
                encoder.begin_compute_pass(&modern::ComputePassDescriptor { label: Some("timing"), timestamp_writes });
            for job in (0..rounds).flat_map(|_| ready) {
                job.record(&mut pass);
            }
        }
        if let Some(clock) = &clock {
            clock.resolve(&mut encoder);
        }
        let (done, wait) = oneshot::channel();
        self.count(|work| work.submits += 1);
        let start = Instant::now();
        self.queue().submit([encoder.finish()]);
        self.queue().on_submitted_work_done(move || {
            let _ = done.send(());
        });
        self.wait();
        // A device that is lost calls nobody back; the error scope around this says so.
        let _ = wait.await;
        let elapsed = start.elapsed();
        match clock {
            Some(clock) => self.read(&clock).await.unwrap_or(elapsed),
            None => elapsed,
        }
    }

    /// What the clock has measured; `None` if it cannot be read or has not moved.
    async fn read(&self, clock: &Clock) -> Option<Duration> {
        let (send, receive) = oneshot::channel();
        let slice = clock.times.slice(..);
        modern::util::DownloadBuffer::read_buffer(self.device(), self.queue(), &slice, move |result| {
            let _ = send.send(result.ok().map(|bytes| bytes.to_vec()));
        });
        self.wait();
        let bytes = receive.await.ok()??;
        let tick = |index: usize| Some(u64::from_le_bytes(bytes.get(index * 8..index * 8 + 8)?.try_into().ok()?));
        let ticks = tick(1)?.checked_sub(tick(0)?).filter(|&ticks| ticks > 0)?;
        Some(Duration::from_secs_f64(ticks as f64 * f64::from(self.queue().get_timestamp_period()) / 1e9))
    }
}

/// Times the GPU writes down at the begin and the end of a pass.
struct Clock {
    queries: modern::QuerySet,
    times: modern::Buffer,
}

impl Clock {
    /// `None` where the device has no such clock.
    fn of(device: &modern::Device) -> Option<Self> {
        device.features().contains(modern::Features::TIMESTAMP_QUERY).then(|| Self {
            queries: device.create_query_set(&modern::QuerySetDescriptor {
                label: Some("timing"),
                ty: modern::QueryType::Timestamp,
                count: 2,
            }),
            times: device.create_buffer(&modern::BufferDescriptor {
                label: Some("timing"),
                size: 16,
                usage: modern::BufferUsages::QUERY_RESOLVE | modern::BufferUsages::COPY_SRC,
                mapped_at_creation: false,
            }),
        })
    }

    fn writes(&self) -> modern::ComputePassTimestampWrites<'_> {
        modern::ComputePassTimestampWrites {
            query_set: &self.queries,
            beginning_of_pass_write_index: Some(0),
            end_of_pass_write_index: Some(1),
        }
    }

    fn resolve(&self, encoder: &mut modern::CommandEncoder) {
        encoder.resolve_query_set(&self.queries, 0..2, &self.times, 0);
    }
}

/// Buffers by position and size: what jobs read and write is nobody's, so they share it.
type Pool = HashMap<(usize, u64), modern::Buffer>;
