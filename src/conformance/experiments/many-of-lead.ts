/**
 * Whether a lead can have any number of events, and after how many they are refused or have no effect.
 *
 * @module
 */
import type { Verdict } from '../check.ts';
import { threadOf } from '../judge/lead.ts';
import type { Data, Event } from '../probe/event-maker.ts';
import type { Probe } from '../probe/probe.ts';
import { describeReply, fail, isAccepted } from '../verdict.ts';
import type { NamedCause } from './known-causes.ts';
import { tryEvents, type Flaw, type Trial } from './trial.ts';

/** More than a lead of a long campaign has, and than fits into a small page. */
export const EVENTS_OF_LEAD = 100;

/** What is wrong with the second event or the third one, other checks find. */
const MANY = 5;

type Person = Pick<Data, 'lead_email' | 'lead_id'>;

const newLead = (probe: Probe): Person => {
  const { lead_email, lead_id } = probe.event('email.opened').data;
  return { lead_email, lead_id };
};

const eventOf = (probe: Probe, person: Person): Event => {
  const event = probe.event();
  const thread = 'thread_id' in event.data && { thread_id: threadOf(person['lead_id']) };
  return { ...event, data: { ...event.data, ...person, ...thread } };
};

const tryOf = async (probe: Probe, person: Person, count = 1): Promise<readonly Trial[]> => {
  const events = Array.from({ length: count }, () => eventOf(probe, person));
  return tryEvents(probe, events, new Set(events.map(({ event }) => event)));
};

type Loss = Exclude<Flaw, 'doubled'>;

const lossOf = ({ flaw }: Trial): Loss | null => (flaw === 'doubled' ? null : flaw);

/** Number of events of a new lead until one has the flaw; null if none of them has it. */
const countUntil = async (probe: Probe, loss: Loss): Promise<number | null> => {
  const person = newLead(probe);
  for (let before = 0; before < EVENTS_OF_LEAD; before += 1) {
    const [trial] = await tryOf(probe, person);
    if (lossOf(trial!) === loss) return before;
  }
  return null;
};

const DOES: Readonly<Record<Loss, string>> = {
  refused: 'is refused',
  lost: 'is answered 2xx and has no effect',
};

const causeOf = (loss: Loss, before: number | null): NamedCause => ({
  key: `${loss}:many-of-lead`,
  sentence: `After ${before === null ? 'many' : before} events of one lead, every further event of this lead ${DOES[loss]}: what is kept of a lead is full (a column, a page or a list with a limit), and nothing is removed from it.`,
  fix: 'Keep the events of a lead in rows of their own; where their number is limited, drop the oldest one.',
});

/** @returns why, if it is the number of events of the lead: another one of it has the flaw again, and one of a new lead not */
const explain = async (probe: Probe, { event }: Trial, loss: Loss): Promise<NamedCause | null> => {
  const { lead_email, lead_id } = event.data;
  const [again] = await tryOf(probe, { lead_email, lead_id });
  const [control] = await tryOf(probe, newLead(probe));
  const isControlRight = isAccepted(control!.exchange) && control!.flaw === null;
  if (lossOf(again!) !== loss || !isControlRight) return null;
  const before = await countUntil(probe, loss);
  return before === null || before >= MANY ? causeOf(loss, before) : null;
};

/** @returns null if all are processed, or the number of events is not what it is about */
export const judgeManyOfLead = async (probe: Probe): Promise<Verdict | null> => {
  const all = await tryOf(probe, newLead(probe), EVENTS_OF_LEAD);
  const full = all.find((trial) => lossOf(trial) !== null);
  if (full === undefined) return null;
  const loss = lossOf(full)!;
  const cause = await probe.alone(() => explain(probe, full, loss));
  if (cause === null) return null;
  return fail({
    symptom: loss,
    key: cause.key,
    expected: ['a 2xx and one effect for each event'],
    actual: `one of ${EVENTS_OF_LEAD} events of one lead: ${describeReply(full.exchange.reply)}${loss === 'lost' ? ', no effect' : ''}; an event of another lead is processed`,
    diagnosis: cause.sentence,
    fix: cause.fix,
    exchanges: [full.exchange],
  });
};
