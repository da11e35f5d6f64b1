/**
 * The bounce rate of a campaign over time, from its events.
 *
 * @module
 */
import type { WebhookEvent } from '../../../schemas/events.ts';

export interface Point {
  /** Virtual time in milliseconds. */
  readonly at: number;
  /** Bounces per e-mail sent until then, 0 to 1. */
  readonly rate: number;
}

/** Above this, providers pause a campaign. */
export const BOUNCE_LIMIT = 0.05;

/** One point per e-mail sent or bounced, in order of time. */
export const bounceRates = (
  events: readonly WebhookEvent[],
  campaign: string,
): readonly Point[] => {
  const own = events
    .filter(
      ({ event, data }) =>
        data.campaign_id === campaign && (event === 'email.sent' || event === 'email.bounced'),
    )
    .map(({ event, timestamp }) => ({ at: Date.parse(timestamp), isSent: event === 'email.sent' }))
    .toSorted((a, b) => a.at - b.at || Number(b.isSent) - Number(a.isSent));
  let sent = 0;
  let bounced = 0;
  return own.flatMap(({ at, isSent }) => {
    if (isSent) sent += 1;
    else bounced += 1;
    return sent === 0 ? [] : [{ at, rate: bounced / sent }];
  });
};

export interface Plot {
  /** `points` of an SVG polyline. */
  readonly line: string;
  /** Height of the limit. */
  readonly limitY: number;
  /** The rate at the upper edge. */
  readonly top: number;
}

/** Lay out for a drawing of `width` × `height`; the limit is always in view. */
export const layOut = (points: readonly Point[], width: number, height: number): Plot => {
  const top = Math.max(BOUNCE_LIMIT * 1.6, ...points.map(({ rate }) => rate * 1.15));
  const start = points[0]?.at ?? 0;
  const span = Math.max((points.at(-1)?.at ?? 0) - start, 1);
  const y = (rate: number): number => height - (rate / top) * height;
  return {
    line: points
      .map(({ at, rate }) => `${(((at - start) / span) * width).toFixed(1)},${y(rate).toFixed(1)}`)
      .join(' '),
    limitY: y(BOUNCE_LIMIT),
    top,
  };
};
