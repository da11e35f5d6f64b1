/**
 * Whether a rate counts each event once, whatever became of it: plain events say by how much one moves the rate, and
 * events that are repeated, fail first or are forged are compared with them.
 *
 * @module
 */
import { waitFor } from '../hooks/hooks.ts';
import { deliver } from '../judge/deliver.ts';
import { whileFailing } from '../judge/failing-hook.ts';
import { wrongSignature } from '../judge/forgeries.ts';
import { STILL_MS, stillMsOf } from '../judge/lead.ts';
import type { Exchange } from '../net/exchange.ts';
import { inTurn } from '../probe/in-turn.ts';
import type { Event } from '../probe/event-maker.ts';
import type { Probe } from '../probe/probe.ts';
import { isAccepted } from '../verdict.ts';
import { measureEventMs, settle } from './snapshot.ts';
import { sideBySide } from './trial.ts';

/** Plain events that say by how much one moves the rate. */
const PLAIN_EVENTS = 12;
const EVENTS = 4;
/** Few, so that no circuit breaker opens. */
const FAILING_EVENTS = 3;
const TOGETHER = 8;

const SIZES: Readonly<Record<Disturbance, number>> = {
  repeat: EVENTS,
  forged: EVENTS,
  failed: FAILING_EVENTS,
  together: TOGETHER,
};
/** Sent e-mails at first, and at most: of a rate that many events have fed before, more are needed. */
const SENT = 60;
const MAX_SENT = 900;
/** Time that they may take, going by one event. Milliseconds. */
const BUDGET_MS = 6000;
/** A rate near 1 may be limited to 1. */
const HIGHEST = 0.45;

export type Disturbance = 'repeat' | 'failed' | 'forged' | 'together';

/** What a correct receiver makes of it, in events. */
const COUNTED: Readonly<Record<Disturbance, 0 | 1>> = {
  repeat: 1,
  failed: 1,
  forged: 0,
  together: 1,
};

export interface Miscount {
  readonly disturbance: Disturbance;
  readonly type: 'email.bounced' | 'email.sent';
  readonly name: string;
  /** How many times an event was counted. */
  readonly times: number;
  readonly exchanges: readonly Exchange[];
}

interface Campaign {
  readonly probe: Probe;
  readonly id: string;
  /** Its state shows the rate. */
  readonly email: string;
  readonly leadId: unknown;
  readonly exchanges: Exchange[];
}

const fresh = ({ probe, id }: Campaign, type: Miscount['type']): Event =>
  probe.event(type, {
    campaign_id: id,
    ...(type === 'email.bounced' && { bounce_type: 'hard' }),
  });

const send = async (campaign: Campaign, event: Event): Promise<boolean> => {
  const exchange = await deliver(campaign.probe, event);
  campaign.exchanges.push(exchange);
  return isAccepted(exchange);
};

const ratesOf = async ({ probe, email }: Campaign): Promise<Readonly<Record<string, number>>> => {
  const { rates = {} } = await probe.hooks.state!(email);
  return Object.fromEntries(
    Object.entries(rates).filter(
      (entry): entry is [string, number] => typeof entry[1] === 'number',
    ),
  );
};

/** The rate once everything so far is counted. */
const rateNow = async (campaign: Campaign, name: string): Promise<number> => {
  const { probe } = campaign;
  await settle(probe);
  const stillMs = stillMsOf(probe);
  // A state that has never lagged behind its effects is read once.
  if (probe.effects !== null && stillMs <= STILL_MS) return (await ratesOf(campaign))[name] ?? NaN;
  let before = NaN;
  let since = probe.wall.now();
  const rates = await waitFor(
    probe.wall,
    () => ratesOf(campaign),
    (now) => {
      if (now[name] !== before) since = probe.wall.now();
      before = now[name]!;
      return probe.wall.now() - since >= stillMs;
    },
    { everyMs: 20 },
  );
  return rates[name] ?? NaN;
};

const disturb = async (
  campaign: Campaign,
  events: readonly Event[],
  disturbance: Disturbance,
): Promise<boolean> => {
  const { probe } = campaign;
  const all = (work: (event: Event) => Promise<unknown>) => inTurn(probe, events, work);
  if (disturbance === 'forged') {
    await all((event) => probe.post(event, { signature: wrongSignature(probe) }));
    return true;
  }
  if (disturbance === 'together') {
    const taken = await Promise.all(events.map((event) => send(campaign, event)));
    return taken.every(Boolean);
  }
  if (disturbance === 'failed') {
    await whileFailing(probe, () => all((event) => probe.post(event)));
  }
  let areTaken = true;
  for (let sent = 0; sent < (disturbance === 'repeat' ? 2 : 1); sent += 1) {
    await all(async (event) => {
      areTaken = (await send(campaign, event)) && areTaken;
    });
  }
  return areTaken;
};

