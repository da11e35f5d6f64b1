/**
 * `/_sandbox/stream`: the events of an account from now on, as server-sent events.
 *
 * @module
 */
import type { HttpBindings } from '@hono/node-server';
import { Hono } from 'hono';
import { streamSSE } from 'hono/streaming';
import { LIMITS } from '../../../schemas/contract.ts';
import type { Verification } from '../../../schemas/sandbox.ts';
import type { AccountEngine, AccountEvent } from '../../engine/engine.ts';
import type { Env, ServerOptions } from '../context.ts';
import { createConcurrencyLimit } from '../concurrency-limit.ts';
import type { VerificationRegistry } from '../verifications/registry.ts';
import { attemptView, clockView, webhookView } from '../view.ts';

/** Limits for open streams. */
const MAX_STREAMS = 1000;
const MAX_STREAMS_PER_ACCOUNT = 250;
/** A reader that lags behind further is disconnected. Twice what the largest trigger publishes at once. */
const MAX_QUEUED_EVENTS = 20_000;
/** Characters of the bodies in the queue: an event may have a million. */
const MAX_QUEUED_CHARACTERS = 67_108_864;
/** Time for a lagging reader to read the final message before its connection is destroyed. Real milliseconds. */
const DISCONNECT_GRACE_MS = 30_000;

/** What the stream tells: what happens in the account, and its verifications. */
type StreamedEvent =
  | AccountEvent
  | { readonly type: 'verification.progressed'; readonly verification: Verification };

const view = async (event: StreamedEvent, account: AccountEngine): Promise<object> => {
  switch (event.type) {
    case 'webhook.created':
    case 'webhook.updated':
    case 'webhook.deleted':
      return { type: event.type, webhook: webhookView(event.webhook) };
    case 'event.published':
      return {
        type: event.type,
        event: JSON.parse(event.event.body) as unknown,
        delivery_ids: event.deliveries,
      };
    case 'delivery.attempted': {
      const { delivery, attempt, status } = event;
      return {
        type: event.type,
        delivery_id: delivery.id,
        event_id: delivery.eventId,
        event: delivery.eventType,
        webhook_id: delivery.webhookId,
        status,
        attempt: attemptView(attempt),
      };
    }
    case 'delivery.cancelled':
    case 'delivery.acknowledged':
      return { type: event.type, delivery_id: event.id };
    case 'clock.changed': {
      const { deliveries } = await account.counts();
      return { type: event.type, clock: clockView(event.clock, deliveries.pending) };
    }
    case 'account.reset':
      return { type: event.type };
    case 'verification.progressed':
      return event;
  }
};

/** Beginnings of messages by event: serialised once for all streams of the account. */
const messages = new WeakMap<StreamedEvent, Promise<string>>();

/** The message of an event, up to its id, which differs between streams. */
const messageOf = (event: StreamedEvent, account: AccountEngine): Promise<string> => {
  let message = messages.get(event);
  if (message === undefined) {
    message = view(event, account).then(
      (shown) => `event: ${event.type}\ndata: ${JSON.stringify(shown)}\nid: `,
    );
    messages.set(event, message);
  }
  return message;
};

/** Characters of messages to write at once. */
const MAX_CHARACTERS_PER_WRITE = 65_536;

/** Events of this time after a write are written together, because a write costs more than its messages. */
const PAUSE_AFTER_WRITE_MS = 10;

/** Length of a finding, roughly. */
const FINDING_CHARACTERS = 300;

const charactersOf = (event: StreamedEvent): number => {
  if (event.type === 'event.published') return event.event.body.length;
  if (event.type === 'verification.progressed')
    return event.verification.findings.length * FINDING_CHARACTERS;
  return event.type === 'delivery.attempted' ? (event.attempt.response?.body.length ?? 0) : 0;
};

/** Events that a reader has not read yet, in order. */
interface Backlog {
  shift(): StreamedEvent | undefined;
  readonly length: number;
  readonly isOverfull: boolean;
  unsubscribe(): void;
}

/**
 * Collect what the stream has to tell.
 *
 * @param onEvent called for each event
 * @param onOverflow called once, when the reader lags too far behind; nothing is collected afterwards
 */
