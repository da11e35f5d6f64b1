/**
 * Contracts of the hooks over HTTP and by command: what the suite sends, and how the receiver's test build responds.
 *
 * @module
 */
import type { Hook } from '../needs.ts';
import type { LeadState } from './hooks.ts';

/** Keys of a lead's state that a receiver may store, each with its meaning. */
export const STATE_KEYS = {
  suppressed: 'boolean: the address is excluded from every campaign',
  unsubscribed: 'boolean',
  open_count: 'number: total opens',
  sentiment: 'string or null: sentiment of the latest reply, by the time of the event',
  rates:
    'object: rates of the campaign of its latest event, by name, each from 0 to 1 or null: {"bounce_rate": 0.05}',
} as const satisfies Partial<Record<keyof LeadState, string>>;

export type StateKey = keyof typeof STATE_KEYS;

export interface HookContract {
  readonly hook: Hook;
  /** What the hook makes testable. */
  readonly shows: string;
  readonly request: string;
  readonly response: string;
  /** Named values, such as the keys of a response or environment variables. */
  readonly values: readonly (readonly [name: string, meaning: string])[];
}

export const HOOK_CONTRACTS: readonly HookContract[] = [
  {
    hook: 'effects',
    shows: 'duplicates, lost events, and forgeries that take effect',
    request: 'GET the URL, with the event id in place of {id}',
    response: '200 and {"count": n}; 0 for an unknown event',
    values: [['count', 'whole number: how often the event with this id has taken effect so far']],
  },
  {
    hook: 'state',
    shows: 'bounces, unsubscribes, suppression, running totals, rates',
    request: 'GET the URL, with the address of the lead in place of {lead_email}',
    response:
      '200 and the stored state as JSON, without keys that you do not store; 404 for an unknown lead',
    values: Object.entries(STATE_KEYS),
  },
  {
    hook: 'fault',
    shows: 'whether a failure is answered with 5xx and the retry is processed',
    request: 'POST {"fail": true}, and later {"fail": false}',
    response: '2xx once event processing fails, or works again',
    values: [
      ['fail', 'boolean: whether processing must fail, for example because the CRM is down'],
    ],
  },
  {
    hook: 'restart',
    shows: 'ids and accepted events that are only in memory',
    request: 'run the command',
    response:
      'exit status 0 once the process has been killed (SIGKILL) and is starting again; it must listen within 30 s',
    values: [],
  },
  {
    hook: 'recovery',
    shows: 'whether every dead letter is processed once and acknowledged',
    request: 'POST {"api_url", "api_key", "webhook_id"}, or run the command',
    response:
      '2xx, or exit status 0, once every dead letter found there has been processed and acknowledged',
    values: [
      ['SENDEMALL_MOCK_API_URL', 'environment of the command: base URL of the API (body: api_url)'],
      [
        'SENDEMALL_MOCK_API_KEY',
        'environment of the command: value of the header x-user-context (body: api_key)',
      ],
      [
        'SENDEMALL_MOCK_WEBHOOK_ID',
        'environment of the command: id in /v1/webhooks/{id}/failed-events (body: webhook_id)',
      ],
    ],
  },
  {
    hook: 'campaign',
    shows: 'whether a bounce spike pauses the campaign, and one bounce does not',
    request: 'none: the receiver calls the sandbox in place of the provider',
    response: 'none',
    values: [],
  },
];
