//! A problem whose numbers move into somebody else's memory: an image of it that others have mapped too.

use super::Problem;

impl Problem {
    /// The same problem with its numbers in the storage of `image`, an image of it that was opened; those that it held
    /// itself are freed, names stay as they are.
    ///
    /// # Errors
    /// Gives the problem back as it was, when the other has other numbers.
    pub fn stored_in(self, image: &Self) -> Result<Self, Box<Self>> {
        let numbers = |p: &Self| {
            (
                (p.cost.clone(), p.lower.clone(), p.upper.clone(), p.kinds.clone()),
                (p.row_lower.clone(), p.row_upper.clone()),
                (p.starts.clone(), p.indices.clone(), p.values.clone()),
            )
        };
        // Clones of buffers share their memory.
        let theirs = numbers(image);
        if numbers(&self) != theirs {
            return Err(Box::new(self));
        }
        let ((cost, lower, upper, kinds), (row_lower, row_upper), (starts, indices, values)) = theirs;
        Ok(Self { cost, lower, upper, kinds, row_lower, row_upper, starts, indices, values, ..self })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use crate::image::{self, Contents};
    use crate::problem::{Problem, ProblemData};

    fn problem(cost: f64) -> Problem {
        let data = ProblemData {
            name: "named".into(),
            cost: vec![cost],
            lower: vec![0.0],
            upper: vec![2.0],
            starts: vec![0, 0],
            ..ProblemData::default()
        };
        Problem::new(data).expect("sound")
    }

    #[test]
    fn an_image_of_it_takes_its_numbers_and_another_does_not() {
        let image = |cost| {
            let mut bytes = Vec::new();
            image::write(&problem(cost), Contents::WithoutNames, &mut bytes).expect("into memory");
            image::open(Arc::new(bytes)).expect("just written")
        };
        let own = image(1.0);
        let stored = problem(1.0).stored_in(&own).expect("its own image");
        assert_eq!(stored, problem(1.0));
        assert!(std::ptr::eq(stored.cost().as_ptr(), own.cost().as_ptr()), "the numbers are not the image's");
        assert_eq!(problem(1.0).stored_in(&image(3.0)).map_err(|back| *back), Err(problem(1.0)));
    }
}
