// A gateway between SendEmAll and the CRM: verifies events and hands each to the CRM once.
package main

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync"
	"time"
)

type Event struct {
	ID, Type, Time string
	Data           map[string]any
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

func decode(body []byte) (*Event, error) {
	var members map[string]any
	if err := unmarshal(body, &members); err != nil {
		return nil, err
	}
	var e Event
	e.ID, _ = members["id"].(string)
	e.Type, _ = members["event"].(string)
	e.Time, _ = members["timestamp"].(string)
	e.Data, _ = members["data"].(map[string]any)
	if _, err := time.Parse(time.RFC3339Nano, e.Time); err != nil {
		return nil, err
	}
	if e.ID == "" || e.Type == "" || e.Data == nil {
		return nil, fmt.Errorf("incomplete event %q", e.ID)
	}
	return &e, nil
}

func (e *Event) text(name string) string {
	value, _ := e.Data[name].(string)
	return value
}

// --- CRM -------------------------------------------------------------------------------------

// Contact is what the CRM knows of a lead.
type Contact struct {
	Suppressed   bool
	Unsubscribed bool
	Opens        float64
	Sentiment    any
	Replied      time.Time
}

// CRM keeps contacts; its log survives restarts.
type CRM struct {
	log      *os.File
	contacts map[string]*Contact
	effects  map[string]int
	totals   map[string]int
	down     bool
}

func (c *CRM) store(e *Event) {
	c.effects[e.ID]++
	c.totals[e.Type]++
	email := e.text("lead_email")
	if email == "" {
		return
	}
	contact, known := c.contacts[email]
	if !known {
		contact = new(Contact)
		c.contacts[email] = contact
	}
	switch e.Type {
	case "email.opened":
		number, _ := e.Data["open_count"].(json.Number)
		if count, err := number.Float64(); err == nil && count > contact.Opens {
			contact.Opens = count
		}
	case "email.replied":
		at, _ := time.Parse(time.RFC3339Nano, e.Time)
		if !at.Before(contact.Replied) {
			contact.Sentiment, contact.Replied = e.Data["reply_sentiment"], at
		}
	case "email.bounced":
		if e.text("bounce_type") == "hard" {
			contact.Suppressed = true
		}
	case "email.unsubscribed":
		contact.Unsubscribed = true
		if everywhere, _ := e.Data["suppressed_globally"].(bool); everywhere {
			contact.Suppressed = true
		}
	}
}

// --- Session ---------------------------------------------------------------------------------

// Session is one login to the CRM. A session that has seen an error must not be used again.
type Session struct {
	crm       *CRM
	delivered map[string]struct{}
}

func login(crm *CRM) *Session {
	return &Session{crm: crm, delivered: make(map[string]struct{})}
}

// Deliver hands the event over; an event that was delivered already is skipped.
func (s *Session) Deliver(e *Event, body []byte) error {
	if _, ok := s.delivered[e.ID]; ok {
		return nil
	}
	if s.crm.down {
		return fmt.Errorf("deliver %s: connection refused", e.ID)
	}
	line := base64.StdEncoding.EncodeToString(body) + "\n"
	if _, err := s.crm.log.WriteString(line); err != nil {
		return err
	}
	s.crm.store(e)
	s.delivered[e.ID] = struct{}{}
	return nil
}

// --- Gateway ---------------------------------------------------------------------------------

// Gateway owns the session and replaces it after an error.
type Gateway struct {
	mu      sync.Mutex
	crm     *CRM
	session *Session
}

func openGateway(path string) *Gateway {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR|os.O_APPEND, 0o644)
	if err != nil {
		log.Fatal(err)
	}
	content, err := io.ReadAll(file)
	if err != nil {
		log.Fatal(err)
	}
	crm := &CRM{log: file, contacts: map[string]*Contact{}, effects: map[string]int{}, totals: map[string]int{}}
	g := &Gateway{crm: crm, session: login(crm)}
	for _, line := range bytes.Split(content, []byte("\n")) {
		body, _ := base64.StdEncoding.DecodeString(string(line))
		if e, err := decode(body); err == nil {
			crm.store(e)
			g.session.delivered[e.ID] = struct{}{}
		}
	}
	return g
}

func isSubscribed(kind string) bool {
	namespace, _, found := strings.Cut(kind, ".")
	return found && (namespace == "email" || namespace == "campaign")
}

func (g *Gateway) Handle(e *Event, body []byte) error {
	if !isSubscribed(e.Type) {
		return nil
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if err := g.session.Deliver(e, body); err != nil {
		g.session = login(g.crm)
		return err
	}
	return nil
}

func verify(body []byte, header string) bool {
	sum, err := hex.DecodeString(strings.TrimPrefix(header, "sha256="))
	if err != nil || !strings.HasPrefix(header, "sha256=") {
		return false
	}
	mac := hmac.New(sha256.New, []byte(os.Getenv("SENDEMALL_SECRET")))
	mac.Write(body)
	return hmac.Equal(mac.Sum(nil), sum)
}

func (g *Gateway) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path != "/webhooks/sendemall" {
		http.NotFound(w, r)
		return
	}
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		http.Error(w, "POST only", http.StatusMethodNotAllowed)
		return
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		http.Error(w, "cannot read the body", http.StatusBadRequest)
		return
	}
	if !verify(body, r.Header.Get("X-SendEmAll-Signature")) {
		http.Error(w, "bad signature", http.StatusUnauthorized)
		return
	}
	e, err := decode(body)
	if err != nil {
		http.Error(w, "not an event", http.StatusUnprocessableEntity)
		return
	}
	if err := g.Handle(e, body); err != nil {
		http.Error(w, "the CRM cannot be reached", http.StatusBadGateway)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

// --- Hooks -----------------------------------------------------------------------------------

func (g *Gateway) state(email string) map[string]any {
	contact := g.crm.contacts[email]
	if contact == nil {
		return nil
	}
	rates := map[string]any{"bounce_rate": nil}
	if sent := g.crm.totals["email.sent"]; sent > 0 {
		rates["bounce_rate"] = min(1, float64(g.crm.totals["email.bounced"])/float64(sent))
	}
	return map[string]any{
		"suppressed": contact.Suppressed, "unsubscribed": contact.Unsubscribed,
		"open_count": contact.Opens, "sentiment": contact.Sentiment, "rates": rates,
	}
}

func (g *Gateway) hook(w http.ResponseWriter, r *http.Request) {
	g.mu.Lock()
	defer g.mu.Unlock()
	parts := append(strings.SplitN(r.URL.EscapedPath(), "/", 3), "")
	key, _ := url.PathUnescape(parts[2])
	var answer any = struct{}{}
	switch parts[1] {
	case "effects":
		answer = map[string]int{"count": g.crm.effects[key]}
	case "leads":
		state := g.state(key)
		if state == nil {
			http.NotFound(w, r)
			return
		}
		answer = state
	case "fault":
		order, _ := io.ReadAll(r.Body)
		g.crm.down = bytes.Contains(order, []byte("true"))
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(answer)
}

func main() {
	g := openGateway(os.Getenv("DATABASE"))
	go func() {
		log.Fatal(http.ListenAndServe("127.0.0.1:"+os.Getenv("HOOKS_PORT"), http.HandlerFunc(g.hook)))
	}()
	go func() { log.Fatal(http.ListenAndServe("127.0.0.1:"+os.Getenv("PORT"), g)) }()
	_, _ = io.Copy(io.Discard, os.Stdin)
}
