/**
 * Forged events over a connection on which valid ones have come.
 *
 * @module
 */
import { defineCheck } from '../../check.ts';
import { failForged } from '../../experiments/known-causes.ts';
import { CONNECTION_CAUSE, findTrustedConnections } from '../../experiments/trusted-connection.ts';
import { forgedEffects } from '../../judge/forged-effects.ts';
import { notTested, pass } from '../../verdict.ts';

export const check = defineCheck({
  id: 'signature/every-request',
  level: 'MUST',
  title: 'Verifies each request, not each connection',
  requirement: {
    text: 'Every event carries a signature of its own; providers and proxies send many events over one connection',
    source: 'guide, "Step 2: Verify the signature"',
  },
  cause:
    'The result of a verification is kept with the connection, so whatever follows a valid event on it is accepted.',
  fix: CONNECTION_CAUSE.fix,
  catches: ['signature-once-a-connection'],
  stage: 'negative',
  run: async (probe) => {
    const found = await findTrustedConnections(probe);
    if (typeof found === 'string') return notTested(found);
    if (found.length === 0) return pass();
    const exchanges = found.map(({ forged }) => forged);
    const harmful = await forgedEffects(probe, exchanges);
    return failForged(probe, {
      key: CONNECTION_CAUSE.key,
      expected: ['a 4xx (401 in the provider’s guide), no effect'],
      actual: `accepted ${found.map(({ name }) => name).join(' and ')} behind a valid event${harmful.length > 0 ? ', and processed it' : ''}`,
      diagnosis: CONNECTION_CAUSE.sentence,
      exchanges,
    });
  },
});
