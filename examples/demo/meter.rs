//! How far something is that takes long: a bar in a terminal, elsewhere a line now and then.

use std::io::IsTerminal;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

/// Shows how far something is until it is dropped.
pub struct Meter {
    bar: ProgressBar,
    /// Ends the thread that prints lines.
    _lines: Sender<()>,
}

impl Meter {
    /// Begins with a task of yet unknown length.
    pub fn new(task: &'static str) -> Self {
        let style = ProgressStyle::with_template("{msg:24} {wide_bar} {percent:>3}% {elapsed:>4}")
            .unwrap_or_else(|_| ProgressStyle::default_bar());
        let bar = ProgressBar::new(1).with_style(style).with_message(task);
        let (lines, ended) = channel();
        if std::io::stderr().is_terminal() {
            // So that the time goes on even where nothing else does.
            bar.enable_steady_tick(Duration::from_secs(1));
        } else {
            let bar = bar.clone();
            std::thread::spawn(move || {
                while ended.recv_timeout(Duration::from_secs(10)) == Err(RecvTimeoutError::Timeout) {
                    let (done, all, seconds) = (bar.position(), bar.length().unwrap_or(0), bar.elapsed().as_secs());
                    eprintln!("{}: {done} of {all} after {seconds} s", bar.message());
                }
            });
        }
        Self { bar, _lines: lines }
    }

    /// So much of a task is done.
    pub fn set(&self, task: &'static str, done: u64, all: u64) {
        self.bar.set_message(task);
        self.bar.set_length(all.max(1));
        self.bar.set_position(done);
    }
}

impl Drop for Meter {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
