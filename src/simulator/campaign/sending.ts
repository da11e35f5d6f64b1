/**
 * Schedules a campaign's e-mails: evenly over its hours and days, up to its daily limit.
 *
 * @module
 */
import type { Millis } from '../../domain/delivery.ts';
import { drawsFor } from './draw.ts';
import type { CampaignState, LeadState, SendQueue, NextSend } from './state.ts';

const WEEKDAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'];

/** Days to search for the next slot. Daylight saving may skip the only hour of a day, so a week is not enough. */
const MAX_SEARCHED_DAYS = 15;

/** Compact a queue after this many leads were taken from it. */
const COMPACT_AFTER = 1024;

const sendsOn = ({ settings: { schedule } }: CampaignState, weekday: number): boolean =>
  schedule.days.some((day) => day.slice(0, 3) === WEEKDAYS[weekday - 1]);

const compact = (queue: SendQueue): void => {
  if (queue.head < COMPACT_AFTER) return;
  queue.waiting = queue.waiting.slice(queue.head);
  queue.head = 0;
};

/** The first lead of a queue that has not ended, dropping ended ones. */
const firstOf = (queue: SendQueue): LeadState | null => {
  for (;;) {
    const waiting = queue.waiting[queue.head];
    if (waiting === undefined) return null;
    if (!waiting.lead.ended) return waiting.lead;
    queue.head += 1;
    compact(queue);
  }
};

/** The queue to serve next: earliest day first, and on the same day the later e-mail of the sequence. */
const firstQueue = ({
  queues,
}: CampaignState): { readonly queue: SendQueue; readonly day: number } | null => {
  let first: { queue: SendQueue; day: number } | null = null;
  for (const queue of queues) {
    if (firstOf(queue) === null) continue;
    const day = queue.waiting[queue.head]?.day ?? 0;
    if (first === null || day <= first.day) first = { queue, day };
  }
  return first;
};

/** Slots of a day: as many as its limit, of equal length, each with a random second within its part of the day. */
const slotsOf = (
  { zone, settings, number }: CampaignState,
  seed: number,
  day: number,
): { readonly timeOf: (slot: number) => Millis; readonly firstFrom: (at: Millis) => number } => {
  const { schedule, daily_limit: limit } = settings;
  const start = zone.hourOf(day, schedule.start_hour);
  const part = (zone.hourOf(day, schedule.end_hour) - start) / limit;
  const timeOf = (slot: number): Millis => {
    const within = drawsFor(seed, number, day, slot).next();
    return start + Math.floor(((slot + within) * part) / 1000) * 1000;
  };
  return {
    timeOf,
    firstFrom: (at) => {
      // An hour skipped by daylight saving has no slots.
      if (part <= 0) return limit;
      let slot = Math.max(0, Math.floor((at - start) / part));
      while (slot < limit && timeOf(slot) < at) slot += 1;
      return slot;
    },
  };
};

/** @returns null if the campaign is not active, no lead is waiting, or its schedule has no slot */
export const nextSendOf = (campaign: CampaignState, seed: number, now: Millis): NextSend | null => {
  const { zone, settings, sentDay, nextSlot } = campaign;
  if (campaign.status !== 'active') return null;
  const first = firstQueue(campaign);
  if (first === null) return null;
  const from = Math.max(zone.dayOf(now), first.day, sentDay);
  for (let day = from; day < from + MAX_SEARCHED_DAYS; day += 1) {
    if (!sendsOn(campaign, zone.weekdayOf(day))) continue;
    const { timeOf, firstFrom } = slotsOf(campaign, seed, day);
    const slot = Math.max(day === sentDay ? nextSlot : 0, firstFrom(now));
    if (slot < settings.daily_limit) return { at: timeOf(slot), day, slot };
  }
  return null;
};

/** Remove and return the next lead; null if none is waiting. */
export const takeNext = (campaign: CampaignState): LeadState | null => {
  const first = firstQueue(campaign);
  if (first === null) return null;
  const lead = firstOf(first.queue);
  first.queue.head += 1;
  compact(first.queue);
  return lead;
};

/**
 * Queue a lead for its next e-mail, if the sequence has one.
 *
 * @param after local day that the e-mail's delay is counted from
 */
export const enqueue = (lead: LeadState, after: number): void => {
  const { campaign, step } = lead;
  const email = campaign.settings.sequences[step];
  const queue = campaign.queues[step];
  if (email === undefined || queue === undefined) return;
  queue.waiting.push({ lead, day: after + email.delay_days });
};
