/**
 * Judges a receiver by a scenario's outcome.
 *
 * @module
 */
import type { Outcome } from './run.ts';

type Judged = Pick<Outcome, 'scenario' | 'campaign' | 'analytics' | 'dead'>;

/** What the receiver did wrong. Empty if nothing can be seen from outside; `verify` looks deeper. */
export const findingsOf = ({ scenario, campaign, analytics, dead }: Judged): readonly string[] => {
  const { bounced, sent } = analytics;
  const isIgnoredSpike = scenario === 'bounce-spike' && bounced > 0 && campaign.status !== 'paused';
  return [
    ...(isIgnoredSpike ? [`the campaign was not paused (${bounced} of ${sent} bounced)`] : []),
    ...(dead > 0 ? [`${dead} events became dead letters`] : []),
  ];
};
