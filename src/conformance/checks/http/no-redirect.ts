/**
 * Redirects of valid events.
 *
 * @module
 */
import { SIGNATURE } from '../../../../schemas/contract.ts';
import { defineCheck } from '../../check.ts';
import { eventIn } from '../../experiments/explain-refusal.ts';
import type { Exchange } from '../../net/exchange.ts';
import { fail, notTested, pass } from '../../verdict.ts';

const isRedirect = ({ request, reply }: Exchange): boolean =>
  request.method === 'POST' && reply.kind === 'answer' && reply.status >= 300 && reply.status < 400;

/** Checks that send partially correct signatures, and judge the responses themselves. */
const FORGERS = /^signature\/(?!body-(?!constant)|accepts-valid)/;

const signatureOf = ({ request: { headers } }: Exchange): string =>
  headers.find(([name]) => name.toLowerCase() === SIGNATURE.header.toLowerCase())?.[1] ?? '';

const locationOf = ({ reply }: Exchange): string =>
  (reply.kind === 'answer' && reply.headers.find(([name]) => name === 'location')?.[1]) ||
  'nowhere';

/** The last exchange of each type of event, so that a cause is looked for in all of them. */
const onePerType = (exchanges: readonly Exchange[]): readonly Exchange[] => [
  ...new Map(exchanges.map((one) => [eventIn(one.request.body)?.event, one])).values(),
];

export const check = defineCheck({
  id: 'http/no-redirect',
  level: 'MUST',
  title: 'Does not redirect valid events',
  requirement: {
    text: 'Only a 2xx acknowledges an event. That redirects are not followed is an assumption; no provider is known to resend the body to another URL',
    source: 'guide, "Step 3: Handle retries"; spec/asyncapi.yaml, x-delivery-policy (assumed)',
  },
  cause:
    'The framework or a proxy adds or removes a trailing slash, upgrades to https, or redirects anonymous requests to a login page.',
  fix: 'Respond at the registered URL itself, or register the URL that the redirect leads to. Django: APPEND_SLASH; Laravel and Rails: exempt the webhook route from authentication.',
  catches: ['http-redirects-some'],
  observe: ({ exchanges, secretsIn }) => {
    const valid = exchanges.filter(
      ({ by, exchange }) => !FORGERS.test(by) && secretsIn(signatureOf(exchange)).length > 0,
    );
    if (valid.length === 0) return notTested('No valid event was sent. Run more checks.');
    const found = valid.filter(({ exchange }) => isRedirect(exchange));
    const [first] = found;
    if (first === undefined) return pass();
    const { reply } = first.exchange;
    const status = reply.kind === 'answer' ? reply.status : 0;
    return fail({
      expected: ['a 2xx'],
      actual: `${status} to ${locationOf(first.exchange)} for a request of ${first.by} (${found.length} in total)`,
      exchanges: onePerType(found.map(({ exchange }) => exchange)),
    });
  },
});
