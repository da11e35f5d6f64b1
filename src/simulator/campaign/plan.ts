/**
 * Draws the events of one e-mail when it is sent: bounce or delivery, opens, clicks, reply, unsubscription.
 *
 * @module
 */
import type { Millis } from '../../domain/delivery.ts';
import type { BounceType, ReplySentiment } from '../../../schemas/events.ts';
import type { Draws } from './draw.ts';
import type { Fate } from './magic.ts';
import { DELAYS, type Rates } from './rates.ts';

export type Step =
  | { readonly at: Millis; readonly kind: 'delivered' | 'opened' | 'clicked' }
  | { readonly at: Millis; readonly kind: 'bounced'; readonly type: BounceType }
  | { readonly at: Millis; readonly kind: 'replied'; readonly sentiment: ReplySentiment }
  | { readonly at: Millis; readonly kind: 'unsubscribed'; readonly globally: boolean };

/** Decisions drawn once per lead, across all its e-mails. */
export interface Inclination {
  /** Number of the e-mail that it replies to; 0 for none. */
  readonly replyTo: number;
  readonly sentiment: ReplySentiment;
  /** Number of the e-mail that it unsubscribes from; 0 for none. */
  readonly unsubscribeAt: number;
  readonly globally: boolean;
}

/** Draw an e-mail of the sequence, each half as likely as the one before. */
const stepOf = (draws: Draws, steps: number): number => {
  let step = 1;
  while (step < steps && draws.chance(0.5)) step += 1;
  return step;
};

/** Pass the same draws for the same lead. A lead that replies does not unsubscribe. */
export const inclinationOf = (draws: Draws, rates: Rates, steps: number): Inclination => {
  const replies = draws.chance(rates.reply);
  const unsubscribes = draws.chance(rates.unsubscribe) && !replies;
  const at = stepOf(draws, steps);
  return {
    replyTo: replies ? at : 0,
    sentiment: draws.weighted(rates.sentiments),
    unsubscribeAt: unsubscribes ? at : 0,
    globally: draws.chance(rates.suppress_globally),
  };
};

/** Opens and clicks of one e-mail, drawn by the rates. */
interface Reception {
  readonly opens: readonly Millis[];
  readonly clicks: readonly Millis[];
}

const NOTHING: Reception = { opens: [], clicks: [] };

const receptionOf = (draws: Draws, rates: Rates, delivered: Millis): Reception => {
  if (!draws.chance(rates.open)) return NOTHING;
  const opens = [delivered + draws.span(DELAYS.open)];
  while (opens.length < 20 && draws.chance(rates.open_again)) {
    opens.push((opens.at(-1) ?? delivered) + draws.span(DELAYS.openAgain));
  }
  if (!draws.chance(rates.click)) return { opens, clicks: [] };
  const open = opens[draws.between(0, opens.length - 1)] ?? delivered;
  return { opens, clicks: [open + draws.span(DELAYS.click)] };
};

const steps = (kind: 'opened' | 'clicked', times: readonly Millis[]): Step[] =>
  times.map((at) => ({ at, kind }));

const inOrder = (plan: Step[]): Step[] => plan.sort((a, b) => a.at - b.at);

const bounced = (draws: Draws, sent: Millis, type: BounceType): Step => ({
  at: sent + draws.span(DELAYS.bounce),
  kind: 'bounced',
  type,
});

/** Probability that an e-mail is delivered on the second try, half an hour or more after a soft bounce. */
const SECOND_TRY_RATE = 0.6;

/** The events of an e-mail to an address with a fixed outcome. */
const planForFate = (draws: Draws, fate: Fate, sent: Millis): Step[] => {
  if (fate.kind === 'bounce') return [bounced(draws, sent, fate.type)];
  const at = sent + draws.span(DELAYS.delivery);
  const delivered: Step = { at, kind: 'delivered' };
  switch (fate.kind) {
    case 'silent':
      return [delivered];
    case 'open': {
      let last = at + draws.span(fate.storm ? DELAYS.storm : DELAYS.open);
      const opens = [last];
      while (opens.length < fate.times) {
        last += draws.span(fate.storm ? DELAYS.storm : DELAYS.openAgain);
        opens.push(last);
      }
      return [delivered, ...steps('opened', opens)];
    }
    case 'click': {
      const open = at + draws.span(DELAYS.open);
      return [
        delivered,
        { at: open, kind: 'opened' },
        { at: open + draws.span(DELAYS.click), kind: 'clicked' },
      ];
    }
    case 'reply': {
      const open = at + draws.span(DELAYS.open);
      const reply = open + draws.span(DELAYS.reply);
      return [
        delivered,
        { at: open, kind: 'opened' },
        { at: reply, kind: 'replied', sentiment: fate.sentiment },
      ];
    }
    case 'unsubscribe': {
      const open = at + draws.span(DELAYS.open);
      const { globally } = fate;
      const end = open + draws.span(DELAYS.unsubscribe);
      const gone: Step = { at: end, kind: 'unsubscribed', globally };
      // In a race, the second open happens in the same second as the unsubscription, and a third one later.
      return fate.race
        ? [
            delivered,
            { at: open, kind: 'opened' },
            gone,
            { at: end, kind: 'opened' },
            { at: end + 1000, kind: 'opened' },
          ]
        : [delivered, { at: open, kind: 'opened' }, gone];
    }
  }
};

export interface Email {
  /** Number in the sequence, from 1. */
  readonly step: number;
  readonly sent: Millis;
  readonly rates: Rates;
  readonly inclination: Inclination;
  /** Null for an ordinary address. */
  readonly fate: Fate | null;
}

/** @returns the events in order of time */
export const planFor = (draws: Draws, email: Email): readonly Step[] => {
  const { step, sent, rates, inclination, fate } = email;
  if (fate !== null) return planForFate(draws, step === 1 ? fate : { kind: 'silent' }, sent);
  const plan: Step[] = [];
  let leaves = sent;
  if (draws.chance(rates.bounce)) {
    // An address that does not exist bounces on the first e-mail.
    const type = step === 1 && draws.chance(rates.hard_bounce) ? 'hard' : 'soft';
    plan.push(bounced(draws, sent, type));
    if (type === 'hard') return plan;
    leaves = sent + DELAYS.bounce.maxS * 1000 + draws.span(DELAYS.retry);
    if (!draws.chance(SECOND_TRY_RATE)) return [...plan, bounced(draws, leaves, 'soft')];
  }
  const delivered = leaves + draws.span(DELAYS.delivery);
  plan.push({ at: delivered, kind: 'delivered' });
  const { opens, clicks } = receptionOf(draws, rates, delivered);
  plan.push(...steps('opened', opens), ...steps('clicked', clicks));
  const read = opens[0] ?? delivered;
  if (inclination.replyTo === step) {
    const { sentiment } = inclination;
    plan.push({ at: read + draws.span(DELAYS.reply), kind: 'replied', sentiment });
  }
  if (inclination.unsubscribeAt === step) {
    const { globally } = inclination;
    plan.push({ at: read + draws.span(DELAYS.unsubscribe), kind: 'unsubscribed', globally });
  }
  return inOrder(plan);
};
