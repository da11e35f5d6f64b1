/**
 * Ids that a sloppy key takes for the same.
 *
 * @module
 */
import { defineCheck, type Verdict } from '../../check.ts';
import { deliver, effectsOf } from '../../judge/deliver.ts';
import type { Probe } from '../../probe/probe.ts';
import { fail, isAccepted, pass, describeReply } from '../../verdict.ts';

/** The longest id that the contract allows; how long ids are is an assumption. */
const LONGEST = 128;

/** Both must take effect. By the count's rise, because a hook may be as sloppy as the key. */
const judgePair = async (
  probe: Probe,
  what: string,
  [one, other]: readonly [string, string],
): Promise<Verdict | null> => {
  const effects = effectsOf(probe);
  const first = await deliver(probe, probe.event(undefined, {}, { id: one }));
  await effects.settled(one, 1);
  const before = await effects.count(other);
  const second = await deliver(probe, probe.event(undefined, {}, { id: other }));
  const after = await effects.settled(other, before + 1);
  if (isAccepted(first) && isAccepted(second) && after > before) return null;
  return fail({
    ...(isAccepted(second) && after <= before ? { symptom: 'lost' as const } : {}),
    expected: ['a 2xx and one effect of each'],
    actual: `${what}: ${describeReply(first.reply)} for ${one}; ${describeReply(second.reply)} and ${after > before ? 'its effect' : 'no effect'} for ${other}`,
  });
};

/** Routers limit what is in a path, Fastify to 100 characters: that is the hook's affair, and not the key's. */
const judgeLong = async (probe: Probe, known: string): Promise<Verdict | null> => {
  const stem = `${probe.events.freshId()}_`.padEnd(LONGEST - 1, 'x');
  try {
    return await judgePair(probe, `ids of ${LONGEST} characters`, [`${stem}1`, `${stem}2`]);
  } catch (error) {
    // One that is down altogether fails here again.
    await effectsOf(probe).count(known);
    return pass(
      `by case only: the effects hook does not take ids of ${LONGEST} characters. Give it the id in the query, as in --effects-url "http://…/effects?id={id}", or raise the router’s limit (Fastify: maxParamLength). It said: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
};

export const check = defineCheck({
  id: 'delivery/id-collation',
  level: 'MUST',
  title: 'Tells ids apart by every letter, its case, and their whole length',
  requirement: {
    text: 'The id names one event; use it to deduplicate',
    source: 'guide, "Error handling best practices: Idempotency" and "Payload examples"',
  },
  cause:
    'The column compares without regard to case (MySQL’s default collation, citext), or is too short and cuts the id.',
  fix: 'Make it a binary-compared column that is long enough: MySQL `VARCHAR(255) COLLATE utf8mb4_bin`, SQL Server `COLLATE Latin1_General_BIN2`, PostgreSQL `text`.',
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
