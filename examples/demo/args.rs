//! The demo's command line.

use std::path::{Path, PathBuf};

use clap::{Parser, ValueEnum};
use vixen::Device;
use vixen::device::{DeviceError, Feature};
use vixen_nodes::{require_ray_tracing, traces_rays_in_hardware};

/// Draws a voxel scene: a window to orbit in where there is a display, a picture where there is none.
#[derive(Parser)]
#[command(name = "demo", version)]
pub struct Args {
    /// A MagicaVoxel .vox, a binary glTF .glb, or a greyscale .png heightmap; or cornell, noise, tunnels or cityscape, with a size: noise:512.
    /// The mountains around Jacksboro if left out.
    #[arg(long, value_name = "FILE|NAME[:SIZE[:SEED]]")]
    pub scene: Option<PathBuf>,
    /// Voxels along the longest side of a mesh or a heightmap; a .vox file has a size of its own.
    #[arg(long, value_name = "N", default_value_t = vixen_nodes::voxel::DEFAULT_RESOLUTION)]
    pub resolution: u32,
    /// How to trace the voxels.
    #[arg(long, value_name = "HOW", value_enum, default_value_t = Pipeline::Compute)]
    pub pipeline: Pipeline,
    /// What the voxels lie in; what is not the default takes the compute pipeline.
    #[arg(long, value_name = "WHAT", value_enum, default_value_t = Structure::Brick)]
    pub structure: Structure,
    /// With --structure streamed: the device memory that voxels may take, such as 64MiB. Without it, half of what is free.
    #[arg(long, value_name = "BYTES", value_parser = parse_bytes)]
    pub stream_budget: Option<u64>,
    /// Draw jagged edges: one ray a pixel, through its centre.
    #[arg(long)]
    pub no_antialiasing: bool,
    /// Width and height of the picture, in pixels.
    #[arg(long, value_name = "WxH", default_value = "1280x720", value_parser = parse_size)]
    pub size: [u32; 2],
    /// Stop after this many frames. Without it a window runs until it is closed, and a picture takes 16 frames.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub frames: Option<u32>,
    /// Open no window even where there is a display.
    #[arg(long)]
    pub headless: bool,
    /// Where to write the picture of the last frame. Without a window it goes to demo.png if left out.
    #[arg(long, value_name = "FILE.png")]
    pub out: Option<PathBuf>,
    /// Write the closing table as JSON too.
    #[arg(long, value_name = "FILE.json")]
    pub stats: Option<PathBuf>,
    /// Which GPU, by number or by a part of its name.
    #[arg(long, value_name = "GPU")]
    pub device: Option<String>,
    /// Leave a Vulkan feature off, such as rayTracingPipeline, as on a GPU that lacks it
    #[arg(long, value_name = "FEATURE")]
    pub without: Vec<Feature>,
    /// Print the budget of device memory, and plot its use over time against the warning and the limit.
    #[arg(long, value_name = "FILE.svg")]
    pub memory: Option<PathBuf>,
    /// Reload shaders whose SPIR-V changes while this runs: edit the GLSL, then `./x shaders`.
    #[arg(long)]
    pub reload: bool,
    /// Write the graph as a drawing: Graphviz for .dot, Mermaid for .mmd.
    #[arg(long, value_name = "FILE")]
    pub drawing: Option<PathBuf>,
}

/// How the picture is drawn.
#[derive(Clone, Copy, Debug)]
pub struct How {
    pub pipeline: Pipeline,
    pub structure: Structure,
    pub antialiasing: bool,
    pub stream_budget: Option<u64>,
}

impl Args {
    /// How the picture is drawn.
    pub fn how(&self) -> How {
        How {
            pipeline: self.pipeline,
            structure: self.structure,
            antialiasing: !self.no_antialiasing,
            stream_budget: self.stream_budget,
        }
    }
}

/// How to trace the voxels. All give the same picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Pipeline {
    /// March in a compute shader
    Compute,
    /// March in a fragment shader
    Fragment,
    /// Find voxels with the device's ray tracing
    Rt,
    /// Find boxes of voxels with the device's ray tracing, march on in a compute shader
    Hybrid,
    /// `rt` where the device traces rays in hardware, else `compute`
    Auto,
}

