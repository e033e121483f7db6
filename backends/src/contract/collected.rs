//! The further points that an adapter collects while its solver runs: the best few, each once.

/// Up to so many points, the best first.
#[derive(Debug, Default)]
pub struct Collected {
    most: usize,
    /// Minimised objective, and n values.
    points: Vec<(f64, Vec<f64>)>,
}

impl Collected {
    /// Collects up to `most`.
    pub fn new(most: usize) -> Self {
        Self { most, points: Vec::new() }
    }

    /// Whether any are wanted.
    pub fn is_wanted(&self) -> bool {
        self.most > 0
    }

    /// Adds a point, where it is among the best; `minimised` is its objective times the sense's sign.
    pub fn add(&mut self, minimised: f64, values: &[f64]) {
        if self.points.len() == self.most && self.points.last().is_none_or(|worst| minimised >= worst.0) {
            return;
        }
        let at = self.points.partition_point(|(other, _)| *other < minimised);
        // Equal points have equal objectives, up to rounding.
        let width = 1e-9 * minimised.abs().max(1.0);
        let near = |other: &&(f64, Vec<f64>)| (other.0 - minimised).abs() <= width;
        let same = |other: &(f64, Vec<f64>)| other.1.iter().zip(values).all(|(a, b)| (a - b).abs() <= 1e-6);
        let (before, after) = self.points.split_at(at);
        if before.iter().rev().take_while(near).any(same) || after.iter().take_while(near).any(same) {
            return;
        }
        self.points.insert(at, (minimised, values.to_vec()));
        self.points.truncate(self.most);
    }

    /// The points, the best first.
    pub fn into_points(self) -> Vec<Vec<f64>> {
        self.points.into_iter().map(|(_, values)| values).collect()
    }
}
