/**
 * A forgery at other spellings of the registered path: what verifies may compare the path in another way than what routes.
 *
 * @module
 */
import { defineCheck } from '../../check.ts';
import { failForged } from '../../experiments/known-causes.ts';
import { forgedEffects } from '../../judge/forged-effects.ts';
import { wrongSignature } from '../../judge/forgeries.ts';
import type { Exchange } from '../../net/exchange.ts';
import { inTurn } from '../../probe/in-turn.ts';
import type { Probe } from '../../probe/probe.ts';
import { describeReply, isAccepted, pass } from '../../verdict.ts';

interface Spelling {
  /** "in capitals". */
  readonly name: string;
  /** The same path; null where the path has no such spelling. */
  readonly of: (path: string) => string | null;
}

const encodeLast = (path: string): string | null => {
  const last = path.at(-1)!;
  if (!/[a-z]/i.test(last)) return null;
  return `${path.slice(0, -1)}%${last.charCodeAt(0).toString(16)}`;
};

const SPELLINGS: readonly Spelling[] = [
  { name: 'in capitals', of: (path) => path.toUpperCase() },
  {
    name: 'with a slash at its end',
    of: (path) => (path.endsWith('/') ? path.slice(0, -1) || null : `${path}/`),
  },
  { name: 'with a double slash', of: (path) => `/${path}` },
  { name: 'with an encoded letter', of: encodeLast },
];

interface Attempt {
  readonly name: string;
  readonly exchange: Exchange;
}

const attemptAll = (probe: Probe): Promise<readonly Attempt[]> => {
  const { origin, pathname, search } = new URL(probe.url);
  const spelled = SPELLINGS.flatMap(({ name, of }) => {
    const path = of(pathname);
    // A query of the registered URL may choose the secret.
    return path === null || path === pathname ? [] : [{ name, url: `${origin}${path}${search}` }];
  });
  const withQuery = `${origin}${pathname}${search === '' ? '?' : `${search}&`}probe=1`;
  return inTurn(probe, [...spelled, { name: 'with a query', url: withQuery }], async (one) => ({
    name: one.name,
    exchange: await probe.post(probe.event(), {
      url: one.url,
      signature: wrongSignature(probe),
    }),
  }));
};

/** Whether it answers 2xx to whatever path: an acknowledgement there means nothing. */
const answersAnyPath = async (probe: Probe): Promise<boolean> => {
  const url = new URL('/sendemall-mock/no-such-path', probe.url).href;
  return isAccepted(await probe.post(probe.event(), { url, signature: wrongSignature(probe) }));
};

export const check = defineCheck({
  id: 'signature/path-spellings',
  level: 'MUST',
  title: 'Refuses forged events at other spellings of its path',
  requirement: {
    text: 'Every delivery is signed; verify the signature before processing the payload',
    source: 'guide, "Step 2: Verify the signature"',
  },
  cause:
    'A middleware verifies the exact path only, while the router ignores case, a slash at the end, an encoding or a query.',
  fix: 'Verify in the handler of the route itself, or mount the middleware on the route and not on a path that is compared by hand.',
  catches: ['signature-verifies-exact-path'],
  stage: 'negative',
  after: ['signature/wrong-digest', 'signature/missing-header'],
  run: async (probe) => {
    const attempts = await attemptAll(probe);
    const accepted = attempts.filter(({ exchange }) => isAccepted(exchange));
    const exact = await probe.post(probe.event(), { signature: wrongSignature(probe) });
    // Accepted at the registered path, too: other checks say so.
    if (accepted.length === 0 || isAccepted(exact)) return pass();
    const exchanges = accepted.map(({ exchange }) => exchange);
    const isHarmful =
      probe.effects === null
        ? !(await answersAnyPath(probe))
        : (await forgedEffects(probe, exchanges)).length > 0;
    const names = accepted.map(({ name }) => name).join(', ');
    const [first] = exchanges;
    if (!isHarmful) return pass(`answers ${describeReply(first!.reply)} there, without effect`);
    const path = new URL(first!.request.url).pathname + new URL(first!.request.url).search;
    return failForged(probe, {
      key: 'forged:path-spelling',
      expected: ['a 4xx (401 in the provider’s guide), no effect'],
      actual: `accepted a forged event at its path ${names}; refused it at the path as registered`,
      diagnosis: `The signature is verified at the exact path only: a forged event at another spelling of the path (\`${path}\`) is accepted${probe.effects === null ? '' : ' and takes effect'}.`,
      exchanges: [exact, ...exchanges.slice(0, 2).toReversed()],
    });
  },
});
