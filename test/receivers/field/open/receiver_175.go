// sendemall-inbox files the events of the provider in a journal and keeps the leads in memory.
package main

import (
	"bufio"
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"log"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync"
	"time"
)

var errDown = errors.New("the CRM is down")

// Lead is what the CRM shows.
type Lead struct {
	Suppressed   bool           `json:"suppressed"`
	Unsubscribed bool           `json:"unsubscribed"`
	OpenCount    float64        `json:"open_count"`
	Sentiment    *string        `json:"sentiment"`
	Rates        map[string]any `json:"rates"`
	repliedAt    time.Time
}

type Event struct {
	ID, Type string
	At       time.Time
	Data     map[string]any
}

func (e *Event) text(name string) string {
	s, _ := e.Data[name].(string)
	return s
}

func parse(body []byte) (*Event, error) {
	var raw map[string]any
	if err := json.Unmarshal(body, &raw); err != nil {
		return nil, err
	}
	id, ok1 := raw["id"].(string)
	kind, ok2 := raw["event"].(string)
	stamp, ok3 := raw["timestamp"].(string)
	data, ok4 := raw["data"].(map[string]any)
	if !ok1 || !ok2 || !ok3 || !ok4 {
		return nil, errors.New("id, event, timestamp and data are required")
	}
	at, err := time.Parse(time.RFC3339Nano, stamp)
	if err != nil {
		return nil, err
	}
	return &Event{id, kind, at, data}, nil
}

type Inbox struct {
	mu      sync.Mutex
	journal *os.File
	seen    map[string]int
	leads   map[string]*Lead
	sent    float64
	bounced float64
	down    bool
}

func open(path string) (*Inbox, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR|os.O_APPEND, 0o644)
	if err != nil {
		return nil, err
	}
	in := &Inbox{journal: f, seen: map[string]int{}, leads: map[string]*Lead{}}
	r := bufio.NewReader(f)
	for {
		line, err := r.ReadBytes('\n')
		if err != nil {
			return in, nil
		}
		if e, err := parse(line); err == nil {
			in.apply(e)
		}
	}
}

func (in *Inbox) apply(e *Event) {
	in.seen[e.ID]++
	switch e.Type {
	case "email.sent":
		in.sent++
	case "email.bounced":
		in.bounced++
	}
	email := e.text("lead_email")
	if email == "" {
		return
	}
	l := in.leads[email]
	if l == nil {
		l = &Lead{}
		in.leads[email] = l
	}
	switch e.Type {
	case "email.opened":
		if n, ok := e.Data["open_count"].(float64); ok {
			l.OpenCount = max(l.OpenCount, n)
		}
	case "email.replied":
		if s := e.text("reply_sentiment"); !e.At.Before(l.repliedAt) {
			l.Sentiment, l.repliedAt = &s, e.At
		}
	case "email.bounced":
		l.Suppressed = l.Suppressed || e.text("bounce_type") == "hard"
	case "email.unsubscribed":
		l.Unsubscribed = true
		l.Suppressed = l.Suppressed || e.Data["suppressed_globally"] == true
	}
}

// Accept files a new event; a repeat is accepted as well, and changes nothing.
func (in *Inbox) Accept(body []byte, e *Event) error {
	in.mu.Lock()
	defer in.mu.Unlock()
	if in.seen[e.ID] > 0 {
		return nil
	}
	if in.down {
		return errDown
	}
	var line bytes.Buffer
	if err := json.Compact(&line, body); err != nil {
		return err
	}
	line.WriteByte('\n')
	if _, err := in.journal.Write(line.Bytes()); err != nil {
		return err
	}
	in.apply(e)
	return nil
}

func (in *Inbox) receive(secret []byte) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			http.Error(w, "cannot read the body", http.StatusBadRequest)
			return
		}
		mac := hmac.New(sha256.New, secret)
		mac.Write(body)
		want := "sha256=" + hex.EncodeToString(mac.Sum(nil))
		if !hmac.Equal([]byte(want), []byte(r.Header.Get("X-SendEmAll-Signature"))) {
			http.Error(w, "invalid signature", http.StatusUnauthorized)
			return
		}
		e, err := parse(body)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		if err := in.Accept(body, e); err != nil {
			http.Error(w, err.Error(), http.StatusServiceUnavailable)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{"received":true}`)
	}
}

func (in *Inbox) hooks(w http.ResponseWriter, r *http.Request) {
	in.mu.Lock()
	defer in.mu.Unlock()
	path := r.URL.EscapedPath()
	if id, ok := strings.CutPrefix(path, "/effects/"); ok {
		id, _ = url.PathUnescape(id)
		_ = json.NewEncoder(w).Encode(map[string]int{"count": in.seen[id]})
		return
	}
	if email, ok := strings.CutPrefix(path, "/leads/"); ok {
		email, _ = url.PathUnescape(email)
		l := in.leads[email]
		if l == nil {
			http.NotFound(w, r)
			return
		}
		l.Rates = map[string]any{"bounce_rate": nil}
		if in.sent > 0 {
			l.Rates["bounce_rate"] = min(1, in.bounced/in.sent)
		}
		_ = json.NewEncoder(w).Encode(l)
		return
	}
	var fault struct{ Fail bool }
	_ = json.NewDecoder(r.Body).Decode(&fault)
	in.down = fault.Fail
	_, _ = io.WriteString(w, "{}")
}

func main() {
	in, err := open(os.Getenv("DATABASE"))
	if err != nil {
		log.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /webhooks/sendemall", in.receive([]byte(os.Getenv("SENDEMALL_SECRET"))))
	// Against clients that connect and say nothing.
	server := &http.Server{
		Addr:         "127.0.0.1:" + os.Getenv("PORT"),
		Handler:      mux,
		ReadTimeout:  time.Second,
		WriteTimeout: 15 * time.Second,
		IdleTimeout:  2 * time.Minute,
	}
	go func() { log.Fatal(server.ListenAndServe()) }()
	go func() {
		log.Fatal(http.ListenAndServe("127.0.0.1:"+os.Getenv("HOOKS_PORT"), http.HandlerFunc(in.hooks)))
	}()
	_, _ = io.Copy(io.Discard, os.Stdin)
}
