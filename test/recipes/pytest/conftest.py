"""A sandbox of SendEmAll for tests: one for the session, empty for each test."""

import json
import os
import subprocess
import urllib.request

import pytest


@pytest.fixture(scope="session")
def sendemall_url():
    # sendemall-mock is the executable, the installed command or `docker run … sendemall-mock`.
    command = os.environ.get("SENDEMALL_MOCK", "sendemall-mock")
    line = [command, "serve", "--port", "0", "--clock", "frozen", "--no-rate-limit", "--json"]
    process = subprocess.Popen(line, stdout=subprocess.PIPE, text=True)
    yield json.loads(process.stdout.readline())["url"]
    process.terminate()
    process.wait()


@pytest.fixture
def sendemall(sendemall_url, request):
    """Call the API as an account of this test: sendemall("POST", "/v1/webhooks", {...})."""

    def call(method, path, body=None):
        data = json.dumps(body).encode() if body else None
        headers = {"x-user-context": request.node.nodeid, "Content-Type": "application/json"}
        sent = urllib.request.Request(sendemall_url + path, data, headers, method=method)
        with urllib.request.urlopen(sent) as response:
            return json.load(response)["data"]

    return call
