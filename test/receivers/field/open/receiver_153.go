// Keeps the funnel of each campaign: how many events came of which step of its sequence.
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

// steps is the length of the longest sequence that the editor lets you write.
const steps = 8

// funnel counts the events of each step of a campaign.
type funnel [steps]int

type event struct {
	id, kind string
	at       time.Time
	data     map[string]any
}

type contact struct {
	suppressed, unsubscribed bool
	opens                    float64
	sentiment                any
	repliedAt                time.Time
}

type store struct {
	mu       sync.RWMutex
	file     *os.File
	seen     map[string]int
	kinds    map[string]int
	contacts map[string]*contact
	funnels  map[string]*funnel
	offline  bool
}

var errOffline = errors.New("the CRM does not answer")

func parse(body []byte) (*event, error) {
	var members struct {
		raw map[string]any
	}
	if err := json.Unmarshal(body, &members.raw); err != nil {
		return nil, err
	}
	text := func(name string) string {
		value, _ := members.raw[name].(string)
		return value
	}
	data, isObject := members.raw["data"].(map[string]any)
	at, err := time.Parse(time.RFC3339, text("timestamp"))
	if err != nil {
		return nil, err
	}
	if !isObject || text("id") == "" || text("event") == "" {
		return nil, errors.New("a member is missing")
	}
	return &event{text("id"), text("event"), at, data}, nil
}

func open(path string) (*store, error) {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR|os.O_APPEND, 0o600)
	if err != nil {
		return nil, err
	}
	s := &store{
		file: file, seen: map[string]int{}, kinds: map[string]int{},
		contacts: map[string]*contact{}, funnels: map[string]*funnel{},
	}
	for lines := bufio.NewReader(file); ; {
		line, err := lines.ReadBytes('\n')
		if err != nil {
			return s, nil
		}
		if e, err := parse(line); err == nil {
			s.count(e)
			s.apply(e)
		}
	}
}

// count adds an event to the funnel of its campaign.
func (s *store) count(e *event) {
	campaign, _ := e.data["campaign_id"].(string)
	step, _ := e.data["sequence_step"].(float64)
	if step < 1 {
		return
	}
	if s.funnels[campaign] == nil {
		s.funnels[campaign] = new(funnel)
	}
	s.funnels[campaign][int(step)-1]++
}

func (s *store) apply(e *event) {
	s.seen[e.id]++
	s.kinds[e.kind]++
	email, _ := e.data["lead_email"].(string)
	if email == "" {
		return
	}
	c := s.contacts[email]
	if c == nil {
		c = new(contact)
		s.contacts[email] = c
	}
	switch e.kind {
	case "email.opened":
		count, _ := e.data["open_count"].(float64)
		c.opens = max(c.opens, count)
	case "email.replied":
		if !e.at.Before(c.repliedAt) {
			c.sentiment, c.repliedAt = e.data["reply_sentiment"], e.at
		}
	case "email.bounced":
		c.suppressed = c.suppressed || e.data["bounce_type"] == "hard"
	case "email.unsubscribed":
		c.unsubscribed = true
		c.suppressed = c.suppressed || e.data["suppressed_globally"] == true
	}
}

func (s *store) take(e *event, body []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.seen[e.id] > 0 {
		return nil
	}
	if s.offline {
		return errOffline
	}
	s.count(e)
	var line bytes.Buffer
	if err := json.Compact(&line, body); err != nil {
		return err
	}
	line.WriteByte('\n')
	if _, err := s.file.Write(line.Bytes()); err != nil {
		return err
	}
	s.apply(e)
	return nil
}

func answer(w http.ResponseWriter, status int, value any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(value)
}

func isSigned(secret string, body []byte, signature string) bool {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write(body)
	return hmac.Equal([]byte("sha256="+hex.EncodeToString(mac.Sum(nil))), []byte(signature))
}

func (s *store) webhook(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	switch {
	case r.Method != http.MethodPost:
		answer(w, 405, "POST only")
		return
	case err != nil:
		answer(w, 400, "incomplete body")
		return
	case !isSigned(os.Getenv("SENDEMALL_SECRET"), body, r.Header.Get("X-SendEmAll-Signature")):
		answer(w, 401, "invalid signature")
		return
	}
	e, err := parse(body)
	if err != nil {
		answer(w, 400, "not an event")
		return
	}
	if strings.HasPrefix(e.kind, "email.") || strings.HasPrefix(e.kind, "campaign.") {
		if err := s.take(e, body); err != nil {
			answer(w, 503, err.Error())
			return
		}
	}
	answer(w, 200, "received")
}

func (s *store) state(email string) any {
	c := s.contacts[email]
	if c == nil {
		return nil
	}
	rates := map[string]any{"bounce_rate": nil}
	if sent := s.kinds["email.sent"]; sent > 0 {
		rates["bounce_rate"] = min(1, float64(s.kinds["email.bounced"])/float64(sent))
	}
	return map[string]any{
		"suppressed": c.suppressed, "unsubscribed": c.unsubscribed,
		"open_count": c.opens, "sentiment": c.sentiment, "rates": rates,
	}
}

func (s *store) hooks(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	kind, rest, _ := strings.Cut(strings.TrimPrefix(r.URL.EscapedPath(), "/"), "/")
	key, _ := url.PathUnescape(rest)
	switch kind {
	case "effects":
		answer(w, 200, map[string]int{"count": s.seen[key]})
	case "leads":
		if found := s.state(key); found != nil {
			answer(w, 200, found)
			return
		}
		answer(w, 404, nil)
	default:
		var wish struct{ Fail bool }
		_ = json.NewDecoder(r.Body).Decode(&wish)
		s.offline = wish.Fail
		answer(w, 200, struct{}{})
	}
}

func main() {
	s, err := open(os.Getenv("DATABASE"))
	if err != nil {
		log.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/webhooks/sendemall", s.webhook)
	serve := func(port string, handler http.Handler) {
		log.Fatal(http.ListenAndServe("127.0.0.1:"+os.Getenv(port), handler))
	}
	go serve("HOOKS_PORT", http.HandlerFunc(s.hooks))
	go serve("PORT", mux)
	_, _ = io.Copy(io.Discard, os.Stdin)
}
