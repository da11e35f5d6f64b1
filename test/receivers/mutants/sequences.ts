/**
 * Mutants of the area `delivery` whose fault shows only in a sequence of requests, or in requests at the same moment.
 *
 * @module
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { ModelReceiver, type Answer, type Event } from '../model/receiver.ts';
import { crowdGathers } from './crowd.ts';
import type { Mutant } from './mutant.ts';

const emailOf = ({ data }: Event): string => String(data['lead_email']);

const sleep = (ms: number): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, ms);
  });

/** A request that was refused on its connection, as one whose body was left unread. */
class RefusesAfterForgery extends ModelReceiver {
  readonly spoilt = new WeakSet<Socket>();
  override async receive(raw: Buffer, request: IncomingMessage): Promise<Answer> {
    if (this.spoilt.has(request.socket)) {
      this.spoilt.delete(request.socket);
      return { status: 400 };
    }
    const answer = await super.receive(raw, request);
    if (answer.status === 401) this.spoilt.add(request.socket);
    return answer;
  }
}

/** What the request asks for ends with its connection, but for the mark of the id. */
class EndsWithSender extends ModelReceiver {
  readonly gone = new WeakSet<IncomingMessage>();
  override async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    response.once('close', () => {
      if (!response.writableEnded) this.gone.add(request);
    });
    await super.serve(request, response);
  }
  override async receive(raw: Buffer, request: IncomingMessage): Promise<Answer> {
    if (!this.verify(raw, request)) return super.receive(raw, request);
    await sleep(20);
    if (!this.gone.has(request)) return super.receive(raw, request);
    this.seen.add(String(/"id":"(evt_\w+)"/.exec(raw.toString())?.[1]));
    return { status: 500 };
  }
}

/** Works in batches: one ends when the next event comes. */
class HoldsBack extends ModelReceiver {
  readonly held: Event[] = [];
  override async arrived(event: Event): Promise<Answer> {
    const batch = this.held.splice(0);
    this.held.push(event);
    for (const one of batch) await this.process(one);
    return { status: 202 };
  }
}

/** Takes a lead for one of its first campaign. */
class OneIdPerAddress extends ModelReceiver {
  readonly ids = new Map<string, string>();

  override async arrived(event: Event): Promise<Answer> {
    const { lead_email: email, lead_id: id } = event.data;
    if (typeof email === 'string' && typeof id === 'string') {
      const known = this.ids.get(email) ?? id;
      if (known !== id) return { status: 500 };
      this.ids.set(email, id);
    }
    return super.arrived(event);
  }
}

class OneCampaignPerLead extends ModelReceiver {
  readonly campaigns = new Map<string, string>();
  override async apply(event: Event): Promise<void> {
    const campaign = String(event.data['campaign_id']);
    const first = this.campaigns.get(emailOf(event)) ?? campaign;
    if (typeof event.data['lead_email'] === 'string') this.campaigns.set(emailOf(event), first);
    if (first === campaign) await super.apply(event);
  }
}

/** Of each check, as if of each customer: leads of one check share a domain. */
const domainOf = (text: string): string => /@([\w.-]+)/.exec(text)?.[1] ?? '';

/** A repeat leaves its customer's transaction open; the next event runs into it. */
class LeavesTransactionOpen extends ModelReceiver {
  readonly open = new Set<string>();
  override async arrived(event: Event): Promise<Answer> {
    const customer = domainOf(emailOf(event));
    if (this.open.delete(customer)) return { status: 500 };
    if (this.seen.has(event.id)) this.open.add(customer);
    return this.process(event);
  }
}

/** Of requests at the same moment, the latest value is that of all. */
class SharedValue<T> {
  readonly values = new Map<string, T>();
  waiting = 0;
  async exchange(key: string, value: T): Promise<T> {
    this.values.set(key, value);
    this.waiting += 1;
    await crowdGathers(() => this.waiting);
    this.waiting -= 1;
    return this.values.get(key)!;
  }
}

