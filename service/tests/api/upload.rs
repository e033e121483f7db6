//! Bodies that do not fit into memory: they go through a file without a name, which is gone however the request ends.

use std::fmt::Write as _;
use std::fs;
use std::io::{self, Write as _};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use farkas_api_types::{JobState, JobView, ModelView};
use farkas_backends::solvers::mock::Mock;
use farkas_modeling::formats::{Compression, Encoder};
use farkas_service::incoming::MOST_IN_MEMORY;
use farkas_service::{Limits, ServeOptions};
use futures_util::stream;
use reqwest::{Body, Response};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use crate::server::{Server, honest, options, problem};

type Chunk = io::Result<Vec<u8>>;

/// An MPS file of a few times what is held in memory, also once it is compressed.
fn large() -> String {
    let mut text = String::from("NAME large\nROWS\n N cost\n");
    let (rows, columns) = (100, 100_000_u64);
    for row in 0..rows {
        writeln!(text, " G r{row}").unwrap();
    }
    text.push_str("COLUMNS\n");
    for column in 0..columns {
        // Digits that do not repeat (splitmix64).
        let noise = |salt: u64| {
            let mixed = (10 * column + salt).wrapping_mul(0x9E37_79B9_7F4A_7C15);
            let mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
            (mixed ^ (mixed >> 27)) >> 11
        };
        for (salt, row) in [(1, column % rows), (7, (column * 7 + 1) % rows)] {
            writeln!(text, " x{column} r{row} 0.{} cost 0.{}", noise(salt), noise(salt + 1)).unwrap();
        }
    }
    text.push_str("RHS\n");
    for row in 0..rows {
        writeln!(text, " rhs r{row} 1").unwrap();
    }
    text.push_str("ENDATA\n");
    text
}

