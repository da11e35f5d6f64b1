// Webhook endpoint that writes events in batches, so that many of them need few writes.
package main

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync"
	"time"
)

const endpoint = "/webhooks/sendemall"

type fields map[string]any

type message struct {
	ID        string `json:"id"`
	Event     string `json:"event"`
	Timestamp string `json:"timestamp"`
	Data      fields `json:"data"`
}

type leadRow struct {
	Suppressed, Unsubscribed bool
	OpenCount                float64
	Sentiment                any
	RepliedAt                int64
}

type database struct {
	mu      sync.Mutex
	file    *os.File
	seen    map[string]int
	byEvent map[string]float64
	leads   map[string]*leadRow
	failing bool
}

// unmarshal keeps numbers as they are written.
func unmarshal(body []byte, target any) error {
	if !json.Valid(body) {
		return errors.New("invalid JSON")
	}
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	return decoder.Decode(target)
}

func read(body []byte) (*message, error) {
	var whole fields
	if err := unmarshal(body, &whole); err != nil {
		return nil, errors.New("invalid JSON")
	}
	id, _ := whole["id"].(string)
	event, _ := whole["event"].(string)
	timestamp, _ := whole["timestamp"].(string)
	data, ok := whole["data"].(map[string]any)
	if id == "" || event == "" || !ok {
		return nil, errors.New("invalid event")
	}
	_, err := time.Parse(time.RFC3339, timestamp)
	return &message{id, event, timestamp, data}, err
}

func (d *database) load(path string) error {
	content, err := os.ReadFile(path)
	if err != nil && !os.IsNotExist(err) {
		return err
	}
	for _, line := range bytes.Split(content, []byte{'\n'}) {
		if m, err := read(line); err == nil {
			d.record(m)
		}
	}
	d.file, err = os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	return err
}

func (d *database) record(m *message) {
	d.seen[m.ID]++
	d.byEvent[m.Event]++
	email, ok := m.Data["lead_email"].(string)
	if !ok {
		return
	}
	if d.leads[email] == nil {
		d.leads[email] = &leadRow{}
	}
	row := d.leads[email]
	switch m.Event {
	case "email.opened":
		number, _ := m.Data["open_count"].(json.Number)
		count, _ := number.Float64()
		row.OpenCount = max(row.OpenCount, count)
	case "email.bounced":
		row.Suppressed = row.Suppressed || m.Data["bounce_type"] == "hard"
	case "email.unsubscribed":
		row.Unsubscribed = true
		row.Suppressed = row.Suppressed || m.Data["suppressed_globally"] == true
	case "email.replied":
		at, _ := time.Parse(time.RFC3339, m.Timestamp)
		if at.UnixNano() >= row.RepliedAt {
			row.RepliedAt, row.Sentiment = at.UnixNano(), m.Data["reply_sentiment"]
		}
	}
}

// save writes the messages that are new with one call; all of them are stored, or none is.
func (d *database) save(messages []*message) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	fresh := map[string]*message{}
	var lines []byte
	for _, m := range messages {
		if d.seen[m.ID] > 0 || fresh[m.ID] != nil {
			continue
		}
		line, err := json.Marshal(m)
		if err != nil {
			return err
		}
		fresh[m.ID] = m
		lines = append(append(lines, line...), '\n')
	}
	if len(fresh) == 0 {
		return nil
	}
	if d.failing {
		return errors.New("database unavailable")
	}
	if _, err := d.file.Write(lines); err != nil {
		return err
	}
	for _, m := range fresh {
		d.record(m)
	}
	return nil
}

const (
	batchSize = 12
	batchTime = 25 * time.Millisecond
)

// batch is what is saved together; done is closed as soon as it is.
type batch struct {
	messages []*message
	err      error
	done     chan struct{}
}

// batcher collects messages until there are enough of them, or until the first one has waited long enough.
type batcher struct {
	mu      sync.Mutex
	db      *database
	current *batch
}

