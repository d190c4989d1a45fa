//! Plots as SVG. Colours are classes of `www/evaluation.css`, so that they follow print and dark mode.

use std::fmt::Write as _;

use maud::{Markup, html};

use crate::calibration::Calibration;
use crate::result::{Embedding, TaskFigures};
use crate::roc::RocPoint;

/// Plot area: left, top, side.
const LEFT: f64 = 48.0;
const TOP: f64 = 12.0;
const SIDE: f64 = 280.0;

fn x(value: f64) -> f64 {
    LEFT + value * SIDE
}

fn y(value: f64) -> f64 {
    TOP + (1.0 - value) * SIDE
}

fn path(points: impl Iterator<Item = (f64, f64)>) -> String {
    points.enumerate().fold(String::new(), |mut path, (place, (across, up))| {
        let command = if place == 0 { 'M' } else { 'L' };
        // Writing to a string cannot fail.
        let _ = write!(path, "{command}{:.2} {:.2}", x(across), y(up));
        path
    })
}

/// Two axes from 0 to 1 with a grid, the diagonal, and what is drawn on them.
fn unit_square(label: &str, across: &str, up: &str, content: &Markup) -> Markup {
    html! {
        svg.plot viewBox="0 0 340 340" role="img" aria-label=(label) {
            @for tick in 0..=5_u8 {
                @let value = f64::from(tick) / 5.0;
                line.grid x1=(x(value)) x2=(x(value)) y1=(y(0.0)) y2=(y(1.0)) {}
                line.grid x1=(x(0.0)) x2=(x(1.0)) y1=(y(value)) y2=(y(value)) {}
                text.tick x=(x(value)) y=(y(0.0) + 16.0) text-anchor="middle" { (value) }
                text.tick x=(x(0.0) - 8.0) y=(y(value) + 4.0) text-anchor="end" { (value) }
            }
            path.diagonal d=(path([(0.0, 0.0), (1.0, 1.0)].into_iter())) {}
            (content)
            text.axis x=(x(0.5)) y=(y(0.0) + 36.0) text-anchor="middle" { (across) }
            text.axis x="14" y=(y(0.5)) text-anchor="middle" transform=(format!("rotate(-90 14 {})", y(0.5))) { (up) }
        }
    }
}

/// The ROC curve of a question with its operating points, and doctors where there are some.
pub(crate) fn roc(task: &TaskFigures, curve: &[RocPoint]) -> Markup {
    let place = |sensitivity: f64, specificity: f64| (1.0 - specificity, sensitivity);
    let content = html! {
        path.curve d=(path(curve.iter().map(|point| place(point.sensitivity, point.specificity)))) {}
        @if let Some(readers) = &task.readers {
            @for &[sensitivity, specificity] in &readers.points {
                @let (across, up) = place(sensitivity, specificity);
                circle.reader cx=(format!("{:.2}", x(across))) cy=(format!("{:.2}", y(up))) r="3" {}
            }
        }
        @for point in &task.operating_points {
            @if let (Some(sensitivity), Some(specificity)) = (point.sensitivity.value, point.specificity.value) {
                @let (across, up) = place(sensitivity, specificity);
                rect.operating x=(format!("{:.2}", x(across) - 4.0)) y=(format!("{:.2}", y(up) - 4.0)) width="8" height="8" {
                    title { (point.id) }
                }
            }
        }
    };
    let label = format!("ROC curve: {}", task.name.en());
    unit_square(&label, "1 − specificity", "sensitivity", &content)
}

/// Predicted against observed share by bin; the area of a dot follows the number of photos.
pub(crate) fn reliability(calibration: &Calibration, label: &str) -> Markup {
    let filled = || calibration.bins.iter().filter_map(|bin| Some((bin.predicted?, bin.observed?, bin.count)));
    let most = filled().map(|(_, _, count)| count).max().unwrap_or(1) as f64;
    let content = html! {
        path.curve d=(path(filled().map(|(predicted, observed, _)| (predicted, observed)))) {}
        @for (predicted, observed, count) in filled() {
            circle.bin cx=(format!("{:.2}", x(predicted))) cy=(format!("{:.2}", y(observed)))
                r=(format!("{:.2}", 2.0 + 7.0 * (count as f64 / most).sqrt())) {
                title { (count) " photos" }
            }
        }
    };
    unit_square(label, "probability given", "share that came true", &content)
}

/// A map of features, stretched to its frame; colours repeat after nine groups.
pub(crate) fn scatter(embedding: &Embedding) -> Markup {
    let range = |value: fn(&(f64, f64, usize)) -> f64| {
        let values = embedding.points.iter().map(value);
        let (low, high) =
            values.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| (low.min(value), high.max(value)));
        move |value: f64| if high > low { (value - low) / (high - low) } else { 0.5 }
    };
    let (across, up) = (range(|point| point.0), range(|point| point.1));
    html! {
        svg.plot.wide viewBox="0 0 340 304" role="img" aria-label="Map of the network's features" {
            rect.frame x=(LEFT) y=(TOP) width=(SIDE) height=(SIDE) {}
            @for point in &embedding.points {
                circle class=(format!("dot group-{}", point.2 % 9)) r="1.6"
                    cx=(format!("{:.1}", x(0.02 + 0.96 * across(point.0)))) cy=(format!("{:.1}", y(0.02 + 0.96 * up(point.1)))) {}
            }
        }
    }
}
