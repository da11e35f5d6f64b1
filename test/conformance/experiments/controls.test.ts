/**
 * Causes that a control could refute: each receiver has a fault for which another cause is plausible until the control runs.
 *
 * @module
 */
import type { IncomingMessage } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import type { CheckResult } from '../../../src/conformance/report.ts';
import type { VerifyOptions } from '../../../src/conformance/options.ts';
import { ModelReceiver, type Answer, type Event } from '../../receivers/model/receiver.ts';
import { examine, SECRET } from '../run-suite.ts';

const findingsOf = async (
  receiver: ModelReceiver,
  only: readonly string[],
  more?: Partial<VerifyOptions>,
): Promise<readonly CheckResult[]> => {
  await using started = receiver;
  await started.start();
  const { checks } = await examine(started, only, more);
  return checks.filter(({ status }) => status === 'fail');
};

const causes = (found: readonly CheckResult[]): readonly string[] =>
  found.map(({ diagnosis }) => diagnosis?.split('. ')[0] ?? '');

const LAG_MS = 800;

/** Ids are known some time after they were added, as in a read replica. */
class LateSet extends Set<string> {
  override add(id: string): this {
    setTimeout(() => super.add(id), LAG_MS);
    return this;
  }
}

class Lagging extends ModelReceiver {
  readonly ids = new LateSet();
  override get seen(): Set<string> {
    return this.ids;
  }
}

test('a repeat that takes effect again only when it comes soon', async () => {
  const found = await findingsOf(new Lagging(SECRET), ['delivery/dup-seq']);
  expect(causes(found)).toEqual([
    expect.stringMatching(
      /^A repeat that comes at once takes effect again \(\d of 5\), one that comes [\d.]+ s after its event does not/,
    ),
  ]);
});

/** Remembers no id. */
class Forgets extends ModelReceiver {
  override get seen(): Set<string> {
    return new Set();
  }
}

test('a repeat that always takes effect again', async () => {
  const [found] = await findingsOf(new Forgets(SECRET), ['delivery/dup-seq']);
  expect(found?.diagnosis).toBe('The receiver does not remember which events it has processed.');
});

/** Refuses what arrives while another event with the same timestamp waits. */
class OrdersByTime extends ModelReceiver {
  readonly waiting = new Set<string>();
  override async arrived(event: Event): Promise<Answer> {
    if (this.waiting.has(event.timestamp)) return { status: 500 };
    this.waiting.add(event.timestamp);
    setTimeout(() => this.waiting.delete(event.timestamp), 20);
    return super.arrived(event);
  }
}

test.each([['content/event-types'], ['http/split-body']])(
  'events that are refused for the timestamp that they share (%s)',
  async (id) => {
    const found = await findingsOf(new OrdersByTime(SECRET), [id]);
    expect(causes(found)).toEqual([
      'Refuses events that have the same timestamp as another event that is waiting or being processed (500)',
    ]);
    expect(found[0]?.diagnosis).toContain('of as many with different timestamps, none');
  },
);

/** Requests that run at the same time share one hash object. */
class SharesHash extends ModelReceiver {
  busy = 0;
  override async receive(raw: Buffer, request: IncomingMessage): Promise<Answer> {
    this.busy += 1;
    await sleep(5);
    const isShared = this.busy > 1;
    const answer = isShared
      ? { status: 401, body: '{"error":"Invalid signature"}' }
      : await super.receive(raw, request);
    this.busy -= 1;
    return answer;
  }
}

test('requests that share what verifies the signature: not the packets of one of them', async () => {
  const found = await findingsOf(new SharesHash(SECRET), ['http/split-body']);
  expect(causes(found)).toEqual([
    'Refuses events that arrive at the same time as others, as if their signature were wrong (401): what computes the signature is shared, such as a hash object',
  ]);
});

/** Reads once: as much as has arrived, up to a limit. */
class ReadsOnce extends ModelReceiver {
  override read(request: IncomingMessage): Promise<Buffer> {
    return new Promise((resolve) => {
      request.once('data', (chunk: Buffer) => resolve(chunk.subarray(0, 8192)));
      request.once('end', () => resolve(Buffer.alloc(0)));
    });
  }
}

test('a body in packets and a long one are one fault of a single read', async () => {
  const found = await findingsOf(new ReadsOnce(SECRET), ['http/split-body', 'content/size-limit']);
  expect(causes(found)).toEqual([
    'Only the first part of a body is read: a body that arrives in several packets is refused, and so is one that is larger than about 8,192 bytes',
  ]);
});

const MANY = 40;

/** Each event uses up something of the process; without it, none is answered. */
class UsesUp extends ModelReceiver {
  events = 0;
  override boot(): void {
    super.boot();
    this.events = 0;
  }
  override async arrived(event: Event): Promise<Answer> {
    this.events += 1;
    while (this.events > MANY && this.server.listening) await sleep(20);
    return super.arrived(event);
  }
}

test('an event that hangs after many plain ones does not hang for the senders that gave up', async () => {
  const found = await findingsOf(new UsesUp(SECRET), ['http/broken-body'], { timeoutMs: 400 });
  expect(causes(found)).toEqual([
    expect.stringMatching(
      /^After about (39|4\d) plain events, no event gets a response any more, until a restart/,
    ),
  ]);
});

/** Compares times by their difference in milliseconds, in 32 bits. */
class Overflows extends ModelReceiver {
  override applyToLead(event: Event): void {
    const lead = this.lead(String(event.data['lead_email']));
    const difference = Date.parse(event.timestamp) - Date.parse(lead.repliedAt || event.timestamp);
    if (event.event !== 'email.replied' || (difference | 0) >= 0) {
      lead.repliedAt = '';
      super.applyToLead(event);
      lead.repliedAt = event.timestamp;
    }
  }
}

test('the distance of two times decides, and not what their dates look like', async () => {
  const found = await findingsOf(new Overflows(SECRET), ['domain/date-order']);
  expect(causes(found)).toEqual([
    expect.stringMatching(
      /^Gets the order of two replies wrong when they are more than 24\.8 days/,
    ),
  ]);
});