impl Pipeline {
    /// What `auto` means on this device.
    pub fn on(self, device: &Device) -> Self {
        match self {
            Self::Auto if traces_rays_in_hardware(device) => Self::Rt,
            Self::Auto => Self::Compute,
            chosen => chosen,
        }
    }

    /// Fails with the name of the feature that the device lacks for it.
    pub fn check(self, device: &Device) -> Result<(), DeviceError> {
        if matches!(self, Self::Rt | Self::Hybrid) { require_ray_tracing(device) } else { Ok(()) }
    }
}

/// A structure for voxels. All give the same picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Structure {
    /// A tree over bricks of 8×8×8 voxels
    Brick,
    /// A plain 64-tree, to compare with
    Tree64,
    /// An efficient sparse voxel octree, to compare with
    Esvo,
    /// As brick, but of the bricks only those are on the device that rays look into
    Streamed,
}

impl Structure {
    /// The structure that holds the whole scene; none where it is streamed.
    pub fn whole(self) -> Option<vixen_nodes::Structure> {
        match self {
            Self::Brick => Some(vixen_nodes::Structure::BrickMap),
            Self::Tree64 => Some(vixen_nodes::Structure::Tree64),
            Self::Esvo => Some(vixen_nodes::Structure::Esvo),
            Self::Streamed => None,
        }
    }
}

impl Args {
    /// Reads the command line; what it cannot read is an error of one line.
    pub fn read() -> Result<Self, String> {
        Self::try_parse().map_err(|error| {
            if !error.use_stderr() {
                error.exit();
            }
            one_line(&error.to_string())
        })
    }

    /// Fails where the arguments do not go together, and where what is drawn could not be written afterwards.
    pub fn check(&self) -> Result<(), String> {
        if self.stream_budget.is_some() && self.structure != Structure::Streamed {
            return Err("only a streamed scene has a budget of its own: add --structure streamed".to_owned());
        }
        let marched = matches!(self.pipeline, Pipeline::Compute | Pipeline::Auto);
        if self.structure != Structure::Brick && !marched {
            return Err("only compute marches through this structure: leave --pipeline out, or --structure".to_owned());
        }
        if self.resolution == 0 {
            return Err("a resolution of 0 is not possible; choose --resolution 1 or more".to_owned());
        }
        let picture = if self.window() { self.out.clone() } else { Some(self.picture()) };
        let others = [&self.stats, &self.memory, &self.drawing].map(Option::as_ref);
        let mut files: Vec<&Path> = picture.iter().chain(others.into_iter().flatten()).map(PathBuf::as_path).collect();
        files.iter().try_for_each(|file| check_writable(file))?;
        check_extension(self.out.as_deref(), "a picture", &["png"])?;
        check_extension(self.drawing.as_deref(), "a drawing", &["dot", "mmd"])?;
        check_extension(self.memory.as_deref(), "the plot of memory", &["svg"])?;
        files.sort();
        match files.windows(2).find(|pair| pair[0] == pair[1]) {
            Some(pair) => Err(format!("{} is to be written twice; give each its own file", pair[0].display())),
            None => Ok(()),
        }
    }

    /// Fails where the device has no images of the picture's size.
    pub fn check_size(&self, device: &Device) -> Result<(), String> {
        let most = device.capabilities().limits.max_image_dimension2_d;
        let [width, height] = self.size;
        if width.max(height) <= most {
            return Ok(());
        }
        Err(format!(
            "a picture of {width}×{height} pixels is too large; choose a --size of {most} at most, which is the device's maxImageDimension2D"
        ))
    }

    /// Where the picture goes without a window.
    pub fn picture(&self) -> PathBuf {
        self.out.clone().unwrap_or_else(|| PathBuf::from("demo.png"))
    }

    /// Whether to open a window: unless told otherwise, where there is a display.
    pub fn window(&self) -> bool {
        let set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        !self.headless && (set("DISPLAY") || set("WAYLAND_DISPLAY"))
    }
}

