/**
 * Parts of the source to mutate, and the focused tests to run for each. The whole self-test would
 * run a hundred receivers for every change that nothing notices.
 *
 * @module
 */

interface Part {
  /** Files that are changed. */
  readonly mutate: readonly string[];
  /** Tests that are to notice it. */
  readonly tests: readonly string[];
  /** Milliseconds that one of them may take; more is a change that made it hang. */
  readonly testTimeout: number;
}

const EACH_CHECK = 'test/mutation/each-check.ts';

const QUICK = 10_000;

const PARTS = {
  rules: {
    mutate: ['src/{domain,signature}/**/*.ts'],
    tests: ['test/{domain,signature}/**/*.test.ts'],
    testTimeout: QUICK,
  },
  checks: {
    mutate: ['src/conformance/checks/**/*.ts'],
    tests: [
      EACH_CHECK,
      'test/conformance/{fail-2xx,state-probe,suppression-survives,verdicts}.test.ts',
      'test/conformance/{judge/forgetful-hook,run/observe}.test.ts',
    ],
    testTimeout: 60_000,
  },
  suite: {
    mutate: [
      'src/conformance/*.ts',
      'src/conformance/{run,judge,redact,samples}/*.ts',
      '!src/conformance/catalogue.ts',
    ],
    tests: [
      'test/conformance/{run,judge,redact,samples}/*.test.ts',
      'test/conformance/{config,report,verify}.test.ts',
    ],
    testTimeout: QUICK,
  },
  probe: {
    mutate: ['src/conformance/{probe,hooks,net}/*.ts'],
    tests: [
      'test/conformance/{probe,hooks,net}/*.test.ts',
      'test/conformance/samples/chunked-events.test.ts',
    ],
    testTimeout: QUICK,
  },
  diagnosis: {
    mutate: ['src/conformance/diagnosis/*.ts'],
    tests: [
      'test/conformance/diagnosis/{pages,plain-on-tls,replies,search,words}.test.ts',
      'test/conformance/judge/{acceptance,raw-body}.test.ts',
    ],
    testTimeout: QUICK,
  },
  reporters: {
    mutate: ['src/conformance/reporters/*.ts'],
    tests: ['test/conformance/reporters/{github,text,whole}.test.ts'],
    testTimeout: QUICK,
  },
} as const satisfies Readonly<Record<string, Part>>;

// The quickest when nothing is said: the checks take hours.
const wanted = process.env['MUTATE'] ?? 'rules';
if (!Object.hasOwn(PARTS, wanted)) {
  throw new Error(`MUTATE is "${wanted}". Use one of ${Object.keys(PARTS).join(', ')}.`);
}

export const NAME = wanted as keyof typeof PARTS;

export const PART: Part = PARTS[NAME];
