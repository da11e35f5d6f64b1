// Accepts events at once and works through them from the newest to the oldest.
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

// entry is a line of the log: an event when it is accepted, and its id when it is done.
type entry struct {
	Accepted json.RawMessage `json:"accepted,omitempty"`
	Done     string          `json:"done,omitempty"`
}

type event struct {
	ID, Event, Timestamp string
	Data                 map[string]any
}

type profile struct {
	suppressed, unsubscribed bool
	opens                    float64
	sentiment                any
	repliedAt                time.Time
}

type desk struct {
	mu       sync.Mutex
	wake     chan struct{}
	log      *os.File
	known    map[string]bool
	stack    []*event
	done     map[string]int
	counts   map[string]int
	profiles map[string]*profile
	closed   bool
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

func read(body []byte) (*event, error) {
	var members map[string]any
	if err := unmarshal(body, &members); err != nil {
		return nil, err
	}
	e := new(event)
	e.ID, _ = members["id"].(string)
	e.Event, _ = members["event"].(string)
	e.Timestamp, _ = members["timestamp"].(string)
	e.Data, _ = members["data"].(map[string]any)
	if _, err := time.Parse(time.RFC3339, e.Timestamp); err != nil {
		return nil, err
	}
	if e.ID == "" || e.Event == "" || e.Data == nil {
		return nil, errors.New("a member is missing")
	}
	return e, nil
}

func openDesk(path string) *desk {
	d := &desk{
		wake: make(chan struct{}, 1), known: map[string]bool{}, done: map[string]int{},
		counts: map[string]int{}, profiles: map[string]*profile{},
	}
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR|os.O_APPEND, 0o600)
	if err != nil {
		panic(err)
	}
	d.log = file
	waiting := map[string]*event{}
	order := []string{}
	reader := bufio.NewReader(file)
	for {
		line, err := reader.ReadBytes('\n')
		if err != nil {
			break
		}
		var one entry
		if json.Unmarshal(line, &one) != nil {
			continue
		}
		if one.Done != "" {
			d.apply(waiting[one.Done])
			delete(waiting, one.Done)
		} else if e, err := read(one.Accepted); err == nil {
			d.known[e.ID] = true
			waiting[e.ID] = e
			order = append(order, e.ID)
		}
	}
	for _, id := range order {
		if e := waiting[id]; e != nil {
			d.stack = append(d.stack, e)
		}
	}
	return d
}

func (d *desk) write(one entry) error {
	line, err := json.Marshal(one)
	if err != nil {
		return err
	}
	_, err = d.log.Write(append(line, '\n'))
	return err
}

func (d *desk) accept(e *event, body []byte) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.known[e.ID] {
		return nil
	}
	if err := d.write(entry{Accepted: body}); err != nil {
		return err
	}
	d.known[e.ID] = true
	d.stack = append(d.stack, e)
	d.ring()
	return nil
}

func (d *desk) ring() {
	select {
	case d.wake <- struct{}{}:
	default:
	}
}

func (d *desk) apply(e *event) {
	d.done[e.ID]++
	d.counts[e.Event]++
	email, _ := e.Data["lead_email"].(string)
	if email == "" {
		return
	}
	p := d.profiles[email]
	if p == nil {
		p = &profile{}
		d.profiles[email] = p
	}
	switch e.Event {
	case "email.replied":
		if at, _ := time.Parse(time.RFC3339, e.Timestamp); !at.Before(p.repliedAt) {
			p.repliedAt = at
			p.sentiment = e.Data["reply_sentiment"]
		}
	case "email.opened":
		number, _ := e.Data["open_count"].(json.Number)
		count, _ := number.Float64()
		p.opens = max(p.opens, count)
	case "email.unsubscribed":
		p.unsubscribed = true
		p.suppressed = p.suppressed || e.Data["suppressed_globally"] == true
	case "email.bounced":
		p.suppressed = p.suppressed || e.Data["bounce_type"] == "hard"
	}
}

// next takes the newest event and says whether there was one; while the desk is closed there is none.
func (d *desk) next() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed || len(d.stack) == 0 {
		return false
	}
	last := len(d.stack) - 1
	e := d.stack[last]
	if d.write(entry{Done: e.ID}) != nil {
		return false
	}
	d.stack = d.stack[:last]
	d.apply(e)
	return true
}

func (d *desk) work() {
	for {
		for d.next() {
			time.Sleep(4 * time.Millisecond)
		}
		select {
		case <-d.wake:
		case <-time.After(300 * time.Millisecond):
		}
	}
}

func (d *desk) receive(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost {
		w.WriteHeader(405)
		return
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		w.WriteHeader(400)
		return
	}
	mac := hmac.New(sha256.New, []byte(os.Getenv("SENDEMALL_SECRET")))
	mac.Write(body)
	want := "sha256=" + hex.EncodeToString(mac.Sum(nil))
	if !hmac.Equal([]byte(want), []byte(r.Header.Get("X-SendEmAll-Signature"))) {
		w.WriteHeader(403)
		return
	}
	e, err := read(body)
	if err != nil {
		w.WriteHeader(400)
		return
	}
	if strings.HasPrefix(e.Event, "email.") || strings.HasPrefix(e.Event, "campaign.") {
		err = d.accept(e, body)
	}
	if err != nil {
		w.WriteHeader(500)
		return
	}
	w.WriteHeader(202)
}

func (d *desk) state(email string) map[string]any {
	p := d.profiles[email]
	if p == nil {
		return nil
	}
	rates := map[string]any{"bounce_rate": nil}
	if d.counts["email.sent"] > 0 {
		rates["bounce_rate"] = min(1, float64(d.counts["email.bounced"])/float64(d.counts["email.sent"]))
	}
	return map[string]any{
		"suppressed": p.suppressed, "unsubscribed": p.unsubscribed, "open_count": p.opens,
		"sentiment": p.sentiment, "rates": rates,
	}
}

func (d *desk) hook(w http.ResponseWriter, r *http.Request) {
	d.mu.Lock()
	defer d.mu.Unlock()
	parts := append(strings.SplitN(r.URL.EscapedPath(), "/", 3), "")
	key, _ := url.PathUnescape(parts[2])
	answer := map[string]any{}
	switch parts[1] {
	case "effects":
		answer["count"] = d.done[key]
	case "leads":
		answer = d.state(key)
	default:
		var order struct {
			Fail bool `json:"fail"`
		}
		_ = json.NewDecoder(r.Body).Decode(&order)
		d.closed = order.Fail
		d.ring()
	}
	if answer == nil {
		w.WriteHeader(404)
	}
	_ = json.NewEncoder(w).Encode(answer)
}

func main() {
	d := openDesk(os.Getenv("DATABASE"))
	mux := http.NewServeMux()
	mux.HandleFunc("/webhooks/sendemall", d.receive)
	go d.work()
	go func() { panic(http.ListenAndServe("127.0.0.1:"+os.Getenv("HOOKS_PORT"), http.HandlerFunc(d.hook))) }()
	go func() { panic(http.ListenAndServe("127.0.0.1:"+os.Getenv("PORT"), mux)) }()
	_, _ = io.Copy(io.Discard, os.Stdin)
}
