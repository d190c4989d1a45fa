//! An adapter and device that wonnx can be lent, and every error they report.
//!
//! WebGPU reports errors after the call that caused them, and by default to nobody: a session whose shader does not
//! compile runs to its end and reads back zeros. [`Gpu::watch`] encloses work in error scopes, so that it either
//! succeeded or says why not.

use std::cell::RefCell;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Poll;

use crate::kernels::{Dispatch, Kernels};
use crate::state::State;
pub use crate::state::Work;

/// What the driver says of an adapter. Displays as `name (backend)`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AdapterInfo {
    /// The adapter's name, or what a browser tells of it.
    pub name: String,
    /// The API it is reached through.
    pub backend: String,
    /// A software adapter: it computes on the CPU (llvmpipe, SwiftShader, WARP).
    pub software: bool,
    /// Shaders may `enable subgroups`.
    pub subgroups: bool,
    /// Shaders may `enable f16`.
    pub f16: bool,
}

impl std::fmt::Display for AdapterInfo {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} ({})", self.name, self.backend)
    }
}

impl AdapterInfo {
    fn of(adapter: &modern::Adapter, device: &modern::Device) -> Self {
        let info = adapter.get_info();
        let name = if info.name.is_empty() { browser_name(device) } else { info.name };
        let emulators = ["swiftshader", "llvmpipe", "basic render"];
        let software = info.device_type == modern::DeviceType::Cpu
            || emulators.iter().any(|emulator| name.to_lowercase().contains(emulator));
        let subgroups = subgroups(device);
        let f16 = device.features().contains(modern::Features::SHADER_F16);
        Self { name, backend: info.backend.to_string(), software, subgroups, f16 }
    }
}

/// Browsers leave the description empty and tell vendor and architecture, which wgpu drops.
#[cfg(target_arch = "wasm32")]
fn browser_name(device: &modern::Device) -> String {
    let get = |object: &wasm_bindgen::JsValue, key: &str| js_sys::Reflect::get(object, &key.into()).ok();
    let info = device.as_webgpu().and_then(|device| get(device.as_ref(), "adapterInfo"));
    let words = ["vendor", "architecture", "device"]
        .into_iter()
        .filter_map(|key| get(info.as_ref()?, key)?.as_string())
        .filter(|word| !word.is_empty());
    let name = words.collect::<Vec<_>>().join(" ");
    if name.is_empty() { UNNAMED.to_owned() } else { name }
}

#[cfg(not(target_arch = "wasm32"))]
fn browser_name(_: &modern::Device) -> String {
    UNNAMED.to_owned()
}

#[cfg(target_arch = "wasm32")]
fn subgroups(device: &modern::Device) -> bool {
    crate::subgroups::enabled(device)
}

#[cfg(not(target_arch = "wasm32"))]
fn subgroups(device: &modern::Device) -> bool {
    device.features().contains(modern::Features::SUBGROUP)
}

const UNNAMED: &str = "unnamed adapter";

/// What can go wrong on a GPU.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GpuError {
    /// There is no adapter, or it gives no device.
    #[error("no usable GPU: {0}")]
    Unavailable(String),
    /// A shader, buffer or command broke the rules of WebGPU.
    #[error("the GPU refused a command: {0}")]
    Validation(String),
    /// The GPU's memory is full.
    #[error("the GPU is out of memory")]
    OutOfMemory,
    /// The driver failed.
    #[error("the GPU driver failed: {0}")]
    Internal(String),
    /// The device is gone: driver reset, adapter unplugged, or taken by the browser.
    #[error("the GPU was lost: {0}")]
    Lost(String),
}

impl From<modern::Error> for GpuError {
    fn from(error: modern::Error) -> Self {
        match error {
            modern::Error::OutOfMemory { .. } => Self::OutOfMemory,
            modern::Error::Validation { description, .. } => Self::Validation(description),
            modern::Error::Internal { description, .. } => Self::Internal(description),
        }
    }
}

/// Errors that arrived outside any scope, until somebody asks.
#[derive(Debug, Default)]
struct Faults {
    uncaptured: Option<GpuError>,
    lost: Option<String>,
}

#[derive(Debug)]
struct Inner {
    device: modern::Device,
    queue: modern::Queue,
    info: AdapterInfo,
    /// The driver reports them from threads of its own, so that they have a lock of their own.
    faults: Arc<Mutex<Faults>>,
    state: Mutex<State>,
}

/// An open GPU device. Clones are handles to the same device.
#[derive(Clone, Debug)]
pub struct Gpu(Arc<Inner>);

