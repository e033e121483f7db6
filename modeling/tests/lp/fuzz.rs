//! Thirty thousand damaged files, from a fixed seed: each is read or refused with a place in it, what was read can be
//! written, and none panics.

use farkas_modeling::formats::{Format, lp, write_problem};

const SEEDS: [&str; 4] = [
    "\\Problem name: t\nMaximize\n obj: 3x - 2 y + 1e3 e1 + [ 2 x ^2 - x*y ] / 2 + 10\nSubject To\n c1: x + y <= 10\n\
     -2 <= x - y <= 3\n ind: b = 1 -> x + 2 y >= 1\n q: x + [ x^2 + y^2 ] <= 9\n -inf <= e1 <= 5\nBounds\n -inf <= x <= 4\n \
     y free\n e1 = 3\n s <= 9\nGenerals\n y\nBinaries\n b\nSemi-Continuous\n s\nSOS\n one: S1:: x:1 y:2\n S2:: x:1 s:2.5\nEnd\n",
    "min x + y st c: x + y >= 2 bounds x <= 4 gen x y end",
    "Minimize\n x[1,2] + y(3)\nst\n x[1,2] >= 1\nLazy Constraints\n l: y(3) <= 7\nBounds\n -5 <= y(3) <= 5\nbin\n b1 b2 b3\n\
     PWLObj\n y(3): (0, 0) (1, 1) (2, 3)\nGeneral Constraints\n g1: r = MAX ( x[1,2] , y(3) , 3 )\n g2: a = ABS(y(3))\n \
     b1 = AND(b2, b3)\n o: b1 = OR ( b2 , b3 )\n p: z = PWL(y(3)): (0, 0) (1, 5) (2, 3)\n b1 = 1 -> r <= 4\nEnd",
    "max\nobj:\n+1 Z\n+1 X\n\ns.t.\n\nc_e_1_:\n+1 X\n-1 d(1)\n= 0\n\nc_u_2(1)_:\n+1 d(1)\n<= 4\n\nsos2\nSOS1: X:5,Z:6\n\nend\n",
];

const PIECES: [&[u8]; 30] = [
    b"\n",
    b" ",
    b"\\",
    b"[",
    b"]",
    b"[[[[",
    b"(",
    b")",
    b",",
    b":",
    b"::",
    b"S1::",
    b"->",
    b"<->",
    b"<=",
    b"=",
    b"-",
    b"+ +-",
    b"^2",
    b"*",
    b"/2",
    b"inf",
    b"1e999",
    b"3e",
    b"free",
    b"end\n",
    b"st\n",
    b"bounds\n",
    b"General Constraints\n",
    b"\xFF",
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
        if let Err(error) = lp::read(seed.as_bytes()) {
            panic!("undamaged, it reads: {error}\n{seed}");
        }
    }
    let mut random = Random(0x00C0_FFEE);
    let (mut read, mut refused) = (0, 0);
    for round in 0..30_000 {
        let mut text = SEEDS[round % SEEDS.len()].as_bytes().to_vec();
        for _ in 0..=random.below(3) {
            damage(&mut text, &mut random);
        }
        match lp::read(&text) {
            Ok(found) => {
                read += 1;
                for format in [Format::Lp, Format::Mps] {
                    let mut out = Vec::new();
                    // Whatever was read can be written, but for sides that MPS cannot cross.
                    if let Err(error) = write_problem(&found.value, format, &mut out) {
                        assert!(
                            error.code() == "mps-crossed-sides" || error.code() == "lp-rows-without-columns",
                            "{error}"
                        );
                    } else if format == Format::Lp {
                        let again = lp::read(&out).unwrap_or_else(|e| panic!("{e}\n{}", String::from_utf8_lossy(&out)));
                        assert_eq!(again.value.num_nonzeros(), nonzeros(&found.value));
                    }
                }
            }
            Err(error) => {
                let lines = text.split(|&b| b == b'\n').count();
                assert!(error.line().is_none_or(|line| (1..=lines).contains(&line)), "{error}");
                refused += 1;
            }
        }
    }
    println!("{read} read, {refused} refused");
    assert!(read > 1000 && refused > 1000, "the damage is neither nothing nor everything");
}

/// Entries other than 0: those are not written.
fn nonzeros(problem: &farkas_modeling::Problem) -> usize {
    problem.values().iter().filter(|v| **v != 0.0).count()
}

/// Texts that could cost more than they are long.
#[test]
fn hostile_texts_take_no_time() {
    let n = 200_000;
    let texts = [
        format!("min {} st\nend", "x[".repeat(n)),
        format!("min {} st\nend", "[".repeat(n)),
        format!("min {}x st\nend", "-".repeat(n)),
        format!("min x st\n{}", "\\\n".repeat(n)),
        format!("min x st\n c: x >= 1\n{}", " ".repeat(n)),
        format!("min x st\nsos1\n{}end", "s:".repeat(n)),
        format!("min x st\nsos\n{}end", ",".repeat(n)),
        format!("min x st\ngencons\n r = max({}x)\nend", "x,".repeat(n)),
        format!("min x st\n {}", "x = 1 -> ".repeat(n)),
        format!("min {} st\nend", "x ".repeat(n)),
        format!("min {}y st\nend", "x(+".repeat(n)),
    ];
    for text in &texts {
        let outcome = lp::read(text.as_bytes());
        println!("{}: {:?}", &text[..40], outcome.map(|_| ()).map_err(|e| e.code));
    }
}