/** The latest body of a customer is in one variable for all requests. */
class SharesBody extends ModelReceiver {
  readonly latest = new SharedValue<Buffer>();
  override async receive(raw: Buffer, request: IncomingMessage): Promise<Answer> {
    const text = raw.toString('utf8');
    if (!text.includes('"email.delivered"')) return super.receive(raw, request);
    return super.receive(await this.latest.exchange(domainOf(text), raw), request);
  }
}

/** The current event of a customer is in one variable for all requests. */
class SharesEvent extends ModelReceiver {
  readonly current = new SharedValue<Event>();
  override async arrived(event: Event): Promise<Answer> {
    if (event.event !== 'email.delivered') return this.process(event);
    return this.process(await this.current.exchange(domainOf(emailOf(event)), event));
  }
}

/** Reads a lead, waits, and writes it back as a whole. */
class WritesWholeLead extends ModelReceiver {
  waiting = 0;
  override async apply(event: Event): Promise<void> {
    const before = { ...this.disk.leads.get(emailOf(event)) };
    this.waiting += 1;
    await crowdGathers(() => this.waiting);
    this.waiting -= 1;
    if (Object.keys(before).length > 0) Object.assign(this.lead(emailOf(event)), before);
    await super.apply(event);
  }
}

/** Drops what comes while the same lead is at work. */
class DropsBusyLead extends ModelReceiver {
  readonly busy = new Set<string>();
  waiting = 0;
  override async apply(event: Event): Promise<void> {
    const email = emailOf(event);
    if (this.busy.has(email)) return;
    this.busy.add(email);
    this.waiting += 1;
    await crowdGathers(() => this.waiting);
    this.waiting -= 1;
    this.busy.delete(email);
    await super.apply(event);
  }
}

/** What a customer's events have begun is rolled back when a repeat arrives before it is done. */
class RollsBackNeighbours extends ModelReceiver {
  readonly repeats = new Map<string, number>();
  waiting = 0;
  override async arrived(event: Event): Promise<Answer> {
    const customer = domainOf(emailOf(event));
    const isBeside = (): boolean => (this.repeats.get(customer) ?? 0) > 0;
    const isRepeat = this.seen.has(event.id);
    const wasBeside = isBeside();
    if (isRepeat) this.repeats.set(customer, (this.repeats.get(customer) ?? 0) + 1);
    this.waiting += 1;
    await crowdGathers(() => this.waiting);
    this.waiting -= 1;
    if (!isRepeat) return wasBeside || isBeside() ? { status: 202 } : this.process(event);
    this.repeats.set(customer, this.repeats.get(customer)! - 1);
    return { status: 200 };
  }
}

/** A repeat rolls back the mark of what arrives at the same moment, and not its effect. */
class ForgetsNeighbours extends ModelReceiver {
  readonly atWork = new Set<Event>();
  readonly beside = new Set<Event>();
  override async arrived(event: Event): Promise<Answer> {
    const isRepeat = this.seen.has(event.id);
    const others = [...this.atWork];
    if (isRepeat) for (const other of others) this.beside.add(other);
    else if (others.some(({ id }) => this.seen.has(id))) this.beside.add(event);
    this.atWork.add(event);
    await crowdGathers(() => this.atWork.size);
    const answer = await this.process(event);
    this.atWork.delete(event);
    if (!isRepeat && this.beside.delete(event)) this.seen.delete(event.id);
    return answer;
  }
}

/** Each connection has its own set of ids, as each of several worker processes. */
class RemembersByConnection extends ModelReceiver {
  readonly ids = new WeakMap<Socket, Set<string>>();
  override async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (!this.ids.has(request.socket)) this.ids.set(request.socket, new Set());
    await super.serve(request, response);
  }
  override async receive(raw: Buffer, request: IncomingMessage): Promise<Answer> {
    const mine = this.ids.get(request.socket)!;
    if (!this.verify(raw, request)) return { status: 401 };
    const { id } = this.parse(raw);
    if (mine.has(id)) return { status: 200 };
    this.seen.delete(id);
    const answer = await super.receive(raw, request);
    if (answer.status < 300) mine.add(id);
    return answer;
  }
}

