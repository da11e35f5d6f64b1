/**
 * Reads of an account with 1,000,000 deliveries in a file, against one with 10,000.
 *
 * @module
 */
import { ROW_NUMBERS } from '../../src/domain/delivery-id.ts';
import { apiOf, type Api } from '../support/api.ts';
import { copySeeded, MAIN_WEBHOOK, RARE_WEBHOOK, SCALE_KEY } from './scale-seed.ts';
import type { Stalls } from './stall-app.ts';
import { ask, median, startChild } from './support.ts';

const ROUNDS = 15;
const DELIVERIES = '/_sandbox/deliveries';

/** Paths by name. `LAST` is the number of the newest delivery, `DEEP` a cursor near the oldest one. */
const READS: Readonly<Record<string, string>> = {
  'first count': '/_sandbox/clock',
  count: '/_sandbox/clock',
  'list, no filter': DELIVERIES,
  'list, status with many': `${DELIVERIES}?status=delivered`,
  'list, status with some': `${DELIVERIES}?status=dead&limit=100`,
  'list, status with three': `${DELIVERIES}?status=acknowledged`,
  'list, status with none': `${DELIVERIES}?status=pending`,
  'list, event with many': `${DELIVERIES}?event=email.sent`,
  'list, event with none': `${DELIVERIES}?event=email.bounced`,
  'list, webhook with some': `${DELIVERIES}?webhook_id=${RARE_WEBHOOK}`,
  'list, webhook, status and event with none': `${DELIVERIES}?webhook_id=${RARE_WEBHOOK}&status=dead&event=email.sent`,
  'list, status and event with none': `${DELIVERIES}?status=dead&event=email.sent`,
  'list, one event id': `${DELIVERIES}?event_id=evt_${'0'.repeat(22)}5000`,
  'list, deep page': `${DELIVERIES}?cursor=DEEP`,
  'list, deep page of a filter': `${DELIVERIES}?status=dead&cursor=DEEP`,
  'get a delivery': `${DELIVERIES}/dlv_5000`,
  'events, no filter': '/_sandbox/events',
  'events, type with none': '/_sandbox/events?event=email.bounced',
  'dead letters': `/v1/webhooks/${MAIN_WEBHOOK}/failed-events`,
  'dead letters of a webhook with none': `/v1/webhooks/${RARE_WEBHOOK}/failed-events`,
  'get a dead letter': `/v1/webhooks/${MAIN_WEBHOOK}/failed-events/evt_${'0'.repeat(22)}5050`,
};

export interface ReadTime {
  readonly name: string;
  /** Processor time of a request in milliseconds. Real time depends on what else the machine does. */
  readonly ms: number;
  /** Median of the real time. */
  readonly wallMs: number;
  /** Longest turn of the event loop during these requests, processor time. */
  readonly stallMs: number;
}

/** Cursor at the 200th oldest delivery: pages are newest first, and a cursor names the last row of its page. */
const deepCursor = async (api: Api): Promise<string> => {
  const { meta } = await api.get(`${DELIVERIES}?limit=1`);
  const [, prefix, key] = /^(\D+)(\d+)$/.exec(String(meta.next_cursor)) ?? [];
  return `${prefix}${Math.floor(Number(key) / ROW_NUMBERS) * ROW_NUMBERS + 200}`;
};

/** @param seeded a seeded file */
export const readTimes = async (seeded: string): Promise<ReadTime[]> => {
  await using child = await startChild('stall-app.ts', {
    FILE: await copySeeded(seeded),
  });
  const { url } = await ask<Stalls>(child, { stop: false });
  const api = apiOf(url, SCALE_KEY);
  const read = async (path: string): Promise<number> => {
    const began = performance.now();
    const { status, error } = await api.get(path);
    if (status !== 200) throw new Error(`${path}: ${status} ${error.message}`);
    return performance.now() - began;
  };
  // Compiles the way of a request; of the account, it reads the webhooks only.
  for (let round = 0; round < ROUNDS; round += 1) await read('/v1/webhooks');
  const times: ReadTime[] = [];
  let deep = '';
  for (const [name, template] of Object.entries(READS)) {
    if (template.includes('DEEP') && deep === '') deep = await deepCursor(api);
    const path = template.replace('DEEP', deep);
    await ask<Stalls>(child, { stop: false });
    const measured: number[] = [];
    const rounds = name === 'first count' ? 1 : ROUNDS;
    for (let round = 0; round < rounds; round += 1) measured.push(await read(path));
    const { cpuMs, usedMs } = await ask<Stalls>(child, { stop: true });
    times.push({ name, ms: usedMs / rounds, wallMs: median(measured), stallMs: cpuMs });
  }
  return times;
};
