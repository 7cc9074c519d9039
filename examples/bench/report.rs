//! What a benchmark found: rows with a goal, as a table and as JSON.

use std::fmt::Write as _;

use serde::{Serialize, Serializer};
use serde_json::{Map, Value};

/// The figures of one run.
#[derive(Serialize)]
pub struct Report {
    device: String,
    rows: Vec<Row>,
    /// What a reader of the table must know; not part of the figures.
    #[serde(skip)]
    notes: Vec<String>,
}

/// One figure.
#[derive(Serialize)]
pub struct Row {
    metric: String,
    value: f64,
    unit: &'static str,
    goal: Option<Goal>,
    /// The 95% confidence interval of the value, where it was sampled.
    #[serde(skip_serializing_if = "Option::is_none")]
    ci95: Option<[f64; 2]>,
    /// What tells it from other rows of the same metric: `shape`, `nodes`.
    #[serde(flatten)]
    keys: Map<String, Value>,
}

/// What a figure should be. In JSON it is the bare number.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Goal {
    /// This much or less.
    AtMost(f64),
    /// This much or more.
    AtLeast(f64),
}

impl Report {
    /// A report without rows.
    pub fn new(device: impl Into<String>) -> Self {
        Self { device: device.into(), rows: Vec::new(), notes: Vec::new() }
    }

    /// Adds a row.
    pub fn add(&mut self, row: Row) {
        self.rows.push(row);
    }

    /// Adds a line below the table.
    pub fn note(&mut self, note: impl Into<String>) {
        self.notes.push(note.into());
    }

    /// The rows as JSON, indented.
    pub fn json(&self) -> String {
        let mut text = serde_json::to_string_pretty(self).expect("strings, numbers and maps of them always serialise");
        text.push('\n');
        text
    }

    /// The rows as a table: what was measured, the goal, and whether it was met.
    pub fn table(&self) -> String {
        let head = ["metric", "of", "value", "unit", "goal", ""].map(str::to_owned);
        let rows: Vec<[String; 6]> = std::iter::once(head).chain(self.rows.iter().map(Row::cells)).collect();
        let widths: [usize; 6] =
            std::array::from_fn(|column| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0));
        let mut text = format!("device: {}\n", self.device);
        for [metric, of, value, unit, goal, verdict] in &rows {
            let [metric_width, of_width, value_width, unit_width, goal_width, _] = widths;
            let line = format!(
                "{metric:metric_width$}  {of:of_width$}  {value:>value_width$}  {unit:unit_width$}  \
                 {goal:>goal_width$}  {verdict}"
            );
            text.push_str(line.trim_end());
            text.push('\n');
        }
        let goals: Vec<bool> = self.rows.iter().filter_map(Row::passes).collect();
        let met = goals.iter().filter(|&&met| met).count();
        let _ = writeln!(text, "{met} of {} goals met", goals.len());
        self.notes.iter().for_each(|note| text.push_str(&format!("note: {note}\n")));
        text
    }
}

impl Row {
    /// A figure without a goal.
    pub fn new(metric: impl Into<String>, value: f64, unit: &'static str) -> Self {
        Self { metric: metric.into(), value, unit, goal: None, ci95: None, keys: Map::new() }
    }

    /// The same with a goal.
    pub fn goal(self, goal: Goal) -> Self {
        Self { goal: Some(goal), ..self }
    }

    /// The same with a 95% confidence interval.
    pub fn interval(self, ci95: [f64; 2]) -> Self {
        Self { ci95: Some(ci95), ..self }
    }

    /// The same with one more key.
    pub fn key(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.keys.insert(name.to_owned(), value.into());
        self
    }

    fn passes(&self) -> Option<bool> {
        // What could not be measured is no pass: NaN compares false.
        self.goal.map(|goal| match goal {
            Goal::AtMost(most) => self.value <= most,
            Goal::AtLeast(least) => self.value >= least,
        })
    }

    fn cells(&self) -> [String; 6] {
        let keys = self.keys.iter().filter(|(_, value)| !value.is_null()).map(|(name, value)| match value {
            Value::String(text) => text.clone(),
            value => format!("{name} {value}"),
        });
        let goal = self.goal.map_or_else(String::new, |goal| match goal {
            Goal::AtMost(most) => format!("≤ {}", number(most)),
            Goal::AtLeast(least) => format!("≥ {}", number(least)),
        });
        let verdict = match self.passes() {
            None => "",
            Some(true) => "pass",
            Some(false) => "MISS",
        };
        let of = keys.collect::<Vec<_>>().join(", ");
        [self.metric.clone(), of, number(self.value), self.unit.to_owned(), goal, verdict.to_owned()]
    }
}

impl Serialize for Goal {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (Self::AtMost(value) | Self::AtLeast(value)) = *self;
        serializer.serialize_f64(value)
    }
}

/// Counts without a fraction, the rest with three places; more where these would be zeros.
fn number(value: f64) -> String {
    match value {
        whole if whole.fract() == 0.0 => format!("{whole:.0}"),
        small if small.abs() < 0.1 => format!("{small:.5}"),
        value => format!("{value:.3}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report() -> Report {
        let mut report = Report::new("a device");
        let row = Row::new("unchanged_over_resubmit_100", 1.2, "ratio").goal(Goal::AtMost(1.1));
        report.add(row.key("shape", "chain").key("nodes", 100));
        report.add(Row::new("broken_plans_caught", 12.0, "plans").goal(Goal::AtLeast(12.0)));
        report.add(Row::new("unchanged_us", 2.5, "µs"));
        report
    }

    #[test]
    fn json_has_the_agreed_shape() {
        let json: Value = serde_json::from_str(&report().json()).expect("it is JSON");
        let expected = serde_json::json!({
            "device": "a device",
            "rows": [
                {
                    "metric": "unchanged_over_resubmit_100", "value": 1.2, "unit": "ratio", "goal": 1.1,
                    "shape": "chain", "nodes": 100,
                },
                { "metric": "broken_plans_caught", "value": 12.0, "unit": "plans", "goal": 12.0 },
                { "metric": "unchanged_us", "value": 2.5, "unit": "µs", "goal": null },
            ],
        });
        assert_eq!(json, expected);
    }

    #[test]
    fn the_table_is_aligned_and_says_plainly_what_missed() {
        let expected = "\
device: a device
metric                       of                value  unit      goal
unchanged_over_resubmit_100  nodes 100, chain  1.200  ratio  ≤ 1.100  MISS
broken_plans_caught                               12  plans     ≥ 12  pass
unchanged_us                                   2.500  µs
1 of 2 goals met
";
        assert_eq!(report().table(), expected);
    }

    #[test]
    fn what_could_not_be_measured_does_not_pass() {
        let row = Row::new("ratio", f64::NAN, "ratio");
        assert_eq!(row.goal(Goal::AtMost(1.0)).passes(), Some(false));
    }
}
