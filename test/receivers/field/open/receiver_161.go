// One goroutine owns all data; requests are messages to it. A journal of deliveries is read at start.
package main

import (
	"bufio"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"
)

const signatureHeader = "X-SendEmAll-Signature"

// delivery is a line of the journal; the body is kept as it came, for audits.
type delivery struct {
	ReceivedAt time.Time `json:"received_at"`
	Signature  string    `json:"signature"`
	Body       []byte    `json:"body"`
}

type envelope struct {
	ID, Type string
	Time     time.Time
	Data     map[string]any
}

type person struct {
	Suppressed   bool    `json:"suppressed"`
	Unsubscribed bool    `json:"unsubscribed"`
	OpenCount    float64 `json:"open_count"`
	Sentiment    any     `json:"sentiment"`
	lastReply    time.Time
}

type ledger struct {
	journal *os.File
	inbox   chan func()
	effects map[string]int
	totals  map[string]float64
	people  map[string]*person
	broken  bool
}

func unwrap(body []byte) (*envelope, error) {
	var object map[string]any
	if err := json.Unmarshal(body, &object); err != nil {
		return nil, err
	}
	e := &envelope{}
	var stamp string
	for name, target := range map[string]*string{"id": &e.ID, "event": &e.Type, "timestamp": &stamp} {
		if *target, _ = object[name].(string); *target == "" {
			return nil, fmt.Errorf("%s is missing", name)
		}
	}
	var isObject bool
	if e.Data, isObject = object["data"].(map[string]any); !isObject {
		return nil, fmt.Errorf("data is missing")
	}
	var err error
	e.Time, err = time.Parse(time.RFC3339Nano, stamp)
	return e, err
}

func load(path string) *ledger {
	l := &ledger{
		inbox: make(chan func()), effects: map[string]int{}, totals: map[string]float64{}, people: map[string]*person{},
	}
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o644)
	if err != nil {
		panic(err)
	}
	l.journal = file
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		var d delivery
		if json.Unmarshal(lines.Bytes(), &d) != nil {
			continue
		}
		if e, err := unwrap(d.Body); err == nil {
			l.post(e)
		}
	}
	return l
}

func (l *ledger) run() {
	for act := range l.inbox {
		act()
	}
}

// do has an action done by the owner of the data and waits for it.
func (l *ledger) do(action func()) {
	done := make(chan struct{})
	l.inbox <- func() { action(); close(done) }
	<-done
}

func (l *ledger) record(e *envelope, d delivery) (err error) {
	l.do(func() {
		if l.effects[e.ID] > 0 {
			return
		}
		if l.broken {
			err = fmt.Errorf("the journal is closed")
			return
		}
		var line []byte
		if line, err = json.Marshal(d); err != nil {
			return
		}
		if _, err = l.journal.Write(append(line, '\n')); err == nil {
			l.post(e)
		}
	})
	return err
}

func (l *ledger) post(e *envelope) {
	l.effects[e.ID]++
	l.totals[e.Type]++
	address, isText := e.Data["lead_email"].(string)
	if !isText {
		return
	}
	if _, known := l.people[address]; !known {
		l.people[address] = &person{}
	}
	switch p := l.people[address]; e.Type {
	case "email.bounced":
		if e.Data["bounce_type"] == "hard" {
			p.Suppressed = true
		}
	case "email.unsubscribed":
		p.Unsubscribed = true
		if e.Data["suppressed_globally"] == true {
			p.Suppressed = true
		}
	case "email.opened":
		if n, isNumber := e.Data["open_count"].(float64); isNumber {
			p.OpenCount = math.Max(p.OpenCount, n)
		}
	case "email.replied":
		if e.Time.Before(p.lastReply) {
			return
		}
		p.lastReply = e.Time
		p.Sentiment = e.Data["reply_sentiment"]
	}
}

func reply(w http.ResponseWriter, status int, content any) {
	text, _ := json.Marshal(content)
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", fmt.Sprint(len(text)))
	w.WriteHeader(status)
	_, _ = w.Write(text)
}

func (l *ledger) receive(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path != "/webhooks/sendemall" {
		reply(w, http.StatusNotFound, "not found")
		return
	}
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", "POST")
		reply(w, http.StatusMethodNotAllowed, "use POST")
		return
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		reply(w, http.StatusBadRequest, "incomplete")
		return
	}
	given := r.Header.Get(signatureHeader)
	sum := hmac.New(sha256.New, []byte(os.Getenv("SENDEMALL_SECRET")))
	sum.Write(body)
	if !hmac.Equal([]byte(given), []byte("sha256="+hex.EncodeToString(sum.Sum(nil)))) {
		reply(w, http.StatusUnauthorized, "bad signature")
		return
	}
	e, err := unwrap(body)
	if err != nil {
		reply(w, http.StatusUnprocessableEntity, err.Error())
		return
	}
	if family, _, _ := strings.Cut(e.Type, "."); family != "email" && family != "campaign" {
		reply(w, http.StatusOK, "ignored")
		return
	}
	if err := l.record(e, delivery{time.Now().UTC(), given, body}); err != nil {
		reply(w, http.StatusInternalServerError, "not recorded")
		return
	}
	reply(w, http.StatusOK, "recorded")
}

func (l *ledger) inspect(w http.ResponseWriter, r *http.Request) {
	path := strings.Split(r.URL.EscapedPath(), "/")
	key, _ := url.PathUnescape(strings.Join(path[min(2, len(path)):], "/"))
	status, content := 200, any(nil)
	order, _ := io.ReadAll(r.Body)
	l.do(func() {
		switch path[1] {
		case "effects":
			content = map[string]any{"count": l.effects[key]}
		case "leads":
			p := l.people[key]
			if p == nil {
				status = 404
				return
			}
			var rate any
			if l.totals["email.sent"] > 0 {
				rate = math.Min(1, l.totals["email.bounced"]/l.totals["email.sent"])
			}
			content = struct {
				person
				Rates map[string]any `json:"rates"`
			}{*p, map[string]any{"bounce_rate": rate}}
		case "fault":
			l.broken = strings.Contains(string(order), "true")
			content = "ok"
		}
	})
	reply(w, status, content)
}

func main() {
	l := load(os.Getenv("DATABASE"))
	go l.run()
	go func() { panic(http.ListenAndServe("127.0.0.1:"+os.Getenv("HOOKS_PORT"), http.HandlerFunc(l.inspect))) }()
	go func() { panic(http.ListenAndServe("127.0.0.1:"+os.Getenv("PORT"), http.HandlerFunc(l.receive))) }()
	_, _ = io.Copy(io.Discard, os.Stdin)
}
