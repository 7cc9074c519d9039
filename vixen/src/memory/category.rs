//! What memory is used for.

use std::fmt;

/// What a resource is used for: the rows of a budget table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Category {
    /// Resources that a graph makes for its own wires.
    Transient,
    /// Resources whose contents outlive a frame: history rings and what a node keeps.
    History,
    /// Uniforms and other small values that change in every frame.
    Uniform,
    /// Memory that data passes through on its way to the device.
    Staging,
    /// Memory that results come back through.
    Readback,
    /// Meshes, scenes, textures and other things that a cacher holds.
    Cacher,
    /// Acceleration structures and the scratch memory of their builds.
    AccelerationStructure,
    /// Anything else.
    Other,
}

impl Category {
    /// Every category.
    pub const ALL: [Self; 8] = [
        Self::Transient,
        Self::History,
        Self::Uniform,
        Self::Staging,
        Self::Readback,
        Self::Cacher,
        Self::AccelerationStructure,
        Self::Other,
    ];

    /// What tables call it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Transient => "transient",
            Self::History => "history",
            Self::Uniform => "uniform",
            Self::Staging => "staging",
            Self::Readback => "readback",
            Self::Cacher => "cacher",
            Self::AccelerationStructure => "acceleration structure",
            Self::Other => "other",
        }
    }
}

impl fmt::Display for Category {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
