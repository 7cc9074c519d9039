//! The scenes that are measured, and how large.

use std::path::{Path, PathBuf};

use vixen_nodes::voxel::{Procedural, ProceduralKind, SceneError, SceneSource};

use super::Effort;
use crate::Failure;
use crate::acceleration::asset;

/// A scene of one size, not yet read.
pub struct Subject {
    pub name: String,
    /// Voxels along the longest side.
    pub size: u32,
    pub like: Like,
    content: Content,
}

/// What a scene is like, which decides what it should reach.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Like {
    MadeUp,
    Terrain,
    Surface,
    Unknown,
}

enum Content {
    Procedural(Procedural),
    File { path: PathBuf, bytes: Vec<u8> },
}

impl Subject {
    /// Reads and prepares the voxels: what a build has to do from a file's bytes on.
    pub fn source(&self) -> Result<SceneSource, SceneError> {
        match &self.content {
            Content::Procedural(scene) => Ok(SceneSource::procedural(*scene)),
            Content::File { path, bytes } => SceneSource::from_bytes(path, bytes, self.size, &|_| ()),
        }
    }
}

/// All subjects, or those of one file. What is missing is told to `skip`.
pub fn subjects(effort: Effort, file: Option<&Path>, skip: &mut dyn FnMut(String)) -> Result<Vec<Subject>, Failure> {
    if let Some(path) = file {
        return of_one(effort, path);
    }
    let mut subjects = Vec::new();
    let sizes: &[u32] = if effort.quick { &[64, 256] } else { &[64, 128, 256, 512, 1024] };
    for (kind, &size) in ProceduralKind::ALL.into_iter().flat_map(|kind| sizes.iter().map(move |size| (kind, size))) {
        subjects.push(made_up(Procedural::new(kind, size)));
    }
    let files: [(&str, &str, Like, &[u32]); 2] = [
        // The size at which it has more than 100 million solid voxels.
        ("jacksboro", "jacksboro-dem.png", Like::Terrain, &[1536]),
        ("dragon", "stanford-dragon-871k.glb", Like::Surface, if effort.quick { &[256] } else { &[1024, 2048, 4096] }),
    ];
    for (name, file, like, sizes) in files {
        let Some(path) = asset(file) else {
            skip(format!("{name}: there is no {file} in examples/assets or ../shared/assets"));
            continue;
        };
        let bytes = std::fs::read(&path)?;
        for &size in sizes {
            let content = Content::File { path: path.clone(), bytes: bytes.clone() };
            subjects.push(Subject { name: name.to_owned(), size, like, content });
        }
    }
    Ok(subjects)
}

fn made_up(scene: Procedural) -> Subject {
    let (name, size) = (scene.kind.name().to_owned(), scene.size);
    Subject { name, size, like: Like::MadeUp, content: Content::Procedural(scene) }
}

/// A file of the user's at some sizes, or one made-up scene.
fn of_one(effort: Effort, path: &Path) -> Result<Vec<Subject>, Failure> {
    if let Some(text) = path.to_str().filter(|text| Procedural::is_named_by(text) && !path.exists()) {
        return Ok(vec![made_up(text.parse()?)]);
    }
    // A size after a colon.
    let text = path.to_string_lossy();
    let sized =
        text.rsplit_once(':').filter(|_| !path.exists()).and_then(|(file, size)| Some((file, size.parse().ok()?)));
    let (path, size): (&Path, Option<u32>) = sized.map_or((path, None), |(file, size)| (Path::new(file), Some(size)));
    let bytes = std::fs::read(path).map_err(|error| format!("cannot read {}: {error}", path.display()))?;
    let name = path.file_stem().map_or_else(|| "scene".into(), |name| name.to_string_lossy().into_owned());
    let sizes: &[u32] = match (bytes.starts_with(b"VOX "), effort.quick, &size) {
        // A .vox file has a size of its own.
        (true, _, _) => &[1],
        (false, _, Some(size)) => std::slice::from_ref(size),
        (false, true, None) => &[256],
        (false, false, None) => &[256, 512, 1024],
    };
    let subject = |&size: &u32| {
        let content = Content::File { path: path.to_owned(), bytes: bytes.clone() };
        Subject { name: name.clone(), size, like: Like::Unknown, content }
    };
    Ok(sizes.iter().map(subject).collect())
}
