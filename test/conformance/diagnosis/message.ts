/**
 * What is diagnosed of a receiver that refuses the valid event, as text that is the same in every run.
 *
 * @module
 */
import { diagnose } from '../../../src/conformance/diagnosis/diagnose.ts';
import type { Verdict } from '../../../src/conformance/check.ts';
import type { Exchange } from '../../../src/conformance/net/exchange.ts';
import { describeReply } from '../../../src/conformance/verdict.ts';
import { scripted, type Script, type ScriptedOptions } from '../scripted-receiver.ts';

const still = (text: string): string =>
  text
    .replaceAll(/127\.0\.0\.1:\d+/g, '<host>')
    .replaceAll(/\b\d+ ms\b/g, '<ms>')
    .replaceAll(/within [\d.]+ s\b/g, 'within <s>');

const tellExchange = ({ request, reply }: Exchange): string => {
  const { pathname } = new URL(request.url);
  const own = request.headers
    .filter(([name]) => !/^content-type$/i.test(name))
    .map(([name, value]) => ` ${name}: ${value.slice(0, 12)}`);
  return `${request.method} ${pathname}${own.join('')} -> ${still(describeReply(reply))}`;
};

/** The verdict, and the exchanges that show it. */
export const told = (verdict: Verdict): string => {
  if (verdict.status !== 'fail') return still(JSON.stringify(verdict));
  const { expected, actual, diagnosis = '', fix = '', exchanges = [] } = verdict;
  return [
    `${actual}; expected ${expected.join(', or ')}`,
    diagnosis,
    fix,
    ...exchanges.map(tellExchange),
  ]
    .map(still)
    .join('\n');
};

export interface Diagnosed {
  readonly text: string;
  /** What was sent for it, after the valid event. */
  readonly requests: number;
}

/** Sends the plain valid event, and asks why it was refused. */
export const diagnosed = async (
  script: Script,
  options: ScriptedOptions = {},
): Promise<Diagnosed> => {
  await using receiver = await scripted(script, options);
  const { probe } = receiver;
  const valid = await probe.post(probe.event());
  const verdict = await diagnose(probe, valid);
  return { text: told(verdict), requests: receiver.heard.length - 1 };
};
