//! Small files of every format, made from bytes.

use std::io::Cursor;

use image::{DynamicImage, ImageFormat};

/// A `.vox` file of these chunks: names and contents.
pub(super) fn vox(chunks: &[([u8; 4], Vec<u8>)]) -> Vec<u8> {
    let chunk = |id: &[u8; 4], content: &[u8], children: usize| {
        [&id[..], &words(&[content.len() as u32, children as u32]), content].concat()
    };
    let children: Vec<u8> = chunks.iter().flat_map(|(id, content)| chunk(id, content, 0)).collect();
    [&b"VOX "[..], &words(&[150]), &chunk(b"MAIN", &[], children.len()), &children].concat()
}

/// A model: its size, then its voxels as x, y, z and colour index.
pub(super) fn vox_model(size: [u32; 3], voxels: &[[u8; 4]]) -> [([u8; 4], Vec<u8>); 2] {
    let xyzi = [words(&[voxels.len() as u32]), voxels.concat()].concat();
    [(*b"SIZE", words(&size)), (*b"XYZI", xyzi)]
}

/// A dictionary.
pub(super) fn dict(entries: &[(&str, &str)]) -> Vec<u8> {
    let string = |text: &str| [words(&[text.len() as u32]), text.as_bytes().to_vec()].concat();
    let bytes = entries.iter().flat_map(|(key, value)| [string(key), string(value)].concat());
    words(&[entries.len() as u32]).into_iter().chain(bytes).collect()
}

/// A transform node with one frame.
pub(super) fn transform(
    id: u32,
    attributes: &[(&str, &str)],
    child: u32,
    layer: u32,
    frame: &[(&str, &str)],
) -> ([u8; 4], Vec<u8>) {
    (*b"nTRN", [words(&[id]), dict(attributes), words(&[child, u32::MAX, layer, 1]), dict(frame)].concat())
}

/// A group node.
pub(super) fn group(id: u32, children: &[u32]) -> ([u8; 4], Vec<u8>) {
    (*b"nGRP", [words(&[id]), dict(&[]), words(&[children.len() as u32]), words(children)].concat())
}

/// A shape node of one model.
pub(super) fn shape(id: u32, model: u32) -> ([u8; 4], Vec<u8>) {
    (*b"nSHP", [words(&[id]), dict(&[]), words(&[1, model]), dict(&[])].concat())
}

/// A layer.
pub(super) fn layer(id: u32, hidden: bool) -> ([u8; 4], Vec<u8>) {
    let attributes: &[(&str, &str)] = if hidden { &[("_hidden", "1")] } else { &[] };
    (*b"LAYR", [words(&[id]), dict(attributes), words(&[u32::MAX])].concat())
}

/// A `.vox` file with everything: two models, a group, a rotation, a hidden layer, a palette and a material.
pub(super) fn vox_with_everything() -> Vec<u8> {
    let mut colors = vec![[0u8; 4]; 256];
    colors[4] = [255, 0, 0, 255];
    colors[6] = [0, 255, 0, 255];
    let mut chunks = vox_model([4, 2, 2], &[[0, 0, 0, 5], [3, 1, 1, 7]]).to_vec();
    chunks.extend(vox_model([1, 1, 1], &[[0, 0, 0, 7]]));
    chunks.extend([
        transform(0, &[], 1, u32::MAX, &[]),
        group(1, &[2, 4, 6, 8]),
        transform(2, &[], 3, 0, &[("_t", "10 20 30"), ("_r", "17")]),
        shape(3, 0),
        transform(4, &[], 5, 0, &[("_t", "0 0 0")]),
        shape(5, 1),
        transform(6, &[], 7, 1, &[("_t", "100 0 0")]),
        shape(7, 1),
        transform(8, &[("_hidden", "1")], 9, 0, &[("_t", "0 100 0")]),
        shape(9, 1),
        layer(0, false),
        layer(1, true),
        (*b"RGBA", colors.concat()),
        (*b"MATL", [words(&[7]), dict(&[("_type", "_emit"), ("_emit", "0.5"), ("_flux", "1")])].concat()),
        (*b"NOTE", vec![1, 2, 3]),
    ]);
    vox(&chunks)
}

/// A `.glb` file of this JSON and these bytes.
pub(super) fn glb(json: &str, blob: &[u8]) -> Vec<u8> {
    let padded = |bytes: &[u8], with: u8| {
        let mut bytes = bytes.to_vec();
        bytes.resize(bytes.len().next_multiple_of(4), with);
        bytes
    };
    let (json, blob) = (padded(json.as_bytes(), b' '), padded(blob, 0));
    let length = 12 + 8 + json.len() + 8 + blob.len();
    let chunk = |kind: &[u8; 4], content: &[u8]| [&words(&[content.len() as u32])[..], kind, content].concat();
    [&b"glTF"[..], &words(&[2, length as u32]), &chunk(b"JSON", &json), &chunk(b"BIN\0", &blob)].concat()
}

/// A `.glb` file of two triangles, a square of side 1 in the plane z = 0, with this JSON for its nodes.
pub(super) fn glb_square(nodes: &str, scene: &str) -> Vec<u8> {
    glb_square_in(&format!(r#""scene":0,"scenes":[{{"nodes":{scene}}}],"#), nodes)
}

/// The same with `scenes` as they stand in the document, which may be nowhere.
pub(super) fn glb_square_in(scenes: &str, nodes: &str) -> Vec<u8> {
    let positions = [[0.0f32, 0.0, 0.0], [1.0, 0.0, 0.0], [1.0, 1.0, 0.0], [0.0, 1.0, 0.0]];
    let blob: Vec<u8> = positions
        .as_flattened()
        .iter()
        .flat_map(|v| v.to_le_bytes())
        .chain([0u16, 1, 2, 0, 2, 3].into_iter().flat_map(u16::to_le_bytes))
        .collect();
    let json = format!(
        r#"{{"asset":{{"version":"2.0"}},{scenes}"nodes":{nodes},
        "buffers":[{{"byteLength":{length}}}],
        "bufferViews":[{{"buffer":0,"byteLength":48}},{{"buffer":0,"byteOffset":48,"byteLength":12}}],
        "accessors":[{{"bufferView":0,"componentType":5126,"count":4,"type":"VEC3","min":[0,0,0],"max":[1,1,0]}},
                     {{"bufferView":1,"componentType":5123,"count":6,"type":"SCALAR"}}],
        "materials":[{{"pbrMetallicRoughness":{{"baseColorFactor":[1,0.5,0,1]}}}}],
        "meshes":[{{"primitives":[{{"attributes":{{"POSITION":0}},"indices":1,"material":0}}]}}]}}"#,
        length = blob.len()
    );
    glb(&json, &blob)
}

/// A PNG file.
pub(super) fn png(picture: DynamicImage) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    picture.write_to(&mut bytes, ImageFormat::Png).expect("memory takes any picture");
    bytes.into_inner()
}

/// A 16-bit heightmap from a function.
pub(super) fn heightmap(width: u32, height: u32, elevation: impl Fn(u32, u32) -> u16) -> Vec<u8> {
    png(DynamicImage::ImageLuma16(image::ImageBuffer::from_fn(width, height, |x, y| image::Luma([elevation(x, y)]))))
}

/// Little-endian words.
pub(super) fn words(words: &[u32]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_le_bytes()).collect()
}
