// Command notifier keeps a line of text for every reply, and the state of every lead, in a gob file for each process.
package main

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/gob"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"
)

// envelope is decoded late: most members of data are not needed by anyone.
type envelope map[string]json.RawMessage

type fields map[string]json.RawMessage

var errNotText = errors.New("not a text")

// text reads a member that should be a string. Absent and null members are empty.
func (f fields) text(name string) (string, error) {
	raw := f[name]
	if len(raw) == 0 || raw[0] != '"' {
		return "", nil
	}
	value, err := strconv.Unquote(string(raw))
	if err != nil {
		return "", fmt.Errorf("%s: %w", name, err)
	}
	return value, nil
}

// Record is what the file has of an event.
type Record struct {
	ID, Kind, Email, Word, Line string
	At                          time.Time
	Number                      float64
	Flag                        bool
}

func required(e envelope, name string) (string, error) {
	var value *string
	if err := json.Unmarshal(e[name], &value); err != nil || value == nil {
		return "", fmt.Errorf("%s: %w", name, errNotText)
	}
	return *value, nil
}

func newRecord(body []byte) (rec Record, err error) {
	var e envelope
	if err = json.Unmarshal(body, &e); err != nil {
		return rec, err
	}
	var data fields
	if err = json.Unmarshal(e["data"], &data); err != nil || data == nil {
		return rec, errors.New("data is missing")
	}
	if rec.ID, err = required(e, "id"); err != nil {
		return rec, err
	}
	if rec.Kind, err = required(e, "event"); err != nil {
		return rec, err
	}
	stamp, err := required(e, "timestamp")
	if err != nil {
		return rec, err
	}
	if rec.At, err = time.Parse(time.RFC3339, stamp); err != nil {
		return rec, err
	}
	texts := map[string]string{}
	for _, name := range []string{"lead_email", "lead_name", "lead_company", "reply_preview", "reply_sentiment", "bounce_type"} {
		if texts[name], err = data.text(name); err != nil {
			return rec, err
		}
	}
	rec.Email = texts["lead_email"]
	switch rec.Kind {
	case "email.replied":
		rec.Word = texts["reply_sentiment"]
		rec.Line = fmt.Sprintf("%s (%s): %s", texts["lead_name"], texts["lead_company"], texts["reply_preview"])
	case "email.bounced":
		rec.Flag = texts["bounce_type"] == "hard"
	case "email.unsubscribed":
		rec.Flag = string(data["suppressed_globally"]) == "true"
	case "email.opened":
		_ = json.Unmarshal(data["open_count"], &rec.Number)
	}
	return rec, nil
}

type state struct {
	suppressed, unsubscribed bool
	opens                    float64
	sentiment                *string
	at                       time.Time
}

type store struct {
	sync.RWMutex
	file    *os.File
	encoder *gob.Encoder
	ids     map[string]int
	kinds   map[string]int
	leads   map[string]state
	broken  bool
}

// load reads the file of each earlier process, and begins one for this process.
func load(path string) *store {
	s := &store{ids: map[string]int{}, kinds: map[string]int{}, leads: map[string]state{}}
	for part := 0; ; part++ {
		name := fmt.Sprintf("%s.%d", path, part)
		file, err := os.Open(name)
		if err != nil {
			if s.file, err = os.Create(name); err != nil {
				panic(err)
			}
			s.encoder = gob.NewEncoder(s.file)
			return s
		}
		decoder := gob.NewDecoder(file)
		for {
			var rec Record
			if decoder.Decode(&rec) != nil {
				break
			}
			s.fold(rec)
		}
		file.Close()
	}
}

func (s *store) fold(rec Record) {
	s.ids[rec.ID]++
	s.kinds[rec.Kind]++
	if rec.Email == "" {
		return
	}
	lead := s.leads[rec.Email]
	switch rec.Kind {
	case "email.unsubscribed":
		lead.unsubscribed = true
		lead.suppressed = lead.suppressed || rec.Flag
	case "email.bounced":
		lead.suppressed = lead.suppressed || rec.Flag
	case "email.opened":
		lead.opens = max(lead.opens, rec.Number)
	case "email.replied":
		if !rec.At.Before(lead.at) {
			word := rec.Word
			lead.sentiment, lead.at = &word, rec.At
		}
	}
	s.leads[rec.Email] = lead
}

