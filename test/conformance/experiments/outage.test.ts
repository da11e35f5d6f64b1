/**
 * Why a receiver no longer takes valid events, or ever more slowly: forged requests, events at the same moment, or neither.
 *
 * @module
 */
import type { IncomingMessage } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { ModelReceiver, type Answer, type Event } from '../../receivers/model/receiver.ts';
import { examine, SECRET } from '../run-suite.ts';

/** What is counted since the start: a restart forgets it. */
class Counting extends ModelReceiver {
  forgeries = 0;
  atWork = 0;
  isWornOut = false;
  override boot(): void {
    super.boot();
    this.forgeries = 0;
    this.isWornOut = false;
  }
}

/** Refuses an address after ten wrong signatures. */
class Blocks extends Counting {
  override async receive(raw: Buffer, request: IncomingMessage): Promise<Answer> {
    if (this.forgeries >= 10) return { status: 403 };
    const answer = await super.receive(raw, request);
    if (answer.status === 401) this.forgeries += 1;
    return answer;
  }
}

/** Closes every connection after ten wrong signatures. */
class Closes extends Blocks {
  override async receive(raw: Buffer, request: IncomingMessage): Promise<Answer> {
    const answer = await super.receive(raw, request);
    if (answer.status === 403) request.socket.destroy();
    return answer;
  }
}

/** Breaks permanently when six events are at work at the same time. */
class BreaksInCrowd extends Counting {
  override async arrived(event: Event): Promise<Answer> {
    this.atWork += 1;
    await sleep(15);
    if (this.atWork >= 6) this.isWornOut = true;
    this.atWork -= 1;
    return this.isWornOut ? { status: 500 } : super.arrived(event);
  }
}

/** Refuses everything after three hundred requests of any sort. */
class TiresByNumber extends Counting {
  requests = 0;
  override boot(): void {
    super.boot();
    this.requests = 0;
  }
  override async receive(raw: Buffer, request: IncomingMessage): Promise<Answer> {
    this.requests += 1;
    return this.requests > 60 ? { status: 500 } : super.receive(raw, request);
  }
}

/** Waits 150 ms longer for every wrong signature so far. */
class Tarpit extends Counting {
  override async receive(raw: Buffer, request: IncomingMessage): Promise<Answer> {
    await sleep(150 * this.forgeries);
    const answer = await super.receive(raw, request);
    if (answer.status === 401) this.forgeries += 1;
    return answer;
  }
}

const causes = async (
  Receiver: new (secret: string) => ModelReceiver,
  only: readonly string[],
): Promise<readonly string[]> => {
  await using receiver = new Receiver(SECRET);
  await receiver.start();
  const { checks } = await examine(receiver, only);
  return checks
    .filter(({ status, level }) => status === 'fail' && level !== 'INFO')
    .map(({ diagnosis }) => diagnosis ?? '');
};

const FORGING = ['signature/malformed', 'signature/partial-compare', 'performance/parallel'];

test('an address is blocked after forged requests', async () => {
  const found = await causes(Blocks, [...FORGING, 'content/examples', 'http/split-body']);
  expect(found).toHaveLength(1);
  expect(found[0]).toMatch(
    /^After 10 forged requests with a wrong signature, every valid event is/,
  );
  expect(found[0]).toContain('After a restart, 20 plain events in a row are accepted.');
});

test('connections are closed after forged requests: no single request ends the process', async () => {
  const found = await causes(Closes, [...FORGING, 'http/survives']);
  expect(found).toHaveLength(1);
  expect(found[0]).toMatch(/^After 10 forged requests with a wrong signature, the receiver closes/);
});

test('events at the same moment break what they share permanently', async () => {
  const found = await causes(BreaksInCrowd, ['performance/parallel', 'content/event-types']);
  expect(found).toHaveLength(1);
  expect(found[0]).toMatch(/^When 8 events arrive at the same time, every valid event is refused/);
});

test('neither is named where as many plain events have the same result', async () => {
  const found = await causes(TiresByNumber, [...FORGING, 'content/examples', 'http/split-body']);
  expect(found.join()).not.toMatch(/forged requests|at the same time/);
});

test('forged requests delay all that comes after them', async () => {
  const found = await causes(Tarpit, [...FORGING, 'http/survives', 'content/examples']);
  expect(found).toHaveLength(1);
  expect(found[0]).toMatch(
    /^Each forged request delays every later response, those to valid events/,
  );
});
