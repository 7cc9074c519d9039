//! `SHADERS.lock`: for every shader of a folder, the checksums of its source and of its SPIR-V when it was compiled.

use std::collections::BTreeMap;
use std::fmt::{self, Write as _};
use std::path::{Path, PathBuf};
use std::{fs, io};

use crate::source::{Source, checksum};

/// The file's name, in each folder of shaders.
pub const FILE: &str = "SHADERS.lock";

/// What the SPIR-V was compiled with. Another compiler or setting makes all of it stale.
pub const COMPILER: &str = "glslang 0.9.1 for Vulkan 1.3, SPIR-V 1.6";

/// What a folder's lock file says.
#[derive(Debug, PartialEq, Eq)]
pub struct Lock {
    root: PathBuf,
    entries: BTreeMap<String, Entry>,
}

/// The checksums of one shader.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry {
    /// Of the source and all that it includes.
    pub source: u64,
    /// Of the SPIR-V.
    pub spirv: u64,
}

/// Why a module has to be compiled again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stale {
    /// There is no such file.
    Missing,
    /// The lock file, or this compiler's one, does not know it.
    Unknown,
    /// The source, or something that it includes, is not what was compiled.
    SourceChanged,
    /// The module is not what was written.
    SpirvChanged,
}

impl fmt::Display for Stale {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Missing => "it was never compiled",
            Self::Unknown => "it was not compiled by this version of the tool",
            Self::SourceChanged => "its source has changed since",
            Self::SpirvChanged => "it is not what the compiler wrote",
        })
    }
}

impl Lock {
    /// Reads a folder's lock file. It is empty where there is none, or where another compiler wrote it.
    pub fn read(root: &Path) -> io::Result<Self> {
        let text = match fs::read_to_string(root.join(FILE)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
            text => text?,
        };
        let mut lines = text.lines();
        let is_ours = lines.next() == Some(&first_line());
        let entries = lines.filter(|_| is_ours).filter_map(parse_line).collect();
        Ok(Self { root: root.into(), entries })
    }

    /// Notes what was compiled, forgets what is gone, and writes the file if that changed anything.
    ///
    /// It reads the file again for it, so that two runs on different shaders lose nothing of each other's.
    pub fn update(root: &Path, compiled: &[(String, Entry)]) -> io::Result<()> {
        let mut lock = Self::read(root)?;
        lock.entries.extend(compiled.iter().cloned());
        lock.entries.retain(|name, _| root.join(name).is_file());
        let path = root.join(FILE);
        let text = lock.to_text();
        match fs::read_to_string(&path).ok() {
            None if lock.entries.is_empty() => Ok(()),
            Some(_) if lock.entries.is_empty() => fs::remove_file(path),
            Some(old) if old == text => Ok(()),
            _ => fs::write(path, text),
        }
    }

    /// Why a shader's SPIR-V is not the one that its source compiles to, as far as checksums tell.
    pub fn why_stale(&self, source: &Source) -> io::Result<Option<Stale>> {
        let spirv = match fs::read(source.spirv()) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Ok(Some(Stale::Missing));
            }
            spirv => spirv?,
        };
        let Some(entry) = self.entries.get(&source.name()) else {
            return Ok(Some(Stale::Unknown));
        };
        Ok(if entry.source != source.checksum()? {
            Some(Stale::SourceChanged)
        } else if entry.spirv != checksum(&spirv) {
            Some(Stale::SpirvChanged)
        } else {
            None
        })
    }

    /// The files that are listed but are not among the sources.
    pub fn orphans(&self, sources: &[Source]) -> impl Iterator<Item = String> {
        let gone = self.entries.keys().filter(|name| !sources.iter().any(|source| source.name() == **name));
        gone.map(|name| self.root.join(name).display().to_string())
    }

    fn to_text(&self) -> String {
        let mut text = first_line() + "\n";
        for (name, Entry { source, spirv }) in &self.entries {
            writeln!(text, "{source:016x} {spirv:016x} {name}").expect("a string takes all that is written");
        }
        text
    }
}

fn first_line() -> String {
    format!("# Written by `./x shaders`: checksums of source and SPIR-V. {COMPILER}.")
}

fn parse_line(line: &str) -> Option<(String, Entry)> {
    let (source, rest) = line.split_once(' ')?;
    let (spirv, name) = rest.split_once(' ')?;
    let number = |text| u64::from_str_radix(text, 16).ok();
    Some((name.into(), Entry { source: number(source)?, spirv: number(spirv)? }))
}
