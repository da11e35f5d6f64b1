package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"

	"example.com/use/api"
	"example.com/use/sandbox"
)

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

func main() {
	url, background := os.Getenv("SANDBOX_URL"), context.Background()
	withKey := func(_ context.Context, request *http.Request) error {
		request.Header.Set("x-user-context", os.Getenv("API_KEY"))
		return nil
	}
	client := must(api.NewClientWithResponses(url, api.WithRequestEditorFn(withKey)))
	box := must(sandbox.NewClientWithResponses(url, sandbox.WithRequestEditorFn(withKey)))

	registered := must(client.CreateWebhookWithResponse(background, nil, api.CreateWebhookRequest{
		Url: "http://127.0.0.1:9/", Events: api.Subscriptions{"*"}, Secret: "whsec_generated",
	}))
	data := map[string]any{"reply_sentiment": "positive"}
	must(box.TriggerEventsWithResponse(background, sandbox.TriggerRequest{Event: "email.replied", Data: &data}))
	var target sandbox.AdvanceRequest
	if err := target.FromAdvanceUntil(sandbox.AdvanceUntil{Until: "settled"}); err != nil {
		panic(err)
	}
	must(box.AdvanceClockWithResponse(background, target))
	failed := must(client.ListFailedEventsWithResponse(background, registered.JSON201.Data.Id, nil))
	for _, event := range failed.JSON200.Data {
		reply, isReply := must(event.ValueByDiscriminator()).(api.FailedEmailReplied)
		if !isReply {
			continue
		}
		fmt.Println(string(must(json.Marshal(struct {
			Event     string `json:"event"`
			Sentiment string `json:"sentiment"`
			Attempts  int    `json:"attempts"`
		}{string(reply.Event), string(reply.Data.ReplySentiment), reply.Failure.Attempts}))))
	}
}
