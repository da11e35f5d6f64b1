/**
 * Days and hours in a time zone, including daylight saving. Days are numbered from 1970-01-01.
 *
 * @module
 */
import type { Temporal } from 'temporal-polyfill';
import type { Millis } from '../../domain/delivery.ts';

type TemporalLibrary = typeof Temporal;

export interface Zone {
  /** The local day at a time. */
  dayOf(at: Millis): number;
  /** 1 is Monday, 7 is Sunday. */
  weekdayOf(day: number): number;
  /** Start of an hour of a day, 0 to 24. An hour skipped by daylight saving starts with the next one. */
  hourOf(day: number, hour: number): Millis;
}

export interface Zones {
  /** @returns null if there is no such time zone */
  find(name: string): Zone | null;
}

/** Cached hours: a campaign asks for the same two hours of a day repeatedly. */
const MAX_CACHED_HOURS = 64;

const createZone = (temporal: TemporalLibrary, name: string): Zone => {
  const epoch = temporal.PlainDate.from('1970-01-01');
  const hours = new Map<number, Millis>();
  const hourOf = (day: number, hour: number): Millis => {
    const key = day * 32 + hour;
    const cached = hours.get(key);
    if (cached !== undefined) return cached;
    if (hours.size >= MAX_CACHED_HOURS) hours.clear();
    const at = compute(day, hour);
    hours.set(key, at);
    return at;
  };
  const compute = (day: number, hour: number): Millis => {
    const date = epoch.add({ days: day + Math.floor(hour / 24) });
    return date.toZonedDateTime({ timeZone: name, plainTime: { hour: hour % 24 } })
      .epochMilliseconds;
  };
  // Consecutive calls are mostly for the same day.
  let cachedDay = { day: 0, from: 0, to: 0 };
  return {
    dayOf: (at) => {
      if (at >= cachedDay.from && at < cachedDay.to) return cachedDay.day;
      const date = temporal.Instant.fromEpochMilliseconds(at)
        .toZonedDateTimeISO(name)
        .toPlainDate();
      const { days: day } = epoch.until(date, { largestUnit: 'day' });
      cachedDay = { day, from: hourOf(day, 0), to: hourOf(day, 24) };
      return day;
    },
    // 1970-01-01 was a Thursday.
    weekdayOf: (day) => ((((day + 3) % 7) + 7) % 7) + 1,
    hourOf,
  };
};

/** Load the time zone library, on first use: most sandboxes have no campaign. */
export const loadZones = async (): Promise<Zones> => {
  const { Temporal: temporal } = await import('temporal-polyfill');
  const zones = new Map<string, Zone>();
  return {
    find: (name) => {
      const known = zones.get(name);
      if (known !== undefined) return known;
      try {
        // Temporal accepts offsets such as +02:00, but they have no daylight saving.
        if (!/^[A-Za-z]/.test(name)) return null;
        temporal.Instant.fromEpochMilliseconds(0).toZonedDateTimeISO(name);
      } catch (error) {
        if (error instanceof RangeError) return null;
        throw error;
      }
      const zone = createZone(temporal, name);
      zones.set(name, zone);
      return zone;
    },
  };
};
