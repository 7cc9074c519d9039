//! What is kept between runs: one file a key, written at once or not at all, and never trusted.

use std::collections::VecDeque;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, SystemTime};

use bytemuck::Pod;
use xxhash_rust::xxh3::xxh3_128;

use super::blocks;
use super::folder::cache_folder;
use super::format::{self, Damage, Refusal, Section};

/// A folder of files that can be made again. Several processes may use one.
#[derive(Clone, Debug)]
pub struct DiskCache {
    folder: PathBuf,
    limit: u64,
}

/// What a file is for.
#[derive(Clone, Copy, Debug)]
pub struct DiskKey<'a> {
    /// What kind of thing it holds; the name of its files begins so.
    pub kind: &'static str,
    /// The version of what it holds. Files of another version are built again.
    pub version: u32,
    /// What tells it from others of its kind. The file holds the key in full.
    pub key: &'a [u8],
}

const SUFFIX: &str = ".vixen";
const UNFINISHED: &str = ".tmp";
/// The most bytes that a folder holds unless it is told otherwise.
const LIMIT: u64 = 4 << 30;
/// Nobody writes one file for so long: who began it did not finish.
const ABANDONED: Duration = Duration::from_secs(3600);

impl DiskCache {
    /// A cache in this folder, which is made when something is stored.
    pub fn at(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into(), limit: LIMIT }
    }

    /// A cache for this application in the [platform's folder](cache_folder), if there is one.
    pub fn of_application(name: &str) -> Option<Self> {
        Some(Self::at(cache_folder()?.join(name)))
    }

    /// The same with another limit to its size: what was not used for longest leaves when something is stored beyond it.
    #[must_use]
    pub fn with_limit(self, bytes: u64) -> Self {
        Self { limit: bytes, ..self }
    }

    /// Where the file for a key is, or would be.
    pub fn path(&self, key: &DiskKey<'_>) -> PathBuf {
        self.folder.join(format!("{}-{:032x}{SUFFIX}", key.kind, xxh3_128(key.key)))
    }

    /// Opens what is stored under a key; `None` if nothing is.
    ///
    /// # Errors
    /// When there is a file, and it is none that was stored so. Build the thing and store it: that replaces the file.
    pub fn load(&self, key: &DiskKey<'_>) -> Result<Option<Stored>, Damage> {
        let path = self.path(key);
        match open(&path, key) {
            Ok((file, offset, sections)) => {
                // For `prune`; where the file may not be touched, the cache only forgets in another order.
                let _ = file.set_modified(SystemTime::now());
                Ok(Some(Stored { path, file, offset, sections: sections.into() }))
            }
            Err(Refusal::Io(error)) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(refusal) => Err(refusal.at(path)),
        }
    }

    /// Stores sections under a key. Whoever loads meanwhile sees the file that was there, or this one.
    ///
    /// # Errors
    /// When the folder cannot be written to. What was there is still there.
    pub fn store(&self, key: &DiskKey<'_>, sections: &[&[u8]]) -> io::Result<()> {
        fs::create_dir_all(&self.folder)?;
        let path = self.path(key);
        let (unfinished, file) = create_beside(&path)?;
        let written = write(file, key, sections).and_then(|()| fs::rename(&unfinished, &path));
        if written.is_err() {
            let _ = fs::remove_file(&unfinished);
        }
        self.prune(&path);
        written
    }

    /// Removes what was abandoned and, beyond the limit, what was not used for longest; `newest` stays.
    fn prune(&self, newest: &Path) {
        let mut files = Vec::new();
        for entry in fs::read_dir(&self.folder).into_iter().flatten().flatten() {
            let (path, name) = (entry.path(), entry.file_name());
            let Some(name) = name.to_str() else { continue };
            let Ok(data) = entry.metadata() else { continue };
            let Ok(modified) = data.modified() else { continue };
            if name.ends_with(UNFINISHED) && modified.elapsed().is_ok_and(|age| age > ABANDONED) {
                let _ = fs::remove_file(path);
            } else if name.ends_with(SUFFIX) && data.is_file() {
                files.push((modified, data.len(), path));
            }
        }
        files.sort_unstable();
        let mut total: u64 = files.iter().map(|(_, bytes, _)| bytes).sum();
        for (_, bytes, path) in files {
            if total <= self.limit {
                break;
            }
            if path != newest && fs::remove_file(path).is_ok() {
                total -= bytes;
            }
        }
    }
}

