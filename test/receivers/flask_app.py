"""The provider's guide's own Flask sample, with a list of what it processed, on a free port that it prints."""
import hashlib
import hmac
import os

from flask import Flask, jsonify, request
from werkzeug.serving import make_server

app = Flask(__name__)
WEBHOOK_SECRET = os.environ["WEBHOOK_SECRET"]
processed = []


@app.route("/webhooks/sendemall", methods=["POST"])
def handle_webhook():
    payload = request.get_data()
    signature = request.headers.get("X-SendEmAll-Signature", "")
    expected = hmac.new(WEBHOOK_SECRET.encode(), payload, hashlib.sha256).hexdigest()
    if not hmac.compare_digest(f"sha256={expected}", signature):
        return jsonify({"error": "Invalid signature"}), 401
    event = request.json
    processed.append(event["id"])
    return jsonify({"received": True}), 200


@app.route("/processed")
def list_processed():
    return jsonify(processed)


server = make_server("127.0.0.1", 0, app, threaded=True)
print(server.server_port, flush=True)
server.serve_forever()
