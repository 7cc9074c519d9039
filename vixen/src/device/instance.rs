//! The loader and the Vulkan instance.

use std::ffi::{CStr, CString, c_char};
use std::sync::{Arc, OnceLock};

use ash::{ext, vk};
use raw_window_handle::RawDisplayHandle;

use super::debug::{Messenger, VALIDATION_LAYER, ValidationLog, messenger_info};
use super::error::DeviceError;
use super::info::Version;
use super::lifetimes;
use super::options::DeviceOptions;

/// An instance that is ours to destroy, or an application's.
pub(super) struct Instance {
    pub(super) entry: ash::Entry,
    pub(super) raw: ash::Instance,
    pub(super) callbacks: Option<vk::AllocationCallbacks<'static>>,
    extensions: Vec<&'static CStr>,
    messenger: Option<Messenger>,
    owned: bool,
    /// Whether a layer was asked for that may show names to somebody.
    pub(super) watched: bool,
    /// Whether creations and the driver's allocations are counted.
    #[cfg(feature = "testing")]
    pub(super) counting: bool,
    // Last: the messenger and the instance point to it.
    pub(super) log: Arc<ValidationLog>,
}

/// Environment variables that bring in layers: the loader's own, and a frame debugger's.
const WATCHERS: [&str; 3] = ["VK_INSTANCE_LAYERS", "VK_LOADER_LAYERS_ENABLE", "ENABLE_VULKAN_RENDERDOC_CAPTURE"];

impl Instance {
    pub(super) fn new(options: &DeviceOptions) -> Result<Self, DeviceError> {
        let entry = load()?;
        let validation = options.validation.then(|| Validation::find(&entry)).transpose()?;
        let extensions = extensions(&entry, options)?;
        let log = Arc::new(ValidationLog::default());

        let name = CString::new(options.application_name.replace('\0', "")).expect("the zero bytes were taken out");
        let application = vk::ApplicationInfo::default()
            .application_name(&name)
            .engine_name(c"vixen")
            .api_version(Version::REQUIRED.0);
        let mut names: Vec<*const c_char> = extensions.iter().map(|name| name.as_ptr()).collect();
        let layers: &[*const c_char] = if validation.is_some() { &[VALIDATION_LAYER.as_ptr()] } else { &[] };
        let mut info = vk::InstanceCreateInfo::default().application_info(&application).enabled_layer_names(layers);

        let checks = [vk::ValidationFeatureEnableEXT::SYNCHRONIZATION_VALIDATION];
        let mut features = vk::ValidationFeaturesEXT::default().enabled_validation_features(&checks);
        if validation.is_some_and(|validation| validation.features) {
            names.push(ext::validation_features::NAME.as_ptr());
            info = info.push_next(&mut features);
        }
        let mut messenger = messenger_info(&log);
        if extensions.contains(&ext::debug_utils::NAME) {
            info = info.push_next(&mut messenger);
        }
        let info = info.enabled_extension_names(&names);

        let changing = lifetimes::change();
        // SAFETY: everything that `info` points to lives to the end of this call; the log lives longer than the instance.
        let raw =
            unsafe { entry.create_instance(&info, options.callbacks.as_ref()) }.map_err(|result| match result {
                vk::Result::ERROR_INCOMPATIBLE_DRIVER => no_driver("the loader found none that fits"),
                result => DeviceError::Vulkan { call: "vkCreateInstance", result },
            })?;
        drop(changing);
        #[cfg(feature = "testing")]
        let raw = if options.watched { crate::testing::frames::watched(&entry, &raw) } else { raw };
        let watched = options.validation || WATCHERS.iter().any(|name| std::env::var_os(name).is_some());
        let callbacks = options.callbacks;
        let mut instance = Self {
            entry,
            raw,
            callbacks,
            extensions,
            messenger: None,
            owned: true,
            watched,
            #[cfg(feature = "testing")]
            counting: options.watched,
            log,
        };
        if instance.has(ext::debug_utils::NAME) {
            let callbacks = instance.callbacks.as_ref();
            instance.messenger = Some(Messenger::new(&instance.entry, &instance.raw, &instance.log, callbacks)?);
        }
        Ok(instance)
    }

    /// An application's instance, which stays the application's.
    pub(super) fn borrowed(
        entry: ash::Entry,
        raw: ash::Instance,
        extensions: Vec<&'static CStr>,
        callbacks: Option<vk::AllocationCallbacks<'static>>,
    ) -> Self {
        Self {
            entry,
            raw,
            callbacks,
            extensions,
            messenger: None,
            owned: false,
            watched: true,
            #[cfg(feature = "testing")]
            counting: false,
            log: Arc::default(),
        }
    }

