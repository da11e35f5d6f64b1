// Accepts events into a queue on disk; four workers apply them to rows as the reporting database has them.
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

// row mirrors the table "contacts" of the reporting database, column by column.
type row struct {
	Suppressed   bool    // BOOLEAN
	Unsubscribed bool    // BOOLEAN
	OpenCount    float64 // DOUBLE
	Sentiment    *string // VARCHAR(32)
	RepliedAt    float32 // FLOAT, seconds since 1970
}

type item struct {
	ID        string         `json:"id"`
	Event     string         `json:"event"`
	Timestamp time.Time      `json:"timestamp"`
	Data      map[string]any `json:"data"`
}

type queue struct {
	mu      sync.Mutex
	ready   *sync.Cond
	file    *os.File
	known   map[string]bool
	waiting []*item
	done    map[string]int
	kinds   map[string]int
	rows    map[string]*row
	paused  bool
}

func read(body []byte) (*item, error) {
	var members map[string]json.RawMessage
	if err := json.Unmarshal(body, &members); err != nil {
		return nil, err
	}
	it := &item{}
	for name, target := range map[string]any{"id": &it.ID, "event": &it.Event, "timestamp": &it.Timestamp, "data": &it.Data} {
		if err := json.Unmarshal(members[name], target); err != nil {
			return nil, err
		}
	}
	if it.ID == "" || it.Event == "" || it.Data == nil || it.Timestamp.IsZero() {
		return nil, errors.New("a member is missing")
	}
	return it, nil
}

// mark is the beginning of a line that says that an event is done.
const mark = "done "

func open(path string) *queue {
	file, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		panic(err)
	}
	q := &queue{file: file, known: map[string]bool{}, done: map[string]int{}, kinds: map[string]int{}, rows: map[string]*row{}}
	q.ready = sync.NewCond(&q.mu)
	accepted := map[string]*item{}
	order := []string{}
	for lines := bufio.NewReader(file); ; {
		line, err := lines.ReadBytes('\n')
		if err != nil {
			break
		}
		line = bytes.TrimSpace(line)
		if id, isDone := bytes.CutPrefix(line, []byte(mark)); isDone {
			var text string
			if json.Unmarshal(id, &text) == nil && accepted[text] != nil {
				q.apply(accepted[text])
				accepted[text] = nil
			}
		} else if it, err := read(line); err == nil {
			q.known[it.ID] = true
			accepted[it.ID] = it
			order = append(order, it.ID)
		}
	}
	for _, id := range order {
		if accepted[id] != nil {
			q.waiting = append(q.waiting, accepted[id])
		}
	}
	return q
}

func (q *queue) put(it *item, body []byte) error {
	var line bytes.Buffer
	if err := json.Compact(&line, body); err != nil {
		return err
	}
	line.WriteByte('\n')
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.known[it.ID] {
		return nil
	}
	if _, err := q.file.Write(line.Bytes()); err != nil {
		return err
	}
	q.known[it.ID] = true
	q.waiting = append(q.waiting, it)
	q.ready.Signal()
	return nil
}

// apply has the effect of an event; the caller holds the lock.
func (q *queue) apply(it *item) {
	q.done[it.ID]++
	q.kinds[it.Event]++
	email, _ := it.Data["lead_email"].(string)
	if email == "" {
		return
	}
	if q.rows[email] == nil {
		q.rows[email] = &row{}
	}
	r := q.rows[email]
	switch it.Event {
	case "email.bounced":
		r.Suppressed = r.Suppressed || it.Data["bounce_type"] == "hard"
	case "email.unsubscribed":
		r.Unsubscribed = true
		r.Suppressed = r.Suppressed || it.Data["suppressed_globally"] == true
	case "email.opened":
		n, _ := it.Data["open_count"].(float64)
		r.OpenCount = max(r.OpenCount, n)
	case "email.replied":
		at := float32(float64(it.Timestamp.UnixMilli()) / 1000)
		if at >= r.RepliedAt {
			r.RepliedAt, r.Sentiment = at, nil
			if sentiment, isText := it.Data["reply_sentiment"].(string); isText {
				r.Sentiment = &sentiment
			}
		}
	}
}

// work takes events in the order in which they were accepted.
func (q *queue) work() {
	for {
		q.mu.Lock()
		for q.paused || len(q.waiting) == 0 {
			q.ready.Wait()
		}
		it := q.waiting[0]
		q.waiting = q.waiting[1:]
		id, _ := json.Marshal(it.ID)
		if _, err := q.file.WriteString(mark + string(id) + "\n"); err != nil {
			q.waiting = append([]*item{it}, q.waiting...)
		} else {
			q.apply(it)
		}
		q.mu.Unlock()
		time.Sleep(2 * time.Millisecond)
	}
}

func (q *queue) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path != "/webhooks/sendemall" {
		w.WriteHeader(http.StatusNotFound)
		return
	}
	if r.Method != http.MethodPost {
		w.WriteHeader(http.StatusMethodNotAllowed)
		return
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	hash := hmac.New(sha256.New, []byte(os.Getenv("SENDEMALL_SECRET")))
	hash.Write(body)
	text, hasPrefix := strings.CutPrefix(r.Header.Get("X-SendEmAll-Signature"), "sha256=")
	if !hasPrefix || !hmac.Equal([]byte(text), []byte(hex.EncodeToString(hash.Sum(nil)))) {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	it, err := read(body)
	if err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	if strings.HasPrefix(it.Event, "email.") || strings.HasPrefix(it.Event, "campaign.") {
		if q.put(it, body) != nil {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
	}
	w.WriteHeader(http.StatusAccepted)
}

func (q *queue) hook(w http.ResponseWriter, r *http.Request) {
	q.mu.Lock()
	defer q.mu.Unlock()
	kind, rest, _ := strings.Cut(r.URL.EscapedPath()[1:], "/")
	key, _ := url.PathUnescape(rest)
	content := map[string]any{}
	switch kind {
	case "effects":
		content["count"] = q.done[key]
	case "leads":
		found := q.rows[key]
		if found == nil {
			w.WriteHeader(http.StatusNotFound)
			break
		}
		rates := map[string]any{"bounce_rate": nil}
		if n := q.kinds["email.sent"]; n > 0 {
			rates["bounce_rate"] = min(1, float64(q.kinds["email.bounced"])/float64(n))
		}
		content = map[string]any{
			"suppressed": found.Suppressed, "unsubscribed": found.Unsubscribed,
			"open_count": found.OpenCount, "sentiment": found.Sentiment, "rates": rates,
		}
	case "fault":
		var order map[string]bool
		_ = json.NewDecoder(r.Body).Decode(&order)
		q.paused = order["fail"]
		q.ready.Broadcast()
	}
	_ = json.NewEncoder(w).Encode(content)
}

func main() {
	q := open(os.Getenv("DATABASE"))
	for i := 0; i < 4; i++ {
		go q.work()
	}
	listen := func(name string, handler http.Handler) {
		panic(http.ListenAndServe("127.0.0.1:"+os.Getenv(name), handler))
	}
	go listen("HOOKS_PORT", http.HandlerFunc(q.hook))
	go listen("PORT", q)
	_, _ = io.Copy(io.Discard, os.Stdin)
}
