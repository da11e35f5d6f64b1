/**
 * Effects and states of the whole run after a restart, and repeats of its first events.
 *
 * @module
 */
import { defineCheck } from '../../check.ts';
import { findForgotten } from '../../experiments/early-leads.ts';
import { knowsCause, rememberCause, type NamedCause } from '../../experiments/known-causes.ts';
import { findRestartChanges, type RestartChanges } from '../../experiments/restart-changes.ts';
import { findStoryFlaw } from '../../experiments/restart-stories.ts';
import { hookForgets } from '../../judge/forgetful-hook.ts';
import { failLostByRestart } from '../../judge/lost-by-restart.ts';
import type { Probe } from '../../probe/probe.ts';
import { fail, notTested, pass } from '../../verdict.ts';

const STORED =
  'Store everything that events change in the transaction that stores the event id, and read it back at start as it was written: a database, or a format that escapes its separators (JSON lines, CSV by a library).';

const REPEATS: Readonly<Record<'cause' | 'fix', string>> = {
  cause:
    'After a restart, a repeat of an event of the beginning of the run takes effect again, though a repeat of the latest event does not: only the latest ids are loaded at start.',
  fix: 'Look an id up in the table where it is stored, with a unique key; what is kept in memory may only be a copy of it.',
};

const describe = ({ changed, looked }: RestartChanges): string => {
  const [{ member, before, after, event }] = changed as [RestartChanges['changed'][number]];
  const count = new Set(changed.map((one) => one.event.id)).size;
  return `of ${looked} events, ${count} differ after a restart: \`${member}\` of the ${event.event} of ${String(event.data['lead_email'] ?? event.id)} was ${before} and is ${after}`;
};

const causeOf = ({ kind, changed, when }: RestartChanges): string => {
  const names = [...new Set(changed.map(({ member }) => member))];
  const members = names.map((name) => `\`${name}\``).join(', ');
  if (when !== null) {
    const isOfEffects = names.every((name) => name === 'effects');
    const ofLead = names.includes('lead') ? 'a lead is unknown' : `${members} of a lead differs`;
    const what = isOfEffects ? 'an event is forgotten' : ofLead;
    if (kind === 'length') {
      return `After a restart, ${what} when ${when}: what is stored is cut, or is read back by a reader with a limit on the length of a line, record or column.`;
    }
    return `After a restart, ${what} when ${when}: the file or row from which it is read at start does not escape what separates its columns.`;
  }
  return kind === 'all'
    ? `After a restart, ${members} begins again from nothing: it is kept in the memory of the process only.`
    : `After a restart, ${members} of some events differs, though nothing was sent meanwhile.`;
};

const verdictOn = (found: RestartChanges) =>
  fail({
    symptom: 'state',
    key: `restart:${found.kind}:${found.changed[0]!.member}`,
    expected: ['the same effects and states as before the restart'],
    actual: describe(found),
    diagnosis: causeOf(found),
    fix: STORED,
    exchanges: found.exchanges,
  });

/** Of some leads only: what stories of leads have shown, or that leads are forgotten without a restart as well. */
const causeOfSome = async (probe: Probe): Promise<NamedCause | null> =>
  (await findStoryFlaw(probe))?.cause ?? (await findForgotten(probe))?.cause ?? null;

export const check = defineCheck({
  id: 'delivery/restart-keeps',
  level: 'MUST',
  title: 'Has the same effects and states after a restart, and knows all earlier ids',
  requirement: {
    text: 'Webhooks can be delivered more than once (network retries, server restarts); an accepted event is not sent again, so what it has changed must last',
    source: 'guide, "Error handling best practices: Idempotency" and "Step 3: Handle retries"',
  },
  cause: 'Some of what events have changed is kept in memory, or is not read back as it was.',
  fix: STORED,
  catches: ['delivery-journal-splits-at-bar', 'delivery-loads-latest-ids'],
  stage: 'disturbing',
  needs: ['effects', 'restart'],
  after: [
    'delivery/dedupe-volatile',
    'delivery/restart-effects',
    'delivery/ack-before-persist',
    'domain/suppression-survives',
  ],
  run: async (probe) => {
    if (knowsCause(probe, 'lost')) return notTested('Says nothing new: events are lost anyhow.');
    const found = await findRestartChanges(probe);
    if (found === null) return pass();
    if (found.kind === 'repeat') {
      if (knowsCause(probe, 'doubled')) {
        return notTested('Says nothing new: why repeats take effect again is known already.');
      }
      const key = 'doubled:restart:early';
      rememberCause(probe, 'doubled', { key, sentence: REPEATS.cause, fix: REPEATS.fix });
      return fail({
        symptom: 'doubled',
        key,
        expected: ['no additional effect'],
        actual: describe(found).replace('after a restart', 'after a restart and a repeat'),
        diagnosis: REPEATS.cause,
        fix: REPEATS.fix,
        exchanges: found.exchanges,
      });
    }
    const isOfEffects = found.changed.every(({ member }) => member === 'effects');
    if (isOfEffects && found.kind === 'all' && (await hookForgets(probe))) {
      return notTested('The effects hook forgets its counts on restart.');
    }
    const cause = found.kind === 'some' && !isOfEffects ? await causeOfSome(probe) : null;
    const verdict = failLostByRestart(probe, verdictOn(found));
    if (cause === null) return verdict;
    return { ...verdict, key: cause.key, diagnosis: cause.sentence, fix: cause.fix };
  },
});
