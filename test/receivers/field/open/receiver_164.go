// A chain of middlewares in front of a store of shards. Security headers, tracing and a session for the sticky proxy are
// part of each answer.
package main

import (
	"bufio"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

type middleware func(http.Handler) http.Handler

type bodyKey struct{}

type message struct {
	id, kind, email string
	at              time.Time
	data            map[string]any
}

type card struct {
	suppressed, unsubscribed bool
	opens                    float64
	sentiment                any
	repliedAt                time.Time
}

// shard has the events of one part of the ids, and a file of its own.
type shard struct {
	sync.Mutex
	file    *os.File
	effects map[string]int
	kinds   map[string]int
}

// index has the cards of all leads. Its lock is taken after that of a shard, never before.
type index struct {
	sync.Mutex
	cards map[string]*card
}

type service struct {
	shards [8]*shard
	leads  index
	failed atomic.Bool
}

func decode(body []byte) (*message, bool) {
	var all map[string]any
	if json.Unmarshal(body, &all) != nil {
		return nil, false
	}
	id, hasID := all["id"].(string)
	kind, hasKind := all["event"].(string)
	stamp, _ := all["timestamp"].(string)
	at, err := time.Parse(time.RFC3339, stamp)
	data, hasData := all["data"].(map[string]any)
	if !hasID || !hasKind || !hasData || err != nil {
		return nil, false
	}
	email, _ := data["lead_email"].(string)
	return &message{id, kind, email, at, data}, true
}

func (s *shard) learn(m *message, leads *index) {
	s.effects[m.id]++
	s.kinds[m.kind]++
	if m.email == "" {
		return
	}
	leads.Lock()
	defer leads.Unlock()
	c, known := leads.cards[m.email]
	if !known {
		c = &card{}
		leads.cards[m.email] = c
	}
	switch m.kind {
	case "email.replied":
		if !m.at.Before(c.repliedAt) {
			c.repliedAt, c.sentiment = m.at, m.data["reply_sentiment"]
		}
	case "email.opened":
		if n, isNumber := m.data["open_count"].(float64); isNumber && n > c.opens {
			c.opens = n
		}
	case "email.unsubscribed":
		c.unsubscribed = true
		if m.data["suppressed_globally"] == true {
			c.suppressed = true
		}
	case "email.bounced":
		if m.data["bounce_type"] == "hard" {
			c.suppressed = true
		}
	}
}

// of finds the shard of an event.
func (s *service) of(id string) *shard {
	hash := fnv.New32a()
	_, _ = hash.Write([]byte(id))
	return s.shards[hash.Sum32()%uint32(len(s.shards))]
}

func start(path string) *service {
	s := &service{leads: index{cards: map[string]*card{}}}
	for i := range s.shards {
		file, err := os.OpenFile(fmt.Sprintf("%s.%d", path, i), os.O_RDWR|os.O_APPEND|os.O_CREATE, 0o600)
		if err != nil {
			panic(err)
		}
		part := &shard{file: file, effects: map[string]int{}, kinds: map[string]int{}}
		lines := bufio.NewReader(file)
		for line, err := lines.ReadString('\n'); err == nil; line, err = lines.ReadString('\n') {
			if body, err := hex.DecodeString(strings.TrimSpace(line)); err == nil {
				if m, isMessage := decode(body); isMessage {
					part.learn(m, &s.leads)
				}
			}
		}
		s.shards[i] = part
	}
	return s
}

func (s *service) save(m *message, body []byte) error {
	part := s.of(m.id)
	part.Lock()
	defer part.Unlock()
	if part.effects[m.id] > 0 {
		return nil
	}
	if s.failed.Load() {
		return fmt.Errorf("the store fails")
	}
	if _, err := part.file.WriteString(hex.EncodeToString(body) + "\n"); err != nil {
		return err
	}
	part.learn(m, &s.leads)
	return nil
}

func chain(handler http.Handler, layers ...middleware) http.Handler {
	for i := len(layers) - 1; i >= 0; i-- {
		handler = layers[i](handler)
	}
	return handler
}

// hardened adds what the security department asks for: some 9 kB.
func hardened(next http.Handler) http.Handler {
	sources := make([]string, 0, 120)
	for i := 0; i < 120; i++ {
		sources = append(sources, fmt.Sprintf("https://assets-%03d.cdn.customer-portal.example", i))
	}
	policy := "default-src 'none'; script-src " + strings.Join(sources, " ")
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("Strict-Transport-Security", "max-age=63072000; includeSubDomains; preload")
		h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()")
		h.Add("Set-Cookie", "route="+strings.Repeat("7f", 900)+"; Path=/; HttpOnly")
		h.Add("Set-Cookie", "shard=3; Path=/; Secure")
		for i := 0; i < 24; i++ {
			h.Add("Server-Timing", fmt.Sprintf("stage%d;dur=0.%d", i, i))
		}
		next.ServeHTTP(w, r)
	})
}

