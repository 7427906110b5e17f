//! The places of windows in their series, and the stretches of time in which they depend on one another.

use crate::{Sequence, Steps, Windows};

/// The place of a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WindowPlace {
    /// The number of its series, counted from 0.
    pub series: usize,
    /// The steps of the series before it.
    pub start: usize,
}

impl Windows {
    /// The places of windows that were cut, one after the other, from one series or several, and are answered by these
    /// channels.
    ///
    /// A series goes on as long as each window begins with what the one before it ends with. Windows so far apart that
    /// none shows a step of another are taken to be of one series.
    pub fn places(self, windows: &[Sequence], targets: &[usize]) -> Vec<WindowPlace> {
        let mut places = Vec::with_capacity(windows.len());
        let mut place = WindowPlace { series: 0, start: 0 };
        for (at, window) in windows.iter().enumerate() {
            if at > 0 && self.goes_on(&windows[at - 1], window, targets) {
                place.start = place.start.saturating_add(self.stride);
            } else if at > 0 {
                place = WindowPlace { series: place.series + 1, start: 0 };
            }
            places.push(place);
        }
        places
    }

    /// True if a window shows what the one before it showed of the steps that they share.
    fn goes_on(self, before: &Sequence, window: &Sequence, targets: &[usize]) -> bool {
        let (Steps::Values { values: earlier, channels }, Steps::Values { values, .. }) =
            (&before.features, &window.features)
        else {
            return false;
        };
        if self.stride < self.context {
            let shared = (self.context - self.stride) * channels;
            return earlier[self.stride * channels..] == values[..shared];
        }
        // The steps that the one forecasts and the other is made from.
        let following = before.target.numbers().unwrap_or_default().chunks_exact(targets.len());
        following
            .skip(self.stride - self.context)
            .zip(values.chunks_exact(*channels))
            .all(|(truth, step)| truth.iter().zip(targets).all(|(number, channel)| *number == step[*channel]))
    }

    /// The block of each window, numbered from 0. Windows of a block depend on one another; those of different blocks,
    /// but for the few at the ends, do not.
    ///
    /// Each series is divided into equal stretches of time that span a window, context and horizon, at least: windows
    /// further apart have no step in common. They also span four horizons at least: forecasts of the same steps, the closest
    /// dependence there is, then reach from one block into the next so seldom that the variance of a mean over blocks is
    /// at most a twelfth too small. A shorter series is a block by itself.
    pub fn blocks(self, places: &[WindowPlace]) -> Vec<usize> {
        let least = self.steps().max(self.horizon.saturating_mul(4));
        let mut blocks = Vec::with_capacity(places.len());
        for series in places.chunk_by(|one, other| one.series == other.series) {
            let first = blocks.last().map_or(0, |last| last + 1);
            let count = (series.len().saturating_mul(self.stride) / least).clamp(1, series.len());
            blocks.extend((0..series.len()).map(|at| first + at * count / series.len()));
        }
        blocks
    }

    /// The windows of the first series that together forecast its last steps, each step once, in their order: at most so
    /// many. Where strides do not make up a horizon, steps between them are left out.
    pub fn apart(self, places: &[WindowPlace], most: usize) -> Vec<usize> {
        let mut chosen: Vec<usize> = Vec::new();
        let series = places.iter().take_while(|place| place.series == 0).count();
        for at in (0..series).rev() {
            let is_free = |later: &usize| places[at].start + self.horizon <= places[*later].start;
            if chosen.len() < most && chosen.last().is_none_or(is_free) {
                chosen.push(at);
            }
        }
        chosen.reverse();
        chosen
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn windows(context: usize, horizon: usize, stride: usize) -> Windows {
        Windows { context, horizon, stride, season: 1 }
    }

    /// A series of two channels of which every number is another.
    fn series(steps: usize, from: usize) -> Vec<f32> {
        (0..2 * steps).map(|at| (from + at) as f32).collect()
    }

    #[test]
    fn a_series_ends_where_the_next_window_does_not_go_on() {
        for (context, horizon, stride) in [(4, 2, 1), (4, 2, 3), (3, 4, 3), (3, 4, 5)] {
            let shape = windows(context, horizon, stride);
            let cut = |steps, from| shape.cut(&series(steps, from), 2, &[1]);
            let (one, other) = (cut(20, 0), cut(13, 1000));
            let place = |series| move |at: usize| WindowPlace { series, start: at * stride };
            let wanted: Vec<WindowPlace> =
                (0..one.len()).map(place(0)).chain((0..other.len()).map(place(1))).collect();
            let all: Vec<Sequence> = one.into_iter().chain(other).collect();
            assert_eq!(shape.places(&all, &[1]), wanted, "{shape:?}");
        }
    }

    #[test]
    fn windows_without_a_common_step_are_of_one_series() {
        let shape = windows(2, 1, 4);
        let places = shape.places(&shape.cut(&series(11, 0), 2, &[0]), &[0]);
        assert_eq!(
            places.iter().map(|place| (place.series, place.start)).collect::<Vec<_>>(),
            [(0, 0), (0, 4), (0, 8)]
        );
    }

    /// As many windows as the test part of the household has, a day ahead from a week.
    #[test]
    fn blocks_are_equal_stretches_of_a_window_at_least() {
        let shape = windows(168, 24, 6);
        let place = |series: usize| move |at: usize| WindowPlace { series, start: 6 * at };
        let places: Vec<WindowPlace> = (0..573).map(place(0)).chain((0..40).map(place(1))).collect();
        let blocks = shape.blocks(&places);
        assert_eq!((blocks[0], blocks[572], blocks[573], blocks[612]), (0, 16, 17, 17));
        for block in 0..17 {
            let members = blocks.iter().filter(|own| **own == block).count();
            assert!((33..=34).contains(&members) && members * 6 >= 192, "{members}");
        }
        assert!(blocks.is_sorted());
    }

    #[test]
    fn a_long_horizon_has_blocks_of_several() {
        let places: Vec<WindowPlace> = (0..1000).map(|start| WindowPlace { series: 0, start }).collect();
        assert_eq!(windows(5, 50, 1).blocks(&places).last(), Some(&4), "of 200 steps");
        assert_eq!(windows(1, 1, usize::MAX).blocks(&places[..1]), [0]);
    }

    #[test]
    fn windows_apart_forecast_each_of_the_last_steps_once() {
        let places: Vec<WindowPlace> = (0..10).map(|at| WindowPlace { series: 0, start: 6 * at }).collect();
        assert_eq!(windows(168, 24, 6).apart(&places, 100), [1, 5, 9]);
        assert_eq!(windows(168, 24, 6).apart(&places, 2), [5, 9]);
        // 10 is no multiple of 6: two steps of twelve are left out.
        assert_eq!(windows(168, 10, 6).apart(&places, 100), [1, 3, 5, 7, 9]);
        let several = [&places[..3], &[WindowPlace { series: 1, start: 0 }]].concat();
        assert_eq!(windows(9, 6, 6).apart(&several, 100), [0, 1, 2]);
    }
}
