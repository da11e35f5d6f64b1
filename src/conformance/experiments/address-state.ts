/**
 * Whether a lead's state follows its events whatever its address looks like, and only that lead's.
 *
 * @module
 */
import type { Level, Verdict } from '../check.ts';
import { fieldsOf, type Field } from '../explore/fields.ts';
import type { InputClass } from '../explore/input-class.ts';
import { changeTo } from '../explore/pack.ts';
import type { Event } from '../probe/event-maker.ts';
import type { Probe } from '../probe/probe.ts';
import { fail, notTested, pass } from '../verdict.ts';
import { explainField } from './explain-field.ts';
import {
  describeWrong,
  keptBy,
  stillWrong,
  tellStory,
  type Expected,
  type Story,
  type Told,
} from './lead-story.ts';
import { sideBySide, type Trial } from './trial.ts';
import { knowledgeOf } from './knowledge.ts';

/** Everything that a lead's state can show, from one event each. */
const STORY: Story = {
  steps: [
    { type: 'email.opened', data: { open_count: 3 } },
    { type: 'email.replied', data: { reply_sentiment: 'positive' } },
    { type: 'email.bounced', data: { bounce_type: 'hard' } },
    { type: 'email.unsubscribed', data: { suppressed_globally: false } },
  ],
  expected: { open_count: 3, sentiment: 'positive', suppressed: true, unsubscribed: true },
};

/** Which event a member of the state follows from. */
const EVENT_OF: Readonly<Record<keyof Expected, string>> = {
  open_count: 'email.opened',
  sentiment: 'email.replied',
  suppressed: 'email.bounced',
  unsubscribed: 'email.unsubscribed',
};

const FAILURE_OF: Readonly<Record<keyof Expected, string>> = {
  open_count: 'the opens of a lead are not counted',
  sentiment: 'the sentiment of a reply is lost',
  suppressed: 'the suppression after a hard bounce is lost',
  unsubscribed: 'the unsubscribe is lost',
};

/** Time for a state when a flawed story is repeated. Milliseconds. */
const AGAIN_MS = 250;

const addressField = (): Field =>
  fieldsOf('email.replied').find(({ name }) => name === 'lead_email')!;

/** A story as a trial of an address: flawed when this member of the state is wrong. */
const trialOf = (told: Told, event: Event, member: keyof Expected): Trial => ({
  event,
  exchange: told.exchanges.at(-1)!,
  flaw: told.wrong.includes(member) ? 'lost' : null,
  isUnclear: told.isUnclear,
});

interface Flawed {
  readonly one: InputClass;
  readonly told: Told;
}

const explain = async (
  probe: Probe,
  { one, told }: Flawed,
  expected: Expected,
  control: Told,
): Promise<Verdict> => {
  const member = told.wrong[0]!;
  // Observations of states are kept apart from those of refusals.
  const field = { ...addressField(), name: `lead_email for ${member}` };
  const tryAll = async (events: readonly Event[]): Promise<readonly Trial[]> =>
    sideBySide(probe, events, async (event) => {
      const email = String(event.data['lead_email']);
      const again = await tellStory(probe, { ...STORY, expected }, email, AGAIN_MS);
      return trialOf(again, event, member);
    });
  const event = probe.event('email.replied', { lead_email: told.email });
  knowledgeOf(probe).observe('email.replied', field.name, {
    value: control.email,
    isBad: false,
    level: 'MUST',
  });
  const change = { ...changeTo(field, one), level: one.level };
  const { hypothesis, value } = await explainField(
    { probe, type: 'email.replied', field, tryAll },
    change,
    trialOf(told, event, member),
  );
  const others = told.wrong.slice(1).map((name) => FAILURE_OF[name]);
  return fail({
    key: `state:${member}:lead_email:${hypothesis.name}`,
    level: one.level,
    expected: [`${member} ${JSON.stringify(expected[member])}`],
    actual: `${describeWrong(told)} for ${told.email}`,
    diagnosis: `When the \`lead_email\` ${hypothesis.phrase}, ${FAILURE_OF[member]}. After \`${EVENT_OF[member]}\` of ${JSON.stringify(value)} (answered 2xx), ${describeWrong(told)}; after the same events of ${JSON.stringify(control.email)}, it is ${JSON.stringify(expected[member])}.${others.length === 0 ? '' : ` Besides, ${others.join(', and ')}.`}`,
    fix: 'Store and look up the address in one and the same form: as it arrives, or in lower case everywhere.',
    exchanges: [...control.exchanges.slice(-1), ...told.exchanges],
  });
};

const ROUNDS = 2;

/** Whether an address shows the fault again and again, while an ordinary lead between does not. */
const isSteady = async (probe: Probe, { one }: Flawed, story: typeof STORY): Promise<boolean> => {
  for (let round = 0; round < ROUNDS; round += 1) {
    const ordinary = await tellStory(probe, story);
    if (ordinary.isUnclear || ordinary.wrong.length > 0) return false;
    const again = await tellStory(probe, story, String(one.make(probe.events.freshEmail())));
    if (again.isUnclear || again.wrong.length === 0) return false;
  }
  return true;
};

/** Refusing such an address is no fault; taking it and keeping the state under another one is. */
const ACCEPTED_ANYHOW = 'non-ascii-local';

const classesOf = (level: Level): readonly InputClass[] =>
  addressField()
    .classes.map((one) =>
      one.name === ACCEPTED_ANYHOW ? { ...one, level: 'SHOULD' as const } : one,
    )
    .filter((one) => one.level === level);

/** Classes of one level, each as a lead of its own. */
export const judgeAddressStates = async (probe: Probe, level: Level): Promise<Verdict> => {
  const control = await tellStory(probe, STORY);
  if (control.isUnclear) return notTested('Not every event of an ordinary lead was accepted.');
  const expected = keptBy(control, STORY.expected);
  if (Object.keys(expected).length === 0) {
    return notTested('The state hook shows nothing of an ordinary lead as expected.');
  }
  const story = { ...STORY, expected };
  const classes = classesOf(level);
  const told = await sideBySide(probe, classes, (one) =>
    tellStory(probe, story, String(one.make(probe.events.freshEmail()))),
  );
  const field = addressField();
  const flawed: Flawed[] = [];
  for (const [at, one] of classes.entries()) {
    const { email, wrong, isUnclear } = told[at]!;
    if (isUnclear) continue;
    for (const member of Object.keys(expected) as (keyof Expected)[]) {
      const isBad = wrong.includes(member);
      const name = `lead_email for ${member}`;
      knowledgeOf(probe).observe('email.replied', name, { value: email, isBad, level: one.level });
    }
    if (wrong.length > 0) flawed.push({ one, told: told[at]! });
  }
  const [first] = await stillWrong(flawed, ({ one }) =>
    tellStory(probe, story, String(one.make(probe.events.freshEmail()))),
  );
  if (first === undefined) return pass(`${classes.length} forms of ${field.name}`);
  if (!(await isSteady(probe, first, story))) {
    return notTested('Now and then the events of an ordinary lead are lost, too.');
  }
  return knowledgeOf(probe).inTurn(() => explain(probe, first, expected, control));
};