impl Gpu {
    /// Opens the fastest adapter with all the limits it offers.
    ///
    /// Natively the variables `WGPU_BACKEND` and `WGPU_ADAPTER_NAME` (part of a name) narrow the choice.
    ///
    /// # Errors
    /// [`GpuError::Unavailable`] if there is no adapter or it refuses a device.
    pub async fn open() -> Result<Self, GpuError> {
        #[cfg(target_arch = "wasm32")]
        crate::subgroups::request();
        let instance = modern::Instance::new(modern::InstanceDescriptor::new_without_display_handle_from_env());
        let adapter = request_adapter(&instance).await?;
        let wanted = modern::Features::SHADER_F16 | modern::Features::SUBGROUP | modern::Features::TIMESTAMP_QUERY;
        let (device, queue) = adapter
            .request_device(&modern::DeviceDescriptor {
                label: Some("skintree"),
                required_features: adapter.features() & wanted,
                required_limits: adapter.limits(),
                ..modern::DeviceDescriptor::default()
            })
            .await
            .map_err(|error| GpuError::Unavailable(error.to_string()))?;

        let faults = Arc::new(Mutex::new(Faults::default()));
        let uncaptured = Arc::clone(&faults);
        device.on_uncaptured_error(Arc::new(move |error: modern::Error| {
            log::error!("uncaptured GPU error: {error}");
            lock(&uncaptured).uncaptured.get_or_insert(error.into());
        }));
        let lost = Arc::clone(&faults);
        device.set_device_lost_callback(move |reason, message| {
            lock(&lost).lost.get_or_insert(format!("{reason:?} {message}"));
        });
        let info = AdapterInfo::of(&adapter, &device);
        Ok(Self(Arc::new(Inner { device, queue, info, faults, state: Mutex::default() })))
    }

    /// What the driver says of the adapter.
    pub fn info(&self) -> &AdapterInfo {
        &self.0.info
    }

    /// Kernels to use instead of wonnx's in sessions made from now on.
    pub fn set_kernels(&self, kernels: Kernels) {
        self.state().kernels = kernels;
    }

    /// Makes a buffer of `bytes` (a multiple of four) for the kernels of the next session. It also takes the place of the
    /// buffer that wonnx makes for an input or output of that name.
    pub fn allocate(&self, name: &str, bytes: u64) {
        self.make(name, bytes);
    }

    fn make(&self, name: &str, bytes: u64) -> modern::Buffer {
        let buffer = self.device().create_buffer(&modern::BufferDescriptor {
            label: Some(name),
            size: bytes,
            usage: modern::BufferUsages::STORAGE
                | modern::BufferUsages::UNIFORM
                | modern::BufferUsages::COPY_DST
                | modern::BufferUsages::COPY_SRC,
            mapped_at_creation: false,
        });
        self.state().buffers.insert(name.to_owned(), buffer.clone());
        buffer
    }

    /// Puts a constant for the kernels of the next session into GPU memory, so that nobody needs to hold all of them in main
    /// memory. `bytes` are a multiple of four.
    pub fn upload(&self, name: &str, bytes: &[u8]) {
        let buffer = self.make(name, bytes.len() as u64);
        self.queue().write_buffer(&buffer, 0, bytes);
    }

    /// Forgets the names given to [`Self::upload`] and [`Self::allocate`]: the session has been made and holds its buffers
    /// itself.
    pub fn clear_buffers(&self) {
        self.state().buffers.clear();
    }

    /// The buffer of a name, if one was made.
    pub(crate) fn buffer(&self, name: &str) -> Option<modern::Buffer> {
        self.state().buffers.get(name).cloned()
    }

    /// Outputs that runs from now on do not read back; wonnx gives zeros for them.
    pub fn leave_unread(&self, names: impl IntoIterator<Item = String>) {
        self.state().leave_unread(names);
    }

    /// What has been done since this was last asked.
    pub fn take_work(&self) -> Work {
        std::mem::take(&mut self.state().work)
    }

    pub(crate) fn count(&self, add: impl FnOnce(&mut Work)) {
        add(&mut self.state().work);
    }

    /// Lends the device to the next wonnx session that this thread begins to make.
    pub fn lend(&self) {
        LENT.with(|slot| *slot.borrow_mut() = Some(self.clone()));
    }

    /// Awaits `work` and reports the first error the GPU had meanwhile.
    ///
    /// # Errors
    /// Any [`GpuError`]; a lost device before everything else, because its other errors follow from that.
    pub async fn watch<T>(&self, work: impl Future<Output = T>) -> Result<T, GpuError> {
        self.check()?;
        let scopes = Scopes::begin(&self.0.device);
        let value = work.await;
        let error = scopes.end().await;
        self.check()?;
        error.map_or(Ok(value), Err)
    }

