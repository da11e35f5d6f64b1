/**
 * Days and hours of a time zone, daylight saving included. Days are numbered from 1970-01-01 on.
 *
 * @module
 */
import type { Temporal } from 'temporal-polyfill';
import type { Millis } from '../../domain/delivery.ts';

type TemporalLibrary = typeof Temporal;

export interface Zone {
  /** The day that it is there. */
  dayOf(at: Millis): number;
  /** 1 is Monday, 7 Sunday. */
  weekdayOf(day: number): number;
  /** When an hour of a day begins, 0 to 24; an hour that a clock leaves out begins where the next one does. */
  hourOf(day: number, hour: number): Millis;
}

export interface Zones {
  /** @returns null when there is no such time zone */
  find(name: string): Zone | null;
}

/** Hours that are remembered: a campaign asks for two of the same day again and again. */
const REMEMBERED = 64;

const createZone = (temporal: TemporalLibrary, name: string): Zone => {
  const epoch = temporal.PlainDate.from('1970-01-01');
  const hours = new Map<number, Millis>();
  const hourOf = (day: number, hour: number): Millis => {
    const key = day * 32 + hour;
    const remembered = hours.get(key);
    if (remembered !== undefined) return remembered;
    if (hours.size >= REMEMBERED) hours.clear();
    const at = workOut(day, hour);
    hours.set(key, at);
    return at;
  };
  const workOut = (day: number, hour: number): Millis => {
    const date = epoch.add({ days: day + Math.floor(hour / 24) });
    return date.toZonedDateTime({ timeZone: name, plainTime: { hour: hour % 24 } })
      .epochMilliseconds;
  };
  // What is asked for one after the other is mostly of the same day.
  let known = { day: 0, from: 0, to: 0 };
  return {
    dayOf: (at) => {
      if (at >= known.from && at < known.to) return known.day;
      const date = temporal.Instant.fromEpochMilliseconds(at)
        .toZonedDateTimeISO(name)
        .toPlainDate();
      const { days: day } = epoch.until(date, { largestUnit: 'day' });
      known = { day, from: hourOf(day, 0), to: hourOf(day, 24) };
      return day;
    },
    // 1970-01-01 was a Thursday.
    weekdayOf: (day) => ((((day + 3) % 7) + 7) % 7) + 1,
    hourOf,
  };
};

/** Loaded when a campaign first needs it: most sandboxes have none. */
export const loadZones = async (): Promise<Zones> => {
  const { Temporal: temporal } = await import('temporal-polyfill');
  const zones = new Map<string, Zone>();
  return {
    find: (name) => {
      const known = zones.get(name);
      if (known !== undefined) return known;
      try {
        // Offsets such as +02:00 are zones for Temporal, but have no daylight saving.
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
