// Takes events of SendEmAll, keeps one line of JSON for each, and mirrors the leads in memory.
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
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync"
	"time"
)

type event struct {
	ID                 string
	Kind               string
	Timestamp          time.Time
	LeadEmail          string
	BounceType         string
	ReplySentiment     string
	SuppressedGlobally bool
	SequenceStep       int
	OpenCount          int
}

type lead struct {
	suppressed   bool
	unsubscribed bool
	openCount    int
	sentiment    *string
	repliedAt    time.Time
}

type store struct {
	sync.Mutex
	journal *os.File
	effects map[string]int
	kinds   map[string]int
	leads   map[string]*lead
	offline bool
}

var errOffline = errors.New("the CRM is offline")

func openStore(path string) (*store, error) {
	s := &store{effects: map[string]int{}, kinds: map[string]int{}, leads: map[string]*lead{}}
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR|os.O_APPEND, 0o600)
	if err != nil {
		return nil, err
	}
	s.journal = file
	reader := bufio.NewReader(file)
	for {
		line, err := reader.ReadBytes('\n')
		if err != nil {
			return s, nil
		}
		if e, err := parse(line); err == nil {
			s.apply(e)
		}
	}
}

func isOurs(kind string) bool {
	return strings.HasPrefix(kind, "email.") || strings.HasPrefix(kind, "campaign.")
}

func (s *store) apply(e *event) {
	s.effects[e.ID]++
	s.kinds[e.Kind]++
	if e.LeadEmail == "" {
		return
	}
	l := s.leads[e.LeadEmail]
	if l == nil {
		l = &lead{}
		s.leads[e.LeadEmail] = l
	}
	switch e.Kind {
	case "email.bounced":
		l.suppressed = l.suppressed || e.BounceType == "hard"
	case "email.unsubscribed":
		l.unsubscribed = true
		l.suppressed = l.suppressed || e.SuppressedGlobally
	case "email.opened":
		l.openCount = max(l.openCount, e.OpenCount)
	case "email.replied":
		if !e.Timestamp.Before(l.repliedAt) {
			sentiment := e.ReplySentiment
			l.sentiment, l.repliedAt = &sentiment, e.Timestamp
		}
	}
}

// take writes the event down and applies it, unless that has happened before.
func (s *store) take(e *event, body []byte) error {
	s.Lock()
	defer s.Unlock()
	if s.effects[e.ID] > 0 || !isOurs(e.Kind) {
		return nil
	}
	if s.offline {
		return errOffline
	}
	var line bytes.Buffer
	if err := json.Compact(&line, body); err != nil {
		return err
	}
	line.WriteByte('\n')
	if _, err := s.journal.Write(line.Bytes()); err != nil {
		return err
	}
	s.apply(e)
	return nil
}

func (s *store) state(email string) map[string]any {
	l := s.leads[email]
	if l == nil {
		return nil
	}
	var rate any
	if sent := s.kinds["email.sent"]; sent > 0 {
		rate = min(1, float64(s.kinds["email.bounced"])/float64(sent))
	}
	return map[string]any{
		"suppressed":   l.suppressed,
		"unsubscribed": l.unsubscribed,
		"open_count":   l.openCount,
		"sentiment":    l.sentiment,
		"rates":        map[string]any{"bounce_rate": rate},
	}
}

func isSigned(secret string, body []byte, given string) bool {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write(body)
	expected := "sha256=" + hex.EncodeToString(mac.Sum(nil))
	return hmac.Equal([]byte(expected), []byte(given))
}

// object reads members by their exact names, and remembers the first that does not fit.
type object struct {
	members map[string]json.RawMessage
	err     error
}

func (o *object) read(name string, target any) {
	if raw, ok := o.members[name]; ok && o.err == nil {
		o.err = json.Unmarshal(raw, target)
	}
}

func parse(body []byte) (*event, error) {
	var e event
	var whole, data object
	if err := json.Unmarshal(body, &whole.members); err != nil {
		return nil, err
	}
	whole.read("id", &e.ID)
	whole.read("event", &e.Kind)
	whole.read("timestamp", &e.Timestamp)
	whole.read("data", &data.members)
	data.read("lead_email", &e.LeadEmail)
	data.read("bounce_type", &e.BounceType)
	data.read("reply_sentiment", &e.ReplySentiment)
	data.read("suppressed_globally", &e.SuppressedGlobally)
	data.read("sequence_step", &e.SequenceStep)
	data.read("open_count", &e.OpenCount)
	if err := errors.Join(whole.err, data.err); err != nil {
		return nil, err
	}
	if e.ID == "" || e.Kind == "" || data.members == nil || e.Timestamp.IsZero() {
		return nil, errors.New("not an event")
	}
	return &e, nil
}

func reply(w http.ResponseWriter, status int, content any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(content)
}

func receiver(s *store, secret string) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/webhooks/sendemall", func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodPost {
			reply(w, 405, map[string]string{"error": "POST only"})
			return
		}
		body, err := io.ReadAll(r.Body)
		if err != nil {
			reply(w, 400, map[string]string{"error": "unreadable body"})
			return
		}
		if !isSigned(secret, body, r.Header.Get("X-SendEmAll-Signature")) {
			reply(w, 401, map[string]string{"error": "invalid signature"})
			return
		}
		e, err := parse(body)
		if err != nil {
			reply(w, 400, map[string]string{"error": "invalid event"})
			return
		}
		if err := s.take(e, body); err != nil {
			reply(w, 503, map[string]string{"error": "try again later"})
			return
		}
		reply(w, 200, map[string]bool{"received": true})
	})
	return mux
}

func hooks(s *store) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.Lock()
		defer s.Unlock()
		_, rest, _ := strings.Cut(r.URL.EscapedPath(), "/")
		kind, key, _ := strings.Cut(rest, "/")
		key, _ = url.PathUnescape(key)
		switch kind {
		case "effects":
			reply(w, 200, map[string]int{"count": s.effects[key]})
		case "leads":
			if state := s.state(key); state != nil {
				reply(w, 200, state)
			} else {
				reply(w, 404, nil)
			}
		case "fault":
			var order struct{ Fail bool }
			_ = json.NewDecoder(r.Body).Decode(&order)
			s.offline = order.Fail
			reply(w, 200, nil)
		}
	})
}

func main() {
	s, err := openStore(os.Getenv("DATABASE"))
	if err != nil {
		panic(err)
	}
	go func() { panic(http.ListenAndServe("127.0.0.1:"+os.Getenv("HOOKS_PORT"), hooks(s))) }()
	go func() {
		panic(http.ListenAndServe("127.0.0.1:"+os.Getenv("PORT"), receiver(s, os.Getenv("SENDEMALL_SECRET"))))
	}()
	_, _ = io.Copy(io.Discard, os.Stdin)
}
