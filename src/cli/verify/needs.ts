/**
 * What checks need from the user, and names of options, as flags of `verify`.
 *
 * @module
 */
import type { DescribeNeed, Need, SuggestNeed } from '../../conformance/needs.ts';
import type { NameOption } from '../../conformance/options.ts';

const BY_FLAGS: Readonly<Record<Need, string>> = {
  effects:
    'Needs an effects hook: pass --effects-url http://…/effects/{id}, which responds with {"count": n}.',
  state: 'Needs a state hook: pass --state-url http://…/state/{lead_email}.',
  fault: 'Needs a fault hook: pass --fault-url, which accepts {"fail": true} and {"fail": false}.',
  restart:
    'Needs a restart hook: pass --restart-command, which kills the receiver and starts it again.',
  recovery:
    'Needs a recovery hook: pass --recover-command or --recover-url, which runs the receiver’s dead-letter recovery once.',
  campaign:
    'Needs a campaign that the receiver can pause: pass --pauses and --sandbox-url, the sandbox that the receiver uses as its provider.',
  known_lead:
    'If the receiver acts only on leads that it knows, pass one with --lead-email. Otherwise post a signed event by hand and request the --effects-url with its id: the count must go from 0 to 1.',
  known_leads:
    'Needs several leads that the receiver knows: pass a --config module whose leadEmail is a function that returns another address each time.',
  sandbox:
    'Needs a sandbox that holds the dead letters: pass --sandbox-url, or let the command start one.',
};

/** Word a need by the flags that provide it. */
export const describeNeedByFlags: DescribeNeed = (need) => BY_FLAGS[need];

const SINK =
  'pass --sink-env with the environment variable that holds the URL which the receiver calls for an event (its CRM, a chat), and send the event id there.';

/**
 * Word a need for a receiver that the suite has started: most of it comes from a sink.
 *
 * @param sinkEnv environment variables that hold the URL of a sink
 */
export const describeNeedByExec =
  (sinkEnv: readonly string[]): DescribeNeed =>
  (need) => {
    if (need === 'effects') return `Needs a sink that shows effects: ${SINK}`;
    if (need === 'fault') return `Needs a sink that can fail: ${SINK}`;
    if (need === 'campaign') {
      return 'Needs a receiver that pauses campaigns: pass --pauses if it does so at SENDEMALL_API_URL.';
    }
    return need === 'known_lead' && sinkEnv.length > 0
      ? `Let the receiver send a request whose body contains the event id to the URL in ${sinkEnv.join(' or ')}. If it acts only on leads that it knows, pass one with --lead-email.`
      : BY_FLAGS[need];
  };

const FLAGS: Readonly<Record<Need, string>> = {
  effects: '--effects-url',
  state: '--state-url',
  fault: '--fault-url',
  restart: '--restart-command',
  recovery: '--recover-command',
  campaign: '--pauses',
  sandbox: '--sandbox-url',
  known_lead: '--lead-email',
  known_leads: '--config with a function as leadEmail',
};

/** What shows effects and fails on demand in a receiver that the suite has started. */
const SINK_FLAG = '--sink-env CRM_URL';

/**
 * Suggest the flag of a need.
 *
 * @param hasSandbox whether a running sandbox is given, whose sinks show effects
 * @param isStarted whether the suite has started the receiver
 */
export const suggestNeedByFlags =
  (hasSandbox: boolean, isStarted = false): SuggestNeed =>
  (need, checks) => {
    const isBySink = isStarted && (need === 'effects' || need === 'fault');
    const isInSandbox = need === 'effects' && hasSandbox;
    const flag = isBySink ? SINK_FLAG : isInSandbox ? '--effects-sink crm' : FLAGS[need];
    return `add ${flag} to test ${checks} more (see verify --hooks)`;
  };

/** `effectsUrl` is `--effects-url`. */
export const flagOf: NameOption = (option) =>
  `--${option.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