/// What clap says in several lines, without the hint at `--help` that ends it.
fn one_line(text: &str) -> String {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let said: Vec<&str> =
        lines.take_while(|line| !line.starts_with("Usage:") && !line.starts_with("For more")).collect();
    said.join("; ").trim_start_matches("error: ").to_owned()
}

/// Fails where a file's name promises another format than what is written to it. A name without an extension promises nothing.
fn check_extension(file: Option<&Path>, what: &str, formats: &[&str]) -> Result<(), String> {
    let Some((file, extension)) = file.and_then(|file| Some((file, file.extension()?.to_str()?))) else {
        return Ok(());
    };
    if formats.iter().any(|format| extension.eq_ignore_ascii_case(format)) {
        return Ok(());
    }
    let formats = formats.iter().map(|format| format!(".{format}")).collect::<Vec<_>>().join(" or ");
    Err(format!(
        "{what} cannot be written as .{extension}: choose a name for {} that ends in {formats}",
        file.display()
    ))
}

/// Fails where a file could not be written, as far as can be told without touching it.
fn check_writable(file: &Path) -> Result<(), String> {
    let cannot = |why: String| Err(format!("cannot write {}: {why}", file.display()));
    let folder = match file.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    if file.is_dir() {
        return cannot("it is a folder; name a file".to_owned());
    }
    if !folder.is_dir() {
        return cannot(format!("there is no folder {}; make it first", folder.display()));
    }
    match std::fs::OpenOptions::new().append(true).open(file) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => cannot(error.to_string()),
        _ => Ok(()),
    }
}

fn parse_size(text: &str) -> Result<[u32; 2], String> {
    text.split_once(['x', 'X', '×'])
        .and_then(|(width, height)| Some([width.parse().ok()?, height.parse().ok()?]))
        .filter(|size| !size.contains(&0))
        .ok_or_else(|| "expected width and height in pixels, both at least 1, such as 1280x720".to_owned())
}

fn parse_bytes(text: &str) -> Result<u64, String> {
    let digits = text.trim_end_matches(|letter: char| letter.is_ascii_alphabetic());
    let unit = match text[digits.len()..].to_ascii_lowercase().as_str() {
        "" | "b" => 1,
        "k" | "kib" => 1 << 10,
        "m" | "mib" => 1 << 20,
        "g" | "gib" => 1 << 30,
        _ => 0,
    };
    let bytes = digits.parse::<u64>().ok().and_then(|count| count.checked_mul(unit)).filter(|&bytes| bytes > 0);
    bytes.ok_or_else(|| "expected a number of bytes, such as 64MiB".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_well_formed() {
        use clap::CommandFactory;
        Args::command().debug_assert();
    }

    #[test]
    fn complaints_are_one_line() {
        let said = Args::try_parse_from(["demo", "--pipelin", "rt"]).err().expect("there is no such argument");
        let line = one_line(&said.to_string());
        assert!(line.starts_with("unexpected argument '--pipelin'") && line.contains("'--pipeline'"), "{line}");
        assert!(!line.contains('\n') && !line.contains("Usage"), "{line}");
    }

    #[test]
    fn sizes_are_two_positive_numbers() {
        assert_eq!(parse_size("640x480"), Ok([640, 480]));
        for bad in ["", "640", "640x", "x480", "0x480", "640x0", "640x480x2", "-1x5", "axb", "99999999999x1"] {
            assert!(parse_size(bad).is_err(), "{bad}");
        }
    }
    #[test]
    fn bytes_have_units() {
        let good = [("7", 7), ("64MiB", 64 << 20), ("2g", 2 << 30), ("10KIB", 10 << 10)];
        good.iter().for_each(|&(text, bytes)| assert_eq!(parse_bytes(text), Ok(bytes), "{text}"));
        for bad in ["", "0", "MiB", "-1", "1.5GiB", "7 MiB", "3MB", "99999999999GiB"] {
            assert!(parse_bytes(bad).is_err(), "{bad}");
        }
    }
}
