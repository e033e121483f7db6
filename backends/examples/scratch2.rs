use farkas_backends::contract::*;
use farkas_backends::options::*;
use farkas_backends::solvers::highs::Highs;
use farkas_modeling::*;
use highs_sys::*;
use std::sync::Arc;
use std::time::*;
struct L;
impl Control for L {
    fn report(&self, _: Event<'_>) {}
}
fn main() {
    // 10x10 assignment
    let k = 10usize;
    let mut seed = 7u64;
    let mut nx = || {
        seed = seed.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        ((seed >> 33) % 100) as f64
    };
    let n = k * k;
    let cost: Vec<f64> = (0..n).map(|_| 1.0 + nx()).collect();
    let mut starts = vec![0u32];
    let mut ind = vec![];
    for i in 0..k {
        for j in 0..k {
            ind.push(i as u32);
            ind.push((k + j) as u32);
            starts.push(ind.len() as u32);
        }
    }
    let data = ProblemData {
        lower: vec![0.0; n],
        upper: vec![f64::INFINITY; n],
        cost,
        row_lower: vec![1.0; 2 * k],
        row_upper: vec![1.0; 2 * k],
        starts,
        indices: ind,
        values: vec![1.0; 2 * n],
        ..Default::default()
    };
    let p = Arc::new(Problem::new(data).unwrap());
    let reps = 300;
    let mut raw = vec![];
    let mut raw_off = vec![];
    let mut ours = vec![];
    let mut open = vec![];
    let mut again = vec![];
    let mut raw_create = vec![];
    let mut raw_again = vec![];
    for _ in 0..reps {
        unsafe {
            for presolve in [false, true] {
                let t = Instant::now();
                let h = Highs_create();
                Highs_setBoolOptionValue(h, c"output_flag".as_ptr(), 0);
                Highs_setIntOptionValue(h, c"threads".as_ptr(), 1);
                if !presolve {
                    Highs_setStringOptionValue(h, c"presolve".as_ptr(), c"off".as_ptr());
                }
                let cr = t.elapsed();
                let s: Vec<i32> = p.starts().iter().map(|&x| x as i32).collect();
                let ix: Vec<i32> = p.indices().iter().map(|&x| x as i32).collect();
                Highs_passLp(
                    h,
                    n as i32,
                    20,
                    200,
                    1,
                    1,
                    0.0,
                    p.cost().as_ptr(),
                    p.lower().as_ptr(),
                    p.upper().as_ptr(),
                    p.row_lower().as_ptr(),
                    p.row_upper().as_ptr(),
                    s.as_ptr(),
                    ix.as_ptr(),
                    p.values().as_ptr(),
                );
                Highs_run(h);
                let mut a = vec![0.0; n];
                let mut b = vec![0.0; n];
                let mut c = vec![0.0; 20];
                let mut d = vec![0.0; 20];
                Highs_getSolution(h, a.as_mut_ptr(), b.as_mut_ptr(), c.as_mut_ptr(), d.as_mut_ptr());
                let t2 = Instant::now();
                Highs_zeroAllClocks(h);
                Highs_run(h);
                Highs_getSolution(h, a.as_mut_ptr(), b.as_mut_ptr(), c.as_mut_ptr(), d.as_mut_ptr());
                raw_again.push(t2.elapsed());
                let extra = t2.elapsed();
                let t = t + extra;
                Highs_destroy(h);
                if presolve {
                    raw.push(t.elapsed())
                } else {
                    raw_off.push(t.elapsed());
                    raw_create.push(cr);
                }
            }
        }
        let t = Instant::now();
        let mut s = Highs::new().open(p.clone()).unwrap();
        let o = t.elapsed();
        let c = s.solve(&Options::default(), &Start::default(), &L, &StopToken::new()).unwrap();
        assert_eq!(c.termination.reason(), Reason::Optimal);
        drop(s);
        ours.push(t.elapsed());
        open.push(o);
        let mut s = Highs::new().open(p.clone()).unwrap();
        s.solve(&Options::default(), &Start::default(), &L, &StopToken::new()).unwrap();
        let t = Instant::now();
        s.solve(&Options::default(), &Start::default(), &L, &StopToken::new()).unwrap();
        again.push(t.elapsed());
    }
    for (n, v) in [
        ("raw presolve", &mut raw),
        ("raw off", &mut raw_off),
        ("raw create+3 opts", &mut raw_create),
        ("ours open..drop", &mut ours),
        ("open", &mut open),
        ("raw again", &mut raw_again),
        ("again", &mut again),
    ] {
        v.sort();
        println!("{n}: median {:?} min {:?}", v[v.len() / 2], v[0]);
    }
}