pub fn packed(text: &str, kind: Compression) -> Vec<u8> {
    let mut encoder = Encoder::new(Vec::new(), kind);
    encoder.write_all(text.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

/// Files of a data folder's uploads that this process has open or mapped.
fn files(data: &Path) -> usize {
    let folder = data.join("incoming").display().to_string();
    assert_eq!(fs::read_dir(&folder).into_iter().flatten().count(), 0, "none has a name");
    let open = fs::read_dir("/proc/self/fd").unwrap().flatten().filter_map(|entry| fs::read_link(entry.path()).ok());
    let open = open.filter(|target| target.to_string_lossy().contains(&folder)).count();
    open + fs::read_to_string("/proc/self/maps").unwrap().lines().filter(|line| line.contains(&folder)).count()
}

/// Waits, by requests that cost little, until so many files are there.
async fn until(server: &Server, data: &Path, wanted: impl Fn(usize) -> bool, what: &str) {
    let deadline = Instant::now() + Duration::from_secs(30);
    while !wanted(files(data)) {
        assert!(Instant::now() < deadline, "{what}: {} files", files(data));
        server.get("/healthz").send().await.unwrap();
    }
}

/// A request whose body comes as it is sent to the channel.
fn begin(server: &Server, path: &str, encoding: &str) -> (mpsc::Sender<Chunk>, JoinHandle<reqwest::Result<Response>>) {
    let (chunks, body) = mpsc::channel::<Chunk>(1);
    let body = stream::unfold(body, async |mut body| Some((body.recv().await?, body)));
    let request = server.post(path).header("content-encoding", encoding).header("content-type", "application/json");
    (chunks, tokio::spawn(request.body(Body::wrap_stream(body)).send()))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_large_body_goes_through_a_file_that_is_gone_afterwards() {
    let folder = tempfile::tempdir().unwrap();
    let text = large();
    let gzipped = packed(&text, Compression::Gzip);
    assert!(gzipped.len() > 2 * MOST_IN_MEMORY, "{} bytes", gzipped.len());
    let limits = Limits { body_bytes: text.len() + 10, ..Limits::default() };
    let idle = Arc::new(Mock::scripted("idle", "until-stop; limit"));
    let server = Server::start_with(ServeOptions { limits, ..options(folder.path(), vec![idle]) }).await;

    let broken = text.replace(" x99999 r", " x99999 q");
    let too_long = format!("{text}* and a comment\n");
    let (plain, zipped) = ("identity", "gzip");
    let cases: [(&str, &str, &[u8], u16, &str); 6] = [
        ("/v1/models", plain, text.as_bytes(), 201, ""),
        ("/v1/models", zipped, &gzipped, 200, ""),
        ("/v1/jobs", plain, text.as_bytes(), 201, ""),
        ("/v1/jobs", plain, broken.as_bytes(), 400, "mps-unknown-row"),
        ("/v1/jobs", zipped, &gzipped[..gzipped.len() - 100], 400, "compression-cut-off"),
        ("/v1/models", plain, too_long.as_bytes(), 413, "body-too-large"),
    ];
    let mut ids = Vec::new();
    for (path, encoding, body, status, code) in cases {
        let what = format!("{path} {encoding} {status}");
        let (chunks, response) = begin(&server, &format!("{path}?filename=a.mps"), encoding);
        let (first, rest) = body.split_at(MOST_IN_MEMORY + 1);
        chunks.send(Ok(first.to_vec())).await.unwrap();
        until(&server, folder.path(), |files| files > 0, &what).await;
        for chunk in rest.chunks(MOST_IN_MEMORY / 3) {
            // Whoever refuses need not read on.
            if chunks.send(Ok(chunk.to_vec())).await.is_err() {
                break;
            }
        }
        drop(chunks);
        let response = response.await.unwrap().unwrap();
        assert_eq!(response.status(), status, "{what}");
        if code.is_empty() {
            let json: serde_json::Value = response.json().await.unwrap();
            ids.push(json["id"].as_str().unwrap().to_owned());
        } else {
            assert_eq!(problem(response).await.code, code, "{what}");
        }
        until(&server, folder.path(), |files| files == 0, &what).await;
    }
    assert_eq!(ids[0], ids[1], "it is the same model, however it came");
    let model: ModelView = server.get(&format!("/v1/models/{}", ids[0])).send().await.unwrap().json().await.unwrap();
    assert_eq!((model.problem.rows, model.problem.columns), (100, 100_000));
    let job: JobView = server.job(&ids[2]).await;
    assert_eq!((job.problem, job.name.as_deref()), (model.problem, Some("large")));
    server.post(&format!("/v1/jobs/{}:cancel", job.id)).send().await.unwrap();
    server.events(&job.id, 0).await;
    assert_eq!(server.job(&job.id).await.state, JobState::Canceled);
    server.close().await;
}

#[tokio::test]
async fn who_sends_nothing_holds_up_nobody_and_is_given_up() {
    let folder = tempfile::tempdir().unwrap();
    // Two turns and sixteen places, of which twelve are anybody's.
    let limits = Limits { bodies_at_once: 2, body_seconds: 3, ..Limits::default() };
    let server = Server::start_with(ServeOptions { limits, ..options(folder.path(), vec![honest()]) }).await;
    let mut silent = Vec::new();
    let other = ["/cuopt/request", "/v1/mathopt:solveMathOptModel"];
    for path in ["/v1/jobs", "/v1/models", "/v1/batches", "/v1/api-keys"].into_iter().chain(other) {
        let (chunks, response) = begin(&server, path, "identity");
        // The third is taken where the first is on its way.
        for _ in 0..3 {
            chunks.send(Ok(b"{".to_vec())).await.unwrap();
        }
        silent.push((path, chunks, response));
    }
    server.submit("").await;
    assert!(silent.iter().all(|(.., response)| !response.is_finished()), "it had to wait until one was given up");
    for (path, _chunks, response) in silent {
        let response = response.await.unwrap().unwrap();
        assert_eq!(response.status(), 408, "{path}");
        if !other.contains(&path) {
            assert_eq!(problem(response).await.code, "body-too-slow", "{path}");
        }
    }
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_is_cut_off_leaves_no_file() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start_in(folder.path(), vec![]).await;
    for path in ["/v1/models", "/v1/jobs", "/v1/batches", "/cuopt/request", "/v1/mathopt:solveMathOptModel"] {
        let (chunks, response) = begin(&server, &format!("{path}?filename=a.mps"), "identity");
        chunks.send(Ok(vec![b' '; 2 * MOST_IN_MEMORY])).await.unwrap();
        until(&server, folder.path(), |files| files > 0, path).await;
        chunks.send(Err(io::ErrorKind::ConnectionReset.into())).await.unwrap();
        assert!(response.await.unwrap().is_err(), "{path}");
        until(&server, folder.path(), |files| files == 0, path).await;
    }
    server.close().await;
}

/// A transport problem in MPS, a piece for each supplier.
fn transport(suppliers: u32, customers: u32) -> impl Iterator<Item = String> {
    let rows = (0..suppliers).map(|s| format!(" L supply_{s}\n"));
    let rows = rows.chain((0..customers).map(|c| format!(" G demand_{c}\n"))).collect::<String>();
    let columns = (0..suppliers).map(move |s| {
        let mut text = String::new();
        for c in 0..customers {
            let cost = f64::from((s * 7919 + c * 104_729) % 9999 + 1) / 100.0;
            writeln!(text, "    ship_{s}_{c}  cost  {cost}  supply_{s}  1\n    ship_{s}_{c}  demand_{c}  1").unwrap();
        }
        text
    });
    let sides = (0..suppliers).map(move |s| format!("    rhs  supply_{s}  {}\n", customers * 20));
    let sides = sides.chain((0..customers).map(move |c| format!("    rhs  demand_{c}  {suppliers}\n")));
    let sides = sides.collect::<String>();
    let begin = format!("NAME transport\nROWS\n N cost\n{rows}COLUMNS\n");
    std::iter::once(begin).chain(columns).chain([format!("RHS\n{sides}ENDATA\n")])
}

/// The most memory that this process had, in bytes.
fn peak() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let kib = status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB")).unwrap();
    kib.trim().parse::<u64>().unwrap() << 10
}

#[tokio::test(flavor = "multi_thread")]
async fn long_half_a_gigabyte_of_mps_takes_less_than_twice_its_image() {
    let folder = tempfile::tempdir().unwrap();
    let limits = Limits { body_bytes: 1 << 30, ..Limits::default() };
    let server = Server::start_with(ServeOptions { limits, ..options(folder.path(), vec![]) }).await;
    let before = peak();
    let body = stream::iter(transport(2000, 3200).map(|piece| Ok::<_, io::Error>(piece.into_bytes())));
    let request = server.post("/v1/models?filename=a.mps").timeout(Duration::from_secs(1800));
    let response = request.body(Body::wrap_stream(body)).send().await.unwrap();
    assert_eq!(response.status(), 201);
    let id = response.json::<ModelView>().await.unwrap().id;
    let image = fs::metadata(folder.path().join("blobs/model").join(&id)).unwrap().len();
    let text: usize = transport(2000, 3200).map(|piece| piece.len()).sum();
    println!("{text} bytes of text, an image of {image}; at most {} in memory, {before} before", peak());
    assert!(text > 500_000_000 && peak() <= 2 * image, "{}", peak());
    server.close().await;
}
