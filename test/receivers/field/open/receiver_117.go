// Go's net/http with a journal on disk. It follows campaigns from their first e-mail to their end.
package main

import (
	"bufio"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync"
	"time"
)

const path = "/webhooks/sendemall"

type event = map[string]any

type lead struct {
	suppressed, unsubscribed bool
	openCount                float64
	sentiment                any
	repliedAt                time.Time
}

var (
	mu       sync.Mutex
	journal  *os.File
	seen     = map[string]bool{}
	effects  = map[string]int{}
	totals   = map[string]float64{}
	leads    = map[string]*lead{}
	finished = map[string]bool{}
	crmDown  bool
	secret   = []byte(os.Getenv("SENDEMALL_SECRET"))
	errCrm   = errors.New("the CRM does not answer")
	errEvent = errors.New("not an event")
)

func leadOf(email string) *lead {
	if leads[email] == nil {
		leads[email] = &lead{}
	}
	return leads[email]
}

func isKnown(e event) bool {
	kind := e["event"].(string)
	return strings.HasPrefix(kind, "email.") || strings.HasPrefix(kind, "campaign.")
}

// apply updates what is in memory; the journal is replayed through it after a restart.
func apply(e event) {
	kind, data := e["event"].(string), e["data"].(map[string]any)
	campaign, _ := data["campaign_id"].(string)
	if finished[campaign] {
		return
	}
	if kind == "campaign.completed" && campaign != "" {
		finished[campaign] = true
	}
	effects[e["id"].(string)]++
	totals[kind]++
	email, ok := data["lead_email"].(string)
	if !ok {
		return
	}
	l := leadOf(email)
	switch kind {
	case "email.bounced":
		if data["bounce_type"] == "hard" {
			l.suppressed = true
		}
	case "email.unsubscribed":
		l.unsubscribed = true
		if data["suppressed_globally"] == true {
			l.suppressed = true
		}
	case "email.opened":
		if count, ok := data["open_count"].(float64); ok {
			l.openCount = max(l.openCount, count)
		}
	case "email.replied":
		at, _ := time.Parse(time.RFC3339, e["timestamp"].(string))
		if !at.Before(l.repliedAt) {
			l.sentiment, l.repliedAt = data["reply_sentiment"], at
		}
	}
}

func record(e event) error {
	line, err := json.Marshal(e)
	if err != nil {
		return err
	}
	_, err = journal.Write(append(line, '\n'))
	return err
}

// handle writes the event to the journal, then applies it: both or, before the write, neither.
func handle(e event) error {
	mu.Lock()
	defer mu.Unlock()
	id := e["id"].(string)
	if seen[id] {
		return nil
	}
	if isKnown(e) && crmDown {
		return errCrm
	}
	if err := record(e); err != nil {
		return err
	}
	seen[id] = true
	if isKnown(e) {
		apply(e)
	}
	return nil
}

func parse(body []byte) (event, error) {
	var e event
	if json.Unmarshal(body, &e) != nil {
		return nil, errEvent
	}
	_, hasID := e["id"].(string)
	_, hasKind := e["event"].(string)
	_, hasData := e["data"].(map[string]any)
	at, hasTime := e["timestamp"].(string)
	_, badTime := time.Parse(time.RFC3339, at)
	if !hasID || !hasKind || !hasData || !hasTime || badTime != nil {
		return nil, errEvent
	}
	return e, nil
}

func isSigned(body []byte, given string) bool {
	mac := hmac.New(sha256.New, secret)
	mac.Write(body)
	expected := "sha256=" + hex.EncodeToString(mac.Sum(nil))
	return hmac.Equal([]byte(expected), []byte(given))
}

func receive(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(io.LimitReader(r.Body, 5_000_000))
	if err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	if r.URL.Path != path {
		w.WriteHeader(http.StatusNotFound)
		return
	}
	if r.Method != http.MethodPost {
		w.WriteHeader(http.StatusMethodNotAllowed)
		return
	}
	if !isSigned(body, strings.Join(r.Header.Values("X-SendEmAll-Signature"), ", ")) {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	e, err := parse(body)
	if err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	if handle(e) != nil {
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	w.WriteHeader(http.StatusOK)
}

func stateOf(email string) any {
	l := leads[email]
	if l == nil {
		return nil
	}
	var rate any
	if totals["email.sent"] > 0 {
		rate = min(1, totals["email.bounced"]/totals["email.sent"])
	}
	return event{
		"suppressed": l.suppressed, "unsubscribed": l.unsubscribed, "open_count": l.openCount,
		"sentiment": l.sentiment, "rates": event{"bounce_rate": rate},
	}
}

// hooks serves the test hooks, on a port of their own.
func hooks(w http.ResponseWriter, r *http.Request) {
	mu.Lock()
	defer mu.Unlock()
	kind, key, _ := strings.Cut(strings.TrimPrefix(r.URL.EscapedPath(), "/"), "/")
	key, _ = url.PathUnescape(key)
	var answer any = event{}
	switch kind {
	case "effects":
		answer = event{"count": effects[key]}
	case "leads":
		answer = stateOf(key)
	case "fault":
		var body struct{ Fail bool }
		json.NewDecoder(r.Body).Decode(&body)
		crmDown = body.Fail
	}
	if answer == nil {
		w.WriteHeader(http.StatusNotFound)
		return
	}
	json.NewEncoder(w).Encode(answer)
}

func replay(name string, each func(event)) {
	file, err := os.Open(name)
	if err != nil {
		return
	}
	defer file.Close()
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 20_000_000)
	for lines.Scan() {
		if e, err := parse(lines.Bytes()); err == nil {
			each(e)
		}
	}
}

func endWithParent() {
	io.Copy(io.Discard, os.Stdin)
	os.Exit(0)
}

func main() {
	name := os.Getenv("DATABASE")
	replay(name, func(e event) {
		seen[e["id"].(string)] = true
		if isKnown(e) {
			apply(e)
		}
	})
	var err error
	if journal, err = os.OpenFile(name, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600); err != nil {
		panic(err)
	}
	go endWithParent()
	go http.ListenAndServe("127.0.0.1:"+os.Getenv("HOOKS_PORT"), http.HandlerFunc(hooks))
	fmt.Println(http.ListenAndServe("127.0.0.1:"+os.Getenv("PORT"), http.HandlerFunc(receive)))
}
