/**
 * Reports to write: a real one of a broken receiver, and one that has everything in it that could break a format.
 *
 * @module
 */
import type { CheckResult, Report } from '../../../src/conformance/report.ts';
import { summarise } from '../../../src/conformance/summary.ts';
import { verify } from '../../../src/conformance/verify.ts';
import { MUTANTS } from '../../receivers/mutants/all.ts';
import { blankResult } from '../blank-result.ts';
import { SECRET, SEED } from '../run-suite.ts';

/** Every control character, a half of a pair, and what some format takes for its own. */
export const NASTY = `${String.fromCodePoint(...Array(32).keys())}\u007F\u0085\u009B\u202E\uD800\uFFFE\uFFFF
]]> --> <script>alert(1)</script> &amp; &lt; "quoted" 'single' \`\`\`\` ~~~~ | a | b |
::error::injected%0A::set-output name=x::y <img src=x onerror=alert(1)> [link](javascript:alert(1)) @someone #1
</pre></details></summary></style> <!-- 😀 é \\u0000 $& $1 {{ x }} http://evil.example/`;

const check = (over: Partial<CheckResult> & Pick<CheckResult, 'id' | 'status'>): CheckResult =>
  blankResult({ title: `Title ${NASTY}`, requirement: `Requirement ${NASTY}`, ...over });

const exchange = (body: string): CheckResult['exchanges'][number] => ({
  request: {
    method: 'POST',
    url: `http://localhost:3000/?q=${NASTY}`,
    headers: [
      ['X-Nasty', NASTY],
      ['X-Twice', '1'],
      ['X-Twice', '2'],
    ],
    headers_left_out: 0,
    body,
    body_base64: null,
    body_bytes: body.length,
    manner: `in pieces ${NASTY}`,
  },
  response: {
    status: 200,
    headers: [['x-nasty', NASTY]],
    headers_left_out: 0,
    body,
    error: null,
    duration_ms: 3,
  },
});

const failing = (id: string, level: CheckResult['level'], body = NASTY): CheckResult =>
  check({
    id,
    status: 'fail',
    level,
    expected: [`a 4xx ${NASTY}`, 'no effect'],
    actual: `200 ${NASTY}`,
    diagnosis: `Cause ${NASTY}`,
    fix: `Fix ${NASTY}`,
    reproduce: `curl ${NASTY}`,
    exchanges: [exchange('{}'), exchange(body)],
  });

const reportOf = (checks: readonly CheckResult[]): Report => {
  const baseline = {
    known: [{ id: 'delivery/dup-seq', reason: `Known ${NASTY}` }],
    stale: [{ id: 'http/survives', reason: `Stale ${NASTY}` }],
  };
  return {
    tool: { name: 'sendemall-mock', version: '0.1.0' },
    target: `http://localhost:3000/hooks?q=${NASTY}`,
    started_at: '2026-04-06T12:00:00.000Z',
    duration_ms: 1234,
    seed: 7,
    interrupted: false,
    cut_off: null,
    fail_on: 'must',
    docs_url: 'http://127.0.0.1:7363/docs',
    summary: summarise(checks, { failOn: 'must', baseline }),
    next_step: null,
    baseline,
    checks,
  };
};

/** One of each status and level; every text in it is hostile. */
export const nasty = (): Report =>
  reportOf([
    failing('signature/missing-header', 'MUST'),
    failing('signature/wrong-digest', 'SHOULD'),
    failing('signature/upper-case', 'INFO'),
    failing('delivery/dup-seq', 'MUST'),
    check({ id: 'http/survives', status: 'pass', reason: `Remark ${NASTY}` }),
    check({ id: 'http/reachable', status: 'pass' }),
    check({ id: 'delivery/dup-race', status: 'not_tested', reason: `Needs ${NASTY}` }),
    check({ id: 'delivery/no-loss', status: 'error', reason: `Trouble ${NASTY}` }),
  ]);

/** More than any limit: each finding carries 40,000 characters. */
export const huge = (): Report =>
  reportOf(
    Array.from({ length: 120 }, (_, at) =>
      failing(`content/huge-${at}`, 'MUST', 'ü<`'.repeat(14_000)),
    ),
  );

/** Of a receiver that takes what has no signature. */
export const real = async (): Promise<Report> => {
  const mutant = MUTANTS.find(({ name }) => name === 'signature-missing-accepted');
  if (mutant === undefined) throw new Error('that mutant is gone');
  await using receiver = mutant.make(SECRET);
  await receiver.start();
  return await verify({ url: receiver.url, secret: SECRET, seed: SEED });
};

/** Nothing that there is must be anything but valid on an empty run either. */
export const empty = (): Report => ({ ...reportOf([]), baseline: null });
