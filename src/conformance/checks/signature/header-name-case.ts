/**
 * The header name in other cases, as changed by proxies and HTTP clients.
 *
 * @module
 */
import { SIGNATURE } from '../../../../schemas/contract.ts';
import { defineCheck } from '../../check.ts';
import type { Exchange } from '../../net/exchange.ts';
import type { Probe } from '../../probe/probe.ts';
import { inTurn } from '../../probe/in-turn.ts';
import { postRaw } from '../../probe/raw-post.ts';
import { fail, isAccepted, pass, describeReply, timeoutVerdictOf } from '../../verdict.ts';

const titled = (name: string): string =>
  name
    .split('-')
    .map((part) => part.charAt(0).toUpperCase() + part.slice(1).toLowerCase())
    .join('-');

const SPELLINGS = [
  SIGNATURE.header.toLowerCase(),
  titled(SIGNATURE.header),
  SIGNATURE.header.toUpperCase(),
];

const postAs = (probe: Probe, spelling: string): Promise<Exchange> => {
  const body = probe.write(probe.event());
  const headers = probe
    .headersFor(body)
    .map(([name, value]) => [name === SIGNATURE.header ? spelling : name, value] as const);
  return postRaw(probe, body, headers, null);
};

export const check = defineCheck({
  id: 'signature/header-name-case',
  level: 'MUST',
  title: 'Finds the signature header regardless of case',
  requirement: {
    text: 'Header names are case-insensitive: HTTP/2 and many proxies use lower case, Go and others Title-Case',
    source:
      'guide, "Step 2: Verify the signature": X-SendEmAll-Signature in Flask, x-sendemall-signature in Express; RFC 9110, 5.1',
  },
  cause:
    'The header is looked up by exact case, in the raw header list or in a case-sensitive map (as passed on by API gateways).',
  fix: 'Use the framework’s own lookup (Node: `req.headers["x-sendemall-signature"]`; Fetch: `headers.get(…)`; AWS Lambda: lower-case the keys of `event.headers` first).',
  catches: ['signature-header-spelled-exactly', 'signature-header-lower-case-only'],
  stage: 'valid',
  run: async (probe) => {
    const sent = await inTurn(probe, SPELLINGS, async (spelling) => ({
      spelling,
      exchange: await postAs(probe, spelling),
    }));
    const refused = sent.filter(({ exchange }) => !isAccepted(exchange));
    if (refused.length === 0) return pass();
    const silence = timeoutVerdictOf(refused.map(({ exchange }) => exchange));
    if (silence !== null) return silence;
    return fail({
      expected: ['a 2xx for each case'],
      actual: refused
        .map(({ spelling, exchange }) => `${spelling}: ${describeReply(exchange.reply)}`)
        .join('; '),
      exchanges: refused.map(({ exchange }) => exchange),
    });
  },
});
