/**
 * Whether a lead can have any number of events, and after how many they are refused or have no effect.
 *
 * @module
 */
import type { Verdict } from '../check.ts';
import { deliver, effectsOf, settleBehind, times } from '../judge/deliver.ts';
import type { Exchange } from '../net/exchange.ts';
import type { Data, Event } from '../probe/event-maker.ts';
import type { Probe } from '../probe/probe.ts';
import { describeReply, fail, isAccepted } from '../verdict.ts';
import type { NamedCause } from './known-causes.ts';
import { isRefusedEvent, sideBySide } from './trial.ts';

/** More than a lead of a long campaign has, and than fits into a small page. */
export const EVENTS_OF_LEAD = 100;

/** What is wrong with the second event or the third one, other checks find. */
const MANY = 5;

type Person = Pick<Data, 'lead_email' | 'lead_id'>;

const newLead = (probe: Probe): Person => {
  const { lead_email, lead_id } = probe.event('email.opened').data;
  return { lead_email, lead_id };
};

/** In one thread, as a lead replies. */
const eventOf = (probe: Probe, person: Person): Event => {
  const event = probe.event();
  const thread = { thread_id: `thrd_${String(person['lead_id']).slice('lead_'.length)}` };
  return {
    ...event,
    data: { ...event.data, ...person, ...('thread_id' in event.data && thread) },
  };
};

interface Sent {
  readonly event: Event;
  readonly exchange: Exchange;
}

const send = async (probe: Probe, person: Person): Promise<Sent> => {
  const event = eventOf(probe, person);
  return { event, exchange: await deliver(probe, event) };
};

type Flaw = 'refused' | 'lost';

/** Null when it was accepted and has an effect, or nothing can be said. */
const flawOf = async (probe: Probe, { event, exchange }: Sent): Promise<Flaw | null> => {
  if (isRefusedEvent(exchange)) return 'refused';
  if (!isAccepted(exchange)) return null;
  return (await effectsOf(probe).settled(event.id, 1)) === 0 ? 'lost' : null;
};

interface Full {
  readonly flaw: Flaw;
  readonly sent: Sent;
}

const findFull = async (probe: Probe, sent: readonly Sent[]): Promise<Full | null> => {
  const refused = sent.find(({ exchange }) => isRefusedEvent(exchange));
  if (refused !== undefined) return { flaw: 'refused', sent: refused };
  await settleBehind(probe);
  const counts = await Promise.all(
    sent.map(async ({ event, exchange }) =>
      isAccepted(exchange) ? effectsOf(probe).settled(event.id, 1) : 1,
    ),
  );
  const lost = sent[counts.indexOf(0)];
  return lost === undefined ? null : { flaw: 'lost', sent: lost };
};

/** Number of events of a new lead until one has the flaw; null if none of them has it. */
const countUntil = async (probe: Probe, flaw: Flaw): Promise<number | null> => {
  const person = newLead(probe);
  for (let before = 0; before < EVENTS_OF_LEAD; before += 1)
    if ((await flawOf(probe, await send(probe, person))) === flaw) return before;
  return null;
};

const DOES: Readonly<Record<Flaw, string>> = {
  refused: 'is refused',
  lost: 'is answered 2xx and has no effect',
};

const causeOf = (flaw: Flaw, before: number | null): NamedCause => ({
  key: `${flaw}:many-of-lead`,
  sentence: `After ${before === null ? 'many' : before} events of one lead, every further event of this lead ${DOES[flaw]}: what is kept of a lead is full (a column, a page or a list with a limit), and nothing is removed from it.`,
  fix: 'Keep the events of a lead in rows of their own; where their number is limited, drop the oldest one.',
});

/** @returns why, if it is the number of events of the lead: another one of it has the flaw again, and one of a new lead not */
const explain = async (probe: Probe, { flaw, sent }: Full): Promise<NamedCause | null> => {
  const { lead_email, lead_id } = sent.event.data;
  const again = await flawOf(probe, await send(probe, { lead_email, lead_id }));
  const control = await send(probe, newLead(probe));
  const isControlRight = isAccepted(control.exchange) && (await flawOf(probe, control)) === null;
  if (again !== flaw || !isControlRight) return null;
  const before = await countUntil(probe, flaw);
  return before === null || before >= MANY ? causeOf(flaw, before) : null;
};

/** @returns null if all are processed, or the number of events is not what it is about */
export const judgeManyOfLead = async (probe: Probe): Promise<Verdict | null> => {
  const person = newLead(probe);
  const places = Array.from({ length: EVENTS_OF_LEAD }, (_, place) => place);
  const all = await sideBySide(probe, places, () => send(probe, person));
  const full = await findFull(probe, all);
  if (full === null) return null;
  const cause = await probe.alone(() => explain(probe, full));
  if (cause === null) return null;
  const { exchange } = full.sent;
  return fail({
    symptom: full.flaw,
    key: cause.key,
    expected: ['a 2xx and one effect for each event'],
    actual: `one of ${EVENTS_OF_LEAD} events of one lead: ${describeReply(exchange.reply)}${full.flaw === 'lost' ? `, ${times(0)}` : ''}; an event of another lead is processed`,
    diagnosis: cause.sentence,
    fix: cause.fix,
    exchanges: [exchange],
  });
};
