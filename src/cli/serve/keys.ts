/**
 * Keys of `serve` at a terminal, with a footer that names them.
 *
 * @module
 */
import { EVENT_TYPES } from '../../../schemas/contract.ts';
import { ApiError } from '../../client/api-error.ts';
import type { Client } from '../../client/create-client.ts';
import { formatDuration } from '../../domain/time.ts';
import { openInBrowser } from '../browser.ts';
import { commandLine, type Reach } from '../output/command-line.ts';
import { harmless } from '../output/table.ts';
import type { Terminal } from '../terminal.ts';

export interface KeyOptions {
  readonly client: Client;
  /** Reach of the account, for the commands in the output. */
  readonly reach: Reach;
  /** Stop serving. */
  readonly quit: () => void;
}

const KEYS = [
  ['t', 'trigger'],
  ['r', 'redeliver'],
  ['a', 'advance'],
  ['A', 'settle'],
  ['d', 'dead letters'],
  ['o', 'open'],
  ['p', 'pause'],
  ['q', 'quit'],
] as const;

const EXPLANATIONS = [
  't  trigger an event: choose its type',
  'r  send the last delivery again',
  'a  advance the clock to the next attempt',
  'A  advance the clock until everything has settled',
  'd  list the dead letters',
  'o  open the sandbox in the browser',
  'p  pause all webhooks, or resume them',
  'q  quit',
];

const lastWord = (type: string): string => type.split('.')[1] ?? type;

const footerOf = (columns: number): string => {
  const whole = [...KEYS.map(([key, does]) => `${key} ${does}`), '? help'].join(' · ');
  return whole.length < columns ? whole : `keys: ${KEYS.map(([key]) => key).join(' ')} · ? help`;
};

const MENU = [...EVENT_TYPES.map((type, at) => `${at + 1} ${lastWord(type)}`), 'esc'].join(' · ');

const redeliverLast = async (client: Client, terminal: Terminal): Promise<void> => {
  for await (const { id } of client.deliveries.list({ limit: 1 })) {
    await client.deliveries.redeliver(id);
    return;
  }
  terminal.note('No deliveries yet. Press t to trigger an event.');
};

const advance = async (
  client: Client,
  until: 'next_attempt' | 'settled',
  terminal: Terminal,
): Promise<void> => {
  const { from, to, attempts } = await client.clock.advance({ until });
  const moved = Date.parse(to) - Date.parse(from);
  terminal.note(
    attempts === 0
      ? 'Nothing is due.'
      : `Advanced ${moved === 0 ? '0s' : formatDuration(moved)}: ${attempts} attempts.`,
  );
};

const MAX_LISTED = 10;

const listDeadLetters = async (client: Client, reach: Reach, terminal: Terminal): Promise<void> => {
  let count = 0;
  for (const webhook of await client.webhooks.list()) {
    for await (const { id, event, failure } of client.failedEvents.list(webhook.id)) {
      count += 1;
      if (count > MAX_LISTED) break;
      terminal.note(`  ${event}  ${id}  ${harmless(failure.last_error ?? '')}`);
    }
  }
  const words = ['dead-letters', 'redeliver', '--all'];
  terminal.note(
    count === 0
      ? 'No dead letters.'
      : `Send them again: ${commandLine(words, reach, terminal.env)}`,
  );
};

/** Pause all webhooks, or resume them if none is active. */
const pauseOrResume = async (client: Client, terminal: Terminal): Promise<void> => {
  const webhooks = await client.webhooks.list();
  const isActive = webhooks.some(({ status }) => status === 'active');
  const status = isActive ? 'paused' : 'active';
  for (const { id } of webhooks) await client.webhooks.update(id, { status });
  const resumed = isActive ? 'Paused. Press p to resume.' : 'Resumed.';
  terminal.note(webhooks.length === 0 ? 'No webhooks to pause.' : resumed);
};

/** Read keys until the returned function is called. Actions run one after the other. */
export const readServeKeys = (
  { client, reach, quit }: KeyOptions,
  terminal: Terminal,
): (() => void) => {
  let isChoosing = false;
  let work = Promise.resolve();

  const showFooter = (): void => {
    terminal.footer(isChoosing ? MENU : footerOf(terminal.columns));
  };
  const actions: Readonly<Record<string, () => Promise<void> | void>> = {
    r: () => redeliverLast(client, terminal),
    a: () => advance(client, 'next_attempt', terminal),
    A: () => advance(client, 'settled', terminal),
    d: () => listDeadLetters(client, reach, terminal),
    o: async () => {
      terminal.note(client.baseUrl);
      await openInBrowser(client.baseUrl, terminal);
    },
    p: () => pauseOrResume(client, terminal),
    '?': () => {
      for (const line of EXPLANATIONS) terminal.note(line);
    },
  };
  const start = (action: () => Promise<unknown> | void): void => {
    work = work.then(async () => {
      try {
        await action();
      } catch (error) {
        terminal.note(error instanceof ApiError ? error.message : String(error));
      }
    });
  };
  const choose = (key: string): void => {
    isChoosing = false;
    const event = EVENT_TYPES[Number(key) - 1];
    if (event !== undefined) start(() => client.events.trigger({ event }));
  };
  const stop = terminal.onKey((key) => {
    if (isChoosing) choose(key);
    else if (key === 't') isChoosing = true;
    else if (key === 'q') quit();
    else if (Object.hasOwn(actions, key)) start(actions[key]!);
    showFooter();
  });
  showFooter();
  return () => {
    stop();
    terminal.footer(null);
  };
};
