//! The words of the attributes and what they stand for in Vulkan.

use std::fmt;

/// Declares an enum whose variants are words in attributes.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($variant:ident = $word:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum $name {
            $(
                #[doc = concat!("`", $word, "`")]
                $variant,
            )*
        }

        impl $name {
            /// Every word.
            #[allow(dead_code, reason = "not every enum is listed in messages")]
            pub const WORDS: &[&str] = &[$($word),*];

            /// What `word` stands for.
            pub fn of(word: &str) -> Option<Self> {
                match word {
                    $($word => Some(Self::$variant),)*
                    _ => None,
                }
            }

            /// Its word.
            pub fn word(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)*
                }
            }

            /// Its name in Vulkan, where that is the word in capitals.
            #[allow(dead_code, reason = "not every enum is Vulkan's")]
            pub fn constant(self) -> String {
                self.word().to_uppercase()
            }

            /// Its name in Rust.
            #[allow(dead_code, reason = "not every enum is of `vixen` too")]
            pub fn variant(self) -> &'static str {
                match self {
                    $(Self::$variant => stringify!($variant),)*
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.word())
            }
        }
    };
}

words! {
    /// The kinds of node.
    Kind {
        Compute = "compute",
        Graphics = "graphics",
        RayTracing = "ray_tracing",
        Transfer = "transfer",
        Host = "host",
    }
}

words! {
    /// The attributes of fields.
    FieldKind {
        Uniform = "uniform",
        Storage = "storage",
        Sampled = "sampled",
        Sampler = "sampler",
        Color = "color",
        Depth = "depth",
        Vertex = "vertex",
        Index = "index",
        Indirect = "indirect",
        TransferSource = "transfer_source",
        TransferDestination = "transfer_destination",
        AccelerationStructure = "acceleration_structure",
        Host = "host",
        Create = "create",
        Push = "push",
        Spec = "spec",
    }
}

words! {
    /// What a slot does to its contents.
    Effect {
        Read = "read",
        Write = "write",
        ReadWrite = "read_write",
        Create = "create",
    }
}

words! {
    /// What a sampler returns outside of the image.
    Address {
        ClampToEdge = "clamp",
        Repeat = "repeat",
        MirroredRepeat = "mirror",
        ClampToBorder = "border",
    }
}

words! {
    /// Comparisons of depth and of shadow samplers.
    Compare {
        Never = "never",
        Less = "less",
        Equal = "equal",
        LessOrEqual = "less_or_equal",
        Greater = "greater",
        NotEqual = "not_equal",
        GreaterOrEqual = "greater_or_equal",
        Always = "always",
    }
}

words! {
    /// How vertices make primitives.
    Topology {
        PointList = "point_list",
        LineList = "line_list",
        LineStrip = "line_strip",
        TriangleList = "triangle_list",
        TriangleStrip = "triangle_strip",
        TriangleFan = "triangle_fan",
    }
}

words! {
    /// Which faces are dropped.
    Cull {
        None = "none",
        Front = "front",
        Back = "back",
        FrontAndBack = "front_and_back",
    }
}

words! {
    /// Which winding is the front.
    Front {
        CounterClockwise = "counter_clockwise",
        Clockwise = "clockwise",
    }
}

words! {
    /// How polygons are filled.
    Polygon {
        Fill = "fill",
        Line = "line",
        Point = "point",
    }
}

words! {
    /// How a fragment's colour meets what is there.
    Blend {
        None = "none",
        Alpha = "alpha",
        Premultiplied = "premultiplied",
        Add = "add",
    }
}

impl Kind {
    /// With its article, for messages.
    pub fn described(self) -> &'static str {
        match self {
            Self::Compute => "a compute node",
            Self::Graphics => "a graphics node",
            Self::RayTracing => "a ray-tracing node",
            Self::Transfer => "a transfer node",
            Self::Host => "a host node",
        }
    }

    /// Whether its nodes run shaders.
    pub fn has_shaders(self) -> bool {
        matches!(self, Self::Compute | Self::Graphics | Self::RayTracing)
    }

    /// The attributes that its fields can have.
    pub fn fields(self) -> Vec<FieldKind> {
        use FieldKind::*;
        let bound = [Uniform, Storage, Sampled, Sampler, AccelerationStructure];
        match self {
            Self::Compute | Self::RayTracing => [&bound[..], &[Indirect, Push, Spec]].concat(),
            Self::Graphics => [&bound[..], &[Color, Depth, Vertex, Index, Indirect, Push, Spec]].concat(),
            Self::Transfer => vec![TransferSource, TransferDestination],
            Self::Host => vec![Host, Create],
        }
    }
}

impl Address {
    /// Its name in Vulkan.
    pub fn vulkan(self) -> &'static str {
        match self {
            Self::ClampToEdge => "CLAMP_TO_EDGE",
            Self::Repeat => "REPEAT",
            Self::MirroredRepeat => "MIRRORED_REPEAT",
            Self::ClampToBorder => "CLAMP_TO_BORDER",
        }
    }
}

impl FieldKind {
    /// What a slot of this kind can do to its contents, the default first.
    pub fn effects(self) -> &'static [Effect] {
        use Effect::*;
        match self {
            Self::Storage => &[Read, Write, ReadWrite, Create],
            Self::Color | Self::TransferDestination => &[Write, ReadWrite, Create],
            Self::Depth => &[ReadWrite, Read, Write, Create],
            Self::Create => &[Create],
            _ => &[Read],
        }
    }

    /// Whether shaders find it by set and binding.
    pub fn is_bound(self) -> bool {
        matches!(self, Self::Uniform | Self::Storage | Self::Sampled | Self::Sampler | Self::AccelerationStructure)
    }

    /// Whether it is plain data and no slot.
    pub fn is_plain(self) -> bool {
        matches!(self, Self::Push | Self::Spec)
    }

    /// The name of its `SlotKind` in `vixen`.
    pub fn slot_kind(self) -> &'static str {
        match self {
            Self::Create => "Host",
            other => other.variant(),
        }
    }
}