/** A queue of 64; what comes when it is full is dropped. */
class DropsWhenFull extends ModelReceiver {
  readonly queue: Event[] = [];
  override async process(event: Event): Promise<Answer> {
    if (this.queue.length < 64) this.queue.push(event);
    if (this.queue.length === 1) void this.work();
    return { status: 202 };
  }
  async work(): Promise<void> {
    while (this.queue.length > 0) {
      await sleep(3);
      const { status } = await super.process(this.queue[0]!);
      if (status < 500) this.queue.shift();
    }
  }
}

/** The note in the CRM is written before the step that fails. */
class RepeatsFirstStep extends ModelReceiver {
  override async apply(event: Event): Promise<void> {
    if (this.failing && this.knows(event)) {
      this.disk.effects.set(event.id, (this.disk.effects.get(event.id) ?? 0) + 1);
    }
    await super.apply(event);
  }
}

/** Takes up its whole inbox at start. */
class ReplaysInbox extends ModelReceiver {
  readonly inbox: Event[] = [];
  override async apply(event: Event): Promise<void> {
    await super.apply(event);
    this.inbox.push(event);
  }
  override boot(): void {
    super.boot();
    for (const event of this.inbox) void super.apply(event);
  }
}

/** The second repeat in a row takes the last of a customer's connections to the database. */
class LosesConnections extends ModelReceiver {
  readonly repeats = new Map<string, number>();
  override async arrived(event: Event): Promise<Answer> {
    const customer = domainOf(emailOf(event));
    const repeats = this.repeats.get(customer) ?? 0;
    const isRepeat = this.seen.has(event.id);
    this.repeats.set(customer, isRepeat ? repeats + 1 : 0);
    return !isRepeat && repeats >= 2 ? { status: 500 } : this.process(event);
  }
}

const IDS_LIVE_MS = 400;

/** Ids are in a cache with a time to live. */
class ForgetsSoon extends ModelReceiver {
  override async process(event: Event): Promise<Answer> {
    const isNew = !this.seen.has(event.id);
    const answer = await super.process(event);
    if (isNew) setTimeout(() => this.seen.delete(event.id), IDS_LIVE_MS);
    return answer;
  }
}

/** One worker for all events; a reply without a company ends it. */
class WorkerDies extends ModelReceiver {
  isAlive = true;
  override async apply(event: Event): Promise<void> {
    if (event.event === 'email.replied' && !('lead_company' in event.data)) this.isAlive = false;
    if (this.isAlive) await super.apply(event);
  }
  override boot(): void {
    super.boot();
    this.isAlive = true;
  }
}

/** Takes a campaign for finished. */
class IgnoresAfterCompletion extends ModelReceiver {
  readonly completed = new Set<string>();
  override async apply(event: Event): Promise<void> {
    const campaign = String(event.data['campaign_id']);
    if (this.completed.has(campaign)) return;
    if (event.event === 'campaign.completed') this.completed.add(campaign);
    await super.apply(event);
  }
}

/** Writes a row with the columns of a reply in place of the lead's. */
class ReplacesLead extends ModelReceiver {
  override applyToLead(event: Event): void {
    super.applyToLead(event);
    if (event.event === 'email.replied') this.lead(emailOf(event)).openCount = 0;
  }
}

/** An INSERT OR IGNORE into a table whose lead is required. */
class IgnoresMissingLead extends ModelReceiver {
  override async apply(event: Event): Promise<void> {
    if (typeof event.data['lead_email'] === 'string') await super.apply(event);
  }
}

