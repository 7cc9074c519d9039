//! The report: one page without anything outside of it, and its figures as CSV and JSON beside it.

use std::error::Error;
use std::fmt::Write as _;
use std::path::Path;

use vixen::Device;

use super::figure::Figure;
use super::picture::data_uri;
use super::plots;
use super::results::{METHOD, Results};
use crate::report::Goal;

/// Metrics that are plotted, with what they are called.
const PLOTTED: [(&str, &str); 6] = [
    ("primary_grays_per_s", "Primary rays, billions a second"),
    ("bounce_grays_per_s", "Primary and diffuse rays, billions a second"),
    ("shadow_grays_per_s", "Primary and shadow rays, billions a second"),
    ("iterations_per_ray", "Iterations of a primary ray"),
    ("build_mvoxels_per_s", "Building, millions of solid voxels a second"),
    ("geometry_bytes_per_voxel", "Bytes of geometry a solid voxel"),
];

const STYLE: &str = "body{font:15px/1.5 system-ui,sans-serif;max-width:1180px;margin:2em auto;padding:0 1em;color:#222}\
h1{font-size:1.7em}h2{margin-top:2em;border-bottom:1px solid #ccc}\
.grid{display:flex;flex-wrap:wrap;gap:14px}figure{margin:0}figure img{width:560px;max-width:100%;border-radius:4px}\
figcaption{font-size:.85em;color:#555}table{border-collapse:collapse;font-size:13px}\
td,th{padding:2px 9px;text-align:left;border-bottom:1px solid #eee}td.n{text-align:right;font-variant-numeric:tabular-nums}\
.pass{color:#00734f}.miss{color:#c0392b;font-weight:600}";

/// Writes report.html, results.csv and results.json to a folder, which is made if need be.
pub fn write(folder: &Path, device: &Device, results: &Results) -> Result<(), Box<dyn Error>> {
    std::fs::create_dir_all(folder)?;
    std::fs::write(folder.join("results.csv"), results.csv())?;
    std::fs::write(folder.join("results.json"), results.report(device).json())?;
    std::fs::write(folder.join("report.html"), page(&device.info().name, &device.info().driver, results)?)?;
    Ok(())
}

fn page(device: &str, driver: &str, results: &Results) -> Result<String, Box<dyn Error>> {
    let mut page = format!(
        "<!doctype html><html lang=en><meta charset=utf-8><title>Vixen: rays through voxels</title><style>{STYLE}</style>\
         <h1>Vixen: rays through voxels</h1><p>{}, driver {}. Made by <code>./x bench voxels --report DIR</code>.</p>",
        escaped(device),
        escaped(driver)
    );
    goals(&mut page, results);
    if !results.pictures.is_empty() {
        page += "<h2>Scenes</h2><div class=grid>";
        for picture in &results.pictures {
            let title = escaped(&picture.title);
            let uri = data_uri(&picture.png);
            write!(page, "<figure><img src=\"{uri}\" alt=\"{title}\"><figcaption>{title}</figcaption></figure>")?;
        }
        page += "</div>";
    }
    for (metric, title) in PLOTTED {
        let plots = plots::over_size(results, metric)?;
        if !plots.is_empty() {
            write!(page, "<h2>{title}</h2><div class=grid>{}</div>", plots.concat())?;
        }
    }
    table(&mut page, results);
    page += "<h2>Method</h2><ul>";
    METHOD.iter().for_each(|line| page += &format!("<li>{}</li>", escaped(line)));
    page += "</ul><h2>Skipped</h2><ul>";
    results.skips.iter().for_each(|line| page += &format!("<li>{}</li>", escaped(line)));
    if results.skips.is_empty() {
        page += "<li>nothing</li>";
    }
    page += "</ul></html>\n";
    Ok(page)
}

/// Figures that have a goal, with the verdict.
fn goals(page: &mut String, results: &Results) {
    *page += "<h2>Goals</h2><table><tr><th>metric<th>of<th>median<th>goal<th></tr>";
    for entry in &results.entries {
        let Some(goal) = entry.goal else { continue };
        let (sign, value, pass) = match goal {
            Goal::AtLeast(least) => ("≥", least, entry.figure.median >= least),
            Goal::AtMost(most) => ("≤", most, entry.figure.median <= most),
        };
        let verdict = if pass { "<td class=pass>met" } else { "<td class=miss>missed" };
        *page += &format!(
            "<tr><td>{}<td>{}<td class=n>{} {}<td class=n>{sign} {value}{verdict}</tr>",
            entry.metric,
            escaped(&entry.place.to_string()),
            short(entry.figure.median),
            entry.unit
        );
    }
    *page += "</table>";
}

/// All figures.
fn table(page: &mut String, results: &Results) {
    *page += "<h2>All figures</h2><table><tr><th>metric<th>of<th>median<th>95% interval<th>unit</tr>";
    for entry in &results.entries {
        let Figure { median, low, high } = entry.figure;
        *page += &format!(
            "<tr><td>{}<td>{}<td class=n>{}<td class=n>{} to {}<td>{}</tr>",
            entry.metric,
            escaped(&entry.place.to_string()),
            short(median),
            short(low),
            short(high),
            entry.unit
        );
    }
    *page += "</table>";
}

/// Four digits that count.
fn short(value: f64) -> String {
    if value == 0.0 || !value.is_finite() {
        return value.to_string();
    }
    let places = (3 - value.abs().log10().floor() as i32).clamp(0, 6) as usize;
    format!("{value:.places$}")
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::voxels::results::Place;
    use crate::voxels::subjects::Like;
    use vixen_nodes::Structure;

    #[test]
    fn the_page_needs_nothing_else_and_plots_what_has_several_sizes() {
        let mut results = Results::default();
        for (size, median) in [(64, 3.5), (128, 2.25)] {
            let place = Place {
                pipeline: None,
                structure: Some(Structure::BrickMap),
                builder: None,
                scene: "a <b>".to_owned(),
                size,
                resolution: Some([640, 360]),
                solid_voxels: 9,
                like: Like::Unknown,
            };
            results.add(&place, "primary_grays_per_s", "Grays/s", Figure::exact(median));
            results.picture(&place, vec![1, 2, 3]);
        }
        results.skip("no x".to_owned());
        let page = page("device", "driver", &results).expect("it can be drawn");
        assert_eq!(page.matches("<svg").count(), 1);
        assert_eq!(page.matches("data:image/png;base64,AQID").count(), 2);
        assert!(page.contains("a &lt;b&gt;") && !page.contains("a <b>") && page.contains("<li>no x"));
        assert!(!page.replace("http://www.w3.org/2000/svg", "").contains("http"));
        assert!(page.contains("3.500") && page.contains("2.250"));
    }

    #[test]
    fn figures_are_shown_with_four_digits() {
        assert_eq!([12345.6, 123.456, 1.23456, 0.0123456, 0.0].map(short), ["12346", "123.5", "1.235", "0.01235", "0"]);
    }
}
