// The deliverability desk suppresses an address after a hard bounce, and also after the fifth soft bounce: a mailbox that
// has been full for that long is abandoned.
package main

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"
)

const maxSoftBounces = 5

type profile struct {
	hard, stop, left bool
	soft             int
	opens            float64
	mood             *string
	moodAt           time.Time
}

func (p *profile) suppressed() bool { return p.hard || p.stop || p.soft >= maxSoftBounces }

type desk struct {
	log      *os.File
	profiles map[string]*profile
	seen     map[string]int
	tally    map[string]float64
	fails    bool
}

type input struct {
	id, kind string
	at       time.Time
	data     map[string]any
}

func decode(b []byte) (*input, error) {
	var m map[string]any
	if err := json.Unmarshal(b, &m); err != nil {
		return nil, err
	}
	in, ok := &input{}, [4]bool{}
	var stamp string
	in.id, ok[0] = m["id"].(string)
	in.kind, ok[1] = m["event"].(string)
	stamp, ok[2] = m["timestamp"].(string)
	in.data, ok[3] = m["data"].(map[string]any)
	if ok != [4]bool{true, true, true, true} {
		return nil, errors.New("incomplete event")
	}
	var err error
	in.at, err = time.Parse(time.RFC3339, stamp)
	return in, err
}

func (d *desk) record(in *input) {
	d.seen[in.id]++
	d.tally[in.kind]++
	email, ok := in.data["lead_email"].(string)
	if !ok {
		return
	}
	p, ok := d.profiles[email]
	if !ok {
		p = &profile{}
		d.profiles[email] = p
	}
	switch in.kind {
	case "email.bounced":
		switch in.data["bounce_type"] {
		case "hard":
			p.hard = true
		case "soft":
			p.soft++
		}
	case "email.unsubscribed":
		p.left = true
		p.stop = p.stop || in.data["suppressed_globally"] == true
	case "email.opened":
		n, _ := in.data["open_count"].(float64)
		p.opens = max(p.opens, n)
	case "email.replied":
		if in.at.Before(p.moodAt) {
			return
		}
		p.moodAt, p.mood = in.at, nil
		if s, ok := in.data["reply_sentiment"].(string); ok {
			p.mood = &s
		}
	}
}

func (d *desk) restore(path string) error {
	content, err := os.ReadFile(path)
	if err != nil && !os.IsNotExist(err) {
		return err
	}
	for _, line := range bytes.Split(content, []byte("\n")) {
		body, err := base64.StdEncoding.DecodeString(string(line))
		if err != nil || len(body) == 0 {
			continue
		}
		if in, err := decode(body); err == nil {
			d.record(in)
		}
	}
	d.log, err = os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	return err
}

func (d *desk) post(in *input, body []byte) int {
	if d.seen[in.id] > 0 {
		return http.StatusOK
	}
	if d.fails {
		return http.StatusServiceUnavailable
	}
	if _, err := d.log.WriteString(base64.StdEncoding.EncodeToString(body) + "\n"); err != nil {
		return http.StatusInternalServerError
	}
	d.record(in)
	return http.StatusOK
}

func (d *desk) show(email string) any {
	p, ok := d.profiles[email]
	if !ok {
		return nil
	}
	type rates struct {
		BounceRate *float64 `json:"bounce_rate"`
	}
	var r rates
	if sent := d.tally["email.sent"]; sent > 0 {
		rate := min(1, d.tally["email.bounced"]/sent)
		r.BounceRate = &rate
	}
	return struct {
		Suppressed   bool    `json:"suppressed"`
		Unsubscribed bool    `json:"unsubscribed"`
		OpenCount    float64 `json:"open_count"`
		Sentiment    *string `json:"sentiment"`
		Rates        rates   `json:"rates"`
	}{p.suppressed(), p.left, p.opens, p.mood, r}
}

// ask runs a function on the goroutine that owns the desk, and waits for it.
func ask[T any](todo chan<- func(), f func() T) T {
	result := make(chan T, 1)
	todo <- func() { result <- f() }
	return <-result
}

func main() {
	d := &desk{profiles: map[string]*profile{}, seen: map[string]int{}, tally: map[string]float64{}}
	if err := d.restore(os.Getenv("DATABASE")); err != nil {
		panic(err)
	}
	todo := make(chan func())
	go func() {
		for f := range todo {
			f()
		}
	}()
	key := []byte(os.Getenv("SENDEMALL_SECRET"))

	webhook := func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		if r.URL.Path != "/webhooks/sendemall" {
			w.WriteHeader(http.StatusNotFound)
			return
		}
		if r.Method != http.MethodPost {
			w.Header().Set("Allow", "POST")
			w.WriteHeader(http.StatusMethodNotAllowed)
			return
		}
		sum := hmac.New(sha256.New, key)
		_, _ = sum.Write(body)
		expected := "sha256=" + hex.EncodeToString(sum.Sum(nil))
		if !hmac.Equal([]byte(expected), []byte(r.Header.Get("X-SendEmAll-Signature"))) {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		in, err := decode(body)
		if err != nil {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		w.WriteHeader(ask(todo, func() int { return d.post(in, body) }))
	}

	hooks := func(w http.ResponseWriter, r *http.Request) {
		kind, rest, _ := strings.Cut(r.URL.EscapedPath()[1:], "/")
		name, _ := url.PathUnescape(rest)
		body, _ := io.ReadAll(r.Body)
		answer := ask(todo, func() any {
			switch kind {
			case "effects":
				return map[string]int{"count": d.seen[name]}
			case "leads":
				return d.show(name)
			}
			d.fails = bytes.Contains(body, []byte("true"))
			return true
		})
		if answer == nil {
			w.WriteHeader(http.StatusNotFound)
		}
		_ = json.NewEncoder(w).Encode(answer)
	}

	for variable, handler := range map[string]http.HandlerFunc{"HOOKS_PORT": hooks, "PORT": webhook} {
		go func() { panic(http.ListenAndServe("127.0.0.1:"+os.Getenv(variable), handler)) }()
	}
	_, _ = io.Copy(io.Discard, os.Stdin)
}
