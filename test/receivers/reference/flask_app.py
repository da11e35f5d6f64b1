"""Flask: the guide's sample with a memory."""
import hashlib
import hmac
import os

from flask import Flask, jsonify, request
from werkzeug.serving import make_server

from store import open_store, process

app = Flask(__name__)
WEBHOOK_SECRET = os.environ["WEBHOOK_SECRET"]


@app.route("/webhooks/sendemall", methods=["POST"])
def handle_webhook():
    payload = request.get_data()
    signature = request.headers.get("X-SendEmAll-Signature", "")
    expected = hmac.new(WEBHOOK_SECRET.encode(), payload, hashlib.sha256).hexdigest()
    if not hmac.compare_digest(f"sha256={expected}".encode(), signature.encode()):
        return jsonify({"error": "Invalid signature"}), 401
    process(request.get_json(force=True))
    return jsonify({"received": True}), 200


server = make_server("127.0.0.1", int(os.environ.get("PORT", "0")), app, threaded=True)
open_store(server.server_port)
server.serve_forever()