const createBacklog = (
  account: AccountEngine,
  verifications: VerificationRegistry,
  onEvent: () => void,
  onOverflow: () => void,
): Backlog => {
  const waiting: StreamedEvent[] = [];
  let characters = 0;
  const isOverfull = (): boolean =>
    waiting.length > MAX_QUEUED_EVENTS || characters > MAX_QUEUED_CHARACTERS;
  const add = (event: StreamedEvent): void => {
    waiting.push(event);
    characters += charactersOf(event);
    if (isOverfull()) {
      unsubscribe();
      onOverflow();
    }
    onEvent();
  };
  const subscriptions = [
    account.subscribe(add),
    verifications.subscribe(account, (verification) =>
      add({ type: 'verification.progressed', verification }),
    ),
  ];
  const unsubscribe = (): void => {
    for (const end of subscriptions) end();
  };
  return {
    shift: () => {
      const event = waiting.shift();
      if (event !== undefined) characters -= charactersOf(event);
      return event;
    },
    get length() {
      return waiting.length;
    },
    get isOverfull() {
      return isOverfull();
    },
    unsubscribe,
  };
};

/** @returns a function that takes events from the backlog and returns their messages, as many as to write at once */
const createTake = (waiting: Backlog, account: AccountEngine): (() => Promise<string>) => {
  let id = 0;
  return async () => {
    let text = '';
    while (text.length < MAX_CHARACTERS_PER_WRITE) {
      const event = waiting.shift();
      if (event === undefined) break;
      id += 1;
      text += `${await messageOf(event, account)}${id}\n\n`;
    }
    return text;
  };
};

/** A pause of {@link PAUSE_AFTER_WRITE_MS}. @param onEnd called when it is over */
const createPause = (wall: ServerOptions['wall'], onEnd: () => void) => {
  let isOn = false;
  let cancel = (): void => undefined;
  return {
    isOn: () => isOn,
    start: () => {
      isOn = true;
      cancel = wall.after(PAUSE_AFTER_WRITE_MS, () => {
        isOn = false;
        onEnd();
      });
    },
    end: () => cancel(),
  };
};

export const streamRoutes = (
  { wall, closing }: ServerOptions,
  verifications: VerificationRegistry,
): Hono<Env> => {
  const streamLimit = createConcurrencyLimit('open streams', MAX_STREAMS, MAX_STREAMS_PER_ACCOUNT);
  return new Hono<Env>().get('/', (c) => {
    // The body of a response to HEAD is never read, so a stream would never end.
    if (c.req.method === 'HEAD') {
      return c.body(null, 200, {
        'content-type': 'text/event-stream',
        'cache-control': 'no-cache',
      });
    }
    const account = c.get('account');
    const leave = streamLimit.enter(account.account.key);
    const { outgoing } = (c.env ?? {}) as Partial<HttpBindings>;
    return streamSSE(c, async (stream) => {
      let wake = (): void => undefined;
      let beat = false;
      const pause = createPause(wall, () => wake());
      let callOffCut = (): void => undefined;
      const waiting = createBacklog(
        account,
        verifications,
        () => {
          if (!pause.isOn()) wake();
        },
        () => {
          // The loop below is blocked while the reader does not read.
          callOffCut = wall.after(DISCONNECT_GRACE_MS, () => outgoing?.destroy());
        },
      );
      const call = (): void => wake();
      const ending = AbortSignal.any([closing, account.closed]);
      stream.onAbort(call);
      ending.addEventListener('abort', call);
      let disarm = (): void => undefined;
      const arm = (): void => {
        disarm = wall.after(LIMITS.streamHeartbeatMs, () => {
          beat = true;
          wake();
          arm();
        });
      };
      arm();
      try {
        await stream.write(': connected\n\n');
        const take = createTake(waiting, account);
        while (!stream.aborted && !ending.aborted) {
          const text = pause.isOn() ? '' : await take();
          if (text !== '') {
            await stream.write(text);
            if (waiting.length === 0) pause.start();
          } else if (beat) {
            beat = false;
            await stream.write(': still here\n\n');
          } else {
            await new Promise<void>((resolve) => {
              wake = resolve;
              const isReady = waiting.length > 0 && !pause.isOn();
              if (isReady || beat || stream.aborted || ending.aborted) resolve();
            });
          }
          if (waiting.isOverfull) {
            await stream.write(
              `: you are ${waiting.length} events behind, so this stream ends here\n\n`,
            );
            break;
          }
        }
      } finally {
        leave();
        disarm();
        pause.end();
        waiting.unsubscribe();
        callOffCut();
        ending.removeEventListener('abort', call);
      }
    });
  });
};
