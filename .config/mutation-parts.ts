/**
 * What is mutated, and by which tests it is judged: those that look at one thing at a time. The whole self-test would
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
    mutate: ['src/domain/**/*.ts'],
    tests: ['test/domain/**/*.test.ts'],
    testTimeout: QUICK,
  },
  checks: {
    mutate: ['src/conformance/checks/**/*.ts'],
    tests: [
      EACH_CHECK,
      'test/conformance/{fail-2xx,forgetful-hook,observe,state-probe,suppression-survives,verdicts}.test.ts',
    ],
    testTimeout: 60_000,
  },
  suite: {
    mutate: ['src/conformance/*.ts', '!src/conformance/catalogue.ts'],
    tests: [
      'test/conformance/{acceptance,config,dead-letters,deliver,forgeries,forgetful-hook,latencies,leaks}.test.ts',
      'test/conformance/{lead,legal-data,observe,pieces,redact,report,reproduce,run-check}.test.ts',
      'test/conformance/{runner,runner-life,select,verify,vitality}.test.ts',
    ],
    testTimeout: QUICK,
  },
  probe: {
    mutate: ['src/conformance/probe/*.ts'],
    tests: ['test/conformance/probe/*.test.ts', 'test/conformance/pieces.test.ts'],
    testTimeout: QUICK,
  },
  diagnosis: {
    mutate: ['src/conformance/diagnosis/*.ts'],
    tests: [
      'test/conformance/diagnosis/{pages,plain-on-tls,raw-body,replies,search,words}.test.ts',
      'test/conformance/acceptance.test.ts',
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
