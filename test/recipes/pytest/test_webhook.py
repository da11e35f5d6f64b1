"""Retries of an outage, in no time."""


def test_a_receiver_that_is_down_gets_dead_letters(sendemall):
    hook = {"url": "http://127.0.0.1:9/hook", "events": ["*"], "secret": "whsec_your-signing-secret"}
    webhook = sendemall("POST", "/v1/webhooks", hook)
    sendemall("POST", "/_sandbox/events", {"event": "email.replied"})
    sendemall("POST", "/_sandbox/clock/advance", {"by": "36m"})
    letters = sendemall("GET", f"/v1/webhooks/{webhook['id']}/failed-events")
    assert [letter["event"] for letter in letters] == ["email.replied"]


def test_another_test_has_an_account_of_its_own(sendemall):
    assert sendemall("GET", "/v1/webhooks") == []
