/**
 * Forgeries that claim to be local or a test.
 *
 * @module
 */
import { defineCheck } from '../../check.ts';
import { judgeAcceptance, wrongSignature, type Forgery } from '../../judge/forgeries.ts';
import type { HeaderPairs } from '../../net/exchange.ts';
import { pass } from '../../verdict.ts';

const CLAIMS: readonly (readonly [name: string, headers: HeaderPairs])[] = [
  ['Host: localhost', [['Host', 'localhost']]],
  ['X-Forwarded-For: 127.0.0.1', [['X-Forwarded-For', '127.0.0.1']]],
  ['X-Real-IP: 127.0.0.1', [['X-Real-IP', '127.0.0.1']]],
  ['X-Forwarded-Host: localhost', [['X-Forwarded-Host', 'localhost']]],
  [
    'X-Debug, X-Test, X-Environment: test',
    [
      ['X-Debug', 'true'],
      ['X-Test', 'true'],
      ['X-Environment', 'test'],
    ],
  ],
];

export const check = defineCheck({
  id: 'signature/no-bypass',
  level: 'MUST',
  title: 'Verifies requests that claim to be local or a test',
  requirement: {
    text: 'Verify every request before processing the payload',
    source: 'guide, "Step 2: Verify the signature"',
  },
  cause:
    'Verification is skipped for requests that look local or like a test, but the sender controls these headers.',
  fix: 'Always verify; in tests, sign with a test secret (`sendemall-mock sign`). Remove environment variables that disable verification.',
  catches: ['signature-trusts-forwarded-for', 'signature-trusts-local-host'],
  stage: 'negative',
  after: ['signature/wrong-digest', 'signature/missing-header'],
  run: async (probe) => {
    const forgeries = CLAIMS.flatMap(([name, headers]): readonly Forgery[] => [
      { name: `${name}, a wrong signature`, signature: wrongSignature(probe), headers },
      { name: `${name}, no signature`, signature: null, headers },
    ]);
    const verdict = await judgeAcceptance(probe, forgeries);
    if (verdict.status !== 'pass' || verdict.note !== undefined) return verdict;
    const { host } = new URL(probe.url);
    return pass(
      `verified in the configuration running at ${host}; other settings (NODE_ENV, DEBUG) need their own run`,
    );
  },
});
