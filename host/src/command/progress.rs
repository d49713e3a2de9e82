//! A bar for what takes long; only a terminal sees it.

use indicatif::{ProgressBar, ProgressStyle};

/// A bar over so many bytes, on standard error.
pub fn over_bytes(total: u64, doing: &'static str) -> ProgressBar {
    let bar = ProgressBar::new(total);
    let style = "{msg} {bar:30} {percent:>3}% {eta} left";
    if let Ok(style) = ProgressStyle::with_template(style) {
        bar.set_style(style);
    }
    bar.set_message(doing);
    bar
}