func (b *batcher) add(m *message) error {
	b.mu.Lock()
	if b.current == nil {
		one := &batch{done: make(chan struct{})}
		b.current = one
		time.AfterFunc(batchTime, func() {
			b.mu.Lock()
			defer b.mu.Unlock()
			b.flush(one)
		})
	}
	mine := b.current
	mine.messages = append(mine.messages, m)
	if len(mine.messages) == batchSize {
		b.flush(mine)
	}
	b.mu.Unlock()
	<-mine.done
	return mine.err
}

func (b *batcher) flush(one *batch) {
	if b.current == one {
		b.current = nil
	}
	one.err = b.db.save(one.messages)
	close(one.done)
}

type server struct {
	batcher *batcher
	key     []byte
}

func (s *server) authentic(body []byte, header string) bool {
	mac := hmac.New(sha256.New, s.key)
	mac.Write(body)
	return hmac.Equal([]byte("sha256="+hex.EncodeToString(mac.Sum(nil))), []byte(header))
}

func (s *server) webhook(r *http.Request) (int, string) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return http.StatusBadRequest, "unreadable"
	}
	if !s.authentic(body, r.Header.Get("X-SendEmAll-Signature")) {
		return http.StatusUnauthorized, "invalid signature"
	}
	m, err := read(body)
	if err != nil {
		return http.StatusBadRequest, err.Error()
	}
	if !strings.HasPrefix(m.Event, "email.") && !strings.HasPrefix(m.Event, "campaign.") {
		return http.StatusOK, "ignored"
	}
	if err := s.batcher.add(m); err != nil {
		return http.StatusServiceUnavailable, err.Error()
	}
	return http.StatusOK, "received"
}

func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch {
	case r.URL.Path != endpoint:
		http.NotFound(w, r)
	case r.Method != http.MethodPost:
		http.Error(w, "method not allowed", http.StatusMethodNotAllowed)
	default:
		status, text := s.webhook(r)
		w.WriteHeader(status)
		_, _ = io.WriteString(w, text)
	}
}

func (d *database) state(email string) (any, bool) {
	row, ok := d.leads[email]
	if !ok {
		return nil, false
	}
	var rate *float64
	if sent := d.byEvent["email.sent"]; sent > 0 {
		value := min(d.byEvent["email.bounced"]/sent, 1)
		rate = &value
	}
	return fields{
		"suppressed":   row.Suppressed,
		"unsubscribed": row.Unsubscribed,
		"open_count":   row.OpenCount,
		"sentiment":    row.Sentiment,
		"rates":        fields{"bounce_rate": rate},
	}, true
}

func (d *database) hook(w http.ResponseWriter, r *http.Request) {
	d.mu.Lock()
	defer d.mu.Unlock()
	path := strings.TrimPrefix(r.URL.EscapedPath(), "/")
	name, escaped, _ := strings.Cut(path, "/")
	key, _ := url.PathUnescape(escaped)
	var found any
	ok := true
	switch name {
	case "effects":
		found = fields{"count": d.seen[key]}
	case "leads":
		found, ok = d.state(key)
	default:
		var wish struct{ Fail bool }
		_ = json.NewDecoder(r.Body).Decode(&wish)
		d.failing = wish.Fail
	}
	if !ok {
		w.WriteHeader(http.StatusNotFound)
	}
	_ = json.NewEncoder(w).Encode(found)
}

func main() {
	db := &database{seen: map[string]int{}, byEvent: map[string]float64{}, leads: map[string]*leadRow{}}
	if err := db.load(os.Getenv("DATABASE")); err != nil {
		panic(err)
	}
	s := &server{&batcher{db: db}, []byte(os.Getenv("SENDEMALL_SECRET"))}
	go func() { panic(http.ListenAndServe("127.0.0.1:"+os.Getenv("HOOKS_PORT"), http.HandlerFunc(db.hook))) }()
	go func() { panic(http.ListenAndServe("127.0.0.1:"+os.Getenv("PORT"), s)) }()
	_, _ = io.ReadAll(os.Stdin)
}
