//! Messages and vectors come back as they were sent; what is none is refused.

use farkas_modeling::{Limit, Reason};

use super::*;
use crate::contract::{End, Member};

fn messages() -> Vec<FromWorker> {
    let claim = Claim {
        point: Some(vec![1.0, f64::NEG_INFINITY, -0.0]),
        objective: Some(2.5),
        bound: Some(f64::INFINITY),
        duals: Some(Duals { rows: vec![0.5, -0.5], reduced_costs: vec![0.0; 3] }),
        ray: Some(Ray::Farkas(vec![1.0, 2.0])),
        basis: Some(Basis { columns: vec![BasisStatus::Free; 3], rows: vec![BasisStatus::AtUpper; 2] }),
        counters: Counters { nodes: u64::MAX, ..Counters::default() },
        ..Claim::bare(Termination::new(Reason::Infeasible, "as it says"))
    };
    let ready = Availability::NoLicense { says: "none".into() };
    let capabilities = Capabilities { seed: true, ..Capabilities::default() };
    let event = |event| FromWorker::Event { number: 3, event };
    vec![
        FromWorker::Hello(Hello {
            protocol: 1,
            backend: "x".into(),
            availability: ready,
            capabilities,
            applies: true,
            conflicts: true,
            native: None,
        }),
        FromWorker::Opened { version: "1.2".into() },
        FromWorker::OpenFailed { error: BackendError::Unsupported("no".into()) },
        FromWorker::Closed {},
        event(WireEvent::Incumbent { objective: 1e300, values: Some(Vector(vec![f64::NAN, 1.0])) }),
        event(WireEvent::Incumbent { objective: 0.0, values: None }),
        event(WireEvent::Progress(Progress { nodes: 1, iterations: 2 })),
        event(WireEvent::Log { line: "Zeile für Zeile".into() }),
        FromWorker::Claim { number: 3, claim: Box::new(claim.into()) },
        FromWorker::Members { number: 4, members: WireMembers::new(&[Member::Bound(0, End::Upper)], 3, 2).unwrap() },
        FromWorker::Failed { number: 3, error: SessionError::Broken("it broke".into()) },
    ]
}

#[test]
fn what_is_said_is_heard_however_it_is_cut() {
    let mut bytes = Vec::new();
    for message in &messages() {
        encode(message, &mut bytes).unwrap();
    }
    for piece in [1, 2, 3, 7, 100, bytes.len()] {
        let mut decoder = Decoder::new(SMALL_FRAME_BYTES);
        let mut heard = Vec::new();
        for read in bytes.chunks(piece) {
            decoder.feed(read);
            while let Some(message) = decoder.message::<FromWorker>().unwrap() {
                heard.push(message);
            }
        }
        assert_eq!(heard, messages(), "in pieces of {piece}");
    }
}

#[test]
fn what_a_parent_says_is_heard() {
    let options = Options {
        time_limit: Some(std::time::Duration::from_millis(1500)),
        native: [("a".into(), "b".into())].into(),
        ..Options::default()
    };
    let basis = Basis { columns: vec![BasisStatus::Basic], rows: vec![BasisStatus::AtLower] };
    let conflict = ToWorker::Conflict { number: 2, options: Box::new(options.clone()) };
    let solve = ToWorker::Solve {
        number: 1,
        options: Box::new(options),
        point: Some(Vector(vec![f64::NAN])),
        basis: Some(Statuses::from(&basis)),
    };
    let offer = ToWorker::Offer { number: 1, values: Vector(vec![2.0]) };
    let mut patch = Patch::new();
    patch.upper(3, f64::INFINITY).remove_row(1).coefficient(0, 2, -0.5);
    let apply = ToWorker::Apply { patch: Box::new(patch) };
    for message in [solve, conflict, offer, apply, ToWorker::Stop { number: 1 }, ToWorker::Close {}] {
        let mut bytes = Vec::new();
        encode(&message, &mut bytes).unwrap();
        let mut decoder = Decoder::new(SMALL_FRAME_BYTES);
        decoder.feed(&bytes);
        assert_eq!(decoder.message::<ToWorker>(), Ok(Some(message)));
    }
    assert_eq!(Statuses::from(&basis).into_basis(1, 1), Ok(basis));
}

