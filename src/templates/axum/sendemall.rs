//! SendEmAll's webhooks. Settings: SENDEMALL_SECRET; WEBHOOK_JOURNAL (webhooks.jsonl).
//!
//! The receiver verifies the signature over the raw bytes, keeps each event once in a journal, and hands it to your code
//! after the response. What is waiting survives a restart; what fails is tried again, later each time. One process owns
//! the journal: with several instances, keep the events in your database.

use std::collections::HashMap;
use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader, Write};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::routing::{get, post};
use axum::{Json, Router};
use hmac::{Hmac, Mac};
use serde_json::{json, Value};
use sha2::Sha256;
use subtle::ConstantTimeEq;
use tokio::sync::mpsc::{unbounded_channel, UnboundedReceiver, UnboundedSender};

/// Larger bodies are refused with 413.
const MAX_BYTES: usize = 1_000_000;
const MAX_DELAY: Duration = Duration::from_secs(3600);

/// Your work; let it return an error when it fails.
async fn handle_event(event: &Value) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    println!("{} {}", event["event"], event["data"]["lead_email"]);
    Ok(())
}

/// The routes, to merge into your router. Call it inside the runtime, once.
pub fn routes() -> io::Result<Router> {
    let (inbox, queue) = Inbox::open()?;
    let inbox = Arc::new(inbox);
    tokio::spawn(work(inbox.clone(), queue));
    let mut routes = Router::new()
        .route("/webhooks/sendemall", post(receive))
        .layer(DefaultBodyLimit::max(MAX_BYTES));
    // For tests, never in production: how often an event's work was done.
    if std::env::var("SENDEMALL_TEST_HOOKS").as_deref() == Ok("1") {
        routes = routes.route("/test/effects/{id}", get(effects));
    }
    Ok(routes.with_state(inbox))
}

