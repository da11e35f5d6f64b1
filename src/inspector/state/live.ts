/**
 * The account's stream: connects, reconnects, and passes events on in batches, one per frame.
 *
 * @module
 */
import { effect, signal } from '@preact/signals';
import type { AccountEvent } from '../../../schemas/sandbox.ts';
import { ApiError } from '../../client/api-error.ts';
import { client, connection, refusal, spoken } from './session.ts';

type Listener = (events: readonly AccountEvent[]) => void;

const listeners = new Set<Listener>();
/** Called when everything must be read again: after connecting, and after a reset. */
const loaders = new Set<() => void>();

export const isPaused = signal(false);
/** Number of events that arrived while the stream was paused. */
export const held = signal(0);

let waiting: AccountEvent[] = [];
let frame = 0;
let lastBatch = 0;
const MAX_HELD = 20_000;

const flush = (): void => {
  frame = 0;
  if (isPaused.value) {
    held.value = waiting.length;
    return;
  }
  const events = waiting;
  waiting = [];
  lastBatch = events.length;
  held.value = 0;
  if (events.some(({ type }) => type === 'account.reset')) reload();
  for (const listener of listeners) listener(events);
};

/** With more events than this in a batch, the next batch waits, so that input is answered in between. */
const MANY = 40;
const BUSY_MS = 120;
const HIDDEN_MS = 250;

/** One batch per frame; a hidden tab gets no frames. */
const schedule = (): void => {
  if (frame !== 0) return;
  if (document.hidden) frame = window.setTimeout(flush, HIDDEN_MS);
  else if (lastBatch > MANY) frame = window.setTimeout(flush, BUSY_MS);
  else frame = requestAnimationFrame(flush);
};

export const onEvents = (listener: Listener): void => void listeners.add(listener);
export const onReload = (loader: () => void): void => void loaders.add(loader);

export const stopEvents = (listener: Listener): void => void listeners.delete(listener);
export const stopReload = (loader: () => void): void => void loaders.delete(loader);

/** Read everything again. */
export const reload = (): void => {
  for (const loader of loaders) loader();
};

export const togglePause = (): void => {
  isPaused.value = !isPaused.value;
  if (isPaused.value) {
    spoken.value = 'Stream paused.';
    return;
  }
  spoken.value = 'Stream resumed.';
  if (waiting.length >= MAX_HELD) {
    waiting = [];
    held.value = 0;
    reload();
  } else schedule();
};

const FIRST_DELAY_MS = 250;
const MAX_DELAY_MS = 4000;

const follow = async (signal: AbortSignal): Promise<void> => {
  for (let delay = FIRST_DELAY_MS; !signal.aborted; delay = Math.min(delay * 2, MAX_DELAY_MS)) {
    try {
      const stream = await client.value.stream({ signal });
      if (connection.value === 'lost') spoken.value = 'Connected again.';
      connection.value = 'live';
      refusal.value = null;
      delay = FIRST_DELAY_MS;
      reload();
      for await (const event of stream) {
        if (waiting.length < MAX_HELD) waiting.push(event);
        schedule();
      }
    } catch (error) {
      if (signal.aborted) return;
      if (error instanceof ApiError && (error.status === 401 || error.status === 403)) {
        connection.value = 'refused';
        refusal.value = error.message;
        return;
      }
    }
    if (signal.aborted) return;
    if (connection.value !== 'lost') spoken.value = 'Connection lost. Reconnecting.';
    connection.value = 'lost';
    await new Promise((resolve) => {
      setTimeout(resolve, delay);
    });
  }
};

/** Follow the stream of whatever account is selected. */
export const startLive = (): void => {
  effect(() => {
    void client.value;
    const controller = new AbortController();
    waiting = [];
    connection.value = 'connecting';
    void follow(controller.signal);
    return () => controller.abort();
  });
};
