/**
 * Needs and options as flags.
 *
 * @module
 */
import { describe, expect, test } from 'vitest';
import {
  describeNeedByExec,
  describeNeedByFlags,
  flagOf,
  suggestNeedByFlags,
} from '../../src/cli/verify/needs.ts';
import {
  describeNeedInCode,
  describeReason,
  suggestNeedInCode,
} from '../../src/conformance/needs.ts';
import { OptionsError } from '../../src/conformance/options.ts';

const NEEDS = [
  ['effects', '--effects-url', 'hooks.effects'],
  ['state', '--state-url', 'hooks.state'],
  ['fault', '--fault-url', 'hooks.fault'],
  ['restart', '--restart-command', 'hooks.restart'],
  ['recovery', '--recover-command', 'hooks.recover'],
  ['campaign', '--pauses', 'hooks.campaign'],
  ['sandbox', '--sandbox-url', '`sandbox`'],
] as const;

describe.each(NEEDS)('a need for %s', (need, flag, option) => {
  test('names the flag on the command line', () => {
    expect(describeReason({ needs: need }, describeNeedByFlags)).toMatch(/^Needs a.*\.$/);
    expect(describeReason({ needs: need }, describeNeedByFlags)).toContain(flag);
  });

  test('names the option in code, and no flag', () => {
    expect(describeReason({ needs: need }, describeNeedInCode)).toContain(option);
    expect(describeReason({ needs: need }, describeNeedInCode)).not.toContain('--');
  });
});

test.each(NEEDS)('to test more for %s, a flag or an option is suggested', (need, flag, option) => {
  expect(suggestNeedByFlags(false)(need, 3)).toBe(
    `add ${flag} to test 3 more (see verify --hooks)`,
  );
  expect(suggestNeedInCode(need, 3)).toBe(`pass ${option.replaceAll('`', '')} to test 3 more`);
});

test('where a sandbox runs, a sink of it shows effects', () => {
  expect(suggestNeedByFlags(true)('effects', 14)).toBe(
    'add --effects-sink crm to test 14 more (see verify --hooks)',
  );
  expect(suggestNeedByFlags(true)('state', 10)).toContain('add --state-url to test 10 more');
});

test('a remark precedes the need; a text stays as it is', () => {
  expect(
    describeReason({ needs: 'sandbox', remark: 'Accepted.' }, (need) => `Needs ${need}.`),
  ).toBe('Accepted. Needs sandbox.');
  expect(describeReason('Interrupted.', describeNeedByFlags)).toBe('Interrupted.');
});

test('an options error names options as its caller does', () => {
  const error = new OptionsError((name) => `${name('effectsUrl')} and ${name('only')} clash.`);
  expect(error.message).toBe('effectsUrl and only clash.');
  expect(error.describe(flagOf)).toBe('--effects-url and --only clash.');
  expect(new OptionsError('The secret is empty.').describe(flagOf)).toBe('The secret is empty.');
});

describe('for a receiver that the suite has started', () => {
  const describeNeed = describeNeedByExec(['CRM_URL', 'CHAT_URL']);

  test.each(['effects', 'fault'] as const)('%s come from a sink', (need) => {
    expect(describeNeed(need)).toContain('pass --sink-env');
    expect(suggestNeedByFlags(true, true)(need, 3)).toBe(
      'add --sink-env CRM_URL to test 3 more (see verify --hooks)',
    );
  });

  test('events without an effect are a matter of its sinks', () => {
    expect(describeNeed('known_lead')).toContain('to the URL in CRM_URL or CHAT_URL.');
    expect(describeNeedByExec([])('known_lead')).toBe(describeNeedByFlags('known_lead'));
  });

  test('other needs are as for any receiver', () => {
    expect(describeNeed('state')).toBe(describeNeedByFlags('state'));
    expect(describeNeed('campaign')).toContain('--pauses');
    expect(suggestNeedByFlags(true, true)('state', 3)).toContain('--state-url');
  });
});
