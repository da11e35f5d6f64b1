/**
 * What comes of one e-mail, drawn when it is sent: bounced or delivered, opened, clicked, answered, unsubscribed.
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

/** What a lead was drawn to do, whichever e-mail it does it to. */
export interface Inclination {
  /** The e-mail of the sequence that it answers; 0 for none. */
  readonly replyTo: number;
  readonly sentiment: ReplySentiment;
  /** The e-mail that it unsubscribes from; 0 for none. */
  readonly unsubscribeAt: number;
  readonly globally: boolean;
}

/** Earlier e-mails move more leads than later ones: each half as many as the one before. */
const stepOf = (draws: Draws, steps: number): number => {
  let step = 1;
  while (step < steps && draws.chance(0.5)) step += 1;
  return step;
};

/** The same for a lead however often it is asked. A lead that replies does not unsubscribe. */
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

/** How an e-mail is received, whoever it is sent to: the rates' part. */
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

/** Half an hour or more later it is tried once more, and six in ten get through. */
const SECOND_TRY = 0.6;

const decided = (draws: Draws, fate: Fate, sent: Millis): Step[] => {
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
      // In a race the second open happens in the same second, and a third one comes late.
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
  /** Its place in the sequence, from 1. */
  readonly step: number;
  readonly sent: Millis;
  readonly rates: Rates;
  readonly inclination: Inclination;
  /** Null for an address like any other. */
  readonly fate: Fate | null;
}

/** In the order in which it happens. */
export const planFor = (draws: Draws, email: Email): readonly Step[] => {
  const { step, sent, rates, inclination, fate } = email;
  if (fate !== null) return decided(draws, step === 1 ? fate : { kind: 'silent' }, sent);
  const plan: Step[] = [];
  let leaves = sent;
  if (draws.chance(rates.bounce)) {
    // An address that does not exist shows it the first time.
    const type = step === 1 && draws.chance(rates.hard_bounce) ? 'hard' : 'soft';
    plan.push(bounced(draws, sent, type));
    if (type === 'hard') return plan;
    leaves = sent + DELAYS.bounce.mostS * 1000 + draws.span(DELAYS.retry);
    if (!draws.chance(SECOND_TRY)) return [...plan, bounced(draws, leaves, 'soft')];
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
