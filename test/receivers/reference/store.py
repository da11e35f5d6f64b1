"""The database behind the Python receivers, and the suite's hooks on a port of their own.

A mark and its effect are one transaction. The file outlives the process; what the CRM does is written there too.
"""
import json
import os
import sqlite3
import sys
import threading
import urllib.request
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

SCHEMA = """
CREATE TABLE IF NOT EXISTS effects (id TEXT PRIMARY KEY, acted INTEGER);
CREATE TABLE IF NOT EXISTS leads (email TEXT PRIMARY KEY, state TEXT);
CREATE TABLE IF NOT EXISTS crm (name TEXT PRIMARY KEY, value REAL);
"""
_local = threading.local()


def _db():
    if not hasattr(_local, "db"):
        _local.db = sqlite3.connect(os.environ["DATABASE"], isolation_level=None, timeout=20)
        _local.db.execute("PRAGMA synchronous = OFF")
    return _local.db


def _figure(name):
    row = _db().execute("SELECT value FROM crm WHERE name = ?", (name,)).fetchone()
    return row[0] if row else 0


def _set_figure(name, value):
    _db().execute("INSERT OR REPLACE INTO crm VALUES (?, ?)", (name, value))


def process(event):
    """Does what the event asks for, unless that was done before. Raises when the CRM does not answer."""
    db = _db()
    db.execute("BEGIN IMMEDIATE")
    try:
        known = db.execute("SELECT 1 FROM effects WHERE id = ?", (event["id"],)).fetchone()
        if not known:
            if _figure("down"):
                raise ConnectionError("the CRM does not answer")
            acted = event["event"].split(".")[0] in ("email", "campaign")
            db.execute("INSERT INTO effects VALUES (?, ?)", (event["id"], int(acted)))
            if acted:
                _apply(event)
        db.execute("COMMIT")
    except BaseException:
        db.execute("ROLLBACK")
        raise


def _apply(event):
    kind, data = event["event"], event["data"]
    if kind in ("email.sent", "email.bounced"):
        tally = f"{kind} {data['campaign_id']}"
        _set_figure(tally, _figure(tally) + 1)
    email = data.get("lead_email")
    if email is None:
        return
    lead = _lead(email) or {
        "suppressed": False, "unsubscribed": False, "open_count": 0, "sentiment": None, "replied_at": 0,
    }
    lead["campaign"] = data.get("campaign_id")
    if kind == "email.bounced" and data.get("bounce_type") == "hard":
        lead["suppressed"] = True
    elif kind == "email.unsubscribed":
        lead["unsubscribed"] = True
        lead["suppressed"] = lead["suppressed"] or data.get("suppressed_globally") is True
    elif kind == "email.opened":
        lead["open_count"] = max(lead["open_count"], data.get("open_count", 0))
    elif kind == "email.replied":
        at = datetime.fromisoformat(event["timestamp"]).timestamp()
        if at >= lead["replied_at"]:
            lead.update(sentiment=data.get("reply_sentiment"), replied_at=at)
    _db().execute("INSERT OR REPLACE INTO leads VALUES (?, ?)", (email, json.dumps(lead)))


def _lead(email):
    row = _db().execute("SELECT state FROM leads WHERE email = ?", (email,)).fetchone()
    return json.loads(row[0]) if row else None


def _state(email):
    lead = _lead(email)
    if lead is None:
        return {"known": False}
    campaign = lead.pop("campaign")
    sent, bounced = _figure(f"email.sent {campaign}"), _figure(f"email.bounced {campaign}")
    del lead["replied_at"]
    return {"known": True, **lead, "rates": {"bounce_rate": min(1, bounced / sent) if sent else None}}


def _recover(api_url, api_key, webhook_id):
    """The daily job: each dead letter is processed, then acknowledged."""
    failed = f"{api_url}/v1/webhooks/{webhook_id}/failed-events"
    headers = {"x-user-context": api_key}
    while True:
        with urllib.request.urlopen(urllib.request.Request(failed, headers=headers)) as answer:
            letters = json.load(answer)["data"]
        if not letters:
            return
        for event in letters:
            process(event)
            done = f"{failed}/{event['id']}/acknowledge"
            urllib.request.urlopen(urllib.request.Request(done, method="POST", headers=headers)).close()


class _Hooks(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        kind, key = self.path[1:].split("/", 1)
        key = urllib.request.unquote(key)
        if kind == "state":
            return self._answer(_state(key))
        if kind == "processed":
            rows = _db().execute("SELECT id FROM effects WHERE acted ORDER BY rowid").fetchall()
            return self._answer([row[0] for row in rows])
        row = _db().execute("SELECT acted FROM effects WHERE id = ?", (key,)).fetchone()
        self._answer({"count": row[0] if row else 0})

    def do_POST(self):
        given = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.path == "/fault":
            _set_figure("down", int(given["fail"]))
        else:
            _recover(**given)
        self._answer({})

    def _answer(self, data):
        body = json.dumps(data).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def _end_with_parent():
    sys.stdin.read()
    os._exit(0)


def open_store(port):
    """Starts the hooks, and prints the receiver's port and theirs."""
    _db().executescript(SCHEMA)
    hooks = ThreadingHTTPServer(("127.0.0.1", int(os.environ.get("HOOKS_PORT", "0"))), _Hooks)
    threading.Thread(target=hooks.serve_forever, daemon=True).start()
    threading.Thread(target=_end_with_parent, daemon=True).start()
    print(port, hooks.server_port, flush=True)
