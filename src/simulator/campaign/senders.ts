/**
 * Which campaign sends its next e-mail first.
 *
 * @module
 */
import type { Millis } from '../../domain/delivery.ts';
import { nextSendOf } from './sending.ts';
import type { CampaignState } from './state.ts';

export interface Senders {
  /** The campaign that sends first; null if none sends. */
  first(): CampaignState | null;
  /** Recompute the campaign's next e-mail as of `now`. */
  reschedule(campaign: CampaignState, now: Millis): void;
}

export const createSenders = (
  campaigns: ReadonlyMap<string, CampaignState>,
  seed: number,
): Senders => {
  /** Undefined if it must be searched for. */
  let first: CampaignState | null | undefined;

  const search = (): CampaignState | null => {
    let earliest: CampaignState | null = null;
    for (const campaign of campaigns.values()) {
      const at = campaign.next?.at ?? Infinity;
      if (at < (earliest?.next?.at ?? Infinity)) earliest = campaign;
    }
    return earliest;
  };

  return {
    first: () => {
      if (first === undefined) first = search();
      return first;
    },
    reschedule: (campaign, now) => {
      campaign.next = nextSendOf(campaign, seed, now);
      first = undefined;
    },
  };
};
