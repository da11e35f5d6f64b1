/**
 * `verify --hooks`: prints the contract of each hook.
 *
 * @module
 */
import { HOOK_CONTRACTS, type HookContract } from '../../conformance/hooks/contracts.ts';
import { wrap } from '../../conformance/reporters/layout.ts';
import type { Hook } from '../../conformance/needs.ts';
import type { Terminal } from '../terminal.ts';

const FLAGS: Readonly<Record<Hook, readonly string[]>> = {
  effects: [
    "--effects-url 'http://localhost:3000/test/effects/{id}'",
    '--effects-sink crm --sandbox-url http://127.0.0.1:7363',
    '--exec "flask run -p 5000" --sink-env CRM_URL',
  ],
  state: ["--state-url 'http://localhost:3000/test/leads/{lead_email}'"],
  fault: [
    '--fault-url http://localhost:3000/test/fault',
    '--exec "flask run -p 5000" --sink-env CRM_URL',
  ],
  restart: ['--restart-command ./restart-receiver.sh', '--exec "flask run -p 5000"'],
  recovery: [
    '--recover-url http://localhost:3000/test/recover',
    '--recover-command ./recover-dead-letters.sh',
  ],
  campaign: ['--pauses --sandbox-url http://127.0.0.1:7363'],
};

/** Why a hook needs no endpoint. */
const NOTES: Partial<Readonly<Record<Hook, string>>> = {
  effects:
    "A sink needs no endpoint: it counts the receiver's calls whose body contains the event id, those with the same Idempotency-Key once.",
  fault: 'A sink needs no endpoint: it responds with 503 while processing must fail.',
  restart: 'With --exec, verify kills the process group and starts the command again.',
};

const LABEL_WIDTH = 10;

const row = (label: string, text: string, columns: number): readonly string[] =>
  wrap(text, Math.max(24, columns - LABEL_WIDTH - 2)).map(
    (line, at) => `  ${(at === 0 ? label : '').padEnd(LABEL_WIDTH)}${line}`,
  );

const describe = (
  { hook, shows, request, response, values }: HookContract,
  { style, columns }: Terminal,
): readonly string[] => [
  style('bold', hook),
  ...row('shows', shows, columns),
  ...FLAGS[hook].flatMap((flag, at) => row(at === 0 ? 'pass' : 'or', flag, columns)),
  ...(NOTES[hook] === undefined ? [] : row('', NOTES[hook], columns)),
  ...row('request', request, columns),
  ...row('response', response, columns),
  ...values.flatMap(([name, meaning], at) =>
    row(at === 0 ? 'values' : '', `${name}: ${meaning}`, columns),
  ),
  '',
];

export const listHooks = (json: boolean, terminal: Terminal): void => {
  if (json) {
    terminal.printJson(
      HOOK_CONTRACTS.map(({ values, ...contract }) => ({
        ...contract,
        flags: FLAGS[contract.hook],
        note: NOTES[contract.hook] ?? null,
        values: Object.fromEntries(values),
      })),
      true,
    );
    return;
  }
  terminal.print(
    HOOK_CONTRACTS.flatMap((one) => describe(one, terminal))
      .join('\n')
      .trimEnd(),
  );
  terminal.note(
    'Serve these only in a test build. Every hook is validated before a check relies on it; in a config module, hooks can be functions.',
  );
};