const LEFT_OVER = 'the same leftover, after the controls of other checks';
const SAME_RACE = 'the same race, in a larger crowd';

const mutant = (
  name: string,
  fault: string,
  make: new (secret: string) => ModelReceiver,
  more: Omit<Partial<Mutant>, 'name' | 'fault' | 'make'> = {},
): Mutant => ({ name, fault, make: (secret) => new make(secret), ...more });

export const SEQUENCE_MUTANTS: readonly Mutant[] = [
  {
    name: 'delivery-holds-back',
    fault: 'processes an event when the next one arrives',
    make: (secret) => new HoldsBack(secret),
  },
  {
    name: 'delivery-one-campaign-per-lead',
    fault: 'ignores the events of a lead in its second campaign',
    make: (secret) => new OneCampaignPerLead(secret),
  },
  {
    name: 'delivery-one-id-per-address',
    fault: 'inserts a lead for each id, while addresses are unique',
    make: (secret) => new OneIdPerAddress(secret),
  },
  {
    name: 'delivery-ends-with-sender',
    fault: 'marks the id, and stops working once the sender has closed the connection',
    also: { 'delivery/crash-midway': 'a restart closes the connections, too' },
    make: (secret) => new EndsWithSender(secret),
  },
  mutant(
    'delivery-unread-body',
    'leaves the body of a refused request unread',
    RefusesAfterForgery,
    {
      also: { 'signature/controls-accepted': LEFT_OVER, 'delivery/id-poisoning': LEFT_OVER },
    },
  ),
  mutant(
    'delivery-open-transaction',
    'leaves the transaction of a repeat open',
    LeavesTransactionOpen,
    { also: { 'delivery/crash-midway': 'what is sent again after a kill is a repeat' } },
  ),
  mutant('delivery-shared-body', 'keeps the body in a variable of the module', SharesBody, {
    also: { 'delivery/no-loss': SAME_RACE },
  }),
  mutant('delivery-shared-event', 'keeps the event in a variable of the module', SharesEvent, {
    also: { 'delivery/no-loss': SAME_RACE },
  }),
  mutant('delivery-lost-update', 'writes back the whole lead that it has read', WritesWholeLead),
  mutant('delivery-lead-busy-dropped', 'drops an event of a lead that is at work', DropsBusyLead),
  mutant(
    'delivery-neighbours-rolled-back',
    'rolls back what a repeat arrives beside',
    RollsBackNeighbours,
  ),
  mutant(
    'delivery-neighbours-forgotten',
    'forgets the id of what a repeat arrives beside',
    ForgetsNeighbours,
  ),
  mutant('delivery-ids-by-connection', 'has a set of ids for each worker', RemembersByConnection),
  mutant('delivery-queue-drops-when-full', 'drops events when its queue is full', DropsWhenFull, {
    also: { 'delivery/recovery-processes': 'the recovery goes through the same queue' },
  }),
  mutant(
    'delivery-first-step-repeated',
    'repeats the first of two steps in a retry',
    RepeatsFirstStep,
  ),
  mutant('delivery-inbox-replayed-at-start', 'takes up its whole inbox at start', ReplaysInbox),
  mutant(
    'delivery-fails-after-two-repeats',
    'loses a connection with each repeat',
    LosesConnections,
    { also: { 'delivery/crash-midway': 'what is sent again after a kill is a repeat' } },
  ),
  mutant(
    'delivery-ignores-after-completion',
    'ignores every event of a campaign that is completed',
    IgnoresAfterCompletion,
  ),
  mutant(
    'delivery-ignores-missing-lead',
    'takes an event without a lead for a repeat',
    IgnoresMissingLead,
  ),
  mutant('delivery-reply-resets-opens', 'replaces the row of a lead by a reply', ReplacesLead),
  mutant('delivery-ids-expire', 'remembers ids for less than a second', ForgetsSoon),
  mutant('delivery-worker-dies', 'has a worker that an event can end', WorkerDies),
];