/** What the rate is proportional to: the number of bounces, or of the e-mails. */
const numberOf = (type: Miscount['type'], rate: number): number =>
  type === 'email.bounced' ? rate : 1 / rate;

/** Events are counted twice, or not at all. Between these and once lies what rounding and another total explain. */
const MIN_TWICE = 1.6;
const MAX_NEVER = 0.4;

/** Fewer than this share of simultaneous events are counted. */
const MAX_LOSSY = 0.75;

const times = (ratio: number): number => Math.max(0, Math.round(ratio));

/** The last decimal place of a rate that is rounded; 0 when it is not. */
const unitOf = (rate: number): number => {
  const decimals = (String(rate).split('.')[1] ?? '').length;
  return decimals > 4 ? 0 : 10 ** -decimals;
};
/** A change must be this many units, so that rounding does not hide it. */
const MIN_UNITS = 4;

const examine = async (
  campaign: Campaign,
  name: string,
  type: Miscount['type'],
  disturbances: readonly Disturbance[],
): Promise<Miscount | null> => {
  let rate = await rateNow(campaign, name);
  /** By how much one event of a batch has moved the rate; null when nothing can be said. */
  const moved = async (count: number, work: (events: readonly Event[]) => Promise<boolean>) => {
    const before = rate;
    const events = Array.from({ length: count }, () => fresh(campaign, type));
    if (!(await work(events))) return null;
    rate = await rateNow(campaign, name);
    const by = (numberOf(type, rate) - numberOf(type, before)) / count;
    return Number.isFinite(by) ? by : null;
  };
  const first = rate;
  const sendPlain = async (events: readonly Event[]): Promise<boolean> => {
    const taken = await inTurn(campaign.probe, events, (event) => send(campaign, event));
    return taken.every(Boolean);
  };
  const plain = await moved(PLAIN_EVENTS, sendPlain);
  if (plain === null || plain <= 0) return null;
  const isHidden = (count: number): boolean =>
    (Math.abs(rate - first) / PLAIN_EVENTS) * count < MIN_UNITS * unitOf(rate);
  for (const disturbance of disturbances) {
    const count = SIZES[disturbance];
    if (isHidden(count)) continue;
    const from = campaign.exchanges.length;
    const by = await moved(count, (events) => disturb(campaign, events, disturbance));
    if (by === null) return null;
    const ratio = by / plain;
    const isOnce = ratio <= MIN_TWICE && ratio >= MAX_NEVER;
    // Some updates may be lost, and others not. Of a share of all events, the later ones move a rate less.
    const isLossy = async (): Promise<boolean> => {
      const later = await moved(PLAIN_EVENTS, sendPlain);
      return later !== null && later > 0 && by < MAX_LOSSY * later;
    };
    const isWrong = COUNTED[disturbance] === 1 ? !isOnce : ratio > MAX_NEVER;
    if (isWrong || (disturbance === 'together' && (await isLossy()))) {
      const exchanges = campaign.exchanges.slice(from).slice(0, 3);
      return { disturbance, type, name, times: times(ratio), exchanges };
    }
  }
  return null;
};

/** The name of the bounce rate, once it is low enough to grow; null without one. */
const prepare = async (campaign: Campaign): Promise<string | null> => {
  const { probe, id, email, leadId } = campaign;
  const person = { campaign_id: id, lead_email: email, lead_id: leadId };
  const bounce = probe.event('email.bounced', { ...person, bounce_type: 'hard' });
  if (!(await send(campaign, bounce))) return null;
  const most = Math.min(MAX_SENT, BUDGET_MS / (await measureEventMs(probe)));
  for (let sent = 0; sent + SENT <= most; sent += SENT) {
    const many = Array.from({ length: SENT }, () => fresh(campaign, 'email.sent'));
    const taken = await sideBySide(probe, many, (event) => send(campaign, event));
    if (!taken.every(Boolean)) return null;
    await settle(probe);
    const name = Object.keys(await ratesOf(campaign)).find((one) => /bounce/i.test(one));
    const rate = name === undefined ? 0 : await rateNow(campaign, name);
    if (rate === 0) return null;
    if (rate < HIGHEST) return name!;
  }
  return null;
};

/** @returns null when every event counts once, or there is no rate that says so */
export const findMiscount = async (probe: Probe): Promise<Miscount | null> => {
  const { lead_id, lead_email } = probe.event('email.opened').data;
  const campaign: Campaign = {
    probe,
    id: `cmp_${probe.events.freshId().slice('evt_'.length)}`,
    email: String(lead_email),
    leadId: lead_id,
    exchanges: [],
  };
  const name = await prepare(campaign);
  if (name === null) return null;
  const failing: readonly Disturbance[] = probe.hooks.fault === undefined ? [] : ['failed'];
  const disturbances = ['repeat', 'forged', ...failing, 'together'] as const;
  for (const type of ['email.bounced', 'email.sent'] as const) {
    const found = await examine(campaign, name, type, disturbances);
    if (found !== null) return found;
  }
  return null;
};
