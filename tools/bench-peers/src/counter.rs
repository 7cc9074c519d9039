//! Counts the barrier commands of a frame: in a process of its own, under the layer of this package.

use std::path::PathBuf;
use std::process::Command;

use crate::peers::{Name, Shape};
use crate::{Failure, scratch};

const LAYER: &str = "VK_LAYER_VIXEN_barrier_count";
const WARM: u32 = 4;
const COUNTED: u32 = 4;

/// Barrier commands that a frame executes.
pub fn barrier_commands(name: Name, shape: Shape) -> Result<f64, Failure> {
    let folder = scratch::Folder::new()?;
    let manifest = serde_json::json!({
        "file_format_version": "1.2.0",
        "layer": {
            "name": LAYER, "type": "GLOBAL", "library_path": library()?, "api_version": "1.3.0",
            "implementation_version": "1", "description": "counts barrier commands",
            "functions": { "vkNegotiateLoaderLayerInterfaceVersion": "bench_peers_negotiate" },
        },
    });
    std::fs::write(folder.path().join("layer.json"), manifest.to_string())?;
    let (nodes, width) = (shape.nodes.to_string(), shape.width.to_string());
    let output = Command::new(std::env::current_exe()?)
        .args(["--count", name.label(), "--nodes", &nodes, "--width", &width])
        .env("VK_LAYER_PATH", folder.path())
        .env("VK_INSTANCE_LAYERS", LAYER)
        .output()?;
    let text = String::from_utf8_lossy(&output.stdout);
    match text.trim().parse() {
        Ok(commands) if output.status.success() => Ok(commands),
        _ => Err(format!("counting barriers of {}: {}", name.label(), String::from_utf8_lossy(&output.stderr)).into()),
    }
}

/// What the counting process does: prints the barrier commands of a frame.
pub fn count(name: Name, shape: Shape) -> Result<(), Failure> {
    // SAFETY: the library is this package's own, and the loader has it loaded, or will: loading it twice gives the same one.
    let layer = unsafe { libloading::Library::new(library()?) }?;
    // SAFETY: this is the function's type.
    let submitted = unsafe { layer.get::<extern "C" fn() -> u64>(b"bench_peers_barriers_submitted") }?;
    let mut peer = name.make(shape)?;
    let mut run = |frames: u32| -> Result<u64, Failure> {
        (0..frames).try_for_each(|_| peer.frame())?;
        peer.wait_idle()?;
        Ok(submitted())
    };
    let before = run(WARM)?;
    let after = run(COUNTED)?;
    println!("{}", (after - before) as f64 / f64::from(COUNTED));
    Ok(())
}

/// The layer, which cargo builds beside the program.
fn library() -> Result<PathBuf, Failure> {
    let program = std::env::current_exe()?;
    let folder = program.parent().ok_or("the program has no folder")?;
    let name = format!("{}bench_peers{}", std::env::consts::DLL_PREFIX, std::env::consts::DLL_SUFFIX);
    let places = [folder.join(&name), folder.join("deps").join(&name)];
    places.into_iter().find(|place| place.is_file()).ok_or_else(|| format!("no {name} beside the program").into())
}
