/**
 * Built-in campaign scenarios, each of which exercises one thing that a receiver must handle.
 *
 * @module
 */
import type { NewLead } from '../../schemas/control.ts';
import type { ProfileName, Scenario, ScenarioName } from '../../schemas/sandbox.ts';
import type { Settings } from './campaign/state.ts';

export interface Script {
  readonly settings: Settings;
  readonly profile: ProfileName;
  readonly leads: readonly NewLead[];
}

interface Plot {
  readonly description: string;
  readonly leads: number;
  readonly profile: ProfileName;
  readonly steps: number;
  /** E-mail address of the nth lead, counted from 1. */
  readonly address: (number: number) => string;
}

const SENTIMENTS = ['positive', 'neutral', 'negative', 'out_of_office', 'unsubscribe'];

const at = (local: string): string => `${local}@leads.example`;

const PLOTS: Readonly<Record<ScenarioName, Plot>> = {
  reply: {
    description: 'Five leads, and a reply of each sentiment.',
    leads: 5,
    profile: 'average',
    steps: 1,
    address: (number) => at(`reply+${SENTIMENTS[(number - 1) % 5]}+${number}`),
  },
  'bounce-spike': {
    description:
      'Sixty leads. None of the first twenty bounces, then every second one hard-bounces: pause the campaign once more than 5 % of at least 20 have bounced.',
    leads: 60,
    profile: 'silent',
    steps: 1,
    address: (number) =>
      at(number > 20 && number % 2 === 0 ? `bounce+hard+${number}` : `silent+${number}`),
  },
  'unsubscribe-race': {
    description:
      'Ten leads who unsubscribe globally, open in the same second, and open again afterwards: an unsubscription wins in any order of arrival.',
    leads: 10,
    profile: 'silent',
    steps: 2,
    address: (number) => at(`unsubscribe+race+${number}`),
  },
  'open-storm': {
    description:
      'Five leads who each open one e-mail 40 times within minutes: count each lead once, and never decrease a count.',
    leads: 5,
    profile: 'silent',
    steps: 1,
    address: (number) => at(`open+40+storm+${number}`),
  },
  'full-campaign': {
    description:
      'A hundred leads and four e-mails over two weeks, at the provider’s benchmark rates.',
    leads: 100,
    profile: 'average',
    steps: 4,
    address: (number) => at(`lead.${number}`),
  },
};

const SUBJECTS = [
  'Quick question',
  'Did you see this?',
  'One more thought',
  'Shall I close the file?',
];
const DELAYS = [0, 3, 4, 7];

const settingsOf = (name: ScenarioName, { steps }: Plot): Settings => ({
  name: `Scenario: ${name}`,
  daily_limit: 2000,
  timezone: 'UTC',
  schedule: {
    days: ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'],
    start_hour: 0,
    end_hour: 24,
  },
  sequences: Array.from({ length: steps }, (_, index) => ({
    step: index + 1,
    delay_days: DELAYS[index] ?? 7,
    subject: SUBJECTS[index] ?? 'Hello',
    body: 'Hi {{first_name}}, who looks after this at {{company}}?',
  })),
});

export const SCENARIOS: readonly Scenario[] = Object.entries(PLOTS).map(
  ([name, { description, leads }]) => ({ name: name as ScenarioName, description, leads }),
);

/** @param leads number of leads; default: the scenario's own */
export const scriptOf = (name: ScenarioName, leads?: number): Script => {
  const plot = PLOTS[name];
  const count = leads ?? plot.leads;
  return {
    settings: settingsOf(name, plot),
    profile: plot.profile,
    leads: Array.from({ length: count }, (_, index) => ({ email: plot.address(index + 1) })),
  };
};