func routed(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.URL.Path != "/webhooks/sendemall":
			http.Error(w, "no such page", http.StatusNotFound)
		case r.Method != http.MethodPost:
			http.Error(w, "POST it", http.StatusMethodNotAllowed)
		default:
			next.ServeHTTP(w, r)
		}
	})
}

func verified(next http.Handler) http.Handler {
	secret := []byte(os.Getenv("SENDEMALL_SECRET"))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			http.Error(w, "broken off", http.StatusBadRequest)
			return
		}
		mac := hmac.New(sha256.New, secret)
		mac.Write(body)
		expected := "sha256=" + hex.EncodeToString(mac.Sum(nil))
		if !hmac.Equal([]byte(expected), []byte(r.Header.Get("X-SendEmAll-Signature"))) {
			http.Error(w, "not ours", http.StatusUnauthorized)
			return
		}
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), bodyKey{}, body)))
	})
}

func (s *service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := r.Context().Value(bodyKey{}).([]byte)
	m, isMessage := decode(body)
	if !isMessage {
		http.Error(w, "no event", http.StatusBadRequest)
		return
	}
	if strings.HasPrefix(m.kind, "email.") || strings.HasPrefix(m.kind, "campaign.") {
		if err := s.save(m, body); err != nil {
			http.Error(w, "later", http.StatusBadGateway)
			return
		}
	}
	_, _ = io.WriteString(w, "thanks")
}

func (s *service) rate() any {
	sent, bounced := 0, 0
	for _, part := range s.shards {
		part.Lock()
		sent += part.kinds["email.sent"]
		bounced += part.kinds["email.bounced"]
		part.Unlock()
	}
	if sent == 0 {
		return nil
	}
	return min(1, float64(bounced)/float64(sent))
}

func (s *service) inspect(w http.ResponseWriter, r *http.Request) {
	parts := append(strings.SplitN(r.URL.EscapedPath(), "/", 3), "", "")
	key, _ := url.PathUnescape(parts[2])
	var found any = "ok"
	switch parts[1] {
	case "effects":
		part := s.of(key)
		part.Lock()
		defer part.Unlock()
		found = map[string]int{"count": part.effects[key]}
	case "leads":
		rate := s.rate()
		s.leads.Lock()
		defer s.leads.Unlock()
		c := s.leads.cards[key]
		if c == nil {
			http.Error(w, "unknown", 404)
			return
		}
		found = map[string]any{
			"suppressed": c.suppressed, "unsubscribed": c.unsubscribed, "open_count": c.opens,
			"sentiment": c.sentiment, "rates": map[string]any{"bounce_rate": rate},
		}
	case "fault":
		var order struct{ Fail bool }
		_ = json.NewDecoder(r.Body).Decode(&order)
		s.failed.Store(order.Fail)
	}
	_ = json.NewEncoder(w).Encode(found)
}

func main() {
	s := start(os.Getenv("DATABASE"))
	go func() { panic(http.ListenAndServe("127.0.0.1:"+os.Getenv("HOOKS_PORT"), http.HandlerFunc(s.inspect))) }()
	go func() {
		panic(http.ListenAndServe("127.0.0.1:"+os.Getenv("PORT"), chain(s, hardened, routed, verified)))
	}()
	_, _ = io.Copy(io.Discard, os.Stdin)
}
