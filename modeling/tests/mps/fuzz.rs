//! Twenty thousand damaged files, from a fixed seed: each is read or refused with a place in it, and none panics.

use farkas_modeling::formats::read_problem;

const SEEDS: [&str; 4] = [
    "NAME T\nOBJSENSE\n    MAX\nROWS\n N obj\n L l\n G g\n E e\n N other\nCOLUMNS\n x obj 1 l 1\n x g -1.5e3 e 1\n \
     M 'MARKER' 'INTORG'\n i obj 1 l 1\n M 'MARKER' 'INTEND'\n a_rather_long_name other 5 g .25\nRHS\n R l 4 g 2\n R obj 1\n\
     RANGES\n N e -2\nBOUNDS\n UP B x 4\n BV B i\n MI B a_rather_long_name\n SC x 9\nSOS\n S1 one\n    x 1\n    i 2\n\
     INDICATORS\n IF l i 1\nENDATA\n",
    "NAME          SPACES\nROWS\n N  TOT COST\n L  CAP A\nCOLUMNS\n    MAKE X    TOT COST             3   CAP A                1\n\
     RHS\n    RHS 1     CAP A               10\nBOUNDS\n UP BND 1     MAKE X               3\nENDATA\n",
    r#"{"sense": "maximize", "objective": "3 x + 2 (y - 'a b')", "variables": {"x": {"type": "binary"},
        "y": {"free": true}, "a b": {"lower": -1}}, "constraints": {"c": "-2 <= 2 x + y <= 12", "d": {"terms": {"x": 1}, "lower": -2},
        "e": {"expression": "x / 2 >= y", "when": {"x": 1}}}, "sets": {"s": {"order": 1, "weights": {"x": 1, "y": 2}}}}"#,
    r#"{"columns": {"lower": [0, "-inf"], "upper": ["inf", 4], "cost": [1, 2], "type": ["continuous", "integer"], "names": ["a", "b"]},
        "rows": {"lower": [1], "upper": ["inf"]}, "matrix": {"csr": {"starts": [0, 2], "indices": [0, 1], "values": [1, 2]}}}"#,
];

/// xorshift64*: any fixed sequence will do.
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) as usize % end.max(1)
    }
}

fn damage(text: &mut Vec<u8>, random: &mut Random) {
    const PIECES: [&[u8]; 20] = [
        b"\n",
        b" ",
        b"\t",
        b"\r\n",
        b"$",
        b"*",
        b"'MARKER'",
        b"nan",
        b"inf",
        b"1e999",
        b"-",
        b"\xFF",
        b"\0",
        b"ROWS\n",
        b"ENDATA\n",
        b"\"",
        b"{",
        b"]",
        b"((((",
        b"99999999999999999999",
    ];
    let at = random.below(text.len() + 1);
    match random.below(6) {
        0 => text.truncate(at),
        1 if at < text.len() => text[at] = random.below(256) as u8,
        2 => drop(text.splice(at..at, PIECES[random.below(PIECES.len())].iter().copied())),
        3 => drop(text.drain(at..(at + random.below(30)).min(text.len()))),
        4 => {
            let to = (at + random.below(60)).min(text.len());
            let copy = text[at..to].to_vec();
            let into = random.below(text.len() + 1);
            drop(text.splice(into..into, copy));
        }
        _ if at + 1 < text.len() => text.swap(at, at + 1),
        _ => {}
    }
}

#[test]
fn nothing_panics() {
    for seed in SEEDS {
        if let Err(error) = read_problem(seed.as_bytes(), None) {
            panic!("undamaged, it reads: {error}\n{seed}");
        }
    }
    let mut random = Random(0x00C0_FFEE);
    let (mut read, mut refused) = (0, 0);
    for round in 0..20_000 {
        let mut text = SEEDS[round % SEEDS.len()].as_bytes().to_vec();
        for _ in 0..=random.below(2) {
            damage(&mut text, &mut random);
        }
        match read_problem(&text, None) {
            Ok(_) => read += 1,
            Err(error) => {
                let lines = text.split(|&b| b == b'\n').count();
                assert!(error.line().is_none_or(|line| (1..=lines).contains(&line)), "{error}");
                assert!(!error.to_string().is_empty());
                refused += 1;
            }
        }
    }
    println!("{read} read, {refused} refused");
    assert!(read > 500 && refused > 500, "the damage is neither nothing nor everything");
}
