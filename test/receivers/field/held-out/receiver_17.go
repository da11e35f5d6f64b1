// Webhook endpoint with a status page: which events came in lately, and how far each of them is.
package main

import (
	"bytes"
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

func (d *database) save(m *message) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.seen[m.ID] > 0 {
		return nil
	}
	if d.failing {
		return errors.New("database unavailable")
	}
	line, err := json.Marshal(m)
	if err != nil {
		return err
	}
	if _, err = d.file.Write(append(line, '\n')); err != nil {
		return err
	}
	d.record(m)
	return nil
}

// activity is what the status page shows: the events of the last ten minutes, by id.
type activity struct {
	latest map[string]arrival
	page   string
}

type arrival struct {
	event, stage string
	at           time.Time
}

func (a *activity) note(m *message, stage string) {
	a.latest[m.ID] = arrival{m.Event, stage, time.Now()}
	a.page = a.render()
}

func (a *activity) render() string {
	var page strings.Builder
	for id, one := range a.latest {
		age := time.Since(one.at)
		if age > 10*time.Minute {
			delete(a.latest, id)
			continue
		}
		fmt.Fprintf(&page, "%-28s %-20s %s %s ago\n", id, one.event, one.stage, age.Round(time.Second))
	}
	return page.String()
}

type server struct {
	db       *database
	activity *activity
	key      []byte
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
	s.activity.note(m, "received")
	if !strings.HasPrefix(m.Event, "email.") && !strings.HasPrefix(m.Event, "campaign.") {
		s.activity.note(m, "ignored")
		return http.StatusOK, "ignored"
	}
	if err := s.db.save(m); err != nil {
		s.activity.note(m, "failed")
		return http.StatusServiceUnavailable, err.Error()
	}
	s.activity.note(m, "stored")
	return http.StatusOK, "received"
}

func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch {
	case r.URL.Path == "/status" && r.Method == http.MethodGet:
		_, _ = io.WriteString(w, s.activity.page)
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
	s := &server{db, &activity{latest: map[string]arrival{}}, []byte(os.Getenv("SENDEMALL_SECRET"))}
	go func() { panic(http.ListenAndServe("127.0.0.1:"+os.Getenv("HOOKS_PORT"), http.HandlerFunc(db.hook))) }()
	go func() { panic(http.ListenAndServe("127.0.0.1:"+os.Getenv("PORT"), s)) }()
	_, _ = io.ReadAll(os.Stdin)
}
