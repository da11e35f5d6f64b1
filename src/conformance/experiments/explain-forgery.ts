/**
 * Why a receiver fails on forged requests, or accepts some: whether any forgery has that result, one without a signature,
 * one whose signature has another length, or one without a body. Checks that meet the same cause report one finding.
 *
 * @module
 */
import { SIGNATURE } from '../../../schemas/contract.ts';
import type { Verdict } from '../check.ts';
import { wrongSignature } from '../judge/forgeries.ts';
import type { Exchange, SentRequest } from '../net/exchange.ts';
import type { Probe } from '../probe/probe.ts';
import { describeReply, isAccepted } from '../verdict.ts';
import { CONNECTION_CAUSE, findTrustedConnections } from './trusted-connection.ts';

type Outcome = 'fails' | 'accepts';

interface Kind {
  readonly name: string;
  /** The check whose subject it is. */
  readonly owner: string;
  /** Completes "The receiver fails on" and "The receiver accepts". */
  readonly phrase: string;
  /** Whether a forgery has this property; the others that it has do not matter if this one alone has the same result. */
  readonly isOf: (request: SentRequest) => boolean;
  /** Send a forgery with this property, and otherwise a plain one. */
  readonly send: (probe: Probe) => Promise<Exchange>;
  /** What it is if this request has the same result as well. */
  readonly wider?: Pick<Kind, 'phrase' | 'send'>;
  readonly fixes: Readonly<Partial<Record<Outcome, string>>>;
}

const ANSWER_401 = 'Respond with 401 to every error in verification.';

/** The signature as most frameworks read it: several headers are one list. Null without one. */
const signatureIn = ({ headers }: SentRequest): string | null => {
  const values = headers.filter(([name]) => name.toLowerCase() === SIGNATURE.header.toLowerCase());
  return values.length === 0 ? null : values.map(([, value]) => value).join(', ');
};

const WELL_FORMED = new RegExp(`^${SIGNATURE.prefix}[0-9a-f]{64}$`, 'i');

/** The most general first. */
const KINDS: readonly Kind[] = [
  {
    name: 'any',
    owner: 'signature/refuses-with-4xx',
    phrase: 'every forged request',
    isOf: () => true,
    send: (probe) => probe.post(probe.event(), { signature: wrongSignature(probe) }),
    fixes: {
      fails: `${ANSWER_401} Express: \`return res.status(401).end()\` instead of throwing; Flask: \`abort(401)\`.`,
    },
  },
  {
    name: 'unsigned',
    owner: 'signature/missing-header',
    phrase: 'every request without a signature',
    isOf: (request) => signatureIn(request) === null,
    send: (probe) => probe.post(probe.event(), { signature: null }),
    fixes: {
      fails: 'Respond with 401 if the header is missing, before anything else.',
      accepts: 'Respond with 401 if the header is missing, before anything else.',
    },
  },
  {
    name: 'malformed',
    owner: 'signature/malformed',
    phrase: 'every signature of another length than the correct one',
    isOf: (request) => {
      const given = signatureIn(request);
      return given !== null && !WELL_FORMED.test(given);
    },
    send: (probe) => probe.post(probe.event(), { signature: 'abc' }),
    wider: {
      phrase: `every signature that is not ${SIGNATURE.prefix} and 64 hex digits`,
      send: (probe) => probe.post(probe.event(), { signature: SIGNATURE.prefix + 'z'.repeat(64) }),
    },
    fixes: {
      fails: `Compare the lengths before the values, and respond with 401 if they differ. Node: \`timingSafeEqual\` throws on different lengths.`,
      accepts: `${ANSWER_401} A comparison that throws (Node: \`timingSafeEqual\` on different lengths) is no success.`,
    },
  },
  {
    name: 'empty',
    owner: 'http/empty-body',
    phrase: 'every forged request without a body',
    isOf: ({ body }) => body.length === 0,
    send: (probe) => probe.post('', { signature: wrongSignature(probe) }),
    fixes: {
      fails: 'Treat a missing body as zero bytes, and verify the signature before anything else.',
    },
  },
];

const outcomeOf = (exchange: Exchange): Outcome | null => {
  if (isAccepted(exchange)) return 'accepts';
  const { reply } = exchange;
  return reply.kind === 'answer' && reply.status >= 500 ? 'fails' : null;
};

const isForged = ({ signing }: Probe, { request }: Exchange): boolean =>
  request.method === 'POST' && signatureIn(request) !== signing.valid(request.body);

interface Shown {
  readonly phrase: string;
  readonly exchange: Exchange;
}

/** What experiments show of a kind; once per run. */
const show = (probe: Probe, { name, phrase, send, wider }: Kind): Promise<Shown> =>
  probe.memory.once(`forgery ${name}`, async () => {
    const exchange = await send(probe);
    const outcome = outcomeOf(exchange);
    if (wider === undefined || outcome === null) return { phrase, exchange };
    const isWide = outcomeOf(await wider.send(probe)) === outcome;
    return { phrase: isWide ? wider.phrase : phrase, exchange };
  });

type Failure = Extract<Verdict, { status: 'fail' }>;

const DOES: Readonly<Record<Outcome, string>> = {
  fails: 'The receiver fails on',
  accepts: 'The receiver accepts',
};

/** @returns the failure, with the cause that all of its forgeries have in common, if there is one */
export const explainForgeries = async (
  probe: Probe,
  id: string,
  failure: Failure,
): Promise<Failure> => {
  const flawed = (failure.exchanges ?? probe.exchanges).filter(
    (exchange) => isForged(probe, exchange) && outcomeOf(exchange) !== null,
  );
  const outcomes = new Set(flawed.map(outcomeOf));
  const [outcome] = outcomes;
  if (outcome == null || outcomes.size > 1) return failure;
  if (outcome === 'accepts') {
    const trusted = await findTrustedConnections(probe);
    if (typeof trusted !== 'string' && trusted.length > 0) {
      const { key, sentence: diagnosis, fix } = CONNECTION_CAUSE;
      return { ...failure, key, owner: 'signature/every-request', diagnosis, fix };
    }
  }
  for (const kind of KINDS) {
    const fix = kind.fixes[outcome];
    if (fix === undefined || !flawed.every(({ request }) => kind.isOf(request))) continue;
    const { phrase, exchange } = await show(probe, kind);
    if (outcomeOf(exchange) !== outcome) continue;
    return {
      ...failure,
      key: `forged:${outcome}:${kind.name}`,
      ...(kind.owner === id ? {} : { owner: kind.owner }),
      diagnosis: `${DOES[outcome]} ${phrase}: one that is otherwise plain gets ${describeReply(exchange.reply)}.`,
      fix,
    };
  }
  return failure;
};
