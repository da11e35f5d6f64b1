// A sandbox of SendEmAll for tests: an account of its own for each test, on one server.
package webhook

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/json"
	"net/http"
	"os"
	"os/exec"
	"testing"
)

// sendemall calls the API as an account of this test; the sandbox ends with the test.
func sendemall(t *testing.T) func(method, path string, body, data any) {
	// SENDEMALL_MOCK is the executable, or the installed command.
	command := cmp.Or(os.Getenv("SENDEMALL_MOCK"), "sendemall-mock")
	process := exec.Command(command, "serve", "--port", "0", "--clock", "frozen", "--json")
	output, err := process.StdoutPipe()
	if err != nil || process.Start() != nil {
		t.Fatal("sendemall-mock does not start")
	}
	t.Cleanup(func() { _ = process.Process.Signal(os.Interrupt); _ = process.Wait() })
	line, _ := bufio.NewReader(output).ReadBytes('\n')
	var started struct{ URL string }
	if err := json.Unmarshal(line, &started); err != nil {
		t.Fatal(err)
	}
	return func(method, path string, body, data any) {
		t.Helper()
		sent, _ := json.Marshal(body)
		request, _ := http.NewRequest(method, started.URL+path, bytes.NewReader(sent))
		request.Header.Set("x-user-context", t.Name())
		request.Header.Set("Content-Type", "application/json")
		response, err := http.DefaultClient.Do(request)
		if err != nil || response.StatusCode >= 300 {
			t.Fatal(response, err)
		}
		defer response.Body.Close()
		if err := json.NewDecoder(response.Body).Decode(&struct{ Data any }{data}); err != nil {
			t.Fatal(err)
		}
	}
}

func TestAReceiverThatIsDownGetsDeadLetters(t *testing.T) {
	call := sendemall(t)
	var webhook struct{ ID string }
	call("POST", "/v1/webhooks", map[string]any{
		"url": "http://127.0.0.1:9/hook", "events": []string{"*"}, "secret": "whsec_your-signing-secret",
	}, &webhook)
	call("POST", "/_sandbox/events", map[string]any{"event": "email.replied"}, nil)
	call("POST", "/_sandbox/clock/advance", map[string]any{"by": "36m"}, nil)
	var letters []struct{ Event string }
	call("GET", "/v1/webhooks/"+webhook.ID+"/failed-events", nil, &letters)
	if len(letters) != 1 || letters[0].Event != "email.replied" {
		t.Fatal(letters)
	}
}
