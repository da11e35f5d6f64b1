/**
 * Reads a `text/event-stream` from a `fetch` response.
 *
 * @module
 */
import { createParser } from 'eventsource-parser';

export interface ServerSentEvent {
  /** `message` if the server sends no type. */
  readonly type: string;
  readonly data: string;
}

/**
 * Iterate over the events of a stream. The iteration ends with the stream; leaving it early closes the connection. An
 * incomplete event at the end is dropped, as the standard demands.
 *
 * @throws the error of the stream, e.g. the reason of an aborted signal
 */
export async function* readServerSentEvents(
  body: ReadableStream<Uint8Array>,
): AsyncGenerator<ServerSentEvent> {
  const decoder = new TextDecoder();
  let parsed: ServerSentEvent[] = [];
  const parser = createParser({
    onEvent: ({ event, data }) => void parsed.push({ type: event ?? 'message', data }),
  });
  for await (const chunk of body) {
    parser.feed(decoder.decode(chunk, { stream: true }));
    const events = parsed;
    parsed = [];
    yield* events;
  }
}