    /// Like [`Self::watch`], for work that gives its last command before it waits for the first time. The scopes end then, so that their
    /// answers come together with that of the work: in a browser each takes a way to the GPU's process and back.
    ///
    /// # Errors
    /// As [`Self::watch`].
    pub async fn watch_run<T>(&self, work: impl Future<Output = T>) -> Result<T, GpuError> {
        self.check()?;
        let scopes = Scopes::begin(&self.0.device);
        let mut work = pin!(work);
        let begun = poll_fn(|context| Poll::Ready(work.as_mut().poll(context))).await;
        let error = scopes.end();
        let value = match begun {
            Poll::Ready(value) => value,
            Poll::Pending => work.await,
        };
        let error = error.await;
        self.check()?;
        error.map_or(Ok(value), Err)
    }

    /// Frees everything on the GPU at once; work on it afterwards gives [`GpuError::Lost`].
    pub fn destroy(&self) {
        lock(&self.0.faults).lost.get_or_insert("the device was closed".to_owned());
        self.0.device.destroy();
    }

    /// Errors that were reported outside [`Gpu::watch`]; a lost device stays lost.
    fn check(&self) -> Result<(), GpuError> {
        let mut faults = lock(&self.0.faults);
        if let Some(reason) = &faults.lost {
            return Err(GpuError::Lost(reason.clone()));
        }
        faults.uncaptured.take().map_or(Ok(()), Err)
    }

    pub(crate) fn device(&self) -> &modern::Device {
        &self.0.device
    }

    pub(crate) fn queue(&self) -> &modern::Queue {
        &self.0.queue
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.0.state)
    }

    /// Waits until everything submitted has been done; in the browser the event loop does that instead.
    pub(crate) fn wait(&self) {
        if let Err(error) = self.device().poll(modern::PollType::wait_indefinitely()) {
            log::error!("waiting for the GPU failed: {error}");
        }
    }

    /// What runs for a node, if it is ours.
    pub(crate) fn dispatch(&self, name: &str) -> Option<Dispatch> {
        self.state().kernels.get(name).cloned()
    }
}

/// A scope for each kind of error.
struct Scopes {
    memory: modern::ErrorScopeGuard,
    internal: modern::ErrorScopeGuard,
    validation: modern::ErrorScopeGuard,
}

impl Scopes {
    fn begin(device: &modern::Device) -> Self {
        let memory = device.push_error_scope(modern::ErrorFilter::OutOfMemory);
        let internal = device.push_error_scope(modern::ErrorFilter::Internal);
        let validation = device.push_error_scope(modern::ErrorFilter::Validation);
        Self { memory, internal, validation }
    }

    /// Ends them at once; the answer is the first error.
    fn end(self) -> impl Future<Output = Option<GpuError>> {
        let (validation, internal, memory) = (self.validation.pop(), self.internal.pop(), self.memory.pop());
        async move {
            let (validation, internal, memory) = (validation.await, internal.await, memory.await);
            memory.or(internal).or(validation).map(GpuError::from)
        }
    }
}

thread_local! {
    static LENT: RefCell<Option<Gpu>> = const { RefCell::new(None) };
}

pub(crate) fn take_lent() -> Option<Gpu> {
    LENT.with(|slot| slot.borrow_mut().take())
}

/// A panic elsewhere must not hide what the GPU reported.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn request_adapter(instance: &modern::Instance) -> Result<modern::Adapter, GpuError> {
    #[cfg(not(target_arch = "wasm32"))]
    if let Ok(wanted) = std::env::var("WGPU_ADAPTER_NAME") {
        let wanted = wanted.to_lowercase();
        let adapters = instance.enumerate_adapters(modern::Backends::all()).await;
        return adapters
            .into_iter()
            .find(|adapter| adapter.get_info().name.to_lowercase().contains(&wanted))
            .ok_or_else(|| GpuError::Unavailable(format!("no adapter is named like WGPU_ADAPTER_NAME={wanted}")));
    }
    instance
        .request_adapter(&modern::RequestAdapterOptions {
            power_preference: modern::PowerPreference::HighPerformance,
            ..modern::RequestAdapterOptions::default()
        })
        .await
        .map_err(|error| {
            // wgpu lists every backend that it did not find; that is for developers.
            log::info!("{error}");
            GpuError::Unavailable("no graphics adapter was found".to_owned())
        })
}
