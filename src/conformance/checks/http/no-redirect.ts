/**
 * Redirects, in whatever was posted.
 *
 * @module
 */
import { defineCheck } from '../../check.ts';
import type { Exchange } from '../../probe/exchange.ts';
import { fail, notTested, pass } from '../../verdict.ts';

const isRedirect = ({ request, reply }: Exchange): boolean =>
  request.method === 'POST' && reply.kind === 'answer' && reply.status >= 300 && reply.status < 400;

const goalOf = ({ reply }: Exchange): string =>
  (reply.kind === 'answer' && reply.headers.find(([name]) => name === 'location')?.[1]) ||
  'nowhere';

export const check = defineCheck({
  id: 'http/no-redirect',
  level: 'MUST',
  title: 'Redirects nothing',
  requirement: {
    text: 'Only a 2xx is received; that redirects are not followed is assumed, and no provider is known to follow one with the body',
    source: 'guide, "Step 3: Handle retries"; spec/asyncapi.yaml, x-delivery-policy (assumed)',
  },
  cause:
    'A rule of the framework or of a proxy adds or removes a slash, goes over to https, or sends strangers to a login.',
  fix: 'Answer at the registered URL itself; register the URL that the redirect leads to. Django: APPEND_SLASH; Laravel and Rails: leave the webhook’s route out of the authentication.',
  catches: ['http-redirects-some'],
  observe: ({ exchanges }) => {
    const posted = exchanges.filter(({ exchange }) => exchange.request.method === 'POST');
    if (posted.length === 0) return notTested('Nothing was posted. Run more checks.');
    const found = posted.filter(({ exchange }) => isRedirect(exchange));
    const [first] = found;
    if (first === undefined) return pass();
    const { reply } = first.exchange;
    const status = reply.kind === 'answer' ? reply.status : 0;
    return fail({
      expected: ['a 2xx, or a 4xx for what is not rightly signed'],
      actual: `${status} to ${goalOf(first.exchange)} for what ${first.by} sent (${found.length} in all)`,
      exchanges: found.slice(-3).map(({ exchange }) => exchange),
    });
  },
});
