// A receiver that keeps one file for each event, as a maildir does.
package main

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"sync"
	"time"
)

type Message struct {
	ID        string          `json:"id"`
	Event     string          `json:"event"`
	Timestamp time.Time       `json:"timestamp"`
	Arrival   int64           `json:"arrival"`
	Data      json.RawMessage `json:"data"`
}

type Details struct {
	Email      string
	Sentiment  string
	Bounce     string
	Everywhere bool
	Opens      float64
}

func details(data map[string]any) (d Details) {
	d.Email, _ = data["lead_email"].(string)
	d.Sentiment, _ = data["reply_sentiment"].(string)
	d.Bounce, _ = data["bounce_type"].(string)
	d.Everywhere, _ = data["suppressed_globally"].(bool)
	d.Opens, _ = data["open_count"].(float64)
	return d
}

type Person struct {
	suppressed, unsubscribed bool
	opens                    float64
	sentiment                any
	asOf                     time.Time
}

type Box struct {
	dir string

	mu      sync.Mutex
	recent  map[string]bool // ids that this process has filed
	people  map[string]*Person
	totals  map[string]int
	arrival int64
	full    bool
}

func (b *Box) file(id string) string {
	sum := sha256.Sum256([]byte(id))
	return filepath.Join(b.dir, hex.EncodeToString(sum[:])+".json")
}

func OpenBox(dir string) (*Box, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	names, err := filepath.Glob(filepath.Join(dir, "*.json"))
	if err != nil {
		return nil, err
	}
	b := &Box{dir: dir, recent: map[string]bool{}, people: map[string]*Person{}, totals: map[string]int{}}
	var all []Message
	for _, name := range names {
		content, err := os.ReadFile(name)
		if err != nil {
			return nil, err
		}
		var m Message
		if err := json.Unmarshal(content, &m); err != nil {
			log.Printf("%s: %v", name, err)
			continue
		}
		all = append(all, m)
	}
	sort.Slice(all, func(i, j int) bool { return all[i].Arrival < all[j].Arrival })
	for _, m := range all {
		b.learn(m)
	}
	return b, nil
}

func (b *Box) learn(m Message) {
	b.totals[m.Event]++
	b.arrival = max(b.arrival, m.Arrival)
	var data map[string]any
	_ = json.Unmarshal(m.Data, &data)
	d := details(data)
	if d.Email == "" {
		return
	}
	p, ok := b.people[d.Email]
	if !ok {
		p = new(Person)
		b.people[d.Email] = p
	}
	switch m.Event {
	case "email.opened":
		p.opens = max(p.opens, d.Opens)
	case "email.bounced":
		if d.Bounce == "hard" {
			p.suppressed = true
		}
	case "email.unsubscribed":
		p.unsubscribed = true
		if d.Everywhere {
			p.suppressed = true
		}
	case "email.replied":
		if !m.Timestamp.Before(p.asOf) {
			p.sentiment, p.asOf = d.Sentiment, m.Timestamp
		}
	}
}

// File writes the message, completely or not at all. A link never replaces a file, so that no message is filed twice.
func (b *Box) File(m Message) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.recent[m.ID] {
		return nil
	}
	if b.full {
		return fmt.Errorf("no space left on device")
	}
	m.Arrival = b.arrival + 1
	content, err := json.Marshal(m)
	if err != nil {
		return err
	}
	draft, err := os.CreateTemp(b.dir, "draft-*")
	if err != nil {
		return err
	}
	defer os.Remove(draft.Name())
	if _, err := draft.Write(content); err != nil {
		return err
	}
	if err := draft.Close(); err != nil {
		return err
	}
	if err := os.Link(draft.Name(), b.file(m.ID)); err != nil {
		return err
	}
	b.recent[m.ID] = true
	b.learn(m)
	return nil
}

func parse(body []byte) (m Message, err error) {
	var raw map[string]any
	if err = json.Unmarshal(body, &raw); err != nil {
		return m, err
	}
	text := func(name string) string {
		s, ok := raw[name].(string)
		if !ok && err == nil {
			err = fmt.Errorf("%s is not a string", name)
		}
		return s
	}
	m.ID, m.Event = text("id"), text("event")
	stamp := text("timestamp")
	if err != nil {
		return m, err
	}
	if m.Timestamp, err = time.Parse(time.RFC3339, stamp); err != nil {
		return m, err
	}
	data, ok := raw["data"].(map[string]any)
	if !ok {
		return m, fmt.Errorf("data is not an object")
	}
	m.Data, err = json.Marshal(data)
	return m, err
}

func (b *Box) Webhook(w http.ResponseWriter, r *http.Request) (int, string) {
	body, err := io.ReadAll(r.Body)
	switch {
	case err != nil:
		return 400, "incomplete"
	case r.URL.Path != "/webhooks/sendemall":
		return 404, "no such endpoint"
	case r.Method != http.MethodPost:
		return 405, "no such method"
	}
	h := hmac.New(sha256.New, []byte(os.Getenv("SENDEMALL_SECRET")))
	h.Write(body)
	if !hmac.Equal(fmt.Appendf(nil, "sha256=%x", h.Sum(nil)), []byte(r.Header.Get("X-SendEmAll-Signature"))) {
		return 401, "forged"
	}
	m, err := parse(body)
	if err != nil {
		return 400, err.Error()
	}
	if err := b.File(m); err != nil {
		log.Println(err)
		return 500, "not filed"
	}
	return 200, "filed"
}

func (b *Box) Hook(w http.ResponseWriter, r *http.Request) (int, string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	parts := strings.SplitN(strings.TrimPrefix(r.URL.EscapedPath(), "/"), "/", 2)
	key := ""
	if len(parts) == 2 {
		key, _ = url.PathUnescape(parts[1])
	}
	switch parts[0] {
	case "effects":
		count := 0
		if _, err := os.Stat(b.file(key)); err == nil {
			count = 1
		}
		return 200, fmt.Sprintf(`{"count": %d}`, count)
	case "leads":
		p := b.people[key]
		if p == nil {
			return 404, `{}`
		}
		rates := map[string]any{"bounce_rate": nil}
		if n := b.totals["email.sent"]; n > 0 {
			rates["bounce_rate"] = min(1, float64(b.totals["email.bounced"])/float64(n))
		}
		out, _ := json.Marshal(map[string]any{
			"suppressed": p.suppressed, "unsubscribed": p.unsubscribed, "open_count": p.opens,
			"sentiment": p.sentiment, "rates": rates,
		})
		return 200, string(out)
	}
	var order struct{ Fail bool }
	_ = json.NewDecoder(r.Body).Decode(&order)
	b.full = order.Fail
	return 200, `{}`
}

func serve(variable string, view func(http.ResponseWriter, *http.Request) (int, string)) {
	l, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", os.Getenv(variable)))
	if err != nil {
		log.Fatal(err)
	}
	go http.Serve(l, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		status, text := view(w, r)
		w.WriteHeader(status)
		_, _ = io.WriteString(w, text)
	}))
}

func main() {
	box, err := OpenBox(os.Getenv("DATABASE") + ".d")
	if err != nil {
		log.Fatal(err)
	}
	serve("HOOKS_PORT", box.Hook)
	serve("PORT", box.Webhook)
	_, _ = io.ReadAll(os.Stdin)
}
