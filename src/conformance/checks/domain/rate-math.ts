/**
 * Rates whose denominator is zero or smaller than the numerator, and bounce rates of a campaign that are not its own.
 *
 * @module
 */
import { defineCheck, type Verdict } from '../../check.ts';
import { deliver } from '../../judge/deliver.ts';
import { createLead, judgeLeads } from '../../judge/lead.ts';
import { missesKeys } from '../../judge/state-keys.ts';
import { learnedInterests } from '../../judge/interests.ts';
import type { Event } from '../../probe/event-maker.ts';
import type { LeadState } from '../../hooks/hooks.ts';
import { inTurn } from '../../probe/in-turn.ts';
import type { Probe } from '../../probe/probe.ts';
import { fail, isAccepted, notTested, pass } from '../../verdict.ts';

/** Rates outside 0 to 1; null means "not computed yet". */
const odd = ({ rates = {} }: LeadState): readonly string[] =>
  Object.entries(rates).flatMap(([name, rate]) =>
    rate === null || (rate >= 0 && rate <= 1) ? [] : [`${name} is ${rate}`],
  );

/** More than 20, the sample from which the guide uses the rate. */
const SENT = 24;
const BOUNCED = 6;
/** Some divide by the e-mails that were sent, the guide by all events; some round. */
const ROUNDING = 0.01;
const LOWEST = BOUNCED / (1 + SENT + BOUNCED);
const HIGHEST = BOUNCED / SENT;

type Range = readonly [lowest: number, highest: number];

/** Bounce rates outside a range. */
const outside = ({ rates = {} }: LeadState, [lowest, highest]: Range): readonly string[] =>
  Object.entries(rates).flatMap(([name, rate]) =>
    !/bounce/i.test(name) ||
    rate === null ||
    (rate >= lowest - ROUNDING && rate <= highest + ROUNDING)
      ? []
      : [`${name} is ${rate}`],
  );

/** Whether no bounce rate has a value. */
const isUnknown = ({ rates = {} }: LeadState): boolean =>
  Object.entries(rates).every(([name, rate]) => !/bounce/i.test(name) || rate === null);

const deliverAll = async (
  probe: Probe,
  events: readonly Event[],
  isTogether: boolean,
): Promise<boolean> => {
  const send = (event: Event) => deliver(probe, event);
  const exchanges = await (isTogether
    ? Promise.all(events.map(send))
    : inTurn(probe, events, send));
  return exchanges.every(isAccepted);
};

const failRate = (expected: string, actual: string): Verdict =>
  fail({
    expected: [`a bounce rate of ${expected}`],
    actual,
    diagnosis:
      'The rate counts other events than the sent and the bounced e-mails of the campaign, or is not their quotient.',
    fix: 'Count `email.bounced` and, as the total, `email.sent` or all events, each per `campaign_id`; divide the first by the second.',
  });

/** One at a time, the same events give the right rate. */
const TOGETHER = {
  key: 'state:rate:together',
  diagnosis:
    'Counts events of a campaign wrong when they arrive at the same moment, and right one at a time: the counter is read, increased and written back by requests that run at the same time, so that updates are lost.',
  fix: 'Increase counters in one statement (`UPDATE … SET bounced = bounced + 1`), or lock the row of the campaign.',
} as const;

/** E-mails in the first round, and in the second if there is no rate before: a receiver may wait for more of them. */
const ROUNDS = [1, 4] as const;

/** @returns what is wrong with the bounce rate of a new campaign; null if nothing is, or if the rates are not of a campaign */
const judgeCampaign = async (probe: Probe, isTogether = true): Promise<Verdict | null> => {
  const campaign_id = `cmp_${probe.events.freshId().slice('evt_'.length)}`;
  const lead = createLead(probe, { campaign_id });
  await lead.send('email.opened');
  // Of a campaign with neither bounces nor sent e-mails, a rate is 0 or null. Another one is that of the whole account.
  if (outside(await lead.settled(), [0, 0]).length > 0) return null;
  let emails = 0;
  for (const round of ROUNDS) {
    const sent = Array.from({ length: round * SENT }, () =>
      probe.event('email.sent', { campaign_id }),
    );
    if (!(await deliverAll(probe, sent, isTogether))) return null;
    const none: Range = emails === 0 ? [0, 0] : [0, HIGHEST];
    const before = await lead.sees((now) => outside(now, none).length === 0);
    emails += sent.length;
    const [early] = outside(before, none);
    if (early !== undefined) {
      return failRate(`0, or null, after ${emails} sent e-mails of a campaign`, early);
    }
    const bounced = sent
      .slice(0, round * BOUNCED)
      .map(({ data }) => probe.event('email.bounced', { ...data, bounce_type: 'hard' }));
    if (!(await deliverAll(probe, bounced, isTogether))) return null;
    const isLast = round === ROUNDS.at(-1);
    const after = await lead.sees(
      (now) => outside(now, [LOWEST, HIGHEST]).length === 0 && !(isLast && isUnknown(now)),
    );
    const [wrong] = outside(after, [LOWEST, HIGHEST]);
    const range = `${LOWEST.toFixed(2)} to ${HIGHEST} after ${emails} sent e-mails of a campaign, ${HIGHEST * emails} of which bounced`;
    if (wrong !== undefined) return failRate(range, wrong);
    if (!isUnknown(after)) return null;
    const { types } = await learnedInterests(probe);
    if (!types.has('email.sent') || !types.has('email.bounced')) return null;
    if (isLast) return failRate(range, 'it is null');
  }
  return null;
};

export const check = defineCheck({
  id: 'domain/rate-math',
  level: 'SHOULD',
  title: 'Computes rates between 0 and 1, and the bounce rate of a campaign',
  requirement: {
    text: 'Pause a campaign when its bounce rate exceeds 5 % of over 20 events: bounces / max(total, 1)',
    source: 'guide, "Pause campaign on bounce spike"',
  },
  cause:
    'A division by zero (the bounce arrives before anything was counted as sent), or by something that is not the total.',
  fix: 'Divide by `max(total, 1)` and include the numerator in the total; return null while there is no total.',
  catches: ['domain-rate-nan', 'domain-rate-above-one', 'domain-rate-other-total'],
  stage: 'effects',
  needs: ['state'],
  run: (probe) =>
    judgeLeads(async () => {
      const lead = createLead(probe);
      await lead.send('email.bounced', { bounce_type: 'soft' });
      const first = await lead.settled();
      if (first.rates === undefined) return missesKeys(first);
      if (Object.keys(first.rates).length === 0) {
        return notTested('The state hook returns no rates. Add those that you compute, by name.');
      }
      await lead.send('email.sent');
      await lead.send('email.bounced', { bounce_type: 'soft' });
      const second = await lead.settled();
      const wrong = [
        ...odd(first).map((rate) => `${rate} after a bounce of a lead without sent e-mails`),
        ...odd(second).map((rate) => `${rate} after two bounces and one sent e-mail`),
      ];
      if (wrong.length > 0)
        return fail({ expected: ['0 to 1, or null'], actual: wrong.join('; ') });
      // Only leads that the receiver knows are counted.
      if (probe.leadEmail !== null) return pass();
      if ((await judgeCampaign(probe)) === null) return pass();
      // Until its first bounce, the rate of a whole account looks like that of a new campaign; by now it does not.
      const verdict = await judgeCampaign(probe);
      if (verdict?.status !== 'fail') return verdict ?? pass();
      return (await judgeCampaign(probe, false)) === null ? { ...verdict, ...TOGETHER } : verdict;
    }),
});
