//! A problem whose numbers move into somebody else's memory: an image of it that others have mapped too.

use super::Problem;

impl Problem {
    /// The same problem with its numbers in the storage of `image`, an image of it that was opened; those that it held
    /// itself are freed, and names are kept apart from what they were read with.
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
        let (column_names, row_names) = (self.column_names.clone().detached(), self.row_names.clone().detached());
        let named = Self { column_names, row_names, ..self };
        Ok(Self { cost, lower, upper, kinds, row_lower, row_upper, starts, indices, values, ..named })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use crate::image::{self, Contents};
    use crate::problem::{Names, Problem, ProblemData};

    fn problem(cost: f64) -> Problem {
        let data = ProblemData {
            name: "named".into(),
            cost: vec![cost],
            lower: vec![0.0],
            upper: vec![2.0],
            starts: vec![0, 0],
            column_names: Some(Names::from_iter(["x"])),
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
        let read: Arc<Vec<u8>> = {
            let mut bytes = Vec::new();
            image::write(&problem(1.0), Contents::Nameless, &mut bytes).expect("into memory");
            Arc::new(bytes)
        };
        let stored = image::open(Arc::clone(&read) as _).expect("just written").stored_in(&own).expect("its own image");
        assert_eq!(stored.column_names().get(0), "x");
        assert_eq!(Arc::strong_count(&read), 1, "what was read is kept");
        assert_eq!(problem(1.0).stored_in(&image(3.0)).map_err(|back| *back), Err(problem(1.0)));
    }
}
