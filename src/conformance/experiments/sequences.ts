/**
 * Histories written by hand, each for one way in which a receiver's requests interfere. Simplest first within a group,
 * so that the first that fails is the plainest that can be said.
 *
 * @module
 */
import type { EventType } from '../../../schemas/contract.ts';
import type { History, Part, Path, Step } from '../histories/step.ts';

const event = (lead = 0, path: Path = 'kept', type: EventType = 'email.replied'): Step => ({
  kind: 'event',
  type,
  lead,
  path,
});
const part = (lead: number, type: EventType = 'email.replied'): Part => ({
  kind: 'event',
  type,
  lead,
});
const repeat = (path: Path, back = 0): Step => ({ kind: 'repeat', back, path });
const together = (...parts: readonly Part[]): Step => ({ kind: 'together', parts });

/** What is left over of a request for the next one, on the same connection and on another. */
export const AFTERMATH: readonly History[] = [
  [event(0, 'fresh'), repeat('fresh'), event(1, 'fresh')],
  [event(0), repeat('kept'), event(1)],
  [event(0), repeat('fresh'), event(0, 'fresh', 'email.opened')],
  ...(['unsigned', 'malformed signature', 'wrong digest'] as const).flatMap(
    (form): readonly History[] => [
      [{ kind: 'forgery', form, type: 'email.replied', path: 'kept' }, event()],
      [{ kind: 'forgery', form, type: 'email.replied', path: 'fresh' }, event(0, 'fresh')],
    ],
  ),
  [{ kind: 'malformed', form: 'not JSON', path: 'kept' }, event()],
  [event(0), { kind: 'forgery', form: 'unsigned', type: 'email.replied', path: 'kept' }, event(1)],
];

/** Events of other types leave alone what an event has set. */
export const OTHER_TYPES_LATER: readonly History[] = [
  [event(), event(0, 'kept', 'email.opened'), event(0, 'kept', 'email.clicked')],
  [event(0, 'kept', 'email.opened'), event(0, 'kept', 'email.unsubscribed'), event()],
];

/** Different leads at the same moment. */
export const PARALLEL: readonly History[] = [
  [together(part(0), part(1))],
  [together(...[0, 1, 2, 3].map((lead) => part(lead, 'email.delivered')))],
  [together(...[0, 1, 2, 3, 4, 5, 6, 7].map((lead) => part(lead)))],
  [
    together(
      part(0),
      { kind: 'forgery', form: 'wrong digest', type: 'email.replied' },
      part(1),
      { kind: 'forgery', form: 'unsigned', type: 'email.replied' },
      part(2),
    ),
  ],
];

const PAIRS: readonly (readonly [EventType, EventType])[] = [
  ['email.opened', 'email.unsubscribed'],
  ['email.replied', 'email.opened'],
  ['email.bounced', 'email.replied'],
  ['email.opened', 'email.opened'],
  ['email.unsubscribed', 'email.replied'],
];

/** Several events of one lead at the same moment, after one that has made the lead known or as its first. */
export const ONE_LEAD: readonly History[] = PAIRS.flatMap(([one, other]): readonly History[] => [
  [together(part(0, one), part(0, other))],
  [event(0, 'kept', 'email.delivered'), together(part(0, one), part(0, other))],
  [
    event(0, 'kept', 'email.delivered'),
    together(part(0, one), part(0, other), part(0, 'email.clicked'), part(0, 'email.sent')),
  ],
]);

/** New events beside a repeat of an earlier one. */
export const BESIDE_REPEAT: readonly History[] = [
  [event(0), together({ kind: 'repeat', back: 0 }, part(1))],
  [event(0), together(part(1), { kind: 'repeat', back: 0 }, part(2))],
];

/** What the repeat undoes may be the mark of the new event alone: then a repeat of that one takes effect again. */
export const REPEATED_BESIDE_REPEAT: readonly History[] = Array.from({ length: 4 }, (): History => [
  event(0, 'fresh'),
  together(part(1), { kind: 'repeat', back: 0 }),
  repeat('fresh'),
]);

/** Connections that are spread over the workers of a receiver reach another one than the first before long. */
const OTHER_CONNECTIONS = 8;

export const REPEAT_ON_SAME_CONNECTION: History = [event(), repeat('kept')];

export const REPEAT_ON_OTHER_CONNECTIONS: History = [
  event(),
  ...Array.from({ length: OTHER_CONNECTIONS }, () => repeat('fresh')),
];

/** The same with the repeats at the same moment, for a receiver that needs seconds for every response. */
export const REPEAT_ON_OTHER_CONNECTIONS_TOGETHER: History = [
  event(),
  {
    kind: 'together',
    parts: Array.from({ length: OTHER_CONNECTIONS }, () => ({ kind: 'repeat', back: 0 }) as const),
  },
];

export const burstOf = (count: number): readonly History[] => [
  [{ kind: 'burst', count, type: 'email.replied' }],
];

/** The first try fails, the retry does not. Needs the fault hook. */
export const AFTER_FAILURE: readonly History[] = [
  [{ kind: 'failed try', type: 'email.replied' }, repeat('fresh')],
  [{ kind: 'failed try', type: 'email.opened' }, repeat('fresh')],
  [
    event(0, 'kept', 'email.delivered'),
    { kind: 'failed try', type: 'email.bounced' },
    repeat('fresh'),
  ],
  [{ kind: 'failed try', type: 'email.unsubscribed' }, repeat('fresh')],
  [event(), { kind: 'failed try', type: 'email.opened' }, repeat('fresh')],
  [
    { kind: 'failed try', type: 'email.opened' },
    repeat('fresh'),
    event(0, 'fresh', 'email.unsubscribed'),
  ],
];

/** One event fails: another was processed before, and a third before its retry. Needs the fault hook. */
export const OTHER_FAILED: readonly History[] = [
  [
    event(1, 'fresh'),
    { kind: 'failed try', type: 'email.replied' },
    repeat('fresh', 1),
    event(2, 'fresh'),
    repeat('fresh', 0),
    repeat('fresh', 1),
  ],
];

/** What was processed before a restart. Needs the restart hook. */
export const AFTER_RESTART: readonly History[] = [
  [event(0), event(1, 'kept', 'email.opened'), event(2, 'fresh'), { kind: 'restart' }],
];