/// The hello of a worker that was built before there was `conflict`, or that leaves out what may be left out.
#[test]
fn a_hello_of_before_announces_less() {
    #[derive(Serialize)]
    #[serde(rename_all = "snake_case")]
    enum Before<'a> {
        Hello { protocol: u32, backend: &'a str, availability: Availability, capabilities: Capabilities },
    }
    let capabilities = Capabilities { iis: true, ..Capabilities::default() };
    let availability = Availability::Ready { version: "1".into() };
    let mut bytes = Vec::new();
    let before = Before::Hello { protocol: PROTOCOL, backend: "old", availability, capabilities };
    encode(&before, &mut bytes).unwrap();
    let mut decoder = Decoder::new(SMALL_FRAME_BYTES);
    decoder.feed(&bytes);
    let Ok(Some(FromWorker::Hello(hello))) = decoder.message() else { panic!("no hello") };
    assert!(hello.capabilities.iis && !hello.conflicts && !hello.applies);
}

/// A vector is a byte string on the wire, so a sidecar reads it without a library for arrays.
#[test]
fn a_vector_is_bytes() {
    let mut bytes = Vec::new();
    encode(&Vector(vec![1.0]), &mut bytes).unwrap();
    assert_eq!(bytes, [10, 0, 0, 0, 0xc4, 8, 0, 0, 0, 0, 0, 0, 0xf0, 0x3f]);
}

#[test]
fn claims_of_the_wrong_shape_are_refused() {
    let bare = || Claim::bare(Termination::at_limit(false, Limit::Time, ""));
    let duals = |rows, columns| Some(Duals { rows: vec![0.0; rows], reduced_costs: vec![0.0; columns] });
    let basis = |columns, rows| {
        Some(Basis { columns: vec![BasisStatus::Basic; columns], rows: vec![BasisStatus::Basic; rows] })
    };
    for (claim, says) in [
        (Claim { point: Some(vec![0.0; 2]), ..bare() }, "point: 2 values where 3 are needed"),
        (Claim { duals: duals(3, 3), ..bare() }, "multipliers: 3 values where 2 are needed"),
        (Claim { duals: duals(2, 2), ..bare() }, "reduced costs: 2 values where 3 are needed"),
        (Claim { ray: Some(Ray::Primal(vec![])), ..bare() }, "primal ray: 0 values where 3 are needed"),
        (Claim { ray: Some(Ray::Farkas(vec![0.0; 3])), ..bare() }, "Farkas multipliers: 3 values where 2 are needed"),
        (Claim { basis: basis(2, 2), ..bare() }, "basis columns: 2 values where 3 are needed"),
        (Claim { basis: basis(3, 4), ..bare() }, "basis rows: 4 values where 2 are needed"),
    ] {
        assert_eq!(WireClaim::from(claim).into_claim(3, 2), Err(says.into()));
    }
    let strange = Statuses { columns: vec![9], rows: vec![] };
    assert_eq!(strange.into_basis(1, 0), Err("a basis status of 9; there are 0 to 3".into()));
    let whole = Claim { duals: duals(2, 3), basis: basis(3, 2), point: Some(vec![1.0; 3]), ..bare() };
    assert_eq!(WireClaim::from(whole.clone()).into_claim(3, 2), Ok(whole));
}

#[test]
fn garbage_is_refused_without_a_panic() {
    let mut good = Vec::new();
    for message in &messages() {
        encode(message, &mut good).unwrap();
    }
    let mut random = fastrand::Rng::with_seed(7);
    for _ in 0..3000 {
        let mut bytes = good.clone();
        for _ in 0..random.usize(1..5) {
            let at = random.usize(0..bytes.len());
            bytes[at] = random.u8(..);
        }
        let mut decoder = Decoder::new(SMALL_FRAME_BYTES);
        decoder.feed(&bytes);
        // It ends: each message takes bytes off, and an error ends the stream.
        while let Ok(Some(_)) = decoder.message::<FromWorker>() {}
    }
    let mut decoder = Decoder::new(100);
    decoder.feed(&101_u32.to_le_bytes());
    assert_eq!(decoder.message::<FromWorker>(), Err(FrameError::TooLong { bytes: 101, limit: 100 }));
}
