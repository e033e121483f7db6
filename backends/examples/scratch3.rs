use farkas_backends::contract::*;
use farkas_backends::options::*;
use farkas_backends::solvers::highs::Highs;
use farkas_modeling::check::*;
use farkas_modeling::*;
use highs_sys::*;
use std::ffi::CString;
use std::sync::Arc;
use std::time::*;
fn read(path: &str) -> Problem {
    unsafe {
        let h = Highs_create();
        Highs_setBoolOptionValue(h, c"output_flag".as_ptr(), 0);
        let c = CString::new(path).unwrap();
        assert!(Highs_readModel(h, c.as_ptr()) != -1, "read");
        let n = Highs_getNumCol(h) as usize;
        let m = Highs_getNumRow(h) as usize;
        let nz = Highs_getNumNz(h) as usize;
        let (mut a, mut b, mut cc, mut dd) = (0i32, 0i32, 0i32, 0i32);
        let mut off = 0.0;
        let mut cost = vec![0.0; n];
        let mut lo = vec![0.0; n];
        let mut up = vec![0.0; n];
        let mut rl = vec![0.0; m];
        let mut ru = vec![0.0; m];
        let mut st = vec![0i32; n + 1];
        let mut ix = vec![0i32; nz];
        let mut v = vec![0.0; nz];
        let mut kinds = vec![0i32; n];
        Highs_getLp(
            h,
            1,
            &mut a,
            &mut b,
            &mut cc,
            &mut dd,
            &mut off,
            cost.as_mut_ptr(),
            lo.as_mut_ptr(),
            up.as_mut_ptr(),
            rl.as_mut_ptr(),
            ru.as_mut_ptr(),
            st.as_mut_ptr(),
            ix.as_mut_ptr(),
            v.as_mut_ptr(),
            kinds.as_mut_ptr(),
        );
        st[n] = nz as i32;
        Highs_destroy(h);
        Problem::new(ProblemData {
            sense: if dd == -1 { Sense::Maximize } else { Sense::Minimize },
            offset: off,
            cost,
            lower: lo,
            upper: up,
            row_lower: rl,
            row_upper: ru,
            starts: st.iter().map(|&x| x as u32).collect(),
            indices: ix.iter().map(|&x| x as u32).collect(),
            values: v,
            kinds: kinds.iter().map(|&k| ColumnKind::from_code(k as u8).unwrap()).collect(),
            ..Default::default()
        })
        .unwrap()
    }
}
struct V;
impl Control for V {
    fn report(&self, e: Event<'_>) {
        if std::env::var("LOGS").is_ok() {
            if let Event::Log(l) = e {
                println!("{l}");
            }
        }
    }
}
fn main() {
    let list = std::fs::read_to_string(std::env::args().nth(1).unwrap()).unwrap();
    let only = std::env::args().nth(2);
    let lim: f64 = std::env::args().nth(3).map_or(10.0, |s| s.parse().unwrap());
    let mut bad = 0;
    let mut cert = [0, 0];
    for line in list.lines() {
        let f: Vec<&str> = line.split('\t').collect();
        if let Some(o) = &only {
            if !f[0].contains(o.as_str()) {
                continue;
            }
        }
        let p = Arc::new(read(f[0]));
        let t = Instant::now();
        let mut s = match Highs::new().open(p.clone()) {
            Ok(s) => s,
            Err(e) => {
                println!("REFUSED {} {e}", f[0]);
                continue;
            }
        };
        let c = s.solve(
            &{
                let mut o = Options { time_limit: Some(Duration::from_secs_f64(lim)), ..Default::default() };
                if let Ok(x) = std::env::var("NATIVE") {
                    for kv in x.split(",") {
                        let (k, v) = kv.split_once("=").unwrap();
                        o.native.insert(k.into(), v.into());
                    }
                }
                o
            },
            &Start::default(),
            &V,
            &StopToken::new(),
        );
        let el = t.elapsed();
        match c {
            Err(e) => {
                println!("ERR {} {e}", f[0]);
                bad += 1;
            }
            Ok(c) => {
                let t = Instant::now();
                let fs = examine(
                    &p,
                    &Source { backend: "highs".into(), version: "".into(), lane: 0 },
                    &c,
                    &Tolerances::default(),
                );
                let ce = t.elapsed();
                let mut notes = vec![];
                for x in &fs.list {
                    match x {
                        Finding::Measured(m) => notes.push(format!("MEASURED {:?}", m.violations())),
                        Finding::Misstated { said, recomputed } => notes.push(format!("MISSTATED {said} {recomputed}")),
                        Finding::Unproven(w) => {
                            notes.push(format!("unproven: {}", &w.chars().take(100).collect::<String>()))
                        }
                        Finding::BadPoint(e) => notes.push(format!("BAD {e}")),
                        _ => {}
                    }
                }
                if p.is_lp()
                    && fs.list.iter().any(|x| {
                        matches!(
                            x,
                            Finding::Bound { standing: Standing::Certified(_), .. }
                                | Finding::Infeasible(Standing::Certified(_))
                                | Finding::Unbounded(Standing::Certified(_))
                        )
                    })
                {
                    cert[0] += 1;
                }
                if p.is_lp() {
                    cert[1] += 1;
                }
                let r = c.termination.reason();
                let want = f[2];
                let obj: Option<f64> = f[3].parse().ok();
                let ok = match want {
                    "optimal" => {
                        r == Reason::Optimal
                            && obj.is_none_or(|o| (o - c.objective.unwrap()).abs() <= 1e-4 * o.abs().max(1.0))
                    }
                    "infeasible" => r == Reason::Infeasible,
                    "unbounded" => r == Reason::Unbounded,
                    _ => true,
                };
                if !ok {
                    bad += 1;
                }
                if !ok || !notes.is_empty() || el.as_secs_f64() > lim + 1.0 || ce.as_secs_f64() > 1.0 {
                    println!(
                        "{} {} {} want {want} {:?} got {:?} bound {:?} {:.2?} check {:.2?} ray {} {}",
                        if ok { "ok " } else { "BAD" },
                        f[0].rsplit('/').next().unwrap(),
                        c.termination,
                        obj,
                        c.objective,
                        c.bound,
                        el,
                        ce,
                        c.ray.is_some(),
                        notes.join("; ")
                    );
                }
            }
        }
    }
    println!("bad {bad} lp certified {:?}", cert);
}
