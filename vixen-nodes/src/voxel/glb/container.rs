//! The container of binary glTF: a header, a chunk of JSON and a chunk of bytes.

use super::Problem;

/// The JSON and the bytes of a file. The `gltf` crate's own reader trusts the header's length; this one does not.
pub(super) fn split(bytes: &[u8]) -> Result<(&[u8], &[u8]), Problem> {
    let damaged = |problem: &str| Problem::Damaged(problem.to_owned());
    let word =
        |at: usize| bytes.get(at..at + 4).map(|b| u32::from_le_bytes(b.try_into().expect("four bytes were taken")));
    if bytes.first_chunk().is_some_and(|magic| magic != b"glTF") {
        return Err(Problem::Unsupported("it is no binary glTF; export it as a .glb file".to_owned()));
    }
    match word(4) {
        Some(2) => {}
        Some(version) => {
            return Err(Problem::Unsupported(format!("it is glTF version {version}; export it as version 2")));
        }
        None => return Err(damaged("its header ends too early")),
    }
    let length = word(8).ok_or_else(|| damaged("its header ends too early"))? as usize;
    if length > bytes.len() {
        return Err(Problem::Damaged(format!("{} of {length} bytes are missing", length - bytes.len())));
    }
    let bytes = &bytes[..length];
    let chunk = |at: usize, kind: &[u8; 4]| {
        let header = bytes.get(at..at + 8)?;
        let length = u32::from_le_bytes(header[..4].try_into().expect("four bytes were taken")) as usize;
        (&header[4..] == kind).then(|| bytes.get(at + 8..)?.get(..length)).flatten()
    };
    let json = chunk(12, b"JSON").ok_or_else(|| damaged("it has no complete JSON chunk"))?;
    let end = 20 + json.len();
    // Chunks start at multiples of four; a file without binary data ends here.
    let blob = if bytes.len() > end + 8 {
        chunk(end, b"BIN\0").ok_or_else(|| damaged("it has no complete BIN chunk"))?
    } else {
        &[]
    };
    Ok((json, blob))
}
