/**
 * A configuration file of `verify`: what it may hold, and what is said of anything else.
 *
 * @module
 */
import { describe, expect, test } from 'vitest';
import { CONFIG_KEYS, readConfig } from '../../src/conformance/config.ts';

const hook = async (): Promise<never> => {
  throw new Error('no test calls this hook');
};

const FULL = {
  $schema: 'https://example/schema.json',
  url: 'http://localhost:3000/hook',
  secret: 's',
  clock: 'frozen',
  only: ['signature/*'],
  skip: 'http/*',
  failOn: 'should',
  baseline: 'baseline.json',
  bail: true,
  details: true,
  thorough: true,
  events: ['email.replied'],
  leadEmail: 'jane@customer.example',
  examples: 'examples.json',
  freshIds: true,
  seed: 0xffff_ffff,
  headers: { Authorization: 'x', 'X-Empty': '' },
  insecure: false,
  timeout: '5s',
  time: '10m',
  concurrency: 64,
  effectsUrl: 'a',
  effectsSink: 'b',
  stateUrl: 'c',
  faultUrl: 'd',
  restartCommand: 'e',
  recoverUrl: 'f',
  recoverCommand: 'g',
  pauses: true,
  exec: 'flask run -p 5000',
  sinkEnv: ['CRM_URL'],
  secretEnv: 'WEBHOOK_SECRET',
  execTimeout: '1m',
  sandboxUrl: 'h',
  apiKey: 'i',
  docsUrl: 'j',
  report: ['json=x', 'html'],
  hooks: { effects: hook, state: hook, fault: hook, restart: hook, recover: hook, campaign: hook },
} as const;

describe('a configuration', () => {
  test('may hold every flag by its name, and hooks as callbacks', () => {
    expect(readConfig(FULL, 'f.json')).toEqual(FULL);
    expect(CONFIG_KEYS).toEqual(Object.keys(FULL));
  });

  test('may be empty', () => {
    expect(readConfig({}, 'f.json')).toEqual({});
    expect(readConfig({ seed: 0, concurrency: 1, failOn: 'must', hooks: {} }, 'f.json')).toEqual({
      seed: 0,
      concurrency: 1,
      failOn: 'must',
      hooks: {},
    });
  });

  test.for([
    ['url', ''],
    ['only', ''],
    ['only', ['']],
    ['skip', 7],
    ['failOn', 'never'],
    ['bail', 'yes'],
    ['details', 1],
    ['freshIds', 1],
    ['thorough', 'yes'],
    ['events', ['']],
    ['leadEmail', ''],
    ['leadEmail', 7],
    ['examples', ''],
    ['seed', -1],
    ['seed', 1.5],
    ['seed', 0x1_0000_0000],
    ['concurrency', 0],
    ['concurrency', 65],
    ['timeout', 5],
    ['report', ['']],
    ['secret', ''],
    ['baseline', ''],
    ['effectsUrl', ''],
    ['effectsSink', ''],
    ['stateUrl', ''],
    ['faultUrl', ''],
    ['restartCommand', ''],
    ['recoverUrl', ''],
    ['recoverCommand', ''],
    ['pauses', 1],
    ['exec', 1],
    ['sinkEnv', 1],
    ['insecure', 'no'],
    ['sandboxUrl', ''],
    ['apiKey', ''],
    ['docsUrl', ''],
  ] as const)('cannot have %s as %j', ([key, value]) => {
    const read = (): unknown => readConfig({ [key]: value }, 'f.json');
    expect(read).toThrow(
      new RegExp(`^config f\\.json has an invalid value for "${key}(\\.0)?": .+\\.$`),
    );
  });

  test('says where in it the trouble is, and never a value', () => {
    const secret = 'whsec_nobody-may-see-it';
    const describeReply = (given: unknown): string => {
      try {
        readConfig(given, 'f.ts');
        return 'nothing';
      } catch (error) {
        return `${(error as Error).name}: ${(error as Error).message}`;
      }
    };
    expect(describeReply({ headers: { 'X-Key': 7 }, secret })).toMatch(
      /^OptionsError: config f\.ts has an invalid value for "headers\.X-Key": /,
    );
    expect(describeReply({ hooks: { effects: secret } })).toMatch(
      /^OptionsError: config f\.ts has an invalid value for "hooks\.effects": /,
    );
    expect(describeReply([secret])).toMatch(
      /^OptionsError: config f\.ts must contain one object: /,
    );
    expect(describeReply(null)).toMatch(/^OptionsError: config f\.ts must contain one object: /);
    for (const given of [{ secret: [secret] }, [secret], { hooks: { effects: secret } }]) {
      expect(describeReply(given)).not.toContain(secret);
    }
  });

  test('names unknown keys, and lists the known ones', () => {
    expect(() => readConfig({ ulr: 'x', secrets: 'y' }, 'f.json')).toThrow(
      `config f.json has unknown keys: "ulr", "secrets". Known keys: ${CONFIG_KEYS.slice(1).join(', ')}.`,
    );
    expect(() => readConfig({ hooks: { efects: hook } }, 'f.json')).toThrow(
      'config f.json has unknown keys: "hooks.efects". Known keys: ',
    );
  });
});
