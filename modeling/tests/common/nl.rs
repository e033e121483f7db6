//! Builds `.nl` files as text or binary from one description, so that every case is tried in every form.

/// How a file is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    Text,
    LittleEndian,
    BigEndian,
}

impl Form {
    pub const ALL: [Self; 3] = [Self::Text, Self::LittleEndian, Self::BigEndian];
}

#[derive(Debug, Clone)]
enum Item {
    /// A letter and whole numbers, perhaps a name: `J0 2`, `S0 3 sosno`, `r`.
    Head(String),
    /// One node or count of an expression: `v0`, `n2.5`, `o54`, `3`.
    Node(String),
    /// A bound's kind and numbers.
    Bound(String),
    Pair(usize, f64),
    Whole(usize, i64),
    Length(usize),
}

/// A file in the making.
#[derive(Debug, Clone)]
pub struct NlFile {
    header: Vec<String>,
    items: Vec<Item>,
}

impl NlFile {
    pub fn new(variables: usize, constraints: usize) -> Self {
        let header = [
            "3 1 1 0".to_owned(),
            format!(" {variables} {constraints} 1 0 0"),
            " 0 0".into(),
            " 0 0".into(),
            " 0 0 0".into(),
            " 0 0 0 1".into(),
            " 0 0 0 0 0".into(),
            " 0 0".into(),
            " 0 0".into(),
            " 0 0 0 0 0".into(),
        ];
        Self { header: header.into(), items: Vec::new() }
    }

    /// Another line of the header, counted from 0 behind the first.
    pub fn header(mut self, line: usize, text: &str) -> Self {
        let at = match line {
            2 => 2,
            4 => 4,
            6 => 6,
            10 => 9,
            other => other - 1,
        };
        self.header[at] = format!(" {text}");
        self
    }

    pub fn objectives(mut self, count: usize) -> Self {
        self.header[1] = self.header[1].replacen(" 1 0 0", &format!(" {count} 0 0"), 1);
        self
    }

    /// The numbers of nonzeros in constraints and in objectives.
    pub fn jacobian(mut self, constraints: usize, objectives: usize) -> Self {
        self.header[7] = format!(" {constraints} {objectives}");
        self
    }

    pub fn gradient(self, objectives: usize) -> Self {
        self.jacobian(0, objectives)
    }

    pub fn segment(mut self, head: &str, expression: &str) -> Self {
        self.items.push(Item::Head(head.into()));
        self.expression(expression)
    }

    pub fn expression(mut self, expression: &str) -> Self {
        self.items.extend(expression.split_whitespace().map(|node| Item::Node(node.into())));
        self
    }

    pub fn bounds(mut self, head: &str, lines: &[&str]) -> Self {
        self.items.push(Item::Head(head.into()));
        self.items.extend(lines.iter().map(|line| Item::Bound((*line).into())));
        self
    }

    pub fn pairs(mut self, pairs: &[(usize, f64)]) -> Self {
        self.items.extend(pairs.iter().map(|&(index, value)| Item::Pair(index, value)));
        self
    }

    pub fn wholes(mut self, pairs: &[(usize, i64)]) -> Self {
        self.items.extend(pairs.iter().map(|&(index, value)| Item::Whole(index, value)));
        self
    }

    pub fn lengths(mut self, lengths: &[usize]) -> Self {
        self.items.push(Item::Head(format!("k{}", lengths.len())));
        self.items.extend(lengths.iter().map(|&length| Item::Length(length)));
        self
    }

    pub fn bytes(&self, form: Form) -> Vec<u8> {
        let mut header = self.header.clone();
        header[0].insert(0, if form == Form::Text { 'g' } else { 'b' });
        if form == Form::BigEndian {
            header[5] = " 0 0 2 1".into();
        }
        let mut out: Vec<u8> = header.iter().flat_map(|line| format!("{line}\n").into_bytes()).collect();
        for item in &self.items {
            match (form, item) {
                (Form::Text, Item::Head(text) | Item::Node(text) | Item::Bound(text)) => {
                    out.extend(format!("{text}\n").bytes());
                }
                (Form::Text, Item::Pair(index, value)) => out.extend(format!("{index} {value:?}\n").bytes()),
                (Form::Text, Item::Whole(index, value)) => out.extend(format!("{index} {value}\n").bytes()),
                (Form::Text, Item::Length(length)) => out.extend(format!("{length}\n").bytes()),
                (_, item) => binary(item, form, &mut out),
            }
        }
        out
    }
}

fn int(value: i64, form: Form, out: &mut Vec<u8>) {
    let value = value as i32;
    out.extend(if form == Form::BigEndian { value.to_be_bytes() } else { value.to_le_bytes() });
}

fn double(value: f64, form: Form, out: &mut Vec<u8>) {
    out.extend(if form == Form::BigEndian { value.to_be_bytes() } else { value.to_le_bytes() });
}

fn binary(item: &Item, form: Form, out: &mut Vec<u8>) {
    match item {
        Item::Head(text) => {
            out.push(text.as_bytes()[0]);
            for word in text[1..].split_whitespace() {
                if let Ok(number) = word.parse() {
                    int(number, form, out);
                } else {
                    int(word.len() as i64, form, out);
                    out.extend(word.bytes());
                }
            }
        }
        Item::Node(text) => match text.split_at(1) {
            ("n", number) => {
                out.push(b'n');
                double(number.parse().expect("a number"), form, out);
            }
            ("s", number) => {
                out.push(b's');
                let value: i16 = number.parse().expect("a short number");
                out.extend(if form == Form::BigEndian { value.to_be_bytes() } else { value.to_le_bytes() });
            }
            (letter @ ("o" | "v" | "l" | "f"), number) => {
                out.push(letter.as_bytes()[0]);
                int(number.parse().expect("a whole number"), form, out);
            }
            _ => int(text.parse().expect("a count"), form, out),
        },
        Item::Bound(text) => {
            let mut words = text.split_whitespace();
            out.extend(words.next().expect("a kind").bytes());
            for word in words {
                double(word.parse().expect("a number"), form, out);
            }
        }
        Item::Pair(index, value) => {
            int(*index as i64, form, out);
            double(*value, form, out);
        }
        Item::Whole(index, value) => {
            int(*index as i64, form, out);
            int(*value, form, out);
        }
        Item::Length(length) => int(*length as i64, form, out),
    }
}
