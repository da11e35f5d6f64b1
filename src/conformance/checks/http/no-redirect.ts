/**
 * Redirects of valid events.
 *
 * @module
 */
import { SIGNATURE } from '../../../../schemas/contract.ts';
import { defineCheck } from '../../check.ts';
import type { Exchange } from '../../net/exchange.ts';
import { fail, notTested, pass } from '../../verdict.ts';

const isRedirect = ({ request, reply }: Exchange): boolean =>
  request.method === 'POST' && reply.kind === 'answer' && reply.status >= 300 && reply.status < 400;

/** Checks that send signatures which are right in part; what is wrongly signed is judged there. */
const FORGERS = /^signature\/(?!body-(?!constant)|accepts-valid)/;

const signatureOf = ({ request: { headers } }: Exchange): string =>
  headers.find(([name]) => name.toLowerCase() === SIGNATURE.header.toLowerCase())?.[1] ?? '';

const goalOf = ({ reply }: Exchange): string =>
  (reply.kind === 'answer' && reply.headers.find(([name]) => name === 'location')?.[1]) ||
  'nowhere';

export const check = defineCheck({
  id: 'http/no-redirect',
  level: 'MUST',
  title: 'Redirects no valid event',
  requirement: {
    text: 'Only a 2xx is received; that redirects are not followed is assumed, and no provider is known to follow one with the body',
    source: 'guide, "Step 3: Handle retries"; spec/asyncapi.yaml, x-delivery-policy (assumed)',
  },
  cause:
    'A rule of the framework or of a proxy adds or removes a slash, goes over to https, or sends strangers to a login.',
  fix: 'Answer at the registered URL itself; register the URL that the redirect leads to. Django: APPEND_SLASH; Laravel and Rails: leave the webhook’s route out of the authentication.',
  catches: ['http-redirects-some'],
  observe: ({ exchanges, secretsIn }) => {
    const valid = exchanges.filter(
      ({ by, exchange }) => !FORGERS.test(by) && secretsIn(signatureOf(exchange)).length > 0,
    );
    if (valid.length === 0) return notTested('No valid event was posted. Run more checks.');
    const found = valid.filter(({ exchange }) => isRedirect(exchange));
    const [first] = found;
    if (first === undefined) return pass();
    const { reply } = first.exchange;
    const status = reply.kind === 'answer' ? reply.status : 0;
    return fail({
      expected: ['a 2xx'],
      actual: `${status} to ${goalOf(first.exchange)} for what ${first.by} sent (${found.length} in all)`,
      exchanges: found.slice(-3).map(({ exchange }) => exchange),
    });
  },
});
