//! The chunks of a `.vox` file as plain data. Every length is checked before it is believed.

use std::collections::HashMap;

/// What a file holds.
pub(super) struct File {
    pub(super) models: Vec<Model>,
    pub(super) nodes: HashMap<u32, Node>,
    pub(super) hidden_layers: Vec<u32>,
    /// sRGB and alpha. A voxel of colour index `i` has entry `i - 1`.
    pub(super) colors: Vec<[u8; 4]>,
    /// How much each colour shines.
    pub(super) emission: [f32; 256],
}

/// A box of voxels.
pub(super) struct Model {
    pub(super) size: [u32; 3],
    /// x, y, z and colour index.
    pub(super) voxels: Vec<[u8; 4]>,
}

/// A node of the scene graph.
pub(super) enum Node {
    Transform { child: u32, layer: u32, hidden: bool, rotation: u8, translation: [i64; 3] },
    Group { children: Vec<u32>, hidden: bool },
    Shape { models: Vec<u32>, hidden: bool },
}

/// The rotation that changes nothing: rows x, y, z, all positive.
const IDENTITY: u8 = 0b000_0100;

type Dict<'a> = HashMap<&'a [u8], &'a [u8]>;

/// A name, a content and children.
type Chunk<'a> = ([u8; 4], &'a [u8], &'a [u8]);

/// Reads all chunks.
pub(super) fn read(bytes: &[u8]) -> Result<File, String> {
    let mut reader = Reader { bytes, at: 4 };
    let version = reader.u32()?;
    if !(100..1000).contains(&version) {
        return Err(format!("version {version} does not exist"));
    }
    let (id, content, children) = reader.chunk()?;
    if id != *b"MAIN" || !content.is_empty() {
        return Err("it does not start with a MAIN chunk".to_owned());
    }
    let mut file = File {
        models: Vec::new(),
        nodes: HashMap::new(),
        hidden_layers: Vec::new(),
        colors: default_colors(),
        emission: [0.0; 256],
    };
    let mut size = None;
    let mut reader = Reader { bytes: children, at: 0 };
    while reader.at < children.len() {
        let start = reader.at;
        let (id, content, _) = reader.chunk()?;
        let in_chunk = |problem: String| format!("{problem} in the {} chunk at byte {}", id.escape_ascii(), start + 20);
        file.chunk(id, &mut Reader { bytes: content, at: 0 }, &mut size).map_err(in_chunk)?;
    }
    Ok(file)
}

impl File {
    fn chunk(&mut self, id: [u8; 4], reader: &mut Reader, size: &mut Option<[u32; 3]>) -> Result<(), String> {
        match &id {
            b"SIZE" => *size = Some([reader.u32()?, reader.u32()?, reader.u32()?]),
            b"XYZI" => {
                let size = size.take().ok_or("voxels without a size")?;
                let count = reader.u32()? as usize;
                let voxels = reader.take(count.checked_mul(4).ok_or("too many voxels")?)?.as_chunks::<4>().0.to_vec();
                let inside = |voxel: &[u8; 4]| (0..3).all(|i| u32::from(voxel[i]) < size[i]);
                if !voxels.iter().all(inside) {
                    return Err("a voxel outside its model".to_owned());
                }
                self.models.push(Model { size, voxels });
            }
            b"RGBA" => self.colors = reader.take(1024)?.as_chunks::<4>().0.to_vec(),
            b"MATL" => {
                let id = reader.u32()? as usize;
                let emission = emission(&reader.dict()?);
                if let Some(entry) = id.checked_sub(1).and_then(|entry| self.emission.get_mut(entry)) {
                    *entry = emission;
                }
            }
            b"LAYR" => {
                let id = reader.u32()?;
                if is_hidden(&reader.dict()?) {
                    self.hidden_layers.push(id);
                }
            }
            b"nTRN" | b"nGRP" | b"nSHP" => {
                let number = reader.u32()?;
                if self.nodes.insert(number, node(id, reader)?).is_some() {
                    return Err(format!("node {number} is there twice"));
                }
            }
            // Cameras, notes, render settings and whatever comes later.
            _ => {}
        }
        Ok(())
    }
}

fn node(id: [u8; 4], reader: &mut Reader) -> Result<Node, String> {
    let hidden = is_hidden(&reader.dict()?);
    Ok(match &id {
        b"nTRN" => {
            let (child, _, layer, frames) = (reader.u32()?, reader.u32()?, reader.u32()?, reader.u32()?);
            // Of an animation, the first frame.
            let frame = if frames > 0 { reader.dict()? } else { Dict::new() };
            let rotation = frame.get(&b"_r"[..]).map_or(Ok(IDENTITY), |text| number(text))?;
            let translation = frame.get(&b"_t"[..]).map_or(Ok([0; 3]), |text| numbers(text))?;
            Node::Transform { child, layer, hidden, rotation, translation }
        }
        b"nGRP" => Node::Group { children: reader.list(4, Reader::u32)?, hidden },
        _ => {
            let model = |reader: &mut Reader| {
                let model = reader.u32()?;
                reader.dict()?;
                Ok(model)
            };
            Node::Shape { models: reader.list(8, model)?, hidden }
        }
    })
}

