/**
 * Keys of the page. A key does nothing while somebody types, while a dialog is open, or with a modifier.
 *
 * @module
 */
import { signal } from '@preact/signals';
import { advance } from '../state/clock.ts';
import { go, route } from '../state/location.ts';
import { togglePause } from '../state/live.ts';
import { act } from './actions.ts';
import { openCursor, moveCursor } from './cursor.ts';
import { openDialog } from './dialog-state.ts';

export interface Key {
  readonly keys: string;
  readonly help: string;
  readonly run: () => void;
}

export const focusFilter = (): void => {
  if (route.value.view !== 'deliveries') go({ view: 'deliveries' });
  // At once if it is there: what is typed next must not be lost.
  const field = document.getElementById('filter');
  if (field !== null) field.focus();
  else requestAnimationFrame(() => document.getElementById('filter')?.focus());
};

export const KEYS: readonly Key[] = [
  { keys: 'j', help: 'next row', run: () => moveCursor(1) },
  { keys: 'k', help: 'previous row', run: () => moveCursor(-1) },
  { keys: 'Enter', help: 'open the row', run: openCursor },
  { keys: 'Escape', help: 'close', run: () => go({ id: null }) },
  { keys: '/', help: 'filter', run: focusFilter },
  { keys: 'p', help: 'pause or resume the stream', run: togglePause },
  {
    keys: 'n',
    help: 'advance to the next due attempt',
    run: () => void advance({ until: 'next_attempt' }),
  },
  {
    keys: 'N',
    help: 'advance until everything has settled',
    run: () => void advance({ until: 'settled' }),
  },
  { keys: 't', help: 'trigger an event', run: () => openDialog('trigger') },
  { keys: 'r', help: 'redeliver the open delivery', run: () => act('redeliver') },
  { keys: 'e', help: 'edit and resend the open delivery', run: () => act('edit') },
  { keys: 'f', help: 'forge the open delivery', run: () => act('forge') },
  { keys: 'g d', help: 'go to deliveries', run: () => go({ view: 'deliveries' }) },
  { keys: 'g l', help: 'go to dead letters', run: () => go({ view: 'dead-letters' }) },
  { keys: 'g w', help: 'go to webhooks', run: () => go({ view: 'webhooks' }) },
  { keys: 'g c', help: 'go to campaigns', run: () => go({ view: 'campaigns' }) },
  { keys: 'g s', help: 'go to sinks', run: () => go({ view: 'sinks' }) },
  { keys: 'g f', help: 'go to faults', run: () => go({ view: 'faults' }) },
  { keys: 'g v', help: 'go to verify', run: () => go({ view: 'verify' }) },
  { keys: 'g a', help: 'go to the account', run: () => go({ view: 'accounts' }) },
  { keys: '?', help: 'show the keys', run: () => openDialog('help') },
];

/** First key of a sequence that has been pressed. */
export const pending = signal('');

const isTyping = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement &&
  (target.isContentEditable || /^(?:input|textarea|select)$/i.test(target.tagName));

/** Buttons and links have their own Enter. */
const isControl = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement && /^(?:button|a|summary)$/i.test(target.tagName);

const onKey = (event: KeyboardEvent): void => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
  if (isTyping(event.target) || document.querySelector('dialog[open]') !== null) return;
  const { key } = event;
  if (key === 'Enter' && isControl(event.target)) return;
  const typed = pending.value === '' ? key : `${pending.value} ${key}`;
  pending.value = '';
  const found = KEYS.find(({ keys }) => keys === typed) ?? KEYS.find(({ keys }) => keys === key);
  if (found !== undefined) {
    event.preventDefault();
    found.run();
  } else if (KEYS.some(({ keys }) => keys.startsWith(`${key} `))) {
    pending.value = key;
  }
};

export const startKeys = (): void => addEventListener('keydown', onKey);