/// The raw bytes: a parsed body cannot be verified.
async fn receive(State(inbox): State<Arc<Inbox>>, headers: HeaderMap, body: Bytes) -> StatusCode {
    let signature = headers
        .get("x-sendemall-signature")
        .map(|value| value.as_bytes().to_vec())
        .unwrap_or_default();
    // The journal waits for the disk.
    tokio::task::spawn_blocking(move || inbox.accept(&body, &signature))
        .await
        .unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

async fn effects(State(inbox): State<Arc<Inbox>>, Path(id): Path<String>) -> Json<Value> {
    Json(json!({ "count": inbox.count(&id) }))
}

async fn work(inbox: Arc<Inbox>, mut queue: UnboundedReceiver<Value>) {
    while let Some(event) = queue.recv().await {
        if let Err(error) = handle_event(&event).await {
            eprintln!("{} failed, and will be tried again: {error}", event["id"]);
            tokio::spawn(retry(inbox.clone(), event));
        } else {
            finish(&inbox, &event).await;
        }
    }
}

/// Beside the queue, so that one event that fails does not hold up the others.
async fn retry(inbox: Arc<Inbox>, event: Value) {
    let mut delay = Duration::from_secs(1);
    loop {
        tokio::time::sleep(delay).await;
        match handle_event(&event).await {
            Ok(()) => return finish(&inbox, &event).await,
            Err(error) => eprintln!("{} failed again: {error}", event["id"]),
        }
        delay = (delay * 2).min(MAX_DELAY);
    }
}

async fn finish(inbox: &Arc<Inbox>, event: &Value) {
    let (inbox, id) = (inbox.clone(), id_of(event).to_owned());
    let written = tokio::task::spawn_blocking(move || inbox.finish(&id)).await;
    if let Ok(Err(error)) = written {
        eprintln!("the journal cannot be written: {error}");
    }
}

/// Keeps every event once.
struct Inbox {
    secret: Vec<u8>,
    state: Mutex<Journal>,
    queue: UnboundedSender<Value>,
}

struct Journal {
    file: File,
    /// How often each event's work was done.
    effects: HashMap<String, u64>,
}

impl Inbox {
    fn open() -> io::Result<(Self, UnboundedReceiver<Value>)> {
        let secret = std::env::var("SENDEMALL_SECRET").unwrap_or_default();
        if secret.is_empty() {
            return Err(io::Error::other("SENDEMALL_SECRET is not set. Set it in the environment."));
        }
        let path = std::env::var("WEBHOOK_JOURNAL").unwrap_or_else(|_| "webhooks.jsonl".into());
        let file = OpenOptions::new().create(true).read(true).append(true).open(path)?;
        let mut journal = Journal { file, effects: HashMap::new() };
        let (queue, waiting) = unbounded_channel();
        for event in journal.read()? {
            // The receiver of the channel is right here.
            let _ = queue.send(event);
        }
        let inbox = Self { secret: secret.into_bytes(), state: Mutex::new(journal), queue };
        Ok((inbox, waiting))
    }

    /// Takes one request. 200 says that the event is safe; anything but 2xx makes the provider send it again.
    fn accept(&self, body: &[u8], signature: &[u8]) -> StatusCode {
        if !self.is_signed(body, signature) {
            return StatusCode::UNAUTHORIZED;
        }
        let Some(event) = parse(body) else {
            return StatusCode::BAD_REQUEST;
        };
        let mut journal = self.state.lock().expect("no thread panics while it holds the journal");
        if journal.effects.contains_key(id_of(&event)) {
            return StatusCode::OK;
        }
        if let Err(error) = journal.write(&json!({ "event": event })) {
            eprintln!("the journal cannot be written: {error}");
            return StatusCode::SERVICE_UNAVAILABLE;
        }
        journal.effects.insert(id_of(&event).to_owned(), 0);
        // The worker lives as long as the process.
        let _ = self.queue.send(event);
        StatusCode::OK
    }

    fn is_signed(&self, body: &[u8], signature: &[u8]) -> bool {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.secret).expect("HMAC takes keys of any length");
        mac.update(body);
        let expected = format!("sha256={}", hex::encode(mac.finalize().into_bytes()));
        // In constant time.
        expected.as_bytes().ct_eq(signature).into()
    }

    fn finish(&self, id: &str) -> io::Result<()> {
        let mut journal = self.state.lock().expect("no thread panics while it holds the journal");
        *journal.effects.entry(id.to_owned()).or_default() += 1;
        journal.write(&json!({ "done": id }))
    }

    fn count(&self, id: &str) -> u64 {
        let journal = self.state.lock().expect("no thread panics while it holds the journal");
        journal.effects.get(id).copied().unwrap_or(0)
    }
}

impl Journal {
    /// Reads what earlier runs wrote. Returns what is still to be done, in the order of arrival.
    fn read(&mut self) -> io::Result<Vec<Value>> {
        let mut waiting = Vec::new();
        for line in BufReader::new(&self.file).split(b'\n') {
            // A crash may have cut the last line.
            let Ok(entry) = serde_json::from_slice::<Value>(&line?) else { continue };
            if let Some(id) = entry["done"].as_str() {
                *self.effects.entry(id.to_owned()).or_default() += 1;
            } else if entry["event"]["id"].is_string() {
                self.effects.insert(id_of(&entry["event"]).to_owned(), 0);
                waiting.push(entry["event"].clone());
            }
        }
        waiting.retain(|event| self.effects[id_of(event)] == 0);
        // So that the next line does not continue one that a crash has cut.
        self.file.write_all(b"\n")?;
        Ok(waiting)
    }

    /// Appends a line, which is on the disk when this returns.
    fn write(&mut self, entry: &Value) -> io::Result<()> {
        self.file.write_all(format!("{entry}\n").as_bytes())?;
        self.file.sync_data()
    }
}

/// An event, or nothing: what is signed but no event can never be processed.
fn parse(body: &[u8]) -> Option<Value> {
    let text = String::from_utf8_lossy(body);
    let event: Value = serde_json::from_str(text.strip_prefix('\u{FEFF}').unwrap_or(&text)).ok()?;
    (event["event"].is_string() && event["id"].is_string()).then_some(event)
}

fn id_of(event: &Value) -> &str {
    event["id"].as_str().unwrap_or_default()
}
