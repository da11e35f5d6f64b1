// Receives SendEmAll's webhooks. Settings: SENDEMALL_SECRET; PORT (3000); HOST (127.0.0.1); WEBHOOK_JOURNAL (webhooks.jsonl).
//
// It verifies the signature over the raw bytes, keeps each event once in a journal, and hands it to your code after the
// response. What is waiting survives a restart; what fails is tried again, later each time.
package main

import (
	"bufio"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"sync"
	"time"
)

const (
	maxBytes = 1_000_000
	maxDelay = time.Hour
)

// Event is what arrives. Data depends on the type of the event.
type Event struct {
	Event string         `json:"event"`
	ID    string         `json:"id"`
	Data  map[string]any `json:"data"`
}

// UnmarshalJSON reads members by their exact names: encoding/json would take a new member "ID" for "id".
func (event *Event) UnmarshalJSON(data []byte) error {
	var members map[string]json.RawMessage
	if err := json.Unmarshal(data, &members); err != nil {
		return err
	}
	for name, into := range map[string]any{
		"event": &event.Event, "id": &event.ID, "data": &event.Data,
	} {
		if value, isThere := members[name]; isThere {
			if err := json.Unmarshal(value, into); err != nil {
				return err
			}
		}
	}
	return nil
}

// handleEvent is your work.
func handleEvent(event Event) error {
	log.Printf("%s %v", event.Event, event.Data["lead_email"])
	return nil
}

// entry is a line of the journal: an event that came, or one that is done.
type entry struct {
	Event *Event `json:"event,omitempty"`
	Done  string `json:"done,omitempty"`
}

// inbox keeps every event once.
type inbox struct {
	secret  []byte
	mutex   sync.Mutex
	journal *os.File
	effects map[string]int
	queue   chan Event
}

func openInbox(secret, file string) (*inbox, error) {
	journal, err := os.OpenFile(file, os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return nil, err
	}
	box := &inbox{secret: []byte(secret), journal: journal, effects: map[string]int{}, queue: make(chan Event, 100_000)}
	waiting := map[string]Event{}
	var order []string
	lines := bufio.NewScanner(journal)
	lines.Buffer(nil, 4*maxBytes)
	for lines.Scan() {
		var read entry
		// A crash may have cut the last line.
		if json.Unmarshal(lines.Bytes(), &read) != nil {
			continue
		}
		if read.Event != nil {
			box.effects[read.Event.ID] = 0
			waiting[read.Event.ID] = *read.Event
			order = append(order, read.Event.ID)
		} else {
			box.effects[read.Done]++
			delete(waiting, read.Done)
		}
	}
	if err := lines.Err(); err != nil {
		return nil, err
	}
	// So that the next line does not continue one that a crash has cut.
	if _, err := journal.WriteString("\n"); err != nil {
		return nil, err
	}
	for _, id := range order {
		if event, isWaiting := waiting[id]; isWaiting {
			box.queue <- event
		}
	}
	go box.work()
	return box, nil
}

// write appends to the journal, on the disk when it returns. The mutex is held.
func (box *inbox) write(line entry) error {
	text, err := json.Marshal(line)
	if err != nil {
		return err
	}
	if _, err = box.journal.Write(append(text, '\n')); err != nil {
		return err
	}
	return box.journal.Sync()
}

func (box *inbox) work() {
	for event := range box.queue {
		box.process(event, time.Second)
	}
}

func (box *inbox) process(event Event, delay time.Duration) {
	if err := handleEvent(event); err != nil {
		log.Printf("%s failed, and will be tried again: %v", event.ID, err)
		time.AfterFunc(delay, func() { box.process(event, min(2*delay, maxDelay)) })
		return
	}
	box.mutex.Lock()
	defer box.mutex.Unlock()
	box.effects[event.ID]++
	if err := box.write(entry{Done: event.ID}); err != nil {
		log.Print(err)
	}
}

// accept takes one request. 200 says that the event is safe; anything but 2xx makes the provider send it again.
func (box *inbox) accept(body []byte, signature string) int {
	mac := hmac.New(sha256.New, box.secret)
	mac.Write(body)
	expected := "sha256=" + hex.EncodeToString(mac.Sum(nil))
	if !hmac.Equal([]byte(expected), []byte(signature)) {
		return http.StatusUnauthorized
	}
	var event Event
	if json.Unmarshal(body, &event) != nil || event.ID == "" || event.Event == "" {
		return http.StatusBadRequest
	}
	box.mutex.Lock()
	defer box.mutex.Unlock()
	if _, isKnown := box.effects[event.ID]; isKnown {
		return http.StatusOK
	}
	if err := box.write(entry{Event: &event}); err != nil {
		log.Print(err)
		return http.StatusServiceUnavailable
	}
	box.effects[event.ID] = 0
	box.queue <- event
	return http.StatusOK
}

func (box *inbox) receive(response http.ResponseWriter, request *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(response, request.Body, maxBytes))
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		response.WriteHeader(http.StatusRequestEntityTooLarge)
	case err != nil:
		response.WriteHeader(http.StatusBadRequest)
	default:
		response.WriteHeader(box.accept(body, request.Header.Get("X-SendEmAll-Signature")))
	}
}

func (box *inbox) showEffects(response http.ResponseWriter, request *http.Request) {
	box.mutex.Lock()
	count := box.effects[request.PathValue("id")]
	box.mutex.Unlock()
	response.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(response).Encode(map[string]int{"count": count})
}

func setting(name, fallback string) string {
	if value := os.Getenv(name); value != "" {
		return value
	}
	if fallback == "" {
		log.Fatalf("%s is not set. Set it in the environment.", name)
	}
	return fallback
}

func main() {
	box, err := openInbox(setting("SENDEMALL_SECRET", ""), setting("WEBHOOK_JOURNAL", "webhooks.jsonl"))
	if err != nil {
		log.Fatal(err)
	}
	http.HandleFunc("POST /webhooks/sendemall", box.receive)
	// For tests, never in production: how often an event's work was done.
	if os.Getenv("SENDEMALL_TEST_HOOKS") == "1" {
		http.HandleFunc("GET /test/effects/{id}", box.showEffects)
	}
	address := net.JoinHostPort(setting("HOST", "127.0.0.1"), setting("PORT", "3000"))
	log.Fatal(http.ListenAndServe(address, nil))
}
