/**
 * Startup output of `serve`: URL, account, state, clock, and a command to start with.
 *
 * @module
 */
import { FAULTS } from '../../domain/fault.ts';
import { commandLine, keyVariable } from '../output/command-line.ts';
import { harmless, table } from '../output/table.ts';
import { fit } from '../output/width.ts';
import { shellWord } from '../../domain/shell.ts';
import type { Terminal } from '../terminal.ts';
import type { ReceiverState } from '../../engine/delivery/probe.ts';
import type { Account, Forwarding } from './forward.ts';

type Rule = ReturnType<ReturnType<Account['faults']>['list']>[number];

const ruleRow = ({ fault, probability }: Rule): string[] => [
  fault,
  `${Math.round(probability * 100)} %`,
  FAULTS[fault],
];

export interface Started {
  readonly version: string;
  readonly url: string;
  /** The default key if any key is accepted; null if keys were given, which are never printed. */
  readonly publicKey: string | null;
  readonly givenKeys: number;
  /** `memory`, or the path of the database. */
  readonly state: string;
  /** URL at which the other nodes of the sandbox reach this one; null if this process is the sandbox. */
  readonly node: string | null;
  readonly clock: string;
  /** Null if each account has another one. */
  readonly seed: number | null;
  /** Level of `--chaos`; null without it. `faults` are its rules. */
  readonly chaos: string | null;
  readonly faults: readonly Rule[];
  readonly allowsPublicTargets: boolean;
  readonly forwarding: Forwarding | null;
  /** State of the receiver of `forwarding`. */
  readonly receiver: ReceiverState;
}

const curlFor = ({ url, publicKey }: Started, { env }: Terminal): string =>
  [
    `curl -X POST ${shellWord(`${url}/_sandbox/events`)}`,
    "-H 'Content-Type: application/json'",
    publicKey === null
      ? `-H "x-user-context: ${keyVariable(env)}"`
      : `-H ${shellWord(`x-user-context: ${publicKey}`)}`,
    `-d '{"event": "email.replied"}'`,
  ].join(' ');

const keyText = ({ publicKey, givenKeys }: Started): string =>
  publicKey ??
  (givenKeys === 1 ? '•••••• (from --api-key)' : `•••••• (first of ${givenKeys} from --api-key)`);

const stateText = (state: string): string =>
  state === 'memory' ? 'in memory, lost on exit (pass --db to keep it)' : harmless(state);

const secretText = ({ secretFrom, generatedSecret, unstable }: Forwarding): string => {
  if (unstable !== null) return `another one at each start (${harmless(unstable)})`;
  if (generatedSecret !== null) return 'the same at every start in this folder';
  return secretFrom === 'given' ? 'from --secret' : 'unchanged (pass --secret to replace it)';
};

/** What a delivery to the receiver would meet now. */
const RECEIVER: Readonly<Record<ReceiverState, (url: URL) => string>> = {
  listening: () => '✓ it listens',
  refused: ({ host }) => `⚠ nothing listens on ${host} yet: start your receiver`,
  blocked: ({ host }) =>
    `⚠ ${host} is public: deliveries are blocked without --allow-public-targets`,
  name_not_found: ({ hostname }) => `⚠ unknown host ${hostname}: check the URL`,
  unreachable: ({ host }) => `⚠ no connection to ${host}: check the URL and the firewall`,
};

const forwardingRows = (
  forwarding: Forwarding | null,
  receiver: ReceiverState,
  terminal: Terminal,
): string[][] => {
  if (forwarding === null) return [];
  const { url, webhookId } = forwarding;
  const style = receiver === 'listening' ? 'green' : 'yellow';
  return [
    ['forward to', `${harmless(url)} (all events, ${webhookId})`],
    ['receiver', terminal.style(style, harmless(RECEIVER[receiver](new URL(url))))],
    ['secret', secretText(forwarding)],
  ];
};

const announceInJson = (started: Started, terminal: Terminal): void => {
  const { forwarding } = started;
  terminal.printJson({
    type: 'listening',
    version: started.version,
    url: started.url,
    api_key: started.publicKey,
    state: started.state,
    node: started.node,
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
            receiver: started.receiver,
          },
    trigger: curlFor(started, terminal),
  });
};

export const announce = (started: Started, terminal: Terminal, json: boolean): void => {
  if (started.allowsPublicTargets) {
    terminal.note('Deliveries to public addresses are enabled (--allow-public-targets).');
  }
  if (json) {
    announceInJson(started, terminal);
    return;
  }
  const lines = table([
    ['account', `x-user-context: ${keyText(started)}`],
    ['state', stateText(started.state)],
    ...(started.node === null ? [] : [['node', `${harmless(started.node)} (for the other nodes)`]]),
    ['clock', started.clock],
    ['seed', started.seed === null ? 'random, one per account' : String(started.seed)],
    ...forwardingRows(started.forwarding, started.receiver, terminal),
  ]);
  terminal.print(
    `sendemall-mock ${started.version} listening on ${terminal.style('bold', started.url)}`,
  );
  terminal.print('');
  for (const line of lines) terminal.print(fit(`  ${line}`, terminal.width));
  terminal.print('');
  const secret = started.forwarding?.generatedSecret ?? null;
  if (secret !== null) {
    terminal.print("Your receiver's signing secret:");
    terminal.print(`  export SENDEMALL_SECRET=${shellWord(secret)}`);
    terminal.print('');
  }
  if (started.chaos !== null) {
    terminal.print(`Chaos (${started.chaos}): affected attempts are marked with the fault.`);
    for (const line of table(started.faults.map(ruleRow))) terminal.print(`  ${line}`);
    terminal.print('');
  }
  const needsKey = started.publicKey === null && !terminal.env['SENDEMALL_MOCK_API_KEY'];
  terminal.print(
    `Trigger an event${needsKey ? ' (set SENDEMALL_MOCK_API_KEY to the key first)' : ''}:`,
  );
  const reach = { sandboxUrl: started.url, ...(started.publicKey === null ? { apiKey: '' } : {}) };
  terminal.print(
    terminal.width === null
      ? `  ${curlFor(started, terminal)}`
      : `  ${commandLine(['trigger', 'email.replied'], reach, terminal.env)}`,
  );
  terminal.print('');
};
