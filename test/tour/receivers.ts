/**
 * What a newcomer writes first: a receiver that parses the body and hashes what it has parsed. The fix is one line.
 *
 * @module
 */

export interface NaiveReceiver {
  readonly file: string;
  readonly source: string;
  /** The line that hashes the wrong bytes, and the one that the finding asks for. */
  readonly fault: string;
  readonly fix: string;
  /** Starts it; its port and secret are in the environment. */
  readonly command: readonly [file: string, ...args: string[]];
}

const express = `import { createHmac, timingSafeEqual } from 'node:crypto';
import express from 'express';

const app = express();
app.use(express.json({ type: () => true, verify: (req, res, bytes) => { req.bytes = bytes; } }));
app.post('/webhooks/sendemall', (req, res) => {
  const body = JSON.stringify(req.body);
  const digest = createHmac('sha256', process.env.SENDEMALL_SECRET).update(body).digest('hex');
  const expected = Buffer.from('sha256=' + digest);
  const given = Buffer.from(req.get('x-sendemall-signature') ?? '');
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) {
    return res.status(401).end();
  }
  res.status(204).end();
});
app.use((error, req, res, next) => res.status(error.status ?? 500).end());
app.listen(Number(process.env.PORT), '127.0.0.1');
`;

const flask = `import hashlib, hmac, json, os
from flask import Flask, request

app = Flask(__name__)

@app.post("/webhooks/sendemall")
def receive():
    body = json.dumps(request.get_json(force=True)).encode()
    expected = "sha256=" + hmac.new(os.environ["SENDEMALL_SECRET"].encode(), body, hashlib.sha256).hexdigest()
    given = request.headers.get("X-SendEmAll-Signature", "")
    if not hmac.compare_digest(expected.encode(), given.encode("utf-8", "surrogateescape")):
        return "", 401
    request.get_json(force=True)
    return "", 204

app.run("127.0.0.1", int(os.environ["PORT"]), threaded=True)
`;

export const NAIVE: Readonly<Record<'express' | 'flask', NaiveReceiver>> = {
  express: {
    file: 'receiver.mjs',
    source: express,
    fault: 'const body = JSON.stringify(req.body);',
    fix: 'const body = req.bytes ?? Buffer.alloc(0);',
    command: [process.execPath, 'receiver.mjs'],
  },
  flask: {
    file: 'receiver.py',
    source: flask,
    fault: 'body = json.dumps(request.get_json(force=True)).encode()',
    fix: 'body = request.get_data()',
    command: ['python3', 'receiver.py'],
  },
};
