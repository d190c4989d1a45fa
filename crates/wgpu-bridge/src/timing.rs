//! Times kernels on an adapter, apart from any session.

use std::collections::HashMap;
use std::time::Duration;

use futures_channel::oneshot;
use web_time::Instant;

use crate::gpu::{Gpu, GpuError};
use crate::kernels::{BINDINGS, Kernel};

/// A kernel and the sizes in bytes of what it is bound to: inputs in order, then the output.
#[derive(Clone, Debug)]
pub struct Job {
    /// The kernel.
    pub kernel: Kernel,
    /// Bytes of each buffer.
    pub buffers: Vec<u64>,
}

impl Gpu {
    /// How long the GPU takes for the jobs one after the other, all of them `rounds` times; buffers hold zeros. Every
    /// kernel has run once before the clock starts.
    ///
    /// # Errors
    /// Any [`GpuError`].
    pub async fn time(&self, jobs: &[Job], rounds: usize) -> Result<Duration, GpuError> {
        self.watch(async {
            let mut pool = Pool::new();
            let ready: Vec<Ready> = jobs.iter().map(|job| self.prepare(job, &mut pool)).collect();
            self.dispatch(&ready, 1).await;
            let start = Instant::now();
            self.dispatch(&ready, rounds).await;
            start.elapsed()
        })
        .await
    }

    fn prepare(&self, Job { kernel, buffers }: &Job, pool: &mut Pool) -> Ready {
        let pipeline = self.pipeline(kernel);
        let make = |size: u64| {
            self.device().create_buffer(&modern::BufferDescriptor {
                label: Some("timing"),
                size,
                usage: modern::BufferUsages::STORAGE,
                mapped_at_creation: false,
            })
        };
        let buffers: Vec<modern::Buffer> = buffers
            .iter()
            .enumerate()
            .map(|(position, &size)| pool.entry((position, size)).or_insert_with(|| make(size)).clone())
            .collect();
        let group = |(index, group): (usize, &[modern::Buffer])| {
            let entries: Vec<_> = group
                .iter()
                .zip(0..)
                .map(|(buffer, binding)| modern::BindGroupEntry { binding, resource: buffer.as_entire_binding() })
                .collect();
            self.device().create_bind_group(&modern::BindGroupDescriptor {
                label: Some("timing"),
                layout: &pipeline.get_bind_group_layout(index as u32),
                entries: &entries,
            })
        };
        let groups = buffers.chunks(BINDINGS).enumerate().map(group).collect();
        Ready { pipeline, groups, workgroups: kernel.workgroups }
    }

    async fn dispatch(&self, ready: &[Ready], rounds: usize) {
        let mut encoder = self.device().create_command_encoder(&modern::CommandEncoderDescriptor::default());
        {
            let mut pass = encoder.begin_compute_pass(&modern::ComputePassDescriptor::default());
            for Ready { pipeline, groups, workgroups: [x, y, z] } in (0..rounds).flat_map(|_| ready) {
                pass.set_pipeline(pipeline);
                for (index, group) in groups.iter().enumerate() {
                    pass.set_bind_group(index as u32, group, &[]);
                }
                pass.dispatch_workgroups(*x, *y, *z);
            }
        }
        let (done, wait) = oneshot::channel();
        self.count(|work| work.submits += 1);
        self.queue().submit([encoder.finish()]);
        self.queue().on_submitted_work_done(move || {
            let _ = done.send(());
        });
        self.wait();
        // A device that is lost calls nobody back; the error scope around this says so.
        let _ = wait.await;
    }
}

/// Buffers by position and size: what jobs read and write is nobody's, so they share it.
type Pool = HashMap<(usize, u64), modern::Buffer>;

/// A job with everything made that its dispatch needs.
struct Ready {
    pipeline: modern::ComputePipeline,
    groups: Vec<modern::BindGroup>,
    workgroups: [u32; 3],
}
