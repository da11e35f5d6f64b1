/**
 * Events per second with 100 listeners on the event stream, against none.
 *
 * @module
 */
import { apiOf } from '../support/api.ts';
import type { Stalls } from './stall-app.ts';
import { ask, median, startChild, startReceiver } from './support.ts';

const LISTENERS = 100;
const EVENTS = 1000;
const ROUNDS = 5;
const KEY = 'streams';

export interface StreamFigures {
  readonly perSecond: number;
  readonly listenedPerSecond: number;
}

export const streamFigures = async (): Promise<StreamFigures> => {
  await using receiver = await startReceiver();
  await using child = await startChild('stall-app.ts');
  const { url } = await ask<Stalls>(child, { stop: true });
  const api = apiOf(url, KEY);
  await api.register(receiver.url);
  const perSecond = async (): Promise<number> => {
    const rates: number[] = [];
    // The first round compiles.
    for (let round = 0; round <= ROUNDS; round += 1) {
      const began = performance.now();
      const { data } = await api.send<{ deliveries: { id: string }[] }>(
        'POST',
        '/_sandbox/events',
        { event: 'email.sent', count: EVENTS },
      );
      await api.settled(data.deliveries.at(-1)!.id);
      if (round > 0) rates.push((EVENTS * 1000) / (performance.now() - began));
    }
    return median(rates);
  };
  const alone = await perSecond();
  await using listeners = await startChild('scale-listeners.ts', { URL: url, KEY });
  await ask(listeners, { streams: LISTENERS });
  return { perSecond: alone, listenedPerSecond: await perSecond() };
};
