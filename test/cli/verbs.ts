/**
 * Every verb of the command line with arguments that make sense, and what it works with: a table for the rules that hold
 * for all of them.
 *
 * @module
 */
import { randomUUID } from 'node:crypto';
import { run } from './support.ts';

export const SECRET = 'whsec_verbs-signing-secret';

/** What a verb talks to, by origin; a test puts there whatever it likes. */
export interface Partners {
  /** A sandbox. */
  readonly sandbox: string;
  /** A receiver. */
  readonly receiver: string;
  /** In the sandbox: a dead letter's delivery and event. */
  readonly delivery: string;
  readonly event: string;
  /** In the sandbox: a webhook, and a campaign that has ended. */
  readonly webhook: string;
  readonly campaign: string;
}

/** Partners for commands that never contact them. */
export const UNREACHABLE: Partners = {
  sandbox: 'http://127.0.0.1:1',
  receiver: 'http://127.0.0.1:1',
  delivery: 'dlv_1',
  event: 'evt_1',
  webhook: 'whk_1',
  campaign: 'cmp_1',
};

export interface Verb {
  /** As in the help, e.g. `clock advance`. */
  readonly name: string;
  /** The partner that it contacts first; `input` is standard input, `none` contacts no one. */
  readonly needs: 'sandbox' | 'receiver' | 'input' | 'none';
  /** Arguments behind the name. */
  args(partners: Partners): readonly string[];
}

/** DELIVERY, EVENT, WEBHOOK and CAMPAIGN stand for the partners' ids. */
const ofSandbox = (name: string, ...args: readonly string[]): Verb => ({
  name,
  needs: 'sandbox',
  args: ({ sandbox, delivery, event, webhook, campaign }) => [
    ...args.map(
      (arg) =>
        ({ DELIVERY: delivery, EVENT: event, WEBHOOK: webhook, CAMPAIGN: campaign })[arg] ?? arg,
    ),
    '--sandbox-url',
    sandbox,
  ],
});

const hook = ({ receiver }: Partners): string => `${receiver}/webhooks/sendemall`;

const SIGNATURE = ['--signature', `sha256=${'0'.repeat(64)}`];

/** All verbs, some of them with several ways to wait. */
export const VERBS: readonly Verb[] = [
  { name: 'serve', needs: 'none', args: () => ['--port', '0'] },
  {
    name: 'verify',
    needs: 'receiver',
    args: (partners) => [hook(partners), '--secret', SECRET, '--only', 'signature/*'],
  },
  ofSandbox('trigger', 'email.replied'),
  ofSandbox('trigger', 'email.replied', '--wait'),
  {
    name: 'trigger',
    needs: 'receiver',
    args: (partners) => ['email.replied', '--to', hook(partners), '--secret', SECRET],
  },
  { name: 'trigger', needs: 'input', args: () => ['email.replied', '--data-file', '-'] },
  ofSandbox('deliveries list'),
  ofSandbox('deliveries show', 'DELIVERY'),
  ofSandbox('deliveries diff', 'DELIVERY', 'DELIVERY'),
  ofSandbox('deliveries redeliver', 'DELIVERY'),
  ofSandbox('deliveries redeliver', 'DELIVERY', '--wait'),
  ofSandbox('dead-letters list'),
  ofSandbox('dead-letters ack', 'EVENT'),
  ofSandbox('dead-letters redeliver', 'EVENT', '--wait'),
  ofSandbox('events list'),
  ofSandbox('events show', 'EVENT'),
  ofSandbox('webhooks list'),
  ofSandbox('webhooks add', 'http://127.0.0.1:9/', '--secret', SECRET),
  ofSandbox('webhooks update', 'WEBHOOK', '--events', 'replied'),
  ofSandbox('webhooks pause', 'WEBHOOK'),
  ofSandbox('webhooks resume', 'WEBHOOK'),
  ofSandbox('webhooks rotate-secret', 'WEBHOOK', '--secret', SECRET),
  ofSandbox('webhooks rm', 'WEBHOOK'),
  ofSandbox('campaigns list'),
  ofSandbox('campaigns show', 'CAMPAIGN'),
  ofSandbox('campaigns activate', 'CAMPAIGN'),
  ofSandbox('campaigns pause', 'CAMPAIGN'),
  ofSandbox('campaigns resume', 'CAMPAIGN'),
  ofSandbox('snapshot save', '-'),
  {
    name: 'snapshot load',
    needs: 'input',
    args: ({ sandbox }) => ['-', '--sandbox-url', sandbox],
  },
  ofSandbox('reset'),
  ofSandbox('tail'),
  ofSandbox('open'),
  { name: 'scenario list', needs: 'none', args: () => [] },
  ofSandbox('scenario run', 'reply'),
  {
    name: 'scenario run',
    needs: 'receiver',
    args: (partners) => ['reply', '--to', hook(partners), '--secret', SECRET, '--port', '0'],
  },
  ofSandbox('faults list'),
  ofSandbox('faults add', 'duplicate'),
  ofSandbox('faults clear'),
  ofSandbox('sinks list'),
  ofSandbox('sinks requests', 'crm', '--wait-for', '1'),
  ofSandbox('sinks answer', 'crm'),
  { name: 'sinks answer', needs: 'input', args: () => ['crm', '--body-file', '-'] },
  ofSandbox('sinks clear', 'crm'),
  ofSandbox('clock show'),
  ofSandbox('clock set', 'frozen'),
  ofSandbox('clock advance', '--until', 'settled'),
  ofSandbox('health'),
  { name: 'sign', needs: 'input', args: () => ['-', '--secret', SECRET] },
  {
    name: 'check-signature',
    needs: 'input',
    args: () => ['-', ...SIGNATURE, '--secret', SECRET],
  },
  {
    name: 'init',
    needs: 'none',
    // A folder that is not there yet: it writes.
    args: () => [`.tmp/init-${randomUUID()}`, '--framework', 'node'],
  },
  { name: 'explain', needs: 'none', args: () => ['signature/missing-header'] },
  { name: 'docs', needs: 'none', args: () => ['hooks'] },
  { name: 'spec', needs: 'none', args: () => ['asyncapi'] },
  { name: 'completion', needs: 'none', args: () => ['bash'] },
];

/** The whole command line. */
export const lineOf = ({ name, args }: Verb, partners: Partners): readonly string[] => [
  ...name.split(' '),
  ...args(partners),
];

/** `describe.each` shows it as the title. */
export const titleOf = (verb: Verb): string =>
  [
    verb.name,
    ...verb
      .args(UNREACHABLE)
      .filter((arg) => /^--(?!secret|sandbox|port|only|signature)/.test(arg)),
  ].join(' ');

/** Names of all verbs that there are, as the completion has them. */
export const allVerbs = async (): Promise<readonly string[]> => {
  const { stdout } = await run(['completion', 'bash']);
  const paths = [...stdout.matchAll(/ at='([^']+)' ;;/g)].map(([, path = '']) => path);
  return paths.filter((path) => !paths.some((other) => other.startsWith(`${path} `)));
};
