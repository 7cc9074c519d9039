//! Arrays of a glTF file. Every index and offset is checked before it is believed.

use gltf::json::accessor::{Accessor, ComponentType, Type};
use gltf::json::validation::Checked;
use gltf::json::{Index, Root};

use super::Problem;

/// Reads arrays out of the file's bytes.
pub(super) struct Accessors<'a> {
    pub(super) root: &'a Root,
    pub(super) blob: &'a [u8],
}

/// An array: where its elements are and what they are made of.
struct Array<'a> {
    bytes: &'a [u8],
    count: usize,
    stride: usize,
    component: ComponentType,
    components: usize,
    normalized: bool,
}

/// Vectors as floats.
pub(super) struct Vectors<'a, const N: usize> {
    array: Array<'a>,
    /// What stands for 1.
    scale: f64,
}

/// Vertex numbers.
pub(super) struct Numbers<'a>(Array<'a>);

impl<'a> Accessors<'a> {
    /// An array of `N`-vectors of any component type.
    pub(super) fn vectors<const N: usize>(&self, index: Index<Accessor>) -> Result<Vectors<'a, N>, Problem> {
        let array = self.array(index)?;
        if array.components != N {
            return Err(Problem::Damaged(format!("accessor {index} does not hold {N}-vectors")));
        }
        let scale = if array.normalized { largest(array.component) } else { 1.0 };
        Ok(Vectors { array, scale })
    }

    /// Colours: three or four components, of which three count. Integers are always normalised.
    pub(super) fn colors(&self, index: Index<Accessor>) -> Result<Vectors<'a, 3>, Problem> {
        let array = self.array(index)?;
        if array.components < 3 {
            return Err(Problem::Damaged(format!("accessor {index} does not hold colours")));
        }
        let scale = largest(array.component);
        Ok(Vectors { array, scale })
    }

    /// Vertex numbers.
    pub(super) fn indices(&self, index: Index<Accessor>) -> Result<Numbers<'a>, Problem> {
        let array = self.array(index)?;
        if array.components != 1
            || !matches!(array.component, ComponentType::U8 | ComponentType::U16 | ComponentType::U32)
        {
            return Err(Problem::Damaged(format!("accessor {index} does not hold indices")));
        }
        Ok(Numbers(array))
    }

    fn array(&self, index: Index<Accessor>) -> Result<Array<'a>, Problem> {
        let damaged = |what: &str| Problem::Damaged(format!("accessor {index} {what}"));
        let unsupported = |what: &str| Problem::Unsupported(what.to_owned());
        let accessor = self.root.get(index).ok_or_else(|| damaged("does not exist"))?;
        let (Checked::Valid(component), Checked::Valid(kind)) = (&accessor.component_type, &accessor.type_) else {
            return Err(damaged("is of an unknown type"));
        };
        if accessor.sparse.is_some() {
            return Err(unsupported("it has sparse accessors; export it without"));
        }
        let view = accessor.buffer_view.ok_or_else(|| unsupported("its data is compressed; export it uncompressed"))?;
        let view = self.root.get(view).ok_or_else(|| damaged("has no data"))?;
        let buffer = self.root.get(view.buffer).ok_or_else(|| damaged("has no data"))?;
        if buffer.uri.is_some() || view.buffer.value() != 0 {
            return Err(unsupported("its data is in another file; export it as one .glb"));
        }

        let (component, components) = (component.0, components(*kind));
        let element = component.size() * components;
        let stride = view.byte_stride.map_or(element, |stride| stride.0);
        if stride < element {
            return Err(damaged("has elements that overlap"));
        }
        let beyond = || damaged("reaches beyond the file's data");
        let number = |value: u64| usize::try_from(value).map_err(|_| beyond());
        let start = number(view.byte_offset.map_or(0, |offset| offset.0))?;
        let bytes =
            self.blob.get(start..).and_then(|rest| rest.get(..number(view.byte_length.0).ok()?)).ok_or_else(beyond)?;
        let bytes = bytes.get(number(accessor.byte_offset.map_or(0, |offset| offset.0))?..).ok_or_else(beyond)?;
        let count = number(accessor.count.0)?;
        let end = count.checked_sub(1).map_or(Some(0), |last| last.checked_mul(stride)?.checked_add(element));
        if end.is_none_or(|end| end > bytes.len()) {
            return Err(beyond());
        }
        Ok(Array { bytes, count, stride, component, components, normalized: accessor.normalized })
    }
}

impl<const N: usize> Vectors<'_, N> {
    pub(super) fn len(&self) -> usize {
        self.array.count
    }

    #[inline]
    pub(super) fn at(&self, number: usize) -> [f32; N] {
        let element = self.array.element(number);
        if matches!(self.array.component, ComponentType::F32) {
            // What most files hold, without a detour.
            let mut vector = [0.0; N];
            for (to, component) in vector.iter_mut().zip(element.as_chunks().0) {
                *to = f32::from_le_bytes(*component);
            }
            return vector;
        }
        std::array::from_fn(|i| (self.array.number(element, i) / self.scale) as f32)
    }
}

impl Numbers<'_> {
    pub(super) fn len(&self) -> usize {
        self.0.count
    }

    #[inline]
    pub(super) fn at(&self, number: usize) -> u32 {
        let element = self.0.element(number);
        match self.0.component {
            ComponentType::U8 => element[0].into(),
            ComponentType::U16 => u16::from_le_bytes([element[0], element[1]]).into(),
            _ => u32::from_le_bytes([element[0], element[1], element[2], element[3]]),
        }
    }
}

impl Array<'_> {
    /// The bytes from an element on.
    #[inline]
    fn element(&self, number: usize) -> &[u8] {
        &self.bytes[number * self.stride..]
    }

    /// A component of an element.
    fn number(&self, element: &[u8], component: usize) -> f64 {
        let bytes = &element[component * self.component.size()..];
        match self.component {
            ComponentType::I8 => f64::from(bytes[0] as i8),
            ComponentType::U8 => f64::from(bytes[0]),
            ComponentType::I16 => f64::from(i16::from_le_bytes([bytes[0], bytes[1]])),
            ComponentType::U16 => f64::from(u16::from_le_bytes([bytes[0], bytes[1]])),
            ComponentType::U32 => f64::from(u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]])),
            ComponentType::F32 => f64::from(f32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]])),
        }
    }
}

/// Numbers in an element. Matrices, whose columns are padded, are not vectors of anything.
fn components(kind: Type) -> usize {
    match kind {
        Type::Scalar | Type::Vec2 | Type::Vec3 | Type::Vec4 => kind.multiplicity(),
        Type::Mat2 | Type::Mat3 | Type::Mat4 => 16,
    }
}

/// What stands for 1 in a normalised number.
fn largest(component: ComponentType) -> f64 {
    match component {
        ComponentType::I8 => 127.0,
        ComponentType::U8 => 255.0,
        ComponentType::I16 => 32_767.0,
        ComponentType::U16 => 65_535.0,
        ComponentType::U32 => f64::from(u32::MAX),
        ComponentType::F32 => 1.0,
    }
}