/// Opens a file and reads its header: what it holds, and from where on.
fn open(path: &Path, key: &DiskKey<'_>) -> Result<(File, u64, Vec<Section>), Refusal> {
    // Before it is opened: opening a pipe would wait for who writes to it.
    if !fs::metadata(path).map_err(Refusal::Io)?.is_file() {
        return Err(Refusal::Foreign("it is no regular file"));
    }
    let mut file = File::open(path).map_err(Refusal::Io)?;
    let bytes = file.metadata().map_err(Refusal::Io)?.len();
    let sections = format::read(&mut file, bytes, key.version, key.key)?;
    let offset = bytes - sections.iter().map(|section| section.bytes).sum::<u64>();
    Ok((file, offset, sections))
}

/// A new file beside another one, under a name that nobody uses: in containers other processes may have this one's number.
fn create_beside(path: &Path) -> io::Result<(PathBuf, File)> {
    static UNIQUE: AtomicU64 = AtomicU64::new(0);
    loop {
        let unique = UNIQUE.fetch_add(1, Relaxed);
        let beside = path.with_extension(format!("{}.{unique}{UNFINISHED}", process::id()));
        match File::create_new(&beside) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            file => return Ok((beside, file?)),
        }
    }
}

fn write(mut file: File, key: &DiskKey<'_>, sections: &[&[u8]]) -> io::Result<()> {
    let table: Vec<_> =
        sections.iter().map(|bytes| Section { bytes: bytes.len() as u64, checksum: blocks::checksum(bytes) }).collect();
    file.write_all(&format::write(key.version, key.key, &table))?;
    sections.iter().try_for_each(|bytes| file.write_all(bytes))
}

/// A file of the cache, to be read section by section.
#[derive(Debug)]
pub struct Stored {
    path: PathBuf,
    file: File,
    /// Where the next section begins.
    offset: u64,
    sections: VecDeque<Section>,
}

impl Stored {
    /// The next section.
    ///
    /// # Errors
    /// When there is none, it does not hold whole elements, or it is not what was written.
    pub fn section<T: Pod>(&mut self) -> Result<Vec<T>, Damage> {
        let Some(section) = self.sections.pop_front() else { return Err(self.damaged("a section is missing")) };
        let size = size_of::<T>() as u64;
        if !section.bytes.is_multiple_of(size) {
            return Err(self.damaged("a section has another type"));
        }
        let Ok(count) = usize::try_from(section.bytes / size) else {
            return Err(self.damaged("a section is too large"));
        };
        let mut elements: Vec<T> = bytemuck::zeroed_vec(count);
        let checksum = blocks::read(&self.file, self.offset, bytemuck::cast_slice_mut(&mut elements))
            .map_err(|source| Refusal::Io(source).at(self.path.clone()))?;
        self.offset += section.bytes;
        if checksum != section.checksum {
            return Err(self.damaged("its content was changed"));
        }
        Ok(elements)
    }

    /// What to report when the sections are intact and yet make no sense.
    pub fn damaged(&self, problem: &'static str) -> Damage {
        Refusal::Damaged(problem).at(self.path.clone())
    }
}

impl Refusal {
    fn at(self, path: PathBuf) -> Damage {
        match self {
            Self::Io(source) if source.kind() == io::ErrorKind::UnexpectedEof => {
                Damage::Damaged { path, problem: "it ends too early" }
            }
            Self::Io(source) => Damage::Unreadable { path, source },
            Self::Foreign(problem) => Damage::Foreign { path, problem },
            Self::Damaged(problem) => Damage::Damaged { path, problem },
        }
    }
}