fn is_hidden(dict: &Dict) -> bool {
    dict.get(&b"_hidden"[..]) == Some(&&b"1"[..])
}

/// How much a material shines: its emission, which its flux scales by powers of two.
fn emission(dict: &Dict) -> f32 {
    let value = |name: &[u8]| dict.get(name).and_then(|text| number::<f32>(text).ok()).filter(|v| v.is_finite());
    if dict.get(&b"_type"[..]) != Some(&&b"_emit"[..]) {
        return 0.0;
    }
    value(b"_emit").unwrap_or(0.0).clamp(0.0, 1.0) * 2.0 * value(b"_flux").unwrap_or(0.0).clamp(0.0, 5.0).exp2()
}

fn number<T: std::str::FromStr>(text: &[u8]) -> Result<T, String> {
    let parsed = std::str::from_utf8(text).ok().and_then(|text| text.trim().parse().ok());
    parsed.ok_or_else(|| format!("'{}' is not a number that fits", text.escape_ascii()))
}

/// Three whole numbers of 32 bits.
fn numbers(text: &[u8]) -> Result<[i64; 3], String> {
    let mut words = text.split(|byte| *byte == b' ').filter(|word| !word.is_empty());
    let mut next = || {
        words.next().ok_or("a translation of less than three numbers".to_owned()).and_then(number::<i32>).map(i64::from)
    };
    Ok([next()?, next()?, next()?])
}

/// The palette of files that have none: a cube of 6³ colours without black, then ramps of red, green, blue and grey.
fn default_colors() -> Vec<[u8; 4]> {
    const STEPS: [u8; 6] = [0xFF, 0xCC, 0x99, 0x66, 0x33, 0x00];
    const RAMP: [u8; 10] = [0xEE, 0xDD, 0xBB, 0xAA, 0x88, 0x77, 0x55, 0x44, 0x22, 0x11];
    let cube = (0..215).map(|i| [STEPS[i / 36], STEPS[i / 6 % 6], STEPS[i % 6], 255]);
    let ramps = (0..40).map(|i| {
        let (kind, v) = (i / 10, RAMP[i % 10]);
        std::array::from_fn(|channel| {
            if channel == 3 {
                255
            } else if kind == 3 || kind == channel {
                v
            } else {
                0
            }
        })
    });
    cube.chain(ramps).collect()
}

/// Bytes and a place in them.
struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    fn take(&mut self, count: usize) -> Result<&'a [u8], String> {
        let left = self.bytes.len() - self.at;
        if count > left {
            return Err(format!("{} bytes are missing", count - left));
        }
        self.at += count;
        Ok(&self.bytes[self.at - count..self.at])
    }

    fn u32(&mut self) -> Result<u32, String> {
        let bytes = self.take(4)?.try_into().expect("four bytes were taken");
        Ok(u32::from_le_bytes(bytes))
    }

    fn chunk(&mut self) -> Result<Chunk<'a>, String> {
        let id = self.take(4)?.try_into().expect("four bytes were taken");
        let (content, children) = (self.u32()? as usize, self.u32()? as usize);
        Ok((id, self.take(content)?, self.take(children)?))
    }

    /// A number of items, each of at least `least` bytes.
    fn list<T>(
        &mut self,
        least: usize,
        mut item: impl FnMut(&mut Self) -> Result<T, String>,
    ) -> Result<Vec<T>, String> {
        let count = self.u32()? as usize;
        if count > (self.bytes.len() - self.at) / least {
            return Err(format!("a list of {count} items, longer than the chunk"));
        }
        (0..count).map(|_| item(self)).collect()
    }

    fn string(&mut self) -> Result<&'a [u8], String> {
        let length = self.u32()? as usize;
        self.take(length)
    }

    fn dict(&mut self) -> Result<Dict<'a>, String> {
        let entries = self.list(8, |reader| Ok((reader.string()?, reader.string()?)))?;
        Ok(entries.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_palette_is_that_of_magicavoxel() {
        let colors = default_colors();
        assert_eq!(colors.len(), 255);
        assert_eq!(
            (colors[0], colors[1], colors[6]),
            ([255, 255, 255, 255], [255, 255, 204, 255], [255, 204, 255, 255])
        );
        assert_eq!((colors[214], colors[215], colors[254]), ([0, 0, 51, 255], [238, 0, 0, 255], [17, 17, 17, 255]));
    }
}
