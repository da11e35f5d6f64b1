/**
 * The header’s name in other spellings: proxies and HTTP clients change it.
 *
 * @module
 */
import { SIGNATURE } from '../../../../schemas/contract.ts';
import { defineCheck } from '../../check.ts';
import type { Exchange } from '../../net/exchange.ts';
import type { Probe } from '../../probe/probe.ts';
import { postRaw } from '../../probe/raw-post.ts';
import { fail, isAccepted, pass, describeReply, silenceOf } from '../../verdict.ts';

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
  title: 'Finds the signature however the header’s name is spelled',
  requirement: {
    text: 'Names of headers have no case: HTTP/2 and many proxies write them in lower case, Go and others in Title-Case',
    source:
      'guide, "Step 2: Verify the signature": X-SendEmAll-Signature in Flask, x-sendemall-signature in Express; RFC 9110, 5.1',
  },
  cause:
    'The header is looked up by its exact spelling, in the raw list of headers or in a map that knows case (API gateways hand on such maps).',
  fix: 'Use the framework’s own lookup (Node: `req.headers["x-sendemall-signature"]`; Fetch: `headers.get(…)`; AWS Lambda: lower-case the keys of `event.headers` first).',
  catches: ['signature-header-spelled-exactly', 'signature-header-lower-case-only'],
  stage: 'valid',
  run: async (probe) => {
    const sent: { spelling: string; exchange: Exchange }[] = [];
    for (const spelling of SPELLINGS) {
      sent.push({ spelling, exchange: await postAs(probe, spelling) });
    }
    const refused = sent.filter(({ exchange }) => !isAccepted(exchange));
    if (refused.length === 0) return pass();
    const silence = silenceOf(refused.map(({ exchange }) => exchange));
    if (silence !== null) return silence;
    return fail({
      expected: ['a 2xx for each spelling'],
      actual: refused
        .map(({ spelling, exchange }) => `${spelling}: ${describeReply(exchange.reply)}`)
        .join('; '),
      exchanges: refused.map(({ exchange }) => exchange),
    });
  },
});
