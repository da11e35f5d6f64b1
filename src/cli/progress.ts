/**
 * Progress of whatever takes longer than a second.
 *
 * @module
 */
import type { Client } from '../client/create-client.ts';
import type { Terminal } from './terminal.ts';

const DELAY_MS = 1000;
const INTERVAL_MS = 250;

/**
 * Run `work`, with a status line on a live terminal once it has taken a second.
 *
 * @param label of the line, e.g. `Saving`, or a function of what is known so far
 */
export const withProgress = async <T>(
  label: string | (() => string),
  terminal: Terminal,
  work: () => Promise<T>,
): Promise<T> => {
  if (!terminal.isLive) return work();
  let elapsedMs = 0;
  const timer = setInterval(() => {
    elapsedMs += INTERVAL_MS;
    if (elapsedMs < DELAY_MS) return;
    const text = typeof label === 'string' ? label : label();
    terminal.status(`${text} … ${Math.floor(elapsedMs / 1000)} s`);
  }, INTERVAL_MS);
  try {
    return await work();
  } finally {
    clearInterval(timer);
    terminal.status(null);
  }
};

/** As {@link withProgress}, with the number of attempts so far and the time on the account's clock. */
export const withAttempts = async <T>(
  client: Client,
  terminal: Terminal,
  work: () => Promise<T>,
): Promise<T> => {
  if (!terminal.isLive) return work();
  const ended = new AbortController();
  const stream = await client.stream({ signal: AbortSignal.any([terminal.signal, ended.signal]) });
  let attempts = 0;
  let at = '';
  const count = async (): Promise<void> => {
    for await (const event of stream) {
      if (event.type !== 'delivery.attempted') continue;
      attempts += 1;
      at = event.attempt.started_at;
    }
  };
  // The abort is the regular end; if the sandbox goes away, the work fails, too.
  const counting = count().catch(() => undefined);
  try {
    const label = (): string => `${attempts} attempts${at === '' ? '' : `, last at ${at}`}`;
    return await withProgress(label, terminal, work);
  } finally {
    ended.abort();
    await counting;
  }
};
