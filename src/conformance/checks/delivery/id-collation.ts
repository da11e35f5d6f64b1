/**
 * Distinct ids that an imprecise key treats as equal.
 *
 * @module
 */
import { defineCheck, type Verdict } from '../../check.ts';
import { deliver, effectsOf } from '../../judge/deliver.ts';
import type { Probe } from '../../probe/probe.ts';
import {
  describeReply,
  describeResponseTo,
  fail,
  isAccepted,
  notTested,
  pass,
} from '../../verdict.ts';

/** Longest id that the contract allows; the length of real ids is an assumption. */
const MAX_ID_LENGTH = 128;

/** Require an effect of both events, by the rise of the count, because a hook may be as imprecise as the key. */
const judgePair = async (
  probe: Probe,
  what: string,
  [one, other]: readonly [string, string],
): Promise<Verdict | null> => {
  const effects = effectsOf(probe);
  const first = await deliver(probe, probe.event(undefined, {}, { id: one }));
  if (!isAccepted(first)) {
    return notTested(`${describeResponseTo(`the event with the id ${one}`, first.reply)}.`);
  }
  await effects.settled(one, 1);
  const before = await effects.count(other);
  const second = await deliver(probe, probe.event(undefined, {}, { id: other }));
  const after = await effects.settled(other, before + 1);
  if (isAccepted(second) && after > before) return null;
  return fail({
    ...(isAccepted(second) && after <= before ? { symptom: 'lost' as const } : {}),
    expected: ['a 2xx and one effect per event'],
    actual: `${what}: ${describeReply(first.reply)} for ${one}; ${describeReply(second.reply)} and ${after > before ? 'an effect' : 'no effect'} for ${other}`,
  });
};

/** Long ids. Routers limit path parameters (Fastify to 100 characters), which concerns the hook and not the key. */
const judgeLong = async (probe: Probe, known: string): Promise<Verdict | null> => {
  const stem = `${probe.events.freshId()}_`.padEnd(MAX_ID_LENGTH - 1, 'x');
  try {
    return await judgePair(probe, `ids of ${MAX_ID_LENGTH} characters`, [`${stem}1`, `${stem}2`]);
  } catch (error) {
    // A hook that is down fails here again.
    await effectsOf(probe).count(known);
    return pass(
      `only case was checked: the effects hook does not accept ids of ${MAX_ID_LENGTH} characters. Pass the id in the query (…/effects?id={id}), or raise the router’s limit (Fastify: maxParamLength). Its error: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
};

export const check = defineCheck({
  id: 'delivery/id-collation',
  level: 'MUST',
  title: 'Distinguishes ids by case and by their full length',
  requirement: {
    text: 'The id identifies one event; use it to deduplicate',
    source: 'guide, "Error handling best practices: Idempotency" and "Payload examples"',
  },
  cause:
    'The column is case-insensitive (MySQL’s default collation, citext), or is too short and truncates the id.',
  fix: 'Use a long enough column with binary comparison: MySQL `VARCHAR(255) COLLATE utf8mb4_bin`, SQL Server `COLLATE Latin1_General_BIN2`, PostgreSQL `text`.',
  catches: ['delivery-id-folded', 'delivery-id-cut'],
  stage: 'effects',
  needs: ['effects'],
  run: async (probe) => {
    const id = probe.events.freshId();
    const folded = await judgePair(probe, 'ids that differ in case', [`${id}_a`, `${id}_A`]);
    if (folded !== null) return folded;
    const cut = await judgeLong(probe, `${id}_a`);
    if (cut === null) return pass();
    return cut.status === 'fail' ? { ...cut, level: 'SHOULD' } : cut;
  },
});
