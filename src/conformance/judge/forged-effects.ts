/**
 * Effects of forged requests, whatever they were answered: the most severe finding of all.
 *
 * @module
 */
import { SIGNATURE } from '../../../schemas/contract.ts';
import type { Exchange } from '../net/exchange.ts';
import type { Probe } from '../probe/probe.ts';
import { isAccepted } from '../verdict.ts';
import { settleBehind } from './deliver.ts';

export interface ForgedEffect {
  readonly exchange: Exchange;
  readonly id: string;
  readonly type: string;
  /** "without a signature", "with a wrong signature". */
  readonly form: string;
  readonly count: number;
}

const signatureIn = ({ request }: Exchange): string | null =>
  request.headers.find(([name]) => name.toLowerCase() === SIGNATURE.header.toLowerCase())?.[1] ??
  null;

const parse = (body: Uint8Array): { readonly id?: unknown; readonly event?: unknown } | null => {
  try {
    return JSON.parse(Buffer.from(body).toString('utf8')) as object | null;
  } catch {
    return null;
  }
};

const formOf = (signature: string | null): string => {
  if (signature === null) return 'without a signature';
  if (signature === '') return 'with an empty signature';
  return /^sha256=[0-9a-f]{64}$/.test(signature)
    ? 'with a wrong signature'
    : 'with a malformed signature';
};

/** More than this would take the run's time; the first of each form says as much as all. */
const MAX_ASKED = 400;

/** The requests that were forged, by event id, without those of ids that were also sent correctly signed. */
export const forgeriesIn = (
  { signing }: Pick<Probe, 'signing'>,
  exchanges: readonly Exchange[],
): readonly Omit<ForgedEffect, 'count'>[] => {
  const valid = new Set<string>();
  const forged = new Map<string, Omit<ForgedEffect, 'count'>>();
  for (const exchange of exchanges) {
    const { id, event } = parse(exchange.request.body) ?? {};
    if (typeof id !== 'string') continue;
    const signature = signatureIn(exchange);
    // Any other spelling of the correct digest is no forgery either.
    const digest = signing.digest(exchange.request.body);
    if (signature?.toLowerCase().includes(digest) === true) valid.add(id);
    // One that was accepted explains the effect of its id.
    else if (!forged.has(id) || isAccepted(exchange))
      forged.set(id, { exchange, id, type: String(event), form: formOf(signature) });
  }
  return [...forged.values()].filter(({ id }) => !valid.has(id));
};

/**
 * Forged events of the run so far that took effect. Ids that were delivered with the correct signature, too, are left
 * out: their effect may be that of the valid event.
 */
export const forgedEffects = async (
  probe: Probe,
  exchanges: readonly Exchange[],
): Promise<readonly ForgedEffect[]> => {
  const { effects } = probe;
  if (effects === null) return [];
  const asked = forgeriesIn(probe, exchanges).slice(0, MAX_ASKED);
  if (asked.length === 0) return [];
  await settleBehind(probe);
  await effects.settled(asked[0]!.id, 0);
  const counted = asked.map(async (one) => ({ ...one, count: await effects.count(one.id) }));
  return (await Promise.all(counted)).filter(({ count }) => count > 0);
};
