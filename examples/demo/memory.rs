//! The use of device memory as a plot, over time.

use std::error::Error;
use std::path::Path;

use plotters::coord::Shift;
use plotters::prelude::*;
use vixen::memory::{BudgetManager, Sample};
use vixen_examples::say;

const SIZE: (u32, u32) = (960, 640);
const USE: RGBColor = RGBColor(31, 119, 180);
const WARNING: RGBColor = RGBColor(230, 130, 0);
const LIMIT: RGBColor = RGBColor(200, 30, 30);

type Panel<'a> = DrawingArea<SVGBackend<'a>, Shift>;

/// Prints the budget's table and writes the plot: above against the marks at 80% and 90%, below at a scale of its own.
pub fn save(budget: &BudgetManager, path: &Path) -> Result<(), Box<dyn Error>> {
    say(budget.report().to_string().trim_end())?;
    draw(&budget.series(), path).map_err(|error| format!("cannot write {}: {error}", path.display()))?;
    say(format_args!("wrote {}", path.display()))?;
    Ok(())
}

fn draw(samples: &[Sample], path: &Path) -> Result<(), Box<dyn Error>> {
    // The file is made here, since the backend would write into nothing without a word.
    let mut svg = String::new();
    {
        let whole = SVGBackend::with_string(&mut svg, SIZE).into_drawing_area();
        whole.fill(&WHITE)?;
        let (above, below) = whole.split_vertically(SIZE.1 / 2);
        let limit = samples.iter().map(|sample| sample.limit).max().unwrap_or(0);
        let peak = samples.iter().map(|sample| sample.in_use).max().unwrap_or(0);
        panel(&above, "device memory against its budget", samples, limit as f64 * 1.1, true)?;
        panel(
            &below,
            &format!("device memory in use, {} at most", bytes(peak as f64)),
            samples,
            peak as f64 * 1.1,
            false,
        )?;
        whole.present()?;
    }
    Ok(std::fs::write(path, svg)?)
}

/// One panel up to `top` bytes, with the marks or without.
fn panel(area: &Panel<'_>, title: &str, samples: &[Sample], top: f64, marks: bool) -> Result<(), Box<dyn Error>> {
    let (one, unit) = unit(top);
    let end = samples.last().map_or(1.0, |sample| sample.seconds).max(1e-3);
    let mut chart = ChartBuilder::on(area)
        .caption(title, ("sans-serif", 18))
        .margin(12)
        .x_label_area_size(36)
        .y_label_area_size(84)
        .build_cartesian_2d(0.0..end, 0.0..(top / one).max(1.0))?;
    chart
        .configure_mesh()
        .x_desc("seconds")
        .x_label_formatter(&|seconds| format!("{seconds:.2}"))
        .y_desc(unit)
        .y_label_formatter(&|value| if top < 10.0 * one { format!("{value:.1}") } else { format!("{value:.0}") })
        .light_line_style(WHITE)
        .draw()?;
    chart
        .draw_series(LineSeries::new(steps(samples, one, |sample| sample.in_use), USE.stroke_width(2)))?
        .label("in use")
        .legend(|(x, y)| PathElement::new([(x, y), (x + 18, y)], USE.stroke_width(2)));
    if marks {
        type Mark = (&'static str, RGBColor, fn(&Sample) -> u64);
        let marks: [Mark; 2] =
            [("warning, 80%", WARNING, |sample| sample.warning), ("limit, 90%", LIMIT, |sample| sample.limit)];
        for (label, color, mark) in marks {
            chart
                .draw_series(LineSeries::new(steps(samples, one, mark), color.stroke_width(2)))?
                .label(label)
                .legend(move |(x, y)| PathElement::new([(x, y), (x + 18, y)], color.stroke_width(2)));
        }
        chart
            .configure_series_labels()
            .position(SeriesLabelPosition::MiddleRight)
            .background_style(WHITE.mix(0.8))
            .border_style(BLACK)
            .draw()?;
    }
    Ok(())
}

/// A line that keeps its height from one sample to the next: each sample tells the most of the time before it.
fn steps(samples: &[Sample], one: f64, height: impl Fn(&Sample) -> u64) -> Vec<(f64, f64)> {
    let starts = std::iter::once(0.0).chain(samples.iter().map(|sample| sample.seconds));
    starts
        .zip(samples)
        .flat_map(|(start, sample)| {
            let height = height(sample) as f64 / one;
            [(start, height), (sample.seconds, height)]
        })
        .collect()
}

/// Bytes with a unit, as people say them.
fn bytes(count: f64) -> String {
    let (one, unit) = unit(count);
    let count = count / one;
    if count < 10.0 && one > 1.0 { format!("{count:.1} {unit}") } else { format!("{count:.0} {unit}") }
}

/// The largest unit of which there is one: its bytes and its name.
fn unit(count: f64) -> (f64, &'static str) {
    let units = ["B", "KiB", "MiB", "GiB", "TiB"];
    let step = (1..units.len()).rev().find(|&step| count >= 1024_f64.powi(step as i32)).unwrap_or(0);
    (1024_f64.powi(step as i32), units[step])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_have_units() {
        let spoken = [0.0, 900.0, 2048.0, 50.0 * 1024.0 * 1024.0, 1.5 * 1024_f64.powi(3)].map(bytes);
        assert_eq!(spoken, ["0 B", "900 B", "2.0 KiB", "50 MiB", "1.5 GiB"]);
    }

    #[test]
    fn nothing_can_be_drawn_too() {
        let path = std::env::temp_dir().join(format!("vixen-memory-{}.svg", std::process::id()));
        draw(&[], &path).expect("the temporary folder can be written to");
        let svg = std::fs::read_to_string(&path).expect("it was written");
        std::fs::remove_file(&path).expect("it is there");
        assert!(svg.contains("<svg") && svg.contains("limit, 90%") && svg.contains("warning, 80%"), "{svg}");
    }
}
