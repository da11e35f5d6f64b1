/**
 * Options that choose what is sent: their checks, and how probes get them.
 *
 * @module
 */
import { expect, test } from 'vitest';
import { EVENT_TYPES } from '../../schemas/contract.ts';
import { inputOf } from '../../src/conformance/input-options.ts';
import { OptionsError, type VerifyOptions } from '../../src/conformance/options.ts';

test('without options nothing is restricted', () => {
  expect(inputOf({})).toEqual({
    thorough: false,
    examples: [],
    effectTypes: null,
    leadEmail: null,
  });
});

test('a lead is an address, or a function that returns one for each lead', () => {
  expect(inputOf({ leadEmail: 'jane@customer.example' }).leadEmail?.()).toBe(
    'jane@customer.example',
  );
  let made = 0;
  const { leadEmail } = inputOf({ leadEmail: () => `lead-${(made += 1)}@customer.example` });
  expect([leadEmail?.(), leadEmail?.()]).toEqual([
    'lead-1@customer.example',
    'lead-2@customer.example',
  ]);
  const wrong = inputOf({ leadEmail: () => undefined as unknown as string });
  expect(() => wrong.leadEmail?.()).toThrow('leadEmail undefined is not an e-mail address.');
});

test.for([
  [{ leadEmail: 'jane' }, 'leadEmail "jane" is not an e-mail address. Pass the address of a lead'],
  [{ leadEmail: `${'a'.repeat(250)}@b.de` }, 'is not an e-mail address'],
  [{ events: [] }, `events is empty. Pass the event types that have an effect in the receiver`],
  [
    { events: ['email.replied', 'email.reply'] },
    `events "email.reply" is not an event type. Pass some of ${EVENT_TYPES.join(', ')}`,
  ],
] as const)('rejects %j', ([given, message]) => {
  const options = given as unknown as Pick<VerifyOptions, 'events' | 'leadEmail'>;
  expect(() => inputOf(options)).toThrow(OptionsError);
  expect(() => inputOf(options)).toThrow(message);
});
