/**
 * Judges a receiver by a scenario's outcome, as far as a sandbox can see it: what was acknowledged, and what the receiver
 * did at the provider. The receiver's own state is judged by `verify`, which the judgement points to.
 *
 * @module
 */
import type { CampaignAnalytics } from '../../../schemas/control.ts';
import type { ScenarioName } from '../../../schemas/sandbox.ts';
import type { Outcome } from './run.ts';

type Judged = Pick<
  Outcome,
  'scenario' | 'leads' | 'campaign' | 'analytics' | 'events' | 'delivered' | 'dead'
>;

export interface Judgement {
  /** What the receiver did wrong. */
  readonly findings: readonly string[];
  /** What it did right; null with findings, or if nothing could be judged. */
  readonly success: string | null;
  /** Why nothing could be judged; null otherwise. */
  readonly inconclusive: string | null;
  /** A command that judges what a sandbox cannot see; null if there is nothing more to this scenario. */
  readonly deeper: string | null;
}

interface Aim {
  /** The event that the scenario is about; null for all. */
  readonly event: string | null;
  /** How many of it there were. */
  readonly happened: (analytics: CampaignAnalytics) => number;
  /** What a right receiver did. */
  readonly success: (judged: Judged) => string;
  /** Checks of `verify` that look into the receiver. */
  readonly checks?: string;
}

const acknowledged = ({ events }: Judged, event: string): number => events[event]?.delivered ?? 0;

const AIMS: Readonly<Record<ScenarioName, Aim>> = {
  reply: {
    event: 'email.replied',
    happened: ({ replied }) => replied,
    success: (judged) =>
      `replies of every sentiment were acknowledged (${acknowledged(judged, 'email.replied')})`,
    checks: 'content/event-types,domain/value-forms',
  },
  'bounce-spike': {
    event: 'email.bounced',
    happened: ({ bounced }) => bounced,
    success: ({ analytics: { sent, bounced }, leads }) =>
      `the campaign was paused after ${sent} of ${leads} emails (${bounced} bounced)`,
  },
  'unsubscribe-race': {
    event: 'email.unsubscribed',
    happened: ({ unsubscribed }) => unsubscribed,
    success: (judged) =>
      `${acknowledged(judged, 'email.unsubscribed')} unsubscribes and ${acknowledged(judged, 'email.opened')} opens around them were acknowledged`,
    checks: 'domain/unsub-wins',
  },
  'open-storm': {
    event: 'email.opened',
    happened: ({ opens }) => opens,
    success: (judged) => `${acknowledged(judged, 'email.opened')} opens were acknowledged`,
    checks: 'domain/open-monotonic',
  },
  'full-campaign': {
    event: null,
    happened: ({ sent }) => sent,
    success: ({ delivered, analytics: { sent } }) =>
      `all ${delivered} events of ${sent} emails were acknowledged`,
  },
};

const findingsOf = ({ scenario, campaign, analytics, events, dead }: Judged): readonly string[] => {
  const isIgnoredSpike =
    scenario === 'bounce-spike' && analytics.bounced > 0 && campaign.status !== 'paused';
  const lost = Object.entries(events).filter(([, tally]) => tally.dead > 0);
  const types = lost.map(([event, tally]) => `${tally.dead} ${event}`).join(', ');
  return [
    ...(isIgnoredSpike
      ? [`the campaign was not paused (${analytics.bounced} of ${analytics.sent} bounced)`]
      : []),
    ...(dead > 0 ? [`${dead} events became dead letters: ${types}`] : []),
  ];
};

const inconclusiveOf = ({ events, delivered, analytics }: Judged, aim: Aim): string | null => {
  if (aim.happened(analytics) === 0) {
    return `no ${aim.event ?? 'event'} happened. Pass more --leads`;
  }
  const attempted = aim.event === null ? delivered : events[aim.event];
  if (attempted !== undefined && attempted !== 0) return null;
  return `no active webhook subscribes to ${aim.event ?? 'these events'}. Register one, or pass --to`;
};

/** Judge what a scenario has shown. */
export const judge = (judged: Judged): Judgement => {
  const aim = AIMS[judged.scenario];
  const findings = findingsOf(judged);
  const inconclusive = findings.length > 0 ? null : inconclusiveOf(judged, aim);
  const isRight = findings.length === 0 && inconclusive === null;
  return {
    findings,
    success: isRight ? aim.success(judged) : null,
    inconclusive,
    deeper:
      isRight && aim.checks !== undefined
        ? `sendemall-mock verify http://localhost:3000/webhooks/sendemall --only ${aim.checks}`
        : null,
  };
};
