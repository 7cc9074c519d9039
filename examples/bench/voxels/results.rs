//! All figures, and where each was measured.

use std::fmt;

use serde_json::Value;
use vixen::Device;
use vixen_nodes::Structure;
use vixen_nodes::voxel::BrickMap;

use super::figure::Figure;
use super::subjects::{Like, Subject};
use super::work::Through;
use crate::report::{Goal, Report, Row};

/// What a figure is of.
#[derive(Clone, Debug)]
pub struct Place {
    pub pipeline: Option<Through>,
    pub structure: Option<Structure>,
    pub builder: Option<&'static str>,
    pub scene: String,
    /// Voxels along the longest side.
    pub size: u32,
    pub resolution: Option<[u32; 2]>,
    pub solid_voxels: u64,
    pub like: Like,
}

/// One figure.
pub struct Entry {
    pub place: Place,
    pub metric: &'static str,
    pub unit: &'static str,
    pub figure: Figure,
    pub goal: Option<Goal>,
}

/// A picture as PNG.
pub struct Picture {
    pub title: String,
    pub png: Vec<u8>,
}

/// Everything that was found.
#[derive(Default)]
pub struct Results {
    pub entries: Vec<Entry>,
    pub skips: Vec<String>,
    pub pictures: Vec<Picture>,
}

impl Place {
    pub fn of(subject: &Subject, map: &BrickMap) -> Self {
        Self {
            pipeline: None,
            structure: None,
            builder: None,
            scene: subject.name.clone(),
            size: map.size.max_element(),
            resolution: None,
            solid_voxels: map.solid_voxels,
            like: subject.like,
        }
    }

    /// Name and value of each key, in order.
    pub fn keys(&self) -> [(&'static str, Option<String>); 6] {
        [
            ("pipeline", self.pipeline.map(|through| through.name().to_owned())),
            ("structure", self.structure.map(|structure| structure.name().to_owned())),
            ("builder", self.builder.map(str::to_owned)),
            ("scene", Some(self.scene.clone())),
            ("size", Some(self.size.to_string())),
            ("resolution", self.resolution.map(|[width, height]| format!("{width}x{height}"))),
        ]
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let values: Vec<String> = self.keys().into_iter().filter_map(|(_, value)| value).collect();
        f.write_str(&values.join(", "))
    }
}

impl Results {
    pub fn add(&mut self, place: &Place, metric: &'static str, unit: &'static str, figure: Figure) {
        self.entries.push(Entry { place: place.clone(), metric, unit, figure, goal: None });
    }

    /// Says what is not measured, once, and why.
    pub fn skip(&mut self, why: String) {
        if !self.skips.contains(&why) {
            eprintln!("skip: {why}");
            self.skips.push(why);
        }
    }

    pub fn picture(&mut self, place: &Place, png: Vec<u8>) {
        let title = format!("{} at {}: {} solid voxels", place.scene, place.size, place.solid_voxels);
        self.pictures.push(Picture { title, png });
    }

    /// As a table and as JSON.
    pub fn report(&self, device: &Device) -> Report {
        let mut report = Report::new(&device.info().name);
        for entry in &self.entries {
            let Figure { median, low, high } = entry.figure;
            let row = Row::new(entry.metric, median, entry.unit).interval([low, high]);
            let row = match entry.goal {
                Some(goal) => row.goal(goal),
                None => row,
            };
            report.add(entry.place.keys().into_iter().fold(row, |row, (name, value)| match (name, value) {
                ("size", _) => row.key(name, entry.place.size),
                (_, value) => row.key(name, value.map_or(Value::Null, Value::String)),
            }));
        }
        report.note(format!("driver {}", device.info().driver));
        METHOD.iter().for_each(|line| report.note(*line));
        self.skips.iter().for_each(|skip| report.note(format!("skip: {skip}")));
        report
    }

    /// One line a figure, with the same keys.
    pub fn csv(&self) -> String {
        let mut text =
            "metric,median,ci95_low,ci95_high,unit,pipeline,structure,builder,scene,size,resolution\n".to_owned();
        for entry in &self.entries {
            let Figure { median, low, high } = entry.figure;
            let keys = entry.place.keys().map(|(_, value)| quoted(&value.unwrap_or_default())).join(",");
            text += &format!("{},{median},{low},{high},{},{keys}\n", entry.metric, entry.unit);
        }
        text
    }
}

/// How figures come about; the report says so too.
pub const METHOD: [&str; 6] = [
    "values are medians; ci95 is the 95% confidence interval of the median by order statistics, of fewer than six samples all",
    "a sample of grays_per_s or ms is a lap over the camera path: the median view by GPU timestamps; .._of_frames and frame_ms by the \
     wall clock over the whole lap",
    "shadow and bounce count every ray of their pass: the primary ray, and where it hits a second one, towards the sun or bounced \
     off diffusely",
    "frame_ms and gpu_ms are of the whole picture: sun, shadows, occlusion, haze, tone mapping",
    "builds by cpu count from a file's bytes, or from nothing, to the finished structure in main memory, by the wall clock; by gpu from \
     the columns of land, or from vertices and triangles, in its memory to the same structure there, by GPU timestamps; sorting \
     triangles into bricks is part of it, copying them there and finding out how much room to make are not",
    "streamed_over_resident_frame is of whole pictures of views for which all bricks have come; pixels_exact_with_a_tenth is the share of \
     pixels that are as in the picture of the whole scene, after 100 frames with a tenth of its memory",
];

/// A field of CSV: quoted where it has to be.
fn quoted(text: &str) -> String {
    if text.contains([',', '"', '\n']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn csv_has_a_line_for_each_figure_and_quotes_names() {
        let place = Place {
            pipeline: Some(Through::Compute),
            structure: Some(Structure::BrickMap),
            builder: None,
            scene: "a, \"b\"".to_owned(),
            size: 64,
            resolution: Some([640, 360]),
            solid_voxels: 9,
            like: Like::Unknown,
        };
        let mut results = Results::default();
        results.add(&place, "gpu_ms", "ms", Figure { median: 2.0, low: 1.5, high: 3.0 });
        let csv = results.csv();
        let (head, line) = csv.split_once('\n').expect("two lines");
        assert_eq!(line, "gpu_ms,2,1.5,3,ms,compute,brick,,\"a, \"\"b\"\"\",64,640x360\n");
        assert_eq!(head.split(',').count(), 11);
    }
}
