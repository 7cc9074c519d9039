//! There is one gate to memory: no other code of the workspace creates a buffer or an image.

use std::path::{Path, PathBuf};

/// The calls that make memory, and things that need it.
const CALLS: [&str; 8] = [
    ".create_buffer(",
    ".create_image(",
    ".allocate_memory(",
    "vkCreateBuffer(",
    "vkCreateImage(",
    "vkAllocateMemory(",
    "vmaCreate",
    "vmaAllocate",
];

/// Where they may be: behind the gate, in tests, which play the application, and in what `./x bench` compares with.
const MAY: [&str; 7] = [
    "vixen/src/memory/",
    "vixen/tests/",
    "vixen-nodes/tests/",
    "examples/bench/",
    "examples/tests/",
    "tools/bench-peers/",
    "ui-tests/",
];

#[test]
fn nothing_creates_buffers_or_images_outside_the_memory_module() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the crate is in a workspace");
    let (mut seen, mut behind) = (0, 0);
    let mut found = Vec::new();
    for file in sources(root) {
        let path = file.strip_prefix(root).expect("it was found there").to_string_lossy().replace('\\', "/");
        let text = std::fs::read_to_string(&file).expect("sources are text");
        seen += 1;
        for (number, line) in text.lines().enumerate() {
            let code = line.split("//").next().unwrap_or_default();
            if !CALLS.iter().any(|call| code.contains(call)) {
                continue;
            }
            if MAY.iter().any(|folder| path.starts_with(folder)) {
                behind += 1;
            } else {
                found.push(format!("{path}:{}: {}", number + 1, line.trim()));
            }
        }
    }
    assert!(seen > 100 && behind >= 4, "the sources were looked at: {seen} files, {behind} calls behind the gate");
    assert!(found.is_empty(), "memory has one gate, `BudgetManager`:\n{}", found.join("\n"));
}

/// Every Rust source below a folder, build outputs excepted.
fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut all = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).expect("it is a folder").flatten() {
            let (path, name) = (entry.path(), entry.file_name());
            let hidden = name.to_string_lossy().starts_with('.');
            match entry.file_type() {
                Ok(kind) if kind.is_dir() && name != "target" && !hidden => folders.push(path),
                Ok(kind) if kind.is_file() && path.extension().is_some_and(|extension| extension == "rs") => {
                    all.push(path)
                }
                _ => {}
            }
        }
    }
    all
}
