/**
 * Mutants with a limit: on connections, on the rate of events, or on what requests may take at the same time.
 *
 * @module
 */
import type { IncomingMessage } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { ModelReceiver, type Answer, type Event } from '../model/receiver.ts';
import type { Mutant } from './mutant.ts';

const MAX_CONNECTIONS = 12;

/** Closes each further connection at once. */
class FewConnections extends ModelReceiver {
  override async start(): Promise<void> {
    await super.start();
    this.server.maxConnections = MAX_CONNECTIONS;
  }
}

const PER_SECOND = 36;

/** Takes a number of events of a campaign in each second, and drops the others. Every check has a campaign of its own. */
class DropsBeyondRate extends ModelReceiver {
  readonly counts = new Map<string, number>();
  override async arrived(event: Event): Promise<Answer> {
    const second = Math.floor(performance.now() / 1000);
    const key = `${second} ${String(event.data?.['campaign_id'])}`;
    const count = (this.counts.get(key) ?? 0) + 1;
    this.counts.set(key, count);
    return count > PER_SECOND ? { status: 200 } : super.arrived(event);
  }
}

const PLACES = 8;

/** Each request takes a place of a pool, and a second one while it has the first. */
class WaitsForItself extends ModelReceiver {
  free = PLACES;
  waiting: (() => void)[] = [];
  override boot(): void {
    super.boot();
    this.free = PLACES;
    this.waiting = [];
  }
  async take(): Promise<void> {
    if (this.free === 0) {
      await new Promise<void>((resolve) => {
        this.waiting.push(resolve);
      });
    } else this.free -= 1;
  }
  give(): void {
    const next = this.waiting.shift();
    if (next === undefined) this.free += 1;
    else next();
  }
  override async receive(raw: Buffer, request: IncomingMessage): Promise<Answer> {
    if (!this.verify(raw, request)) return super.receive(raw, request);
    await this.take();
    await sleep(5);
    await this.take();
    try {
      return await super.receive(raw, request);
    } finally {
      this.give();
      this.give();
    }
  }
}

/** Holds a lock, on disk, while it processes a click, and takes nothing while another process holds it. */
class LockOutlivesProcess extends ModelReceiver {
  lockedBy: object | null = null;
  atWork = 0;
  override boot(): void {
    super.boot();
    this.atWork = 0;
  }
  override async arrived(event: Event): Promise<Answer> {
    const { memory } = this;
    if (this.lockedBy !== null && this.lockedBy !== memory) return { status: 503 };
    if (event.event !== 'email.clicked') return super.arrived(event);
    this.lockedBy = memory;
    this.atWork += 1;
    await sleep(250);
    if (this.memory !== memory) return { status: 503 };
    this.atWork -= 1;
    if (this.atWork === 0) this.lockedBy = null;
    return super.arrived(event);
  }
}

export const LIMIT_MUTANTS: readonly Mutant[] = [
  {
    name: 'http-few-connections',
    fault: `closes connections beyond ${MAX_CONNECTIONS}`,
    make: (secret) => new FewConnections(secret),
  },
  {
    name: 'delivery-drops-beyond-rate',
    fault: `answers 200 to more than ${PER_SECOND} events of a campaign in a second, and drops them`,
    make: (secret) => new DropsBeyondRate(secret),
  },
  {
    name: 'http-waits-for-itself',
    fault: `needs two of the ${PLACES} places of a pool for each event, one after the other`,
    make: (secret) => new WaitsForItself(secret),
  },
  {
    name: 'delivery-lock-outlives-process',
    fault: 'leaves its lock file behind when it is killed at work',
    make: (secret) => new LockOutlivesProcess(secret),
  },
];