    /// Whether an instance extension is enabled.
    pub(super) fn has(&self, extension: &CStr) -> bool {
        self.extensions.contains(&extension)
    }

    /// Whether all of these are enabled.
    pub(super) fn has_all(&self, extensions: &[&CStr]) -> bool {
        extensions.iter().all(|extension| self.has(extension))
    }
}

impl Drop for Instance {
    fn drop(&mut self) {
        // SAFETY: the messenger was made from this instance, which is alive, with these callbacks.
        unsafe {
            if let Some(messenger) = &self.messenger {
                messenger.destroy(self.callbacks.as_ref());
            }
        }
        if self.owned {
            let _changing = lifetimes::change();
            // SAFETY: whoever makes objects from the instance keeps this owner alive until they are destroyed, and the
            // messenger is gone. It was made with these callbacks.
            unsafe { self.raw.destroy_instance(self.callbacks.as_ref()) };
        }
    }
}

/// The loader, which stays in memory once loaded: drivers with threads of their own do not like to be unloaded.
fn load() -> Result<ash::Entry, DeviceError> {
    static ENTRY: OnceLock<ash::Entry> = OnceLock::new();
    if let Some(entry) = ENTRY.get() {
        return Ok(entry.clone());
    }
    // SAFETY: the library of that name is the system's Vulkan loader, whose initialisers have no demands on us.
    let entry = unsafe { ash::Entry::load() }.map_err(|error| no_driver(error.to_string()))?;
    Ok(ENTRY.get_or_init(|| entry).clone())
}

pub(super) fn no_driver(detail: impl Into<String>) -> DeviceError {
    DeviceError::NoDriver { detail: detail.into() }
}

/// What the installed validation layer offers.
#[derive(Clone, Copy)]
struct Validation {
    /// Whether synchronisation validation can be asked for.
    features: bool,
}

impl Validation {
    fn find(entry: &ash::Entry) -> Result<Self, DeviceError> {
        // SAFETY: the loader is loaded.
        let layers = unsafe { entry.enumerate_instance_layer_properties() }
            .map_err(DeviceError::vulkan("vkEnumerateInstanceLayerProperties"))?;
        if !layers.iter().any(|layer| layer.layer_name_as_c_str() == Ok(VALIDATION_LAYER)) {
            let layer = VALIDATION_LAYER.to_str().expect("the name is ASCII");
            return Err(DeviceError::MissingLayer { layer });
        }
        Ok(Self { features: has(&instance_extensions(entry, Some(VALIDATION_LAYER))?, ext::validation_features::NAME) })
    }
}

/// The instance extensions to enable: names for objects, and what the display needs.
fn extensions(entry: &ash::Entry, options: &DeviceOptions) -> Result<Vec<&'static CStr>, DeviceError> {
    let found = instance_extensions(entry, None)?;
    let mut enabled = Vec::new();
    if has(&found, ext::debug_utils::NAME) {
        enabled.push(ext::debug_utils::NAME);
    }
    for name in options.display.map(display_extensions).transpose()?.unwrap_or_default() {
        if !has(&found, name) {
            return Err(missing(name.to_string_lossy().into_owned()));
        }
        enabled.push(name);
    }
    Ok(enabled)
}

/// The instance extensions that surfaces of a display need.
pub(super) fn display_extensions(display: RawDisplayHandle) -> Result<Vec<&'static CStr>, DeviceError> {
    let names = ash_window::enumerate_required_extensions(display)
        .map_err(|_| missing("for this kind of display".to_owned()))?;
    // SAFETY: ash-window gives constants of the program, ended by a zero byte.
    Ok(names.iter().map(|&name| unsafe { CStr::from_ptr(name) }).collect())
}

fn missing(extension: String) -> DeviceError {
    DeviceError::MissingExtension { device: "the Vulkan loader".to_owned(), extension }
}

fn instance_extensions(entry: &ash::Entry, layer: Option<&CStr>) -> Result<Vec<vk::ExtensionProperties>, DeviceError> {
    // SAFETY: the loader is loaded, and the layer, if one is named, was found.
    unsafe { entry.enumerate_instance_extension_properties(layer) }
        .map_err(DeviceError::vulkan("vkEnumerateInstanceExtensionProperties"))
}

fn has(found: &[vk::ExtensionProperties], name: &CStr) -> bool {
    found.iter().any(|extension| extension.extension_name_as_c_str() == Ok(name))
}
