/**
 * What `serve` says once it listens: where it is, which key to use, how state is kept, and how to begin.
 *
 * @module
 */
import { FAULTS } from '../../domain/fault.ts';
import { keyVariable } from '../output/command-line.ts';
import { harmless, table } from '../output/table.ts';
import { shellWord } from '../../domain/shell.ts';
import type { Terminal } from '../terminal.ts';
import type { Account, Forwarding } from './forward.ts';

type Rule = ReturnType<Account['faults']['list']>[number];

const ruleRow = ({ fault, probability }: Rule): string[] => [
  fault,
  `${Math.round(probability * 100)} %`,
  FAULTS[fault],
];

export interface Started {
  readonly version: string;
  readonly url: string;
  /** The key, if it is the public one; null hides the keys that were given. */
  readonly shownKey: string | null;
  readonly givenKeys: number;
  /** `memory`, or the database's file. */
  readonly state: string;
  readonly clock: string;
  readonly seed: number;
  /** What goes wrong by `--chaos`, and its rules; null for nothing. */
  readonly chaos: string | null;
  readonly faults: readonly Rule[];
  readonly allowsPublicTargets: boolean;
  readonly forwarding: Forwarding | null;
}

const curlFor = ({ url, shownKey }: Started, { env }: Terminal): string =>
  [
    `curl -X POST ${shellWord(`${url}/_sandbox/events`)}`,
    "-H 'Content-Type: application/json'",
    shownKey === null
      ? `-H "x-user-context: ${keyVariable(env)}"`
      : `-H ${shellWord(`x-user-context: ${shownKey}`)}`,
    `-d '{"event": "email.replied"}'`,
  ].join(' ');

const keyText = ({ shownKey, givenKeys }: Started): string =>
  shownKey ??
  (givenKeys === 1 ? '•••••• (the one given)' : `•••••• (the first of the ${givenKeys} given)`);

const stateText = (state: string): string =>
  state === 'memory' ? 'in memory, gone when it stops (--db FILE keeps it)' : harmless(state);

const secretText = ({ secretFrom, generatedSecret }: Forwarding): string => {
  if (generatedSecret !== null) return generatedSecret;
  return secretFrom === 'given' ? 'the one given' : 'the one of before (--secret changes it)';
};

const forwardingRows = (forwarding: Forwarding | null): string[][] =>
  forwarding === null
    ? []
    : [
        ['forwards to', `${harmless(forwarding.url)} (${forwarding.webhookId}, all events)`],
        ['secret', secretText(forwarding)],
      ];

const announceInJson = (started: Started, terminal: Terminal): void => {
  const { forwarding } = started;
  terminal.printJson({
    type: 'listening',
    version: started.version,
    url: started.url,
    api_key: started.shownKey,
    state: started.state,
    clock: started.clock,
    seed: started.seed,
    chaos: started.chaos,
    faults: started.faults.map(({ fault, probability }) => ({ fault, probability })),
    forward_to:
      forwarding === null
        ? null
        : {
            url: forwarding.url,
            webhook_id: forwarding.webhookId,
            generated_secret: forwarding.generatedSecret,
            secret_from: forwarding.secretFrom,
          },
    trigger: curlFor(started, terminal),
  });
};

export const announce = (started: Started, terminal: Terminal, json: boolean): void => {
  if (started.allowsPublicTargets) {
    terminal.note('Public addresses are delivered to as well (--allow-public-targets).');
  }
  if (json) {
    announceInJson(started, terminal);
    return;
  }
  const lines = table([
    ['account', `x-user-context: ${keyText(started)}`],
    ['state', stateText(started.state)],
    ['clock', started.clock],
    ['seed', String(started.seed)],
    ...forwardingRows(started.forwarding),
  ]);
  terminal.print(
    `sendemall-mock ${started.version} listens on ${terminal.style('bold', started.url)}`,
  );
  terminal.print('');
  for (const line of lines) terminal.print(`  ${line}`);
  terminal.print('');
  if (started.chaos !== null) {
    terminal.print(
      `Chaos (${started.chaos}): marked in each delivery's record, so look there first.`,
    );
    for (const line of table(started.faults.map(ruleRow))) terminal.print(`  ${line}`);
    terminal.print('');
  }
  const needsKey = started.shownKey === null && !terminal.env['SENDEMALL_MOCK_API_KEY'];
  terminal.print(
    `Trigger an event${needsKey ? ' (with SENDEMALL_MOCK_API_KEY set to the key)' : ''}:`,
  );
  terminal.print(`  ${curlFor(started, terminal)}`);
  terminal.print('');
};
