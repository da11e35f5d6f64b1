/**
 * When a campaign sends its next e-mail, and to whom: in its hours and days, spread over them, so many a day.
 *
 * @module
 */
import type { Millis } from '../../domain/delivery.ts';
import { drawsFor } from './draw.ts';
import type { CampaignState, LeadState, Line, NextSend } from './state.ts';

const WEEKDAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'];

/** A week of days without an hour in them: one that daylight saving swallows may come on top. */
const MAX_DAYS_WITHOUT = 15;

/** A line is cut to what still waits when so many have been served. */
const SERVED = 1024;

const sendsOn = ({ settings: { schedule } }: CampaignState, weekday: number): boolean =>
  schedule.days.some((day) => day.slice(0, 3) === WEEKDAYS[weekday - 1]);

const shorten = (line: Line): void => {
  if (line.head < SERVED) return;
  line.waiting = line.waiting.slice(line.head);
  line.head = 0;
};

/** The first of a line that still wants its e-mail. */
const firstOf = (line: Line): LeadState | null => {
  for (;;) {
    const waiting = line.waiting[line.head];
    if (waiting === undefined) return null;
    if (!waiting.lead.ended) return waiting.lead;
    line.head += 1;
    shorten(line);
  }
};

/** The line to serve next: the earliest day first, and on the same day the later e-mail of the sequence. */
const firstLine = ({
  lines,
}: CampaignState): { readonly line: Line; readonly day: number } | null => {
  let first: { line: Line; day: number } | null = null;
  for (const line of lines) {
    if (firstOf(line) === null) continue;
    const day = line.waiting[line.head]?.day ?? 0;
    if (first === null || day <= first.day) first = { line, day };
  }
  return first;
};

/** Places of a day's e-mails: as many as are allowed, evenly over its hours, each at a drawn second of its part. */
const placesOf = (
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
      // In an hour that daylight saving left out there is no place at all.
      if (part <= 0) return limit;
      let slot = Math.max(0, Math.floor((at - start) / part));
      while (slot < limit && timeOf(slot) < at) slot += 1;
      return slot;
    },
  };
};

/** @returns null when nobody waits, or nothing may be sent */
export const nextSendOf = (campaign: CampaignState, seed: number, now: Millis): NextSend | null => {
  const { zone, settings, sentDay, nextSlot } = campaign;
  if (campaign.status !== 'active') return null;
  const first = firstLine(campaign);
  if (first === null) return null;
  const from = Math.max(zone.dayOf(now), first.day, sentDay);
  for (let day = from; day < from + MAX_DAYS_WITHOUT; day += 1) {
    if (!sendsOn(campaign, zone.weekdayOf(day))) continue;
    const { timeOf, firstFrom } = placesOf(campaign, seed, day);
    const slot = Math.max(day === sentDay ? nextSlot : 0, firstFrom(now));
    if (slot < settings.daily_limit) return { at: timeOf(slot), day, slot };
  }
  return null;
};

/** Takes the lead that is next off its line. */
export const takeNext = (campaign: CampaignState): LeadState | null => {
  const first = firstLine(campaign);
  if (first === null) return null;
  const lead = firstOf(first.line);
  first.line.head += 1;
  shorten(first.line);
  return lead;
};

/** Puts a lead into the line for its next e-mail, if the sequence has one. */
export const wait = (lead: LeadState, after: number): void => {
  const { campaign, step } = lead;
  const email = campaign.settings.sequences[step];
  const line = campaign.lines[step];
  if (email === undefined || line === undefined) return;
  line.waiting.push({ lead, day: after + email.delay_days });
};
