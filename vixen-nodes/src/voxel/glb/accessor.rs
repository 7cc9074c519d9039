//! Arrays of a glTF file. Every offset is checked: the `gltf` crate's own iterators trust the document.

use gltf::Accessor;
use gltf::accessor::DataType;
use gltf::buffer::Source;

use super::Problem;

/// Reads arrays out of the file's bytes.
pub(super) struct Accessors<'a> {
    pub(super) blob: &'a [u8],
}

impl Accessors<'_> {
    /// An array of `N`-vectors of any component type, as floats.
    pub(super) fn vectors<const N: usize>(&self, accessor: &Accessor) -> Result<Vec<[f32; N]>, Problem> {
        if accessor.dimensions().multiplicity() != N {
            return Err(Problem::Damaged(format!("accessor {} does not hold {N}-vectors", accessor.index())));
        }
        let (kind, size) = (accessor.data_type(), accessor.data_type().size());
        let scale = if accessor.normalized() { largest(kind) } else { 1.0 };
        let vector = |element: &[u8]| std::array::from_fn(|i| (component(kind, &element[i * size..]) / scale) as f32);
        Ok(self.elements(accessor)?.map(vector).collect())
    }

    /// Colours: three or four components, of which three count. Integers are always normalised.
    pub(super) fn colors(&self, accessor: &Accessor) -> Result<Vec<[f32; 3]>, Problem> {
        if accessor.dimensions().multiplicity() < 3 {
            return Err(Problem::Damaged(format!("accessor {} does not hold colours", accessor.index())));
        }
        let (kind, size) = (accessor.data_type(), accessor.data_type().size());
        let color =
            |element: &[u8]| std::array::from_fn(|i| (component(kind, &element[i * size..]) / largest(kind)) as f32);
        Ok(self.elements(accessor)?.map(color).collect())
    }

    /// Vertex numbers.
    pub(super) fn indices(&self, accessor: &Accessor) -> Result<Vec<u32>, Problem> {
        let kind = accessor.data_type();
        if accessor.dimensions().multiplicity() != 1 || !matches!(kind, DataType::U8 | DataType::U16 | DataType::U32) {
            return Err(Problem::Damaged(format!("accessor {} does not hold indices", accessor.index())));
        }
        Ok(self.elements(accessor)?.map(|element| component(kind, element) as u32).collect())
    }

    /// The bytes of each element.
    fn elements(&self, accessor: &Accessor) -> Result<impl Iterator<Item = &[u8]>, Problem> {
        let damaged = || Problem::Damaged(format!("accessor {} reaches beyond the file's data", accessor.index()));
        if accessor.sparse().is_some() {
            return Err(Problem::Unsupported("it has sparse accessors; export it without".to_owned()));
        }
        let view = accessor.view().ok_or_else(|| {
            Problem::Unsupported("it has compressed or missing data; export it uncompressed".to_owned())
        })?;
        if !matches!(view.buffer().source(), Source::Bin) {
            return Err(Problem::Unsupported("its data is in another file; export it as one .glb".to_owned()));
        }
        let data = self.blob.get(view.offset()..).and_then(|rest| rest.get(..view.length())).ok_or_else(damaged)?;
        let size = accessor.size();
        let stride = view.stride().unwrap_or(size);
        if stride < size {
            return Err(Problem::Damaged(format!("the elements of accessor {} overlap", accessor.index())));
        }
        let data = data.get(accessor.offset()..).ok_or_else(damaged)?;
        let count = accessor.count();
        let end = count.checked_sub(1).map_or(Some(0), |last| last.checked_mul(stride)?.checked_add(size));
        if end.is_none_or(|end| end > data.len()) {
            return Err(damaged());
        }
        Ok((0..count).map(move |i| &data[i * stride..i * stride + size]))
    }
}

/// The number at the start of these bytes.
fn component(kind: DataType, bytes: &[u8]) -> f64 {
    match kind {
        DataType::I8 => f64::from(bytes[0] as i8),
        DataType::U8 => f64::from(bytes[0]),
        DataType::I16 => f64::from(i16::from_le_bytes([bytes[0], bytes[1]])),
        DataType::U16 => f64::from(u16::from_le_bytes([bytes[0], bytes[1]])),
        DataType::U32 => f64::from(u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]])),
        DataType::F32 => f64::from(f32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]])),
    }
}

/// What stands for 1 in a normalised number.
fn largest(kind: DataType) -> f64 {
    match kind {
        DataType::I8 => 127.0,
        DataType::U8 => 255.0,
        DataType::I16 => 32_767.0,
        DataType::U16 => 65_535.0,
        DataType::U32 => f64::from(u32::MAX),
        DataType::F32 => 1.0,
    }
}
