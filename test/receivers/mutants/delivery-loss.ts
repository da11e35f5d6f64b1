/**
 * Mutants of the area `delivery` that lose or double events when something goes wrong or much goes on.
 *
 * @module
 */
import type { Hooks } from '../../../src/conformance/hooks/hooks.ts';
import { ModelReceiver, type Answer, type Event } from '../model/receiver.ts';
import { crowdGathers } from './crowd.ts';
import type { Mutant } from './mutant.ts';

const sleep = (ms: number): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, ms);
  });

const isClick = ({ event }: Event): boolean => event === 'email.clicked';

export const LOSS_MUTANTS: readonly Mutant[] = [
  {
    name: 'delivery-effects-doubled',
    fault: 'has two handlers for the same event',
    make: (secret) =>
      new (class extends ModelReceiver {
        override async apply(event: Event): Promise<void> {
          await super.apply(event);
          await super.apply(event);
        }
      })(secret),
  },
  {
    name: 'delivery-lease-too-short',
    fault: 'has a second worker take a reply that the first one is still at work on',
    make: (secret) =>
      new (class extends ModelReceiver {
        override async apply(event: Event): Promise<void> {
          await super.apply(event);
          if (event.event === 'email.replied') setTimeout(() => void super.apply(event), 40);
        }
      })(secret),
  },
  {
    name: 'delivery-opens-doubled',
    fault: 'has two handlers for opens',
    make: (secret) =>
      new (class extends ModelReceiver {
        override async apply(event: Event): Promise<void> {
          await super.apply(event);
          if (event.event === 'email.opened') await super.apply(event);
        }
      })(secret),
  },
  {
    name: 'delivery-remembers-highest-id',
    fault: 'remembers the highest id instead of every id',
    make: (secret) =>
      new (class extends ModelReceiver {
        highest = '';
        override async process(event: Event): Promise<Answer> {
          if (event.id <= this.highest) return { status: 200 };
          const answer = await super.process(event);
          if (answer.status < 300) this.highest = event.id;
          return answer;
        }
      })(secret),
  },
  {
    name: 'delivery-checks-then-inserts',
    fault: 'looks for the id, works, and then stores the id',
    make: (secret) =>
      new (class extends ModelReceiver {
        override async process(event: Event): Promise<Answer> {
          if (this.seen.has(event.id)) return { status: 200 };
          await sleep(2);
          try {
            await this.apply(event);
          } catch {
            return { status: 500 };
          }
          this.seen.add(event.id);
          return { status: 204 };
        }
      })(secret),
  },
  {
    name: 'delivery-repeat-takes-place',
    fault: 'requests wait by the id of their event, of which each has one place',
    also: { 'http/no-hang': 'a retry that overtakes its first request is not answered, either' },
    make: (secret) =>
      new (class extends ModelReceiver {
        readonly waiting = new Map<string, (answer: Answer) => void>();
        override async process(event: Event): Promise<Answer> {
          return new Promise((resolve) => {
            this.waiting.set(event.id, resolve);
            void sleep(2)
              .then(() => super.process(event))
              .then((answer) => {
                this.waiting.get(event.id)?.(answer);
                this.waiting.delete(event.id);
              });
          });
        }
      })(secret),
  },
  {
    name: 'delivery-fixed-name',
    fault: 'a lead has the name of its first reply for ever, by a unique key over both',
    make: (secret) =>
      new (class extends ModelReceiver {
        readonly names = new Map<string, string>();
        override async apply(event: Event): Promise<void> {
          const { lead_email: email, lead_name: name } = event.data;
          if (name !== undefined && (this.names.get(email) ?? name) !== name)
            throw new Error('UNIQUE constraint failed');
          await super.apply(event);
          if (name !== undefined) this.names.set(email, name);
        }
      })(secret),
  },
  {
    name: 'delivery-steps-ascend',
    fault: 'takes an event of an earlier e-mail of the sequence for outdated',
    make: (secret) =>
      new (class extends ModelReceiver {
        readonly steps = new Map<string, number>();
        override async apply(event: Event): Promise<void> {
          const { lead_email: email, sequence_step: step = 0 } = event.data;
          if (step < (this.steps.get(email) ?? 0)) return;
          await super.apply(event);
          this.steps.set(email, step);
        }
      })(secret),
  },
  {
    name: 'delivery-one-address-per-lead-id',
    fault: 'finds a lead by its id, and refuses another address of it',
    make: (secret) =>
      new (class extends ModelReceiver {
        readonly addresses = new Map<string, string>();
        override async apply(event: Event): Promise<void> {
          const { lead_email: email, lead_id: id } = event.data;
          if (id !== undefined && (this.addresses.get(id) ?? email) !== email)
            throw new Error('lead exists');
          await super.apply(event);
          if (id !== undefined) this.addresses.set(id, email);
        }
      })(secret),
  },
  {
    name: 'delivery-gives-up-early',
    fault: 'an event that has failed three times is put aside, and acknowledged',
    make: (secret) =>
      new (class extends ModelReceiver {
        readonly failures = new Map<string, number>();
        override async process(event: Event): Promise<Answer> {
          const failures = this.failures.get(event.id) ?? 0;
          if (failures >= 3) return { status: 200 };
          const answer = await super.process(event);
          if (answer.status === 500) this.failures.set(event.id, failures + 1);
          return answer;
        }
      })(secret),
  },
  {
    name: 'delivery-full-lead',
    fault: 'keeps the events of a lead in a page for 60 of them',
    make: (secret) =>
      new (class extends ModelReceiver {
        readonly pages = new Map<string, number>();
        override async apply(event: Event): Promise<void> {
          const { lead_email: email } = event.data;
          const used = this.pages.get(email) ?? 0;
          if (email !== undefined && used >= 60) throw new Error('page full');
          await super.apply(event);
          this.pages.set(email, used + 1);
        }
      })(secret),
  },
  {
    name: 'delivery-loses-in-parallel',
    fault: 'answers 204 and drops what comes while eight are at work',
    also: {
      'delivery/burst-effects': 'a burst is in parallel, too',
      'delivery/sender-gives-up': 'other checks run beside it, so its retries may be dropped',
    },
    make: (secret) =>
      new (class extends ModelReceiver {
        busy = 0;
        override async apply(event: Event): Promise<void> {
          if (this.busy >= 8) return;
          this.busy += 1;
          await crowdGathers(() => this.busy);
          this.busy -= 1;
          await super.apply(event);
        }
      })(secret),
  },
  {
    name: 'delivery-stuck-on-poison',
    fault: 'works in turn and tries the first event again and again',
    also: {
      'delivery/effects-stop': 'while it is stuck, no event has an effect',
      'delivery/histories': 'while it is stuck, no event has an effect',
    },
    make: (secret) =>
      new (class extends ModelReceiver {
        /** On disk. */
        readonly queue: Event[] = [];
        working = false;
        override async process(event: Event): Promise<Answer> {
          if (this.seen.has(event.id)) return { status: 200 };
          this.seen.add(event.id);
          this.queue.push(event);
          void this.work();
          return { status: 202 };
        }
        async work(): Promise<void> {
          if (this.working) return;
          this.working = true;
          // For ever would be longer than the test.
          for (let tries = 0; this.queue.length > 0;) {
            const done = await this.apply(this.queue[0]!).then(
              () => true,
              () => sleep(20).then(() => (tries += 1) > 350),
            );
            if (done) {
              tries = 0;
              this.queue.shift();
            }
          }
          this.working = false;
        }
      })(secret),
  },
  {
    name: 'delivery-fault-hook-idle',
    fault: 'has a fault hook that does nothing',
    make: (secret) =>
      new (class extends ModelReceiver {
        override get hooks(): Hooks {
          return { ...super.hooks, fault: async () => undefined };
        }
      })(secret),
  },
  {
    name: 'delivery-worker-ends-with-error',
    fault: 'has a worker that ends with the first error',
    also: { 'delivery/recovery-processes': 'what the worker should process is lost since then' },
    make: (secret) =>
      new (class extends ModelReceiver {
        hasEnded = false;
        override async process(event: Event): Promise<Answer> {
          if (this.hasEnded) return { status: 202 };
          const { status } = await super.process(event);
          this.hasEnded = status === 500;
          return { status: this.hasEnded ? 202 : status };
        }
        override boot(): void {
          super.boot();
          this.hasEnded = false;
        }
      })(secret),
  },
  {
    name: 'delivery-acknowledges-in-progress',
    fault: 'answers 200 to a repeat of an event that is still being processed',
    make: (secret) =>
      new (class extends ModelReceiver {
        readonly inProgress = new Set<string>();
        override async process(event: Event): Promise<Answer> {
          if (this.inProgress.has(event.id)) return { status: 200 };
          if (!this.failing) return super.process(event);
          this.inProgress.add(event.id);
          await sleep(20);
          this.inProgress.delete(event.id);
          return super.process(event);
        }
      })(secret),
  },
  {
    name: 'delivery-failure-keeps-connection',
    fault: 'does not give back its connection to the database when processing fails',
    make: (secret) =>
      new (class extends ModelReceiver {
        connections = 20;
        override async process(event: Event): Promise<Answer> {
          if (this.connections === 0) return new Promise<Answer>(() => {});
          const answer = await super.process(event);
          if (answer.status === 500) this.connections -= 1;
          return answer;
        }
        override boot(): void {
          super.boot();
          this.connections = 20;
        }
      })(secret),
  },
  {
    name: 'delivery-breaker-stays-open',
    fault: 'has a circuit breaker that opens after twenty failures in a row and never closes',
    make: (secret) =>
      new (class extends ModelReceiver {
        failures = 0;
        override async process(event: Event): Promise<Answer> {
          if (this.failures >= 20) return { status: 503 };
          const answer = await super.process(event);
          this.failures = answer.status === 500 ? this.failures + 1 : 0;
          return answer;
        }
        override boot(): void {
          super.boot();
          this.failures = 0;
        }
      })(secret),
  },
  {
    name: 'delivery-failure-forgets-ids',
    fault: 'has a new session after an error, and the ids in the session',
    make: (secret) =>
      new (class extends ModelReceiver {
        override async apply(event: Event): Promise<void> {
          if (this.failing) this.disk.seen.clear();
          return super.apply(event);
        }
      })(secret),
  },
  {
    name: 'delivery-failure-skips-mark',
    fault: 'does not mark the event that comes after one that failed',
    make: (secret) =>
      new (class extends ModelReceiver {
        hasFailed = false;
        override async process(event: Event): Promise<Answer> {
          const isNew = !this.seen.has(event.id);
          const answer = await super.process(event);
          if (answer.status === 500) this.hasFailed = true;
          else if (this.hasFailed && isNew) {
            this.seen.delete(event.id);
            this.hasFailed = false;
          }
          return answer;
        }
      })(secret),
  },
  {
    name: 'delivery-failure-marks-with-next',
    fault: 'keeps the mark of a failed event pending, and stores it with the next one',
    make: (secret) =>
      new (class extends ModelReceiver {
        pending: string[] = [];
        override async process(event: Event): Promise<Answer> {
          const answer = await super.process(event);
          if (answer.status === 500) this.pending.push(event.id);
          else {
            for (const id of this.pending.splice(0)) if (id !== event.id) this.seen.add(id);
          }
          return answer;
        }
      })(secret),
  },
  {
    name: 'delivery-failed-lead-forgotten',
    fault: 'never keeps the state of a lead whose first event has failed',
    make: (secret) =>
      new (class extends ModelReceiver {
        readonly broken = new Set<string>();
        override async apply(event: Event): Promise<void> {
          const email = String(event.data['lead_email']);
          if (this.failing && !this.disk.leads.has(email)) this.broken.add(email);
          return super.apply(event);
        }
        override applyToLead(event: Event): void {
          if (!this.broken.has(String(event.data['lead_email']))) super.applyToLead(event);
        }
      })(secret),
  },
  {
    name: 'delivery-ids-by-event-time',
    fault: 'removes ids by the time of their event: those older than a week after a second',
    make: (secret) =>
      new (class extends ModelReceiver {
        override async process(event: Event): Promise<Answer> {
          const answer = await super.process(event);
          const isOld = Date.now() - Date.parse(event.timestamp) > 7 * 86_400_000;
          if (isOld) setTimeout(() => this.seen.delete(event.id), 1000).unref();
          return answer;
        }
      })(secret),
  },
  {
    name: 'delivery-journal-splits-at-bar',
    fault: 'reads its leads back from a journal whose columns a bar separates',
    make: (secret) =>
      new (class extends ModelReceiver {
        readonly named = new Set<string>();
        override applyToLead(event: Event): void {
          super.applyToLead(event);
          if (String(event.data['lead_name']).includes('|'))
            this.named.add(event.data['lead_email']);
        }
        override boot(): void {
          super.boot();
          for (const email of this.named) this.disk.leads.delete(email);
        }
      })(secret),
  },
  {
    name: 'delivery-loads-latest-ids',
    fault: 'keeps ids in memory and loads only the latest hundred at start',
    make: (secret) =>
      new (class extends ModelReceiver {
        override boot(): void {
          super.boot();
          this.disk.seen = new Set([...this.disk.seen].slice(-100));
        }
      })(secret),
  },
  {
    name: 'delivery-marks-before-success',
    fault: 'marks the id before the work, permanently',
    also: { 'delivery/recovery-keeps': 'the second recovery takes the failed events for repeats' },
    make: (secret) =>
      new (class extends ModelReceiver {
        override async process(event: Event): Promise<Answer> {
          const repeat = this.seen.has(event.id);
          const answer = await super.process(event);
          if (!repeat) this.seen.add(event.id);
          return answer;
        }
      })(secret),
  },
  {
    name: 'delivery-swallows-failure',
    fault: 'logs the error and answers 200',
    also: { 'delivery/recovery-keeps': 'a failed event looks processed and is acknowledged' },
    make: (secret) =>
      new (class extends ModelReceiver {
        override async process(event: Event): Promise<Answer> {
          const answer = await super.process(event);
          return answer.status === 500 ? { status: 200 } : answer;
        }
      })(secret),
  },
  {
    name: 'delivery-handler-marks-before-success',
    fault: 'marks the id before the work, permanently; the daily job does not',
    make: (secret) =>
      new (class extends ModelReceiver {
        override async arrived(event: Event): Promise<Answer> {
          const answer = await super.arrived(event);
          this.seen.add(event.id);
          return answer;
        }
      })(secret),
  },
  {
    name: 'delivery-handler-swallows-failure',
    fault: 'logs the error and answers 200; the daily job does not',
    make: (secret) =>
      new (class extends ModelReceiver {
        override async arrived(event: Event): Promise<Answer> {
          const answer = await super.arrived(event);
          return answer.status === 500 ? { status: 200 } : answer;
        }
      })(secret),
  },
  {
    name: 'delivery-restart-stays-down',
    fault: 'does not start on what it has stored',
    make: (secret) =>
      new (class extends ModelReceiver {
        override get hooks(): Hooks {
          return { ...super.hooks, restart: () => this.stop() };
        }
      })(secret),
  },
  {
    name: 'delivery-numbers-from-one-again',
    fault: 'numbers what it stores from 1 again after a restart, and a number is taken once',
    make: (secret) =>
      new (class extends ModelReceiver {
        readonly taken = new Set<number>();
        next = 0;
        override boot(): void {
          super.boot();
          this.next = 0;
        }
        override async apply(event: Event): Promise<void> {
          this.next += 1;
          if (this.taken.has(this.next)) throw new Error('the file exists');
          await super.apply(event);
          this.taken.add(this.next);
        }
      })(secret),
  },
  {
    name: 'delivery-worker-gives-up',
    fault: 'accepts an event that fails, and tries it again for a second and a half only',
    make: (secret) =>
      new (class extends ModelReceiver {
        override async process(event: Event): Promise<Answer> {
          const answer = await super.process(event);
          if (answer.status !== 500) return answer;
          this.seen.add(event.id);
          void this.work(event);
          return { status: 202 };
        }
        async work(event: Event): Promise<void> {
          for (let attempt = 0; attempt < 5; attempt += 1) {
            await sleep(300);
            try {
              await this.apply(event);
              return;
            } catch {
              // Again later.
            }
          }
        }
      })(secret),
  },
  {
    name: 'delivery-queues-in-memory',
    fault: 'answers 202 to clicks and keeps them in memory until they are processed',
    make: (secret) =>
      new (class extends ModelReceiver {
        override async process(event: Event): Promise<Answer> {
          const { queue } = this.memory;
          if (!isClick(event)) return super.process(event);
          if (this.seen.has(event.id) || queue.some(({ id }) => id === event.id)) {
            return { status: 200 };
          }
          queue.push(event);
          void this.work(event);
          return { status: 202 };
        }
        async work(event: Event): Promise<void> {
          const { memory } = this;
          for (;;) {
            await sleep(80);
            if (this.memory !== memory) return;
            try {
              await this.apply(event);
              break;
            } catch {
              // Again later.
            }
          }
          this.seen.add(event.id);
          memory.queue.splice(memory.queue.indexOf(event), 1);
        }
      })(secret),
  },
  {
    name: 'delivery-effect-before-mark',
    fault: 'marks the id of a click a while after its effect',
    make: (secret) =>
      new (class extends ModelReceiver {
        override async process(event: Event): Promise<Answer> {
          const { memory } = this;
          // Repeats at the same moment are kept apart, in memory.
          if (this.seen.has(event.id)) return { status: 200 };
          if (memory.seen.has(event.id)) return { status: 409 };
          memory.seen.add(event.id);
          try {
            await this.apply(event);
            if (isClick(event)) await sleep(250);
            if (this.memory === memory) this.seen.add(event.id);
            return { status: 204 };
          } catch {
            return { status: 500 };
          } finally {
            memory.seen.delete(event.id);
          }
        }
      })(secret),
  },
  {
    name: 'delivery-mark-before-effect',
    fault: 'has the effect of a click a while after it marked the id',
    make: (secret) =>
      new (class extends ModelReceiver {
        override async apply(event: Event): Promise<void> {
          const { memory } = this;
          if (isClick(event)) await sleep(250);
          if (this.memory === memory) await super.apply(event);
        }
      })(secret),
  },
];