func (s *store) add(rec Record) error {
	s.Lock()
	defer s.Unlock()
	if s.ids[rec.ID] != 0 {
		return nil
	}
	if s.broken {
		return errors.New("the disk is full")
	}
	if err := s.encoder.Encode(rec); err != nil {
		return err
	}
	s.fold(rec)
	return nil
}

func reply(w http.ResponseWriter, status int, value any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(value)
}

type problem struct {
	Error string `json:"error"`
}

func (s *store) webhook(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path != "/webhooks/sendemall" {
		reply(w, 404, problem{"unknown path"})
		return
	}
	if r.Method != "POST" {
		reply(w, 405, problem{"unknown method"})
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 8<<20))
	if err != nil {
		reply(w, 400, problem{err.Error()})
		return
	}
	mac := hmac.New(sha256.New, []byte(os.Getenv("SENDEMALL_SECRET")))
	mac.Write(body)
	given, ok := strings.CutPrefix(r.Header.Get("X-SendEmAll-Signature"), "sha256=")
	if !ok || !hmac.Equal([]byte(hex.EncodeToString(mac.Sum(nil))), []byte(given)) {
		reply(w, 401, problem{"invalid signature"})
		return
	}
	rec, err := newRecord(body)
	if err != nil {
		reply(w, 400, problem{err.Error()})
		return
	}
	if err := s.add(rec); err != nil {
		reply(w, 500, problem{err.Error()})
		return
	}
	reply(w, 200, map[string]bool{"received": true})
}

func (s *store) hooks() http.Handler {
	mux := http.NewServeMux()
	key := func(r *http.Request) string {
		_, rest, _ := strings.Cut(r.URL.EscapedPath()[1:], "/")
		value, _ := url.PathUnescape(rest)
		return value
	}
	mux.HandleFunc("/effects/", func(w http.ResponseWriter, r *http.Request) {
		s.RLock()
		defer s.RUnlock()
		reply(w, 200, map[string]int{"count": s.ids[key(r)]})
	})
	mux.HandleFunc("/leads/", func(w http.ResponseWriter, r *http.Request) {
		s.RLock()
		defer s.RUnlock()
		lead, ok := s.leads[key(r)]
		if !ok {
			reply(w, 404, problem{"unknown lead"})
			return
		}
		var rate any
		if sent := s.kinds["email.sent"]; sent > 0 {
			rate = min(1, float64(s.kinds["email.bounced"])/float64(sent))
		}
		reply(w, 200, map[string]any{
			"suppressed": lead.suppressed, "unsubscribed": lead.unsubscribed, "open_count": lead.opens,
			"sentiment": lead.sentiment, "rates": map[string]any{"bounce_rate": rate},
		})
	})
	mux.HandleFunc("/fault", func(w http.ResponseWriter, r *http.Request) {
		var order map[string]bool
		_ = json.NewDecoder(r.Body).Decode(&order)
		s.Lock()
		defer s.Unlock()
		s.broken = order["fail"]
		reply(w, 200, order)
	})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		// The mux would redirect keys with two slashes.
		clone := *r
		clone.URL = &url.URL{Path: "/" + strings.SplitN(r.URL.Path[1:], "/", 2)[0] + "/"}
		if clone.URL.Path == "/fault/" {
			clone.URL.Path = "/fault"
		}
		handler, _ := mux.Handler(&clone)
		handler.ServeHTTP(w, r)
	})
}

func main() {
	s := load(os.Getenv("DATABASE"))
	listen := func(variable string, handler http.Handler) {
		fmt.Fprintln(os.Stderr, http.ListenAndServe("127.0.0.1:"+os.Getenv(variable), handler))
		os.Exit(1)
	}
	go listen("HOOKS_PORT", s.hooks())
	go listen("PORT", http.HandlerFunc(s.webhook))
	_, _ = io.Copy(io.Discard, os.Stdin)
}
