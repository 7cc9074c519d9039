//! Finds GLSL sources and what they include, and takes their checksums.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::path::{Component, Path, PathBuf};
use std::{fs, io};

/// The file extensions that name a stage. `.glsl` is for including only.
pub const STAGES: [&str; 11] =
    ["comp", "vert", "frag", "rgen", "rchit", "rmiss", "rint", "rahit", "rcall", "task", "mesh"];

/// One GLSL file that compiles to one SPIR-V module.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// The folder named `shaders` that it lies in, at any depth.
    pub root: PathBuf,
    /// Its file, the root included.
    pub path: PathBuf,
}

impl Source {
    /// Its name in the root's lock file.
    pub fn name(&self) -> String {
        let inside = self.path.strip_prefix(&self.root).expect("a source lies in its root");
        inside.to_string_lossy().replace('\\', "/")
    }

    /// The extension, which names the stage.
    pub fn stage(&self) -> &str {
        self.path.extension().and_then(OsStr::to_str).expect("only files with a stage's extension are sources")
    }

    /// Where its SPIR-V lies: beside it, with `.spv` added to the name.
    pub fn spirv(&self) -> PathBuf {
        let mut path = self.path.clone().into_os_string();
        path.push(".spv");
        path.into()
    }

    /// The checksum of the text and of all that it includes, directly or not, whatever the preprocessor then keeps.
    pub fn checksum(&self) -> io::Result<u64> {
        let mut text = Vec::new();
        let mut seen = BTreeSet::from([self.path.clone()]);
        let mut open = vec![self.path.clone()];
        while let Some(path) = open.pop() {
            let contents = fs::read_to_string(&path)?;
            for included in contents.lines().filter_map(included_name) {
                // What is not found here the compiler will complain of, if it is ever reached.
                let Some(found) = find_include(&self.root, &path, included) else {
                    continue;
                };
                if seen.insert(found.clone()) {
                    open.push(found);
                }
            }
            text.extend_from_slice(contents.as_bytes());
            text.push(0);
        }
        Ok(checksum(&text))
    }
}

/// The file that `#include "name"` means: beside the including file, else in the root.
pub fn find_include(root: &Path, includer: &Path, name: &str) -> Option<PathBuf> {
    let beside = includer.parent()?.join(name);
    [beside, root.join(name)].into_iter().find(|path| path.is_file())
}

/// Every folder named `shaders` in or below a folder, build outputs and hidden folders aside.
pub fn roots(start: &Path) -> io::Result<Vec<PathBuf>> {
    let mut roots = Vec::new();
    for entry in sorted_entries(start)? {
        let name = entry.file_name().unwrap_or_default();
        if !entry.is_dir() || entry.is_symlink() || name == "target" || name.as_encoded_bytes().starts_with(b".") {
            continue;
        } else if name == "shaders" {
            roots.push(entry);
        } else {
            roots.extend(self::roots(&entry)?);
        }
    }
    Ok(roots)
}

/// The sources in a root, in the order of their paths.
pub fn sources(root: &Path) -> io::Result<Vec<Source>> {
    let has_stage = |path: &PathBuf| path.extension().is_some_and(|extension| STAGES.iter().any(|s| extension == *s));
    let files = files(root)?.into_iter().filter(has_stage);
    Ok(files.map(|path| Source { root: root.into(), path }).collect())
}

/// The modules in a root that nothing can have been compiled to: no file beside them begins with their name.
/// (`x.comp.hlsl` is a source of `x.comp.spv`, though not one that this tool compiles.)
pub fn spirv_without_source(root: &Path) -> io::Result<Vec<PathBuf>> {
    let files = files(root)?;
    let is_orphan = |module: &&PathBuf| {
        module.extension() == Some(OsStr::new("spv"))
            && !files.iter().any(|file| {
                let stem = module.with_extension("");
                file != *module && file.as_os_str().as_encoded_bytes().starts_with(stem.as_os_str().as_encoded_bytes())
            })
    };
    Ok(files.iter().filter(is_orphan).cloned().collect())
}

/// 64-bit FNV-1a: it finds what was forgotten, and no one forges a shader.
pub fn checksum(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, &byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

fn included_name(line: &str) -> Option<&str> {
    let rest = line.trim_start().strip_prefix('#')?.trim_start().strip_prefix("include")?.trim_start();
    let (name, _) = rest.strip_prefix('"')?.split_once('"')?;
    Some(name)
}

fn files(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in sorted_entries(folder)? {
        if entry.is_dir() {
            files.extend(self::files(&entry)?);
        } else {
            files.push(entry);
        }
    }
    Ok(files)
}

fn is_dot(part: &Component<'_>) -> bool {
    *part == Component::CurDir
}

fn sorted_entries(folder: &Path) -> io::Result<Vec<PathBuf>> {
    // Read as "./x", said as "x".
    let path = |entry: io::Result<fs::DirEntry>| Ok(entry?.path().components().skip_while(is_dot).collect());
    let mut entries = fs::read_dir(folder)?.map(path).collect::<io::Result<Vec<PathBuf>>>()?;
    entries.sort();
    Ok(entries)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn include_lines_are_recognised_as_the_preprocessor_does() {
        assert_eq!(included_name("#include \"a.glsl\""), Some("a.glsl"));
        assert_eq!(included_name("  # include \"b/c.glsl\" // why"), Some("b/c.glsl"));
        assert_eq!(included_name("// #include \"a.glsl\""), None);
        assert_eq!(included_name("#include <a.glsl>"), None);
    }

    #[test]
    fn checksum_is_fnv_1a() {
        // The published test vectors.
        assert_eq!(checksum(b""), 0xcbf2_9ce4_8422_2325);
        assert_eq!(checksum(b"foobar"), 0x8594_4171_f739_67e8);
    }
}
