//! Plots: a metric over the size of a scene, a line for each way to trace it, with the interval of each point.

use std::collections::BTreeMap;
use std::error::Error;

use plotters::prelude::*;

use super::figure::Figure;
use super::results::{Entry, Results};

const SIZE: (u32, u32) = (560, 340);
/// Colours that people with any colour vision can tell apart (Okabe and Ito 2008).
const COLORS: [RGBColor; 7] = [
    RGBColor(0, 114, 178),
    RGBColor(213, 94, 0),
    RGBColor(0, 158, 115),
    RGBColor(204, 121, 167),
    RGBColor(86, 180, 233),
    RGBColor(230, 159, 0),
    RGBColor(80, 80, 80),
];

/// Points of a line: size and figure.
type Line = Vec<(u32, Figure)>;

/// A plot of each scene that was measured at several sizes, for a metric at a resolution.
pub fn over_size(results: &Results, metric: &str) -> Result<Vec<String>, Box<dyn Error>> {
    // By scene and resolution, then by what is traced how.
    let mut plots: BTreeMap<(String, String), BTreeMap<String, Line>> = BTreeMap::new();
    for entry in results.entries.iter().filter(|entry| entry.metric == metric) {
        let lines = plots.entry((entry.place.scene.clone(), resolution(entry))).or_default();
        lines.entry(label(entry)).or_default().push((entry.place.size, entry.figure));
    }
    let several = plots.into_iter().filter(|(_, lines)| lines.values().any(|line| line.len() > 1));
    several.map(|((scene, resolution), lines)| plot(&format!("{scene} {resolution}"), metric, lines)).collect()
}

fn resolution(entry: &Entry) -> String {
    entry.place.resolution.map(|[width, height]| format!("{width}×{height}")).unwrap_or_default()
}

fn label(entry: &Entry) -> String {
    let place = &entry.place;
    let parts = [place.pipeline.map(|it| it.name()), place.structure.map(|it| it.name()), place.builder];
    parts.into_iter().flatten().collect::<Vec<_>>().join(" ")
}

fn plot(title: &str, metric: &str, mut lines: BTreeMap<String, Line>) -> Result<String, Box<dyn Error>> {
    lines.values_mut().for_each(|line| line.sort_by_key(|point| point.0));
    let points = || lines.values().flatten().filter(|point| point.1.median.is_finite());
    // The names of the lines stand above what they name.
    let room = 1.1 + 0.09 * lines.len() as f64;
    let top = points().map(|point| point.1.high).fold(0.0, f64::max) * room;
    let sizes: Vec<u32> = points().map(|point| point.0).collect();
    let (least, most) = (sizes.iter().min().copied().unwrap_or(1), sizes.iter().max().copied().unwrap_or(2));
    let mut svg = String::new();
    {
        let area = SVGBackend::with_string(&mut svg, SIZE).into_drawing_area();
        area.fill(&WHITE)?;
        let mut chart = ChartBuilder::on(&area)
            .caption(title, ("sans-serif", 17))
            .margin(10)
            .x_label_area_size(36)
            .y_label_area_size(64)
            .build_cartesian_2d(
                (f64::from(least) * 0.9..f64::from(most) * 1.1).log_scale().base(2.0),
                0.0..top.max(f64::MIN_POSITIVE),
            )?;
        chart
            .configure_mesh()
            .x_desc("voxels along an edge")
            .y_desc(metric)
            .x_label_formatter(&|size| format!("{size:.0}"))
            .light_line_style(WHITE)
            .draw()?;
        for ((label, line), color) in lines.iter().zip(COLORS.into_iter().cycle()) {
            let at = |&(size, figure): &(u32, Figure)| (f64::from(size), figure.median);
            chart
                .draw_series(LineSeries::new(line.iter().map(at), color.stroke_width(2)))?
                .label(label)
                .legend(move |(x, y)| PathElement::new([(x, y), (x + 16, y)], color.stroke_width(2)));
            chart.draw_series(line.iter().map(|point| Circle::new(at(point), 3, color.filled())))?;
            chart.draw_series(line.iter().map(|&(size, Figure { low, high, .. })| {
                PathElement::new([(f64::from(size), low), (f64::from(size), high)], color.stroke_width(1))
            }))?;
        }
        chart
            .configure_series_labels()
            .position(SeriesLabelPosition::UpperRight)
            .background_style(WHITE.mix(0.8))
            .draw()?;
        area.present()?;
    }
    Ok(svg)
}
